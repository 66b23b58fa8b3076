//! What stands between this device and a service. It answers or refuses in the service's place, so that nothing of it may be
//! taken for the service's word: neither a refusal, nor an outage, nor a bug.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::answer::{LONGEST_WORDS, shorten};
use super::certificate::advise;
use super::device_clock::how_to_set;
use super::place::{Place, Said};
use crate::error::{LOOPBACK_DOWN, NO_ANSWER, NOBODY_LISTENS, Obstacle};

/// The first of November 2026: no device that says an earlier time is right, because this code is younger. It need not be
/// kept up to date, an old one only decides less.
const YOUNGER_THAN: Duration = Duration::from_secs(1_793_491_200);
/// How hyper-util's errors of a tunnel through a proxy begin. Their types have no public name.
const TUNNEL: &str = "tunnel error: ";
const SOCKS: &str = "SOCKS error: ";
/// What hyper says of an answer that does not begin as one (its error has no public kind for that alone).
const NO_HTTP: &str = "invalid HTTP version parsed";
/// What reqwest says when a name is to be resolved on this side of a SOCKS proxy, and is not.
const SOCKS_NAME: &str = "error resolving for socks proxy";

/// What is known of the way that a request took.
#[derive(Debug)]
pub(crate) struct Way<'a> {
    pub host: &'a str,
    /// Host and port, if that is this machine.
    pub loopback: Option<&'a str>,
    pub proxy: Option<Proxy>,
    /// By the device's clock.
    pub now: SystemTime,
    /// Whether a service has just confirmed that clock.
    pub clock_is_right: bool,
}

impl Way<'_> {
    /// Where it leads.
    pub(super) fn place(&self) -> Place {
        Place { authority: self.loopback.unwrap_or(self.host).to_owned(), is_here: self.loopback.is_some() }
    }
}

/// A proxy, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub address: String,
    /// The environment variable, if it was one and not the system's settings.
    pub variable: Option<&'static str>,
}

/// Something in the way, so that nothing could be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct Obstruction {
    pub obstacle: Obstacle,
    pub problem: String,
    pub hint: String,
}

/// Nothing says which certificates are trusted. Passed through rustls as the reason why it trusts none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct NoTrust {
    pub problem: String,
    pub hint: &'static str,
}

impl NoTrust {
    /// A desktop has no certificates.
    #[cfg(any(test, not(target_os = "android")))]
    pub(crate) fn of_the_system(problem: &str) -> Self {
        Self {
            problem: problem.to_owned(),
            hint: if cfg!(windows) {
                "Windows' own check of certificates does not work: see whether other programs can open an https page. Its log is \
                 Event Viewer > Applications and Services Logs > Microsoft > Windows > CAPI2 > Operational, once that is enabled."
            } else if cfg!(target_vendor = "apple") {
                "The system's own check of certificates does not work: see whether Safari can open an https page, and start the \
                 device again."
            } else {
                "Install the system's CA certificates (Debian, Ubuntu, Alpine, Fedora: the package ca-certificates), or \
                 name a PEM file with --ca-file or SSL_CERT_FILE."
            },
        }
    }

    /// A phone's own check of certificates did not work.
    pub(crate) fn of_the_platform(what: &str) -> Self {
        Self {
            problem: format!("the check by the platform failed: {}", shorten(what, LONGEST_WORDS)),
            hint: "Start the app again, and if that does not help, the device. If it stays so, report it to the app's makers: \
                   its network security configuration may be unreadable.",
        }
    }
}

/// A variable that is to name the proxy on the way to `host`, and names none. Its value is not shown: it may hold a password,
/// wherever that begins.
pub(crate) fn unusable_proxy(variable: &'static str, host: &str) -> Obstruction {
    Obstruction {
        obstacle: Obstacle::Proxy,
        problem: format!("what {variable} is set to is no proxy that can be used"),
        hint: format!(
            "Write http://HOST:PORT (or https, socks5, socks5h) into {variable}, take it out of the environment, or name \
             {host} in NO_PROXY (without scheme and port) if it can be reached without a proxy."
        ),
    }
}

