//! What to ask S3 for when a listing has several requests under way at a time, and in which order the answers belong.
//!
//! S3 lists in the order of the keys, and says only page by page where the next page begins; one after another, pages
//! cost a round trip each. So this cuts what is left of the key space into ranges (after, until] that are listed side
//! by side, each of them page by page. It does no I/O: whoever runs it sends what [`Planner::next_request`] says,
//! brings the answers to [`Planner::answer`] in any order, and takes finished pages, in S3's order, with
//! [`Planner::take`].
//!
//! Why no key is missed and none comes twice: the ranges lie in order and without a gap, each begins behind where the
//! one before it ends. Only [`Planner::split`] changes their ends: (after, until] becomes (after, cut] and (cut,
//! until], and the cut lies behind every key that was kept of the range so far. Of each page a range keeps what lies
//! behind what it has and not behind its `until`; it is over when S3 says that there is no more, or shows a key behind
//! `until`, and goes away when its pages have been taken. Each range is listed by itself from `StartAfter` with S3's
//! own tokens, one request at a time, so that its pages come in order, may be short or empty, and a key that stays
//! while others come and go is in the answer of the one range it lies in.
//!
//! Where to cut is guesswork ([`Ruler`]), and a matter of speed and of requests only: a piece of some pages in front of
//! what has been seen, so that most pages are full, the first ranges first, so that what is held stays little. A wrong
//! guess costs a request, so guesses get fewer as they go wrong, until the listing is one by one again.

use std::collections::VecDeque;

use crate::key_ruler::{Places, Ruler, Span};

/// Pages that are held or under way at most, for each request at a time.
const HELD: usize = 6;
/// Pages of a piece that is cut off, in hundredths. Whole ones, but for a little: what ends just behind a full page
/// costs a request for nothing.
const PIECE: u32 = 380;
/// Ranges that have so many pages left are worth a cut.
const WORTH_A_CUT: f64 = 6.0;
/// Pages that were not needed, of those that came, before no more cuts are made: so many, and this share of those that
/// were. Piece by piece a little is lost at the end; more is lost where keys are not where they were to be expected.
const WASTE: f64 = 3.0;
const WASTE_SHARE: f64 = 0.25;
/// S3 has no longer keys, in bytes.
const LONGEST_KEY: usize = 1024;

/// What is listed.
pub trait Keyed {
    /// The key; of a common prefix, the prefix.
    fn key(&self) -> &str;
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// At the beginning.
    Beginning,
    /// Behind this key, `StartAfter`.
    After(String),
    /// Where the page before ended, `ContinuationToken`.
    Continued(String),
}

/// Asks for one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Names it in [`Planner::answer`] and [`Planner::failed`].
    pub id: u64,
    /// Where it begins.
    pub origin: Origin,
}

/// What S3 answered.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// Objects and common prefixes together, in S3's order.
    pub entries: Vec<T>,
    /// The token, if there is more.
    pub next: Option<String>,
}

/// A server that does not list in the order of the keys, as S3's directory buckets do not: it can only be listed page
/// by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disorder;

#[derive(Debug)]
enum Next {
    Ask(Origin),
    Asked(u64, Origin),
    Done,
}

/// The keys behind `after`, up to and with `until`. One request at a time.
#[derive(Debug)]
struct Range<T> {
    after: String,
    until: Option<String>,
    next: Next,
    /// Nothing of it has been seen.
    is_blind: bool,
    /// The last key that was kept.
    last: Option<String>,
    /// Up to this key, pages of ranges before have shown what there is.
    known: String,
    /// About a page of it, or of what lies before it.
    span: Option<Span>,
    pages: VecDeque<Vec<T>>,
}

impl<T> Range<T> {
    /// What it has ends here.
    fn reached(&self) -> &str {
        self.last.as_deref().unwrap_or(&self.after)
    }

    /// What is known of it ends here.
    fn known(&self) -> &str {
        self.reached().max(&self.known)
    }

    fn is_done(&self) -> bool {
        matches!(self.next, Next::Done)
    }
}

/// Plans one listing.
#[derive(Debug)]
pub struct Planner<T> {
    parallel: usize,
    prefix: String,
    ranges: VecDeque<Range<T>>,
    places: Places,
    /// No key lies behind this one, as far as is known.
    end: Option<String>,
    requests: u64,
    /// Cuts that may be under way without an answer: more after each that was right, half as many after one that was
    /// wrong.
    daring: usize,
    /// Pages that a listing one by one would have fetched too, and others, of those that came.
    useful: f64,
    wasted: f64,
}

