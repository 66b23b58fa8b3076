//! What a walk down the chain found, from the configuration's files to the bucket: one finding for each link, which a person
//! can read, and paste into a ticket. Nothing in here is secret.

use std::fmt;

use crate::error::SessionError;

/// What has to hold, in the order in which a sign-in and a listing need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Link {
    /// The two files are there, and each value is one that can be.
    Files,
    /// The device's clock, against the authorization server's.
    Clock,
    /// The way to the authorization server: name, proxy, certificates.
    Network,
    /// The authorization server's metadata are those of the configured issuer.
    Discovery,
    /// It publishes keys that Cognito can use.
    Keys,
    /// It knows the client and the redirect URI, as far as its authorization endpoint tells without a sign-in.
    Client,
    /// Pushed authorization requests (RFC 9126): what the server demands, and what the configuration does.
    PushedRequests,
    /// Somebody is signed in, and Okta still agrees.
    SignIn,
    /// The ID token's issuer, audience, algorithm and life.
    IdToken,
    /// The identity pool takes ID tokens of this issuer for this client.
    Pool,
    /// The pool's role lets Cognito have it.
    Role,
    /// Claims that may become session tags.
    Tags,
    /// The bucket is there.
    Bucket,
    /// Pool and bucket are in the regions that the configuration says.
    Region,
    /// The role may list what the configuration begins with.
    Prefix,
    /// The configured APIs let the role in.
    Api,
}

impl Link {
    /// All of them, in their order.
    pub const ALL: [Self; 16] = [
        Self::Files,
        Self::Clock,
        Self::Network,
        Self::Discovery,
        Self::Keys,
        Self::Client,
        Self::PushedRequests,
        Self::SignIn,
        Self::IdToken,
        Self::Pool,
        Self::Role,
        Self::Tags,
        Self::Bucket,
        Self::Region,
        Self::Prefix,
        Self::Api,
    ];

    /// A stable name, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Clock => "clock",
            Self::Network => "network",
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Client => "client",
            Self::PushedRequests => "pushed_requests",
            Self::SignIn => "sign_in",
            Self::IdToken => "id_token",
            Self::Pool => "pool",
            Self::Role => "role",
            Self::Tags => "tags",
            Self::Bucket => "bucket",
            Self::Region => "region",
            Self::Prefix => "prefix",
            Self::Api => "api",
        }
    }

    /// A few words for a person, in English.
    pub fn title(self) -> &'static str {
        match self {
            Self::Files => "configuration files",
            Self::Clock => "clock",
            Self::Network => "proxy and certificates",
            Self::Discovery => "Okta's metadata",
            Self::Keys => "Okta's keys",
            Self::Client => "client and redirect URI",
            Self::PushedRequests => "pushed requests",
            Self::SignIn => "sign-in",
            Self::IdToken => "ID token",
            Self::Pool => "identity pool and provider",
            Self::Role => "role",
            Self::Tags => "session tags",
            Self::Bucket => "bucket",
            Self::Region => "regions",
            Self::Prefix => "listing",
            Self::Api => "APIs",
        }
    }
}

/// What is known of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It holds.
    Ok,
    /// It does not, and what follows cannot; of the clock, which is corrected here, other programs cannot either.
    Broken,
    /// One before it is broken: it was not looked at.
    NotReached,
    /// It cannot be known from here, or not before a sign-in.
    Unknown,
}

impl Mark {
    /// A stable name, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Broken => "broken",
            Self::NotReached => "not_reached",
            Self::Unknown => "unknown",
        }
    }
}

/// A link, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Which.
    pub link: Link,
    /// Whether it holds.
    pub mark: Mark,
    /// What was found, as a sentence without its full stop; empty where nothing was looked at.
    pub detail: String,
    /// What any call would end with, of a broken one, or other programs by this clock: its class, its setting, what to do.
    pub problem: Option<SessionError>,
    /// A text to paste where the fix says, such as a role's trust policy.
    pub paste: Option<String>,
}

