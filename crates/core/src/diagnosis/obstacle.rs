//! What stands between this device and a service. It answers or refuses in the service's place, so that nothing of it may be
//! taken for the service's word: neither a refusal, nor an outage, nor a bug.

use super::answer::shorten;
use crate::error::{Obstacle, Service, SessionError};

/// A media type is two short words.
const LONGEST_TYPE: usize = 60;

/// An answer that this service does not give, such as a network's sign-in page: a redirect, or a document of another kind.
pub(crate) fn interception(service: Service, what: &str, status: u16, content_type: Option<&str>) -> SessionError {
    let kind = content_type.map(|kind| shorten(kind.split(';').next().unwrap_or_default().trim(), LONGEST_TYPE));
    let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "no content type".to_owned());
    SessionError::Obstructed {
        service,
        obstacle: Obstacle::Interception,
        problem: format!(
            "something between this device and {service} answered ({what}): HTTP status {status}, {kind}"
        ),
        hint: "Open a web page to see whether this network wants you to sign in first. A company's proxy or web filter must \
               let these addresses through."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_answer_is_told_by_what_it_was() {
        let told = |kind: Option<&str>| interception(Service::S3, "listing", 200, kind).to_string();
        let page = told(Some("text/html; charset=utf-8"));
        assert!(page.ends_with("answered (listing): HTTP status 200, text/html"), "{page}");
        assert!(told(Some("")).ends_with("no content type") && told(None).ends_with("no content type"));
        assert!(told(Some(&"x".repeat(500))).len() < 200);
    }
}
