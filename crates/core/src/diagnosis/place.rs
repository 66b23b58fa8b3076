//! Places that somebody has configured. What answers there and is not the service that was asked for is first of all a wrong
//! address: its setting is named before anybody in between is suspected, and on this machine nobody is in between.

use url::Url;

use super::answer::shorten;
use crate::config::Config;
use crate::error::{Obstacle, Service, SessionError};
use crate::loopback::is_loopback;

pub(super) const ISSUER: &str = "okta_issuer_url";
const POOL_ENDPOINT: &str = "Auth.identityPoolEndpoint";
const BUCKET_ENDPOINT: &str = "Storage.AWSS3.endpoint";
const APIS: &str = "API.endpoints";
const SIGN_IN_PAGE: &str = "Open a web page to see whether this network wants you to sign in first. A company's proxy or web \
                            filter must let these addresses through.";
/// A media type is two short words.
const LONGEST_TYPE: usize = 60;

/// Where a request goes: a host with its port, and nothing else of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub authority: String,
    /// On this machine.
    pub is_here: bool,
}

impl Place {
    pub(crate) fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Self { authority, is_here: is_loopback(url) }
    }

    /// Without the port; of a name, that is.
    pub(super) fn host(&self) -> &str {
        self.authority.split(':').next().unwrap_or_default()
    }
}

/// What came in place of an answer of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// A redirect, or a document of another kind.
    Answer { status: u16, content_type: Option<String> },
    /// The connection is to be encrypted, and nobody there does that.
    NoTls,
    /// No HTTP.
    NoHttp,
}

impl Said {
    pub(crate) fn answer(status: u16, content_type: Option<&str>) -> Self {
        Self::Answer { status, content_type: content_type.map(str::to_owned) }
    }

    /// The HTTP status, if there is any.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { status, .. } => Some(*status),
            Self::NoTls | Self::NoHttp => None,
        }
    }

    /// Somebody between this device and the service has said it.
    pub(super) fn in_between(&self, service: Service, what: &str, host: &str) -> SessionError {
        match self {
            Self::Answer { status, content_type } => {
                interception(service, what, &describe(*status, content_type.as_deref()))
            }
            Self::NoTls | Self::NoHttp => SessionError::Obstructed {
                service,
                obstacle: Obstacle::Interception,
                problem: self.contradict(service, what, host),
                hint: SIGN_IN_PAGE.to_owned(),
            },
        }
    }

    /// What `place` cannot be, because it says that.
    fn contradict(&self, service: Service, what: &str, place: &str) -> String {
        match self {
            Self::Answer { status, content_type } => {
                let answer = describe(*status, content_type.as_deref());
                format!("what answers at {place} is not {} ({what}: {answer})", name(service))
            }
            Self::NoTls => format!("what answers at {place} does not speak TLS (https)"),
            Self::NoHttp => format!("what answers at {place} does not speak HTTP, or by TLS only (https)"),
        }
    }
}

/// An answer that this service does not give, such as a network's sign-in page: a redirect, or a document of another kind.
fn interception(service: Service, what: &str, answer: &str) -> SessionError {
    SessionError::Obstructed {
        service,
        obstacle: Obstacle::Interception,
        problem: format!("something between this device and {service} answered ({what}): {answer}"),
        hint: SIGN_IN_PAGE.to_owned(),
    }
}

fn describe(status: u16, content_type: Option<&str>) -> String {
    let kind = content_type.map(|kind| shorten(kind.split(';').next().unwrap_or_default().trim(), LONGEST_TYPE));
    let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "no content type".to_owned());
    format!("HTTP status {status}, {kind}")
}

/// The service that was asked for does not say so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} does not answer as the service does that was asked for", place.authority)]
pub(crate) struct Foreign {
    pub said: Said,
    pub place: Place,
}

impl Foreign {
    pub(crate) fn answer(status: u16, content_type: Option<&str>, place: Place) -> Self {
        Self { said: Said::answer(status, content_type), place }
    }

    /// Where nothing else is known of the configuration: nothing but a configuration leads to this machine.
    pub(super) fn into_session_error(self, service: Service, what: &str) -> SessionError {
        if self.place.is_here {
            self.at_configured(service, what)
        } else {
            self.said.in_between(service, what, &self.place.authority)
        }
    }

    /// The configuration names that place.
    pub(super) fn at_configured(&self, service: Service, what: &str) -> SessionError {
        let problem = self.said.contradict(service, what, &self.place.authority);
        wrong_address(service, problem, &self.place)
    }
}

/// All places that a configuration names, by their settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<(String, Place)>);

impl Places {
    pub(super) fn of_config(config: &Config) -> Self {
        let issuer = Url::parse(config.issuer_url()).ok();
        let pool = config.identity_pool_endpoint();
        let named = [(ISSUER, issuer.as_ref()), (POOL_ENDPOINT, pool), (BUCKET_ENDPOINT, config.s3_endpoint())];
        let named = named.into_iter().filter_map(|(setting, url)| Some((setting.to_owned(), Place::of(url?))));
        // Where no such key is written, it is the pool's.
        let services = config.services_endpoint().filter(|services| pool != Some(*services));
        let services = services.map(|url| ("Services.endpoint".to_owned(), Place::of(url)));
        let apis = config.api_endpoints().iter().enumerate();
        let apis = apis.map(|(number, api)| (format!("{APIS}[{number}].endpoint"), Place::of(&api.url)));
        Self(named.chain(services).chain(apis).collect())
    }