/// Why a request could not be sent, if that is because of something in between. `cause`: the innermost one, as text.
pub(super) fn find(error: &reqwest::Error, cause: &str, way: &Way<'_>) -> Option<Obstruction> {
    if let Some(proxy) = &way.proxy {
        if let Some(tunnel) = causes(error).map(ToString::to_string).find(|cause| cause.starts_with(TUNNEL)) {
            return Some(proxy.failed(tunnel.trim_start_matches(TUNNEL), cause, way.host));
        }
        if let Some(socks) = causes(error).map(ToString::to_string).find(|cause| cause.starts_with(SOCKS)) {
            return Some(proxy.failed_to_speak_socks(socks.trim_start_matches(SOCKS), way.host));
        }
        if causes(error).any(|cause| cause.to_string() == SOCKS_NAME) {
            return Some(proxy.gets_no_name(way.host));
        }
        if error.is_connect() && error.is_timeout() {
            return Some(proxy.failed("", NO_ANSWER, way.host));
        }
        if error.is_connect() && is_no_tls(error) {
            return Some(proxy.spoils_tls(way.host));
        }
    }
    match find_tls_error(error)? {
        rustls::Error::InvalidCertificate(problem) => Some(distrust(problem, way)),
        _ => None,
    }
}

/// Whether the request failed because there are no certificates to check others by.
pub(super) fn find_no_trust(error: &reqwest::Error) -> Option<&NoTrust> {
    match find_tls_error(error)? {
        rustls::Error::Other(other) => other.0.downcast_ref(),
        _ => None,
    }
}

/// What is spoken in place of HTTP, or of TLS where that is to carry it.
pub(super) fn find_other_protocol(error: &reqwest::Error) -> Option<Said> {
    if matches!(find_tls_error(error), Some(rustls::Error::InvalidMessage(_))) {
        return Some(Said::NoTls);
    }
    causes(error).any(|cause| cause.to_string() == NO_HTTP).then_some(Said::NoHttp)
}

/// Why a connection to this machine itself was not made: no network has a part in that.
pub(super) fn find_local(error: &reqwest::Error, way: &Way<'_>) -> Option<String> {
    let address = way.loopback?;
    let kinds = causes(error).filter_map(|cause| cause.downcast_ref().map(io::Error::kind));
    kinds.into_iter().find_map(|kind| explain_local(kind, address))
}

fn explain_local(kind: io::ErrorKind, address: &str) -> Option<String> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(format!("{NOBODY_LISTENS} {address}")),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(format!("{LOOPBACK_DOWN} ({address})")),
        _ => None,
    }
}

/// Whether there was a connection, and no TLS on it: it was cut off, or something else was said.
fn is_no_tls(error: &reqwest::Error) -> bool {
    let is_cut = |kind| {
        matches!(
            kind,
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
        )
    };
    matches!(find_tls_error(error), Some(rustls::Error::InvalidMessage(_)))
        || causes(error).filter_map(|cause| cause.downcast_ref().map(io::Error::kind)).any(is_cut)
}

fn find_tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The error and everything that caused it. What an I/O error wraps is not among its sources.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    })
}

impl Proxy {
    fn name(&self) -> String {
        let Self { address, variable } = self;
        format!("the proxy {address} (from {})", variable.unwrap_or("this system's settings"))
    }

    /// It answered 407, in the tunnel's place or through it.
    pub(super) fn wants_password(&self, host: &str) -> Obstruction {
        let variable = self.variable.unwrap_or("HTTPS_PROXY");
        self.obstruction(
            &format!("{} wants a user name and a password, or others than it got", self.name()),
            // Which schemes it offers, hyper-util does not tell.
            &format!(
                "Write them into {variable} as http://USER:PASSWORD@HOST:PORT (percent-encoded where they have signs such \
                 as @ or :). That is the Basic scheme, the only one that is spoken here: for a proxy that wants NTLM, \
                 Kerberos (Negotiate) or Digest, run a helper on this device that speaks it (cntlm, px) and write its \
                 address into {variable}, or ask who runs the proxy to allow Basic"
            ),
            host,
        )
    }