impl Finding {
    /// The setting that is wrong, by its name in the configuration files or consoles.
    pub fn setting(&self) -> Option<&str> {
        match &self.problem {
            Some(SessionError::Misconfigured { setting, .. }) => Some(setting),
            Some(SessionError::NoSuchBucket { setting, .. }) => setting.as_deref(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> Option<String> {
        self.problem.as_ref().and_then(SessionError::hint)
    }

    pub(crate) fn ok(link: Link, detail: impl Into<String>) -> Self {
        Self { link, mark: Mark::Ok, detail: detail.into(), problem: None, paste: None }
    }

    pub(crate) fn unknown(link: Link, detail: impl Into<String>) -> Self {
        Self { link, mark: Mark::Unknown, detail: detail.into(), problem: None, paste: None }
    }

    pub(crate) fn not_reached(link: Link) -> Self {
        Self { link, mark: Mark::NotReached, detail: String::new(), problem: None, paste: None }
    }

    pub(crate) fn broken(link: Link, problem: SessionError) -> Self {
        let detail = match &problem {
            SessionError::Misconfigured { setting, problem, .. } if lacks_subject(problem) => {
                format!("{setting} {problem}")
            }
            SessionError::Misconfigured { problem, .. } => problem.clone(),
            other => other.to_string(),
        };
        Self { link, mark: Mark::Broken, detail, problem: Some(problem), paste: None }
    }
}

/// Whether it goes on after the setting's name: "is plain http".
fn lacks_subject(problem: &str) -> bool {
    ["is ", "has ", "does ", "would ", "may ", "cannot "].iter().any(|verb| problem.starts_with(verb))
}

/// One finding for each link, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// All of [`Link::ALL`].
    pub findings: Vec<Finding>,
}

impl Report {
    /// What was found first, and then that nothing after a broken link was reached. A wrong clock hides nothing: it is corrected.
    pub(crate) fn of(mut findings: Vec<Finding>) -> Self {
        let hides = |finding: &Finding| finding.mark == Mark::Broken && finding.link != Link::Clock;
        if let Some(broken) = findings.iter().position(hides) {
            findings.truncate(broken + 1);
        }
        for link in Link::ALL {
            if !findings.iter().any(|finding| finding.link == link) {
                findings.push(Finding::not_reached(link));
            }
        }
        Self { findings }
    }

    /// The report of a configuration that cannot be read: nothing else can be looked at.
    pub fn of_unusable_files(problem: SessionError) -> Self {
        Self::of(vec![Finding::broken(Link::Files, problem)])
    }

    /// The link that does not hold, if there is one. Beside a wrong clock, which all the others are looked at in spite of, it is
    /// the other one: nothing goes past that.
    pub fn broken(&self) -> Option<&Finding> {
        self.findings.iter().rev().find(|finding| finding.mark == Mark::Broken)
    }

    /// Whether the walk has come to this link: it holds, or does not, or cannot be known.
    pub fn reaches(&self, link: Link) -> bool {
        self.findings.iter().any(|finding| finding.link == link && finding.mark != Mark::NotReached)
    }
}

/// Plain text for a ticket: a line for each link that was looked at, and below a broken one what to change, what to do and what
/// to paste.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (not_reached, reached): (Vec<_>, Vec<_>) =
            self.findings.iter().partition(|finding| finding.mark == Mark::NotReached);
        for finding in reached {
            let mark = match finding.mark {
                Mark::Ok => '✓',
                Mark::Broken => '✗',
                Mark::NotReached => '–',
                Mark::Unknown => '?',
            };
            write!(f, "{mark} {}", finding.link.title())?;
            if !finding.detail.is_empty() {
                write!(f, ": {}", finding.detail)?;
            }
            writeln!(f)?;
            if let Some(setting) = finding.setting() {
                writeln!(f, "  setting: {setting}")?;
            }
            if let Some(fix) = finding.fix() {
                writeln!(f, "  fix: {fix}")?;
            }
            // A blank line around it and nothing before its lines: what is copied out of the ticket is the text itself.
            if let Some(paste) = &finding.paste {
                writeln!(f, "\n{}\n", paste.trim_end())?;
            }
        }
        if !not_reached.is_empty() {
            let titles: Vec<_> = not_reached.iter().map(|finding| finding.link.title()).collect();
            writeln!(f, "– not reached: {}", titles.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_text_a_report_has_a_line_for_each_link_and_the_fix_below_the_broken_one() {
        let setting = || "trust policy".to_owned();
        let problem = SessionError::Misconfigured {
            setting: setting(),
            problem: "it wants another pool".to_owned(),
            hint: "Paste this.".to_owned(),
        };
        let mut broken = Finding::broken(Link::Role, problem);
        broken.paste = Some("{\n  \"Effect\": \"Allow\"\n}\n".to_owned());
        let text = Report::of(vec![
            Finding::ok(Link::Files, "read"),
            Finding::unknown(Link::SignIn, "nobody is signed in"),
            broken,
        ])
        .to_string();
        let (head, tail) = text.split_once("– not reached: ").unwrap();
        assert_eq!(
            head,
            "✓ configuration files: read\n? sign-in: nobody is signed in\n✗ role: it wants another pool\n  \
             setting: trust policy\n  fix: Paste this.\n\n{\n  \"Effect\": \"Allow\"\n}\n\n"
        );
        assert!(tail.starts_with("clock, proxy and certificates, ") && tail.ends_with(", APIs\n"), "{tail}");
    }

    #[test]
    fn what_is_wrong_with_a_setting_is_a_whole_sentence() {
        let detail = |problem: &str| {
            let (setting, problem) = ("okta_issuer_url".to_owned(), problem.to_owned());
            Finding::broken(Link::Discovery, SessionError::Misconfigured { setting, problem, hint: String::new() })
                .detail
        };
        assert_eq!(detail("is https://a, but the server"), "okta_issuer_url is https://a, but the server");
        assert_eq!(detail("the server issues another"), "the server issues another");
    }

    #[test]
    fn nothing_after_a_broken_link_is_claimed() {
        let lost = SessionError::Retryable { failure: "no connection".to_owned(), retry_after: None };
        let report = Report::of(vec![
            Finding::ok(Link::Files, "read"),
            Finding::ok(Link::Clock, "right"),
            Finding::broken(Link::Network, lost),
            Finding::ok(Link::Discovery, "cannot be"),
        ]);
        let links: Vec<_> = report.findings.iter().map(|finding| finding.link).collect();
        assert_eq!(links, Link::ALL);
        assert_eq!(report.findings[3].mark, Mark::NotReached);
        assert_eq!(report.broken().unwrap().link, Link::Network);
        assert!(report.reaches(Link::Network) && !report.reaches(Link::Discovery));
    }

    #[test]
    fn a_wrong_clock_is_broken_and_hides_nothing_and_what_is_worse_comes_first() {
        let lost = || SessionError::Retryable { failure: "no connection".to_owned(), retry_after: None };
        let with = |more: Finding| {
            Report::of(vec![Finding::ok(Link::Files, "read"), Finding::broken(Link::Clock, lost()), more])
        };
        let corrected = with(Finding::ok(Link::Network, "reached"));
        assert_eq!(corrected.broken().unwrap().link, Link::Clock);
        assert!(corrected.reaches(Link::Network));
        let worse = with(Finding::broken(Link::Bucket, lost()));
        assert_eq!(worse.broken().unwrap().link, Link::Bucket);
        assert!(worse.to_string().contains("✗ clock") && worse.to_string().contains("✗ bucket"), "{worse}");
    }
}