    /// What to say if `service` is somewhere by the word of the configuration, and that is what is said there.
    pub(super) fn wrong(&self, service: Service, what: &str, said: &Said) -> Option<SessionError> {
        let setting = setting_of(service);
        let place = self.find(setting)?;
        let mut problem = said.contradict(service, what, &place.authority);
        if let Some((other, _)) = self.0.iter().find(|(name, other)| name != setting && other == place) {
            problem.push_str(&format!("; {other} names the same host and port"));
        }
        Some(wrong_address(service, problem, place))
    }

    /// Whether Okta and Cognito are both played by servers of this machine.
    pub(super) fn are_stand_ins(&self) -> bool {
        [ISSUER, POOL_ENDPOINT].iter().all(|setting| self.find(setting).is_some_and(|place| place.is_here))
    }

    fn find(&self, setting: &str) -> Option<&Place> {
        self.0.iter().find(|(name, _)| name == setting).map(|(_, place)| place)
    }
}

/// As a person looks for it in a list of addresses.
fn name(service: Service) -> &'static str {
    match service {
        Service::Okta => "Okta",
        Service::Cognito => "Amazon Cognito",
        Service::S3 => "S3",
        Service::Api => "the API",
    }
}

fn setting_of(service: Service) -> &'static str {
    match service {
        Service::Okta => ISSUER,
        Service::Cognito => POOL_ENDPOINT,
        Service::S3 => BUCKET_ENDPOINT,
        Service::Api => APIS,
    }
}

fn wrong_address(service: Service, problem: String, place: &Place) -> SessionError {
    let setting = setting_of(service);
    let fix = match service {
        Service::Okta => {
            "Set okta_issuer_url to the authorization server's issuer, with its scheme and port.".to_owned()
        }
        Service::Api => "Correct scheme, host and port of its \"endpoint\" there.".to_owned(),
        Service::Cognito | Service::S3 => {
            let name = name(service);
            format!("Set {setting} to the scheme, host and port of {name}; for AWS's own servers take the key out.")
        }
    };
    let hint = match place.is_here {
        true => fix,
        false => format!(
            "{fix} If it is right, something between this device and {} answers in its place. {SIGN_IN_PAGE}",
            place.authority
        ),
    };
    SessionError::Misconfigured { setting: setting.to_owned(), problem, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: &SessionError) -> String {
        format!("{} | {error}. {}", error.kind(), error.hint().unwrap())
    }

    fn at(authority: &str, is_here: bool, said: Said) -> Foreign {
        Foreign { said, place: Place { authority: authority.to_owned(), is_here } }
    }

    #[test]
    fn nobody_stands_between_this_machine_and_itself() {
        for (service, setting, name) in [
            (Service::Okta, "okta_issuer_url", "Okta"),
            (Service::Cognito, "Auth.identityPoolEndpoint", "Amazon Cognito"),
            (Service::S3, "Storage.AWSS3.endpoint", "S3"),
            (Service::Api, "API.endpoints", "the API"),
        ] {
            let page = Said::answer(403, Some("text/html; charset=utf-8"));
            let here = told(&at("127.0.0.1:4580", true, page.clone()).into_session_error(service, "request"));
            let said = format!("what answers at 127.0.0.1:4580 is not {name} (request: HTTP status 403, text/html)");
            assert!(here.starts_with(&format!("misconfigured | {setting}: {said}")), "{here}");
            assert!(!here.contains("between") && !here.contains("web page"), "{here}");
            let there = told(&at("dev-1.okta.com", false, page).into_session_error(service, "request"));
            assert!(there.starts_with("obstructed") && there.contains("something between this device"), "{there}");
        }
    }

    #[test]
    fn another_protocol_is_told_as_one() {
        for (said, words) in [(Said::NoTls, "does not speak TLS"), (Said::NoHttp, "does not speak HTTP")] {
            let here = told(&at("127.0.0.1:22", true, said.clone()).into_session_error(Service::S3, "listing"));
            assert!(here.contains(&format!("what answers at 127.0.0.1:22 {words}")), "{here}");
            assert!(here.starts_with("misconfigured | Storage.AWSS3.endpoint"), "{here}");
            let there = told(&at("dev-1.okta.com", false, said).into_session_error(Service::Okta, "tokens"));
            assert!(there.starts_with("obstructed") && there.contains(words), "{there}");
        }
    }

    #[test]
    fn a_configured_place_is_suspected_first_and_whoever_is_in_between_after_it() {
        let okta = r#"{"okta_issuer_url": "https://id.example.com/oauth2/default", "okta_client_id": "0oa1",
            "okta_callback_url": "com.okta.dev-1:/callback"}"#;
        let aws = r#"{"Auth": {"region": "us-west-2", "identityPoolId": "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab"},
            "Storage": {"AWSS3": {"region": "us-west-2", "bucket": "my-team-data", "endpoint": "https://id.example.com"}}}"#;
        let places = Places::of_config(&Config::parse(okta, aws).unwrap());
        let page = Said::answer(200, None);
        let told = told(&places.wrong(Service::S3, "listing", &page).unwrap());
        let at = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
        assert!(
            told.starts_with("misconfigured | Storage.AWSS3.endpoint: what answers at id.example.com is not S3"),
            "{told}"
        );
        assert!(at("okta_issuer_url names the same host") < at("take the key out"), "{told}");
        assert!(at("take the key out") < at("between this device and id.example.com"), "{told}");
        // Nobody has named a place for it.
        assert_eq!(places.wrong(Service::Cognito, "GetId", &page), None);
    }
}