    /// `tunnel`: what hyper-util says of the tunnel. It does not tell the proxy's status, 407 excepted.
    fn failed(&self, tunnel: &str, cause: &str, host: &str) -> Obstruction {
        let name = self.name();
        if tunnel == "proxy authorization required" {
            return self.wants_password(host);
        }
        if tunnel == "unsuccessful" {
            let ask = format!("Ask who runs the proxy to allow {host}");
            return self.obstruction(&format!("{name} does not connect this device to {host}"), &ask, host);
        }
        self.obstruction(&format!("{name} cannot be reached: {cause}"), &self.correct(), host)
    }

    /// `cause`: what hyper-util says of it (RFC 1928, RFC 1929).
    fn failed_to_speak_socks(&self, cause: &str, host: &str) -> Obstruction {
        let name = self.name();
        if cause == "failed to create underlying connection" {
            return self.obstruction(&format!("{name} cannot be reached"), &self.correct(), host);
        }
        self.obstruction(&format!("{name} does not connect this device to {host}: {cause}"), &self.correct(), host)
    }

    /// It let the connection through, as it said.
    fn spoils_tls(&self, host: &str) -> Obstruction {
        let problem = format!(
            "{} took the connection to {host}, and what came through it is not TLS: it answers in the place of {host}, or cuts \
             it off",
            self.name()
        );
        self.obstruction(&problem, &format!("Ask who runs the proxy to allow {host}"), host)
    }

    /// `socks5` and `socks4` leave the name to this side, which knows less behind such a proxy.
    fn gets_no_name(&self, host: &str) -> Obstruction {
        let (scheme, _) = self.address.split_once(':').unwrap_or_default();
        let better = if scheme == "socks4" { "socks4a" } else { "socks5h" };
        let place = self.variable.unwrap_or("this system's settings");
        self.obstruction(
            &format!("{} is asked for addresses only, and the name {host} cannot be resolved here", self.name()),
            &format!("Write {better}:// in place of {scheme}:// into {place}, so that the proxy resolves names"),
            host,
        )
    }

    fn correct(&self) -> String {
        match self.variable {
            Some(variable) => format!("Correct {variable}"),
            None => "Correct the proxy in this system's settings".to_owned(),
        }
    }

    fn obstruction(&self, problem: &str, hint: &str, host: &str) -> Obstruction {
        Obstruction {
            obstacle: Obstacle::Proxy,
            problem: problem.to_owned(),
            hint: format!(
                "{hint}, or name {host} in NO_PROXY (without scheme and port) if it can be \
                           reached without."
            ),
        }
    }
}

/// The certificate at the other end cannot be believed, and that may be this device's own fault.
fn distrust(problem: &CertificateError, way: &Way<'_>) -> Obstruction {
    let host = way.host;
    let by_this_clock = format!("and this device's clock says {}", show(way.now));
    // Apple's verifier gives the codes of SecBase.h, errSecCertificateExpired and errSecCertificateNotValidYet, as text.
    let says = |code: &str| matches!(problem, CertificateError::Other(_)) && problem.to_string().contains(code);
    let why = match problem {
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is good from {} on, {by_this_clock}", show(system_time(*not_before)))
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it was good until {}, {by_this_clock}", show(system_time(*not_after)))
        }
        // The verifier of Windows says this of both.
        CertificateError::Expired => format!("it is not good at this time, {by_this_clock}"),
        CertificateError::NotValidYet => format!("it is not good yet, {by_this_clock}"),
        _ if says("-67818") || says("-67819") => format!("it is not good at this time, {by_this_clock}"),
        CertificateError::UnknownIssuer => "this device does not know who issued it".to_owned(),
        CertificateError::BadSignature => "a CA of the same name is trusted here, with another key".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it was not made for servers".to_owned()
        }
        CertificateError::BadEncoding => "it cannot be read".to_owned(),
        // rustls shows how such a reason is made up, not what it says.
        CertificateError::Other(reason) => shorten(&reason.0.to_string(), LONGEST_WORDS),
        other => shorten(&other.to_string(), LONGEST_WORDS),
    };
    let is_about_time = why.contains(&by_this_clock);
    let youth = SystemTime::UNIX_EPOCH + YOUNGER_THAN;
    let ended_long_ago = matches!(problem, CertificateError::ExpiredContext { not_after, .. }
        if system_time(*not_after) < youth);
    let is_clock = is_about_time && !way.clock_is_right && (way.now < youth || !ended_long_ago);
    let (obstacle, hint) = if is_clock {
        (
            Obstacle::Clock,
            format!(
                "{} If they are right: open a web page to see whether this network wants you to sign in first.",
                how_to_set()
            ),
        )
    } else {
        (Obstacle::Certificate, advise(problem, host, way.loopback.is_some()))
    };
    Obstruction { obstacle, problem: format!("the certificate of {host} is not trusted: {why}"), hint }
}