impl<T: Keyed> Planner<T> {
    /// With up to `parallel` requests at a time, for the keys that begin with `prefix` and lie behind `start_after`.
    pub fn new(parallel: usize, prefix: &str, start_after: Option<&str>) -> Self {
        let origin = start_after.map_or(Origin::Beginning, |after| Origin::After(after.to_owned()));
        let everything = Range {
            // Not `start_after`: what S3 gives for it is right, even the common prefix in which it lies.
            after: String::new(),
            until: None,
            next: Next::Ask(origin),
            is_blind: true,
            last: None,
            known: start_after.unwrap_or_default().to_owned(),
            span: None,
            pages: VecDeque::new(),
        };
        Self {
            parallel: parallel.max(1),
            prefix: prefix.to_owned(),
            ranges: VecDeque::from([everything]),
            places: Places::default(),
            end: None,
            requests: 0,
            daring: 0,
            useful: 0.0,
            wasted: 0.0,
        }
    }

    /// What to ask for next; `None` while enough is under way, enough is held, or there is nothing more. Whatever it
    /// says has to be brought to [`answer`](Self::answer) or [`failed`](Self::failed).
    pub fn next_request(&mut self) -> Option<Request> {
        let under_way = self.under_way();
        if under_way >= self.parallel {
            return None;
        }
        // The first ranges first: theirs is what the caller waits for, and what gives room again.
        let full = self.parallel * HELD;
        let used = under_way + self.held();
        let mut ahead = 0.0;
        for at in 0..self.ranges.len() {
            // What is to come before has to find room, or it would come one by one in the end. For the first there is
            // always room but for its own pages, so that the listing goes on.
            let kept_free = if at == 0 { 0 } else { 1 + (ahead as usize).min(full / 2) };
            if used + kept_free >= full {
                return None;
            }
            if let Some(request) = self.ask(at) {
                return Some(request);
            }
            let left = self.pages_left(at);
            let piece = left.min(f64::from(PIECE) / 100.0);
            let room = used + 1 + ((ahead + piece) as usize).min(full / 2) < full;
            if room && left >= WORTH_A_CUT && self.may_cut() && self.split(at) {
                return self.ask(at + 1);
            }
            ahead += left;
        }
        None
    }

    /// Takes the answer to a request.
    ///
    /// # Errors
    /// [`Disorder`], after which the listing cannot be gone on with.
    pub fn answer(&mut self, id: u64, page: Page<T>) -> Result<(), Disorder> {
        let Page { mut entries, next } = page;
        if !entries.is_sorted_by(|left, right| left.key() < right.key()) {
            return Err(Disorder);
        }
        let Some(at) = self.position(id) else { return Ok(()) };
        let Some(range) = self.ranges.get_mut(at) else { return Ok(()) };
        if let (Some(first), Some(last)) = (entries.first(), &range.last)
            && first.key() < last.as_str()
        {
            return Err(Disorder);
        }
        if self.parallel > 1 {
            self.places.learn(range.reached(), entries.iter().map(Keyed::key));
        }
        let span = span(&entries);
        let returned = entries.len();
        let shown = entries.last().map_or_else(|| range.reached().to_owned(), |entry| entry.key().to_owned());
        let is_all = next.is_none();

        // Servers that know no `StartAfter` begin before it, and some show a common prefix again in which it lies.
        let old = entries.partition_point(|entry| entry.key() <= range.reached());
        entries.drain(..old);
        let until = range.until.as_deref();
        let own = entries.partition_point(|entry| until.is_none_or(|until| entry.key() <= until));
        let is_behind = own < entries.len();
        entries.truncate(own);
        if let Some(last) = entries.last() {
            range.last = Some(last.key().to_owned());
        }
        let is_full = range.last.is_some() && range.last == range.until;
        range.next = match next {
            Some(token) if !is_behind && !is_full => Next::Ask(Origin::Continued(token)),
            _ => Next::Done,
        };
        if !entries.is_empty() {
            range.pages.push_back(entries);
        }

        let was_blind = std::mem::replace(&mut range.is_blind, false);
        let waste = match returned {
            0 if was_blind && is_all => 1.0,
            0 => 0.0,
            _ => (returned - own) as f64 / returned as f64,
        };
        self.rate(waste, was_blind);
        self.spread(at, &shown, span.as_ref(), is_all);
        self.ranges.retain(|range| !range.is_done() || !range.pages.is_empty());
        Ok(())
    }

    /// The request came to nothing and is to be asked for again.
    pub fn failed(&mut self, id: u64) {
        if let Some(range) = self.position(id).and_then(|at| self.ranges.get_mut(at))
            && let Next::Asked(_, origin) = std::mem::replace(&mut range.next, Next::Done)
        {
            range.next = Next::Ask(origin);
        }
    }

    /// The next page, in order and never empty; `None` if it has not come yet, or all is over.
    pub fn take(&mut self) -> Option<Vec<T>> {
        let first = self.ranges.front_mut()?;
        let page = first.pages.pop_front();
        if first.is_done() && first.pages.is_empty() {
            self.ranges.pop_front();
        }
        page
    }

