//! What is wrong: the walk down the whole chain, as records. Nothing in them is secret, so that a report can be shown, copied
//! and sent.

use jetbridge::doctor::{Finding, Link, Mark, Report};

use crate::error::SessionError;
use crate::session::CoreSession;

/// What has to hold, in the order in which a sign-in and a listing need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DiagnosisLink {
    /// The two configuration files.
    Files,
    /// The device's clock.
    Clock,
    /// The way to the authorization server: name, proxy, certificates.
    Network,
    /// The authorization server's metadata.
    Discovery,
    /// Its keys.
    Keys,
    /// The client and the redirect URI.
    Client,
    /// Pushed authorization requests.
    PushedRequests,
    /// Somebody is signed in.
    SignIn,
    /// The ID token.
    IdToken,
    /// The identity pool and its provider.
    Pool,
    /// The pool's role.
    Role,
    /// Claims that may become session tags.
    Tags,
    /// The bucket is there.
    Bucket,
    /// Pool and bucket are in the regions that the configuration says.
    Region,
    /// The role may list the bucket.
    Prefix,
    /// The APIs let the role in.
    Api,
}

impl DiagnosisLink {
    /// Nothing for a link that this library does not know; a test makes sure that there is none.
    fn of(link: Link) -> Option<Self> {
        Some(match link {
            Link::Files => Self::Files,
            Link::Clock => Self::Clock,
            Link::Network => Self::Network,
            Link::Discovery => Self::Discovery,
            Link::Keys => Self::Keys,
            Link::Client => Self::Client,
            Link::PushedRequests => Self::PushedRequests,
            Link::SignIn => Self::SignIn,
            Link::IdToken => Self::IdToken,
            Link::Pool => Self::Pool,
            Link::Role => Self::Role,
            Link::Tags => Self::Tags,
            Link::Bucket => Self::Bucket,
            Link::Region => Self::Region,
            Link::Prefix => Self::Prefix,
            Link::Api => Self::Api,
            _ => return None,
        })
    }
}

/// What is known of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DiagnosisMark {
    /// It holds.
    Ok,
    /// It does not, and what follows cannot.
    Broken,
    /// One before it is broken: it was not looked at.
    NotReached,
    /// It cannot be known from here, or not before a sign-in.
    Unknown,
}

impl From<Mark> for DiagnosisMark {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Ok => Self::Ok,
            Mark::Broken => Self::Broken,
            Mark::NotReached => Self::NotReached,
            Mark::Unknown => Self::Unknown,
        }
    }
}

/// A link, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DiagnosisFinding {
    /// Which.
    pub link: DiagnosisLink,
    /// Whether it holds.
    pub mark: DiagnosisMark,
    /// The link in a few English words.
    pub title: String,
    /// What was found, as an English sentence without its full stop; empty where nothing was looked at.
    pub detail: String,
    /// The setting that is wrong, by its name in the configuration files or consoles.
    pub setting: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
    /// A text to paste where the fix says, such as a role's trust policy.
    pub paste: Option<String>,
}

impl DiagnosisFinding {
    fn of(finding: Finding) -> Option<Self> {
        Some(Self {
            link: DiagnosisLink::of(finding.link)?,
            mark: finding.mark.into(),
            title: finding.link.title().to_owned(),
            setting: finding.setting().map(str::to_owned),
            fix: finding.fix(),
            detail: finding.detail,
            paste: finding.paste,
        })
    }
}

/// One finding for each link, in their order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DiagnosisReport {
    /// All of them.
    pub findings: Vec<DiagnosisFinding>,
    /// The whole in plain English text, for a ticket.
    pub text: String,
}

impl From<Report> for DiagnosisReport {
    fn from(report: Report) -> Self {
        let text = report.to_string();
        Self { findings: report.findings.into_iter().filter_map(DiagnosisFinding::of).collect(), text }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl CoreSession {
    /// Walks the whole chain, from the configuration to the bucket, and says of each link whether it holds; stops at the first
    /// that does not, but for the clock, with what to do. Renews like any call, and changes nothing else. What fails is in the report.
    ///
    /// # Errors
    /// `UserCancelled` when a `Cancellation` ends it, and nothing else.
    pub async fn diagnose(&self) -> Result<DiagnosisReport, SessionError> {
        let walk = async { Ok(self.inner.diagnose().await) };
        Ok(self.unless_cancelled(walk).await?.into())
    }
}