fn system_time(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}

fn show(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{HttpError, Refused};
    use crate::error::Service;

    #[test]
    fn a_foreign_answer_is_told_by_what_it_was() {
        let told = |kind: Option<&str>| Said::answer(200, kind).in_between(Service::S3, "listing", "").to_string();
        let page = told(Some("text/html; charset=utf-8"));
        assert!(page.ends_with("answered (listing): HTTP status 200, text/html"), "{page}");
        assert!(told(Some("")).ends_with("no content type") && told(None).ends_with("no content type"));
        assert!(told(Some(&"x".repeat(500))).len() < 200);
    }

    /// connect(2). A network namespace whose loopback was never brought up says ENETUNREACH.
    #[test]
    fn this_machine_is_told_from_the_network() {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, NetworkUnreachable};

        let told = |kind| explain_local(kind, "127.0.0.1:4580").unwrap();
        let hint = |kind| HttpError::Connect(told(kind)).into_session_error(Service::S3, "request").hint().unwrap();
        assert_eq!(told(ConnectionRefused), "nothing listens at 127.0.0.1:4580");
        assert!(hint(ConnectionRefused).contains("local stack"));
        assert!(told(NetworkUnreachable).contains("loopback interface is down"));
        assert!(hint(NetworkUnreachable).contains("loopback interface up"));
        assert_eq!(explain_local(ConnectionReset, "127.0.0.1:4580"), None);
    }

    const DAY: u64 = 24 * 3600;

    fn way(day: u64, clock_is_right: bool) -> Way<'static> {
        let now =
            SystemTime::UNIX_EPOCH + YOUNGER_THAN + Duration::from_secs(day * DAY) - Duration::from_secs(20_000 * DAY);
        Way { host: "dev-1.okta.com", loopback: None, proxy: None, now, clock_is_right }
    }

    fn day(day: u64) -> UnixTime {
        UnixTime::since_unix_epoch(YOUNGER_THAN + Duration::from_secs(day * DAY) - Duration::from_secs(20_000 * DAY))
    }

    /// The obstacle, the problem and the hint. Days count so that this code was written on the 20,000th.
    fn told(problem: &CertificateError, way: &Way<'_>) -> (Obstacle, String, String) {
        let Obstruction { obstacle, problem, hint } = distrust(problem, way);
        (obstacle, problem, hint)
    }

    #[test]
    fn a_clock_is_blamed_where_it_is_the_reason() {
        let expired = |on| CertificateError::ExpiredContext { time: day(0), not_after: day(on) };
        let not_yet = |on| CertificateError::NotValidYetContext { time: day(0), not_before: day(on) };
        let apple = CertificateError::Other(rustls::OtherError(std::sync::Arc::new(NoTrust::of_the_system(
            "\u{201c}dev-1.okta.com\u{201d} certificate is expired: -67818",
        ))));
        for (problem, way, expected) in [
            (not_yet(20_000), way(10_000, false), Obstacle::Clock),
            (expired(20_100), way(25_000, false), Obstacle::Clock),
            // One that was no longer good when this code was written.
            (expired(19_000), way(20_010, false), Obstacle::Certificate),
            (expired(19_000), way(10_000, false), Obstacle::Clock),
            // A service has just said that the clock is right.
            (expired(20_100), way(20_200, true), Obstacle::Certificate),
            (CertificateError::Expired, way(20_200, false), Obstacle::Clock),
            (CertificateError::NotValidYet, way(20_200, false), Obstacle::Clock),
            (apple, way(20_200, false), Obstacle::Clock),
        ] {
            let (obstacle, words, _) = told(&problem, &way);
            assert_eq!(obstacle, expected, "{problem:?} {way:?}");
            assert!(words.contains("this device's clock says "), "{words}");
        }
        let (_, words, hint) = told(&not_yet(20_000), &way(19_999, false));
        assert!(words.contains("good from 2026-11-01 00:00 UTC on") && words.contains("says 2026-10-31"), "{words}");
        assert!(hint.starts_with("Set this device's date"), "{hint}");
    }

    #[test]
    fn a_rule_of_the_platform_is_told_in_words() {
        let refused = CertificateError::Other(rustls::OtherError(std::sync::Arc::new(Refused)));
        for (problem, word) in [
            (refused, "a pinned key"),
            (CertificateError::InvalidPurpose, "not made for servers"),
            (CertificateError::BadEncoding, "cannot be read"),
        ] {
            let (obstacle, words, _) = told(&problem, &way(20_001, false));
            assert!(obstacle == Obstacle::Certificate && words.contains(word), "{words}");
            assert!(!words.contains("Error") && !words.contains('\n'), "{words}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_no_reason_to_trust_it() {
        let unknown = told(&CertificateError::UnknownIssuer, &way(20_001, false));
        let refused = CertificateError::Other(rustls::OtherError(std::sync::Arc::new(Refused)));
        let expired = CertificateError::ExpiredContext { time: day(0), not_after: day(19_000) };
        for (problem, word) in [
            (CertificateError::Revoked, "whoever runs dev-1.okta.com"),
            (expired, "whoever runs dev-1.okta.com"),
            (CertificateError::InvalidPurpose, "whoever runs dev-1.okta.com"),
            (CertificateError::BadEncoding, "whoever runs dev-1.okta.com"),
            (CertificateError::NotValidForName, "in the configuration"),
            (refused, "makes the app"),
        ] {
            let (obstacle, words, hint) = told(&problem, &way(20_001, false));
            assert_eq!(obstacle, Obstacle::Certificate, "{words}");
            assert!(!hint.contains("--ca-file") && !hint.contains("CA"), "{hint}");
            assert!(hint.contains(word), "{hint}");
        }
        // As if a CA had been made anew under its name.
        let (_, _, other_key) = told(&CertificateError::BadSignature, &way(20_001, false));
        assert!(other_key.contains("give the new one"), "{other_key}");
        // On this machine nobody is in between.
        let here = Way { host: "127.0.0.1", loopback: Some("127.0.0.1:4580"), ..way(20_001, false) };
        for problem in [CertificateError::UnknownIssuer, CertificateError::BadSignature] {
            let (obstacle, _, hint) = told(&problem, &here);
            assert_eq!(obstacle, Obstacle::Certificate);
            assert!(hint.contains("--ca-file") && !hint.contains("this network"), "{hint}");
        }
        for hint in [&unknown.2, &other_key] {
            assert!(hint.contains("--ca-file") && hint.contains("SessionBuilder::root_certificates"), "{hint}");
            assert!(hint.contains("and only then"), "{hint}");
        }
        assert_eq!(unknown.0, Obstacle::Certificate);
        let at = |words: &str| unknown.2.find(words).unwrap();
        assert!(at("sign in first") < at("your company gave you") && at("your company gave you") < at("--ca-file"));
    }
}