    /// All has been taken.
    pub fn is_finished(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Requests that were given out, with those that were given again.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Pages that wait to be taken.
    pub fn held(&self) -> usize {
        self.ranges.iter().map(|range| range.pages.len()).sum()
    }

    fn under_way(&self) -> usize {
        self.ranges.iter().filter(|range| matches!(range.next, Next::Asked(..))).count()
    }

    fn position(&self, id: u64) -> Option<usize> {
        self.ranges.iter().position(|range| matches!(range.next, Next::Asked(asked, _) if asked == id))
    }

    /// The range's next page, unless it is under way or there is none.
    fn ask(&mut self, at: usize) -> Option<Request> {
        let range = self.ranges.get_mut(at)?;
        let Next::Ask(origin) = &range.next else { return None };
        let request = Request { id: self.requests, origin: origin.clone() };
        range.next = Next::Asked(request.id, request.origin.clone());
        self.requests += 1;
        Some(request)
    }

    /// A guess at how much of a range is still to come.
    fn pages_left(&self, at: usize) -> f64 {
        let Some(range) = self.ranges.get(at).filter(|range| !range.is_done()) else { return 0.0 };
        let Some(until) = self.until(range) else { return f64::INFINITY };
        match self.ruler(range) {
            Some(ruler) => ruler.pages_between(range.known(), until),
            None => 1.0,
        }
    }

    fn until<'a>(&'a self, range: &'a Range<T>) -> Option<&'a str> {
        [range.until.as_deref(), self.end.as_deref()].into_iter().flatten().min()
    }

    fn ruler(&self, range: &Range<T>) -> Option<Ruler> {
        Ruler::new(&self.places, range.span.as_ref()?, self.prefix.chars().count())
    }

    /// Cuts are guesses: only some at a time, so that a wrong one does not cost as many requests as there may be at a
    /// time, few while little is known, and none where they went wrong too often.
    fn may_cut(&self) -> bool {
        let blind = self.ranges.iter().filter(|range| range.is_blind).count();
        let active = self.ranges.iter().filter(|range| !range.is_done()).count();
        blind < self.daring && active < 2 * self.parallel && self.wasted < WASTE + WASTE_SHARE * self.useful
    }

    /// Takes into account how much of an answer was not needed.
    fn rate(&mut self, waste: f64, was_blind: bool) {
        self.wasted += waste;
        self.useful += 1.0 - waste;
        if was_blind {
            let daring = if waste < 0.5 { self.daring + 1 } else { self.daring / 2 };
            self.daring = daring.clamp(1, self.parallel.div_ceil(2));
        }
    }

    /// A page shows all that there is up to its last key, and so something of the ranges too that follow its own.
    fn spread(&mut self, at: usize, shown: &str, span: Option<&Span>, is_all: bool) {
        if is_all && self.end.as_deref().is_none_or(|end| shown < end) {
            self.end = Some(shown.to_owned());
        }
        let Some(span) = span else { return };
        if let Some(range) = self.ranges.get_mut(at) {
            range.span = Some(span.clone());
        }
        for range in self.ranges.iter_mut().skip(at + 1).filter(|range| range.known() < shown) {
            range.known = shown.to_owned();
            range.span = Some(span.clone());
        }
    }

    /// Cuts a piece off a range, some pages in front of what is known. What is under way for the range goes on: of what
    /// it brings, only what is not behind the cut will be kept, and the new range lists what is.
    fn split(&mut self, at: usize) -> bool {
        let Some(range) = self.ranges.get(at) else { return false };
        let Some(cut) = self.cut(range) else { return false };
        let rest = Range {
            after: cut.clone(),
            until: range.until.clone(),
            next: Next::Ask(Origin::After(cut.clone())),
            is_blind: true,
            last: None,
            known: String::new(),
            span: range.span.clone(),
            pages: VecDeque::new(),
        };
        if let Some(range) = self.ranges.get_mut(at) {
            range.until = Some(cut);
        }
        self.ranges.insert(at + 1, rest);
        true
    }

    /// Always behind what is known, and so behind what was kept.
    fn cut(&self, range: &Range<T>) -> Option<String> {
        let span = range.span.as_ref()?;
        let (from, until) = (range.known(), self.until(range));
        let is_inside = |cut: &String| {
            cut.as_str() > from
                && until.is_none_or(|until| cut.as_str() < until)
                && cut.starts_with(&self.prefix)
                && cut.len() <= LONGEST_KEY
        };
        let further = self.ruler(range).and_then(|ruler| ruler.further(from, PIECE));
        // Behind the last that can be counted to lies the next folder.
        further.or_else(|| behind_folder(span)).filter(is_inside)
    }
}

fn span<T: Keyed>(entries: &[T]) -> Option<Span> {
    let [first, .., last] = entries else { return None };
    let [first, middle, last] = [first, entries.get(entries.len() / 2)?, last].map(|entry| entry.key().to_owned());
    Some(Span { first, middle, last })
}

/// Behind all that is in the folder which a span lies in.
fn behind_folder(span: &Span) -> Option<String> {
    let same = span.first.bytes().zip(span.last.bytes()).take_while(|(first, last)| first == last).count();
    let folder = span.last.as_bytes().get(..same)?.iter().rposition(|byte| *byte == b'/')?;
    // '0' follows '/'.
    Some(format!("{}0", span.last.get(..folder)?))
}
