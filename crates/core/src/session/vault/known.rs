//! What this process knows of the store: a copy that is never ahead of it, and what the store would not take.

use std::sync::{Mutex, MutexGuard};

use crate::clock::CorrectedClock;
use crate::cognito::identity::Identity;
use crate::mutex::lock;
use crate::session::stored::{SignedIn, Spends, StoredSession, Tokens};

/// A store that fails for as many renewals in a row, and takes one of them unnoticed, is hardly to be found.
const MOST_REPLACED: usize = 16;

/// Nothing is to be seen here before the clock has what is stored of its error: what has expired would be used.
pub(super) struct Known {
    clock: CorrectedClock,
    copy: Mutex<Copy>,
}

#[derive(Default)]
struct Copy {
    /// Counts the writes of this process, so that a slow reader does not put an old state over a newer one.
    generation: u64,
    /// Counts the looks at the store, and says which of them `content` is from.
    looks: u64,
    newest_look: u64,
    /// `None` until the store was read; a store that cannot be read leaves it so.
    content: Option<StoredSession>,
    /// What the store should hold but would not take. Part of whatever is read until a write succeeds.
    unsaved: Option<Unsaved>,
}

/// Tokens that a server has handed out and that no write has brought to safety yet.
#[derive(Clone)]
struct Unsaved {
    /// What they replace, one after the other: a write that failed may have reached the store all the same. If that holds
    /// something else by now, somebody else was later, and these are void.
    replaces: Vec<Tokens>,
    signed_in: SignedIn,
    identity: Option<Identity>,
    /// Whether they hold the answer to a refresh: then that is not lost.
    ends_attempt: bool,
}

/// A look at the store that has begun.
pub(super) struct Look {
    generation: u64,
    number: u64,
}

impl Unsaved {
    fn apply_to(&self, content: &mut StoredSession) {
        let replaces = |stored: &SignedIn| self.replaces.iter().any(|replaced| stored.tokens.are(replaced));
        if content.signed_in.as_ref().is_some_and(replaces) {
            self.put_into(content);
        }
    }

    fn put_into(&self, content: &mut StoredSession) {
        content.signed_in = Some(self.signed_in.clone());
        content.identity = self.identity.clone().or(content.identity.take());
        if self.ends_attempt {
            content.end_attempt(Spends::RefreshToken);
        }
    }
}

impl Known {
    pub(super) fn new(clock: CorrectedClock) -> Self {
        Self { clock, copy: Mutex::default() }
    }

    /// Looks at what the store held when this process last looked; `None` if it never could.
    pub(super) fn peek<R>(&self, look: impl FnOnce(&StoredSession) -> R) -> Option<R> {
        self.lock().content.as_ref().map(look)
    }

    pub(super) fn begin_look(&self) -> Look {
        let mut copy = self.lock();
        copy.looks += 1;
        Look { generation: copy.generation, number: copy.looks }
    }

    /// What was read, or what is newer than that: this process may have written meanwhile, or looked again.
    pub(super) fn end_look(&self, look: &Look, content: StoredSession) -> StoredSession {
        let mut copy = self.lock();
        if copy.generation == look.generation && copy.newest_look < look.number {
            copy.newest_look = look.number;
            self.show(&mut copy, content);
        }
        copy.content.clone().unwrap_or_default()
    }

    /// Adds to what is stored what only this process has. Credentials that are not to be stored stay with the sign-in
    /// they were obtained for.
    pub(super) fn complete(&self, content: &mut StoredSession, stores_credentials: bool) {
        let copy = self.lock();
        if let Some(unsaved) = &copy.unsaved {
            unsaved.apply_to(content);
        }
        if !stores_credentials && let Some(signed_in) = &mut content.signed_in {
            let known = copy.content.as_ref().and_then(|content| content.signed_in.as_ref());
            let same_sign_in = known.filter(|known| known.tokens.belong_to(&signed_in.tokens.nonce));
            signed_in.credentials = same_sign_in.and_then(|known| known.credentials.clone());
        }
    }

    /// Counts the writes, for [`written`](Self::written).
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// What was just written, by one who had `seen` a generation: nothing waits any more, but for what began to wait since.
    pub(super) fn written(&self, mut content: StoredSession, seen: u64) {
        let mut copy = self.lock();
        if copy.generation == seen {
            copy.unsaved = None;
        }
        if let Some(unsaved) = &copy.unsaved {
            unsaved.apply_to(&mut content);
        }
        copy.generation += 1;
        self.show(&mut copy, content);
    }

    /// What was just erased: nothing waits any more.
    pub(super) fn erased(&self) {
        let mut copy = self.lock();
        copy.generation += 1;
        copy.content = Some(StoredSession::default());
        copy.unsaved = None;
    }

    /// Keeps what the store would not take, in place of `replaces`. Every later reading has it, and the next write that
    /// succeeds brings it to safety. An identity comes with credentials; without one, this is the answer to a refresh.
    /// `false` if a sign-out or another sign-in came between: that wins.
    #[must_use]
    pub(super) fn keep_unsaved(&self, replaces: &Tokens, signed_in: SignedIn, identity: Option<Identity>) -> bool {
        let mut copy = self.lock();
        let is_current = |signed_in: &SignedIn| signed_in.tokens.belong_to(&replaces.nonce);
        if !copy.content.as_ref().and_then(|content| content.signed_in.as_ref()).is_some_and(is_current) {
            return false;
        }
        let earlier = copy.unsaved.take();
        let ends_attempt = identity.is_none() || earlier.as_ref().is_some_and(|earlier| earlier.ends_attempt);
        let mut replaced = earlier.map(|earlier| earlier.replaces).unwrap_or_default();
        replaced.push(replaces.clone());
        // The store holds one of the last few writes, or the one before the first of them.
        if replaced.len() > MOST_REPLACED {
            replaced.remove(1);
        }
        let unsaved = Unsaved { replaces: replaced, signed_in, identity, ends_attempt };
        copy.generation += 1;
        if let Some(content) = &mut copy.content {
            unsaved.put_into(content);
        }
        copy.unsaved = Some(unsaved);
        true
    }

    /// Whether something waits for a write that succeeds.
    pub(super) fn has_unsaved(&self) -> bool {
        self.lock().unsaved.is_some()
    }

    /// What the store holds, and the time with it, until a service tells better.
    fn show(&self, copy: &mut Copy, content: StoredSession) {
        self.clock.adopt(content.clock_offset_seconds);
        copy.content = Some(content);
    }

    fn lock(&self) -> MutexGuard<'_, Copy> {
        lock(&self.copy)
    }
}
