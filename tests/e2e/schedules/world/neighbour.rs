//! A program with another configuration over the same store. What it does touches nothing of the app's, and the other way
//! round.

use jetbridge::storage::SecretStore as _;
use jetbridge::{LoginOptions, Session, SessionError, SignOutMode};

use super::super::device::Device;
use super::super::plan::Errand;
use super::super::process::Process;
use super::super::stored::Stored;
use super::site::{Site, browse};
use super::{Verdict, require};
use crate::bench::BOB;

/// The other program between its runs: what it has left in the store.
#[derive(Default)]
pub(super) struct Neighbour {
    blob: Option<Vec<u8>>,
}

impl Neighbour {
    /// Runs the program once, in a process of its own.
    pub(super) async fn run(&mut self, site: &Site, device: &Device, errand: Errand) -> Verdict {
        let disk = device.disk();
        if !disk.is_well() && !disk.is_full() {
            // What cannot be survived: the disk fills up between the write-ahead and the answer, and the process ends
            // before the disk is well. This one ends at once.
            return Ok(());
        }
        let was_signed_in = self.blob.is_some();
        let process = Process::start(site.neighbour_s_config.clone(), device);
        let outcome = process.call(move |session| carry_out(session, errand)).await;
        process.bury().await;
        let outcome = outcome.ok_or("the neighbour's process died")?;
        let only_deletes = errand == Errand::SignOut && !disk.is_read_only_then;
        if disk.is_full() && !only_deletes {
            return self.look(site, device);
        }
        self.blob = load(site, device);
        let stored = self.blob.as_deref().map(Stored::parse).unwrap_or_default();
        match outcome {
            Err(SessionError::SignInRequired { .. }) if errand == Errand::Ask && !was_signed_in => {}
            Err(error) => return Err(format!("the neighbour's {errand:?} failed: {error:?}")),
            Ok(Some(key)) => {
                let identity = site.stack.identity_of(&key);
                require(
                    identity.as_deref() == Some(&site.neighbour.1),
                    "the neighbour has somebody else's credentials",
                )?;
            }
            Ok(None) => {}
        }
        let is_signed_in = errand == Errand::SignIn || (errand == Errand::Ask && was_signed_in);
        let expected = is_signed_in.then_some(&site.neighbour.0);
        require(stored.user.as_ref() == expected, "what the neighbour did is not in the store")?;
        let newest = stored.line().and_then(|line| site.newest_token(line));
        require(stored.refresh_token == newest, "the neighbour's refresh token is not the newest")
    }

    /// What holds whenever the program does not run.
    pub(super) fn look(&self, site: &Site, device: &Device) -> Verdict {
        require(load(site, device) == self.blob, "the session of the other configuration was touched")
    }
}

async fn carry_out(session: Session, errand: Errand) -> Result<Option<String>, SessionError> {
    let outcome = match errand {
        Errand::SignIn => {
            let request = session.begin_login(LoginOptions::default()).await?;
            session.complete_login(&browse(&request.url, BOB).await).await.map(|_| None)
        }
        Errand::Ask => session.aws_credentials().await.map(|keys| Some(keys.access_key_id().to_owned())),
        Errand::SignOut => session.sign_out(SignOutMode::Revoke).await.map(|_| None),
    };
    session.settle().await;
    outcome
}

fn load(site: &Site, device: &Device) -> Option<Vec<u8>> {
    let name = format!("default.{}", site.neighbour_s_config.fingerprint().short());
    device.store.load(&name).unwrap().map(|bytes| bytes.to_vec())
}
