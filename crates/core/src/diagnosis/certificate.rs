//! What mends a certificate that is not trusted: here, where something is trusted, or at the server, where all else is decided.

use rustls::CertificateError;

/// What a company's own CA needs. Android's apps trust what its users install only if they say so (since Android 7:
/// developer.android.com/privacy-and-security/security-config, "Trust additional CAs").
const TRUST_A_COMPANY: &str = if cfg!(target_os = "android") {
    " If your company gave you a certificate of its own CA for this, and only then: install it in this device's settings. \
     An app uses it only if its network security configuration trusts certificates of users, or if the app brings it along \
     (rootCertificatesPem)."
} else if cfg!(target_os = "ios") {
    " If your company gave you a certificate of its own CA for this, and only then: install it in this device's settings and \
     turn on full trust for it, or ask for an app that brings it along (rootCertificatesPem)."
} else {
    " If your company gave you a certificate of its own CA for this, and only then: have the system trust it, or name its \
     PEM file with --ca-file (in an app: SessionBuilder::root_certificates)."
};
/// Who gives a CA of their own, such as that of a test server, gives the one before for as long as nobody tells them.
const GIVE_THE_NEW_ONE: &str = if cfg!(any(target_os = "android", target_os = "ios")) {
    " If the app brings that CA along (rootCertificatesPem) and it was made \
     anew since, the app needs the new one."
} else {
    " If you gave that CA (--ca-file, SSL_CERT_FILE; in an app: \
     SessionBuilder::root_certificates) and it was made anew since, as by a local stack that was started again, give the new \
     one."
};

/// On this machine nobody looks into connections.
const GIVE_THE_SERVER_S: &str = if cfg!(any(target_os = "android", target_os = "ios")) {
    "Bring the certificate of that server's CA along (rootCertificatesPem): the local stack writes it as ca.pem beside its \
     configuration, a new one at each start."
} else {
    "Name the certificate of that server's CA with --ca-file (in an app: SessionBuilder::root_certificates): the local stack \
     writes it as ca.pem beside its configuration, a new one at each start."
};

/// A rule beside that of the issuer. Passed through rustls, which has no word for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rule of this app or of this device stands against it (a pinned key, a blocked certificate, certificate \
         transparency, a weak signature)"
)]
pub(crate) struct Refused;

/// What there is to do about it. `is_here`: the server is on this machine.
pub(super) fn advise(problem: &CertificateError, host: &str, is_here: bool) -> String {
    if is_here && matches!(problem, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        return GIVE_THE_SERVER_S.to_owned();
    }
    format!(
        "Open a web page to see whether this network wants you to sign in first, or try another network. A company's proxy \
         that looks into connections must let {host} through.{}",
        mend(problem, host)
    )
}

/// If nothing stands in between.
fn mend(problem: &CertificateError, host: &str) -> String {
    match problem {
        CertificateError::UnknownIssuer => TRUST_A_COMPANY.to_owned(),
        CertificateError::BadSignature => format!("{GIVE_THE_NEW_ONE}{TRUST_A_COMPANY}"),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            " If nothing is in between: compare {host} in the configuration with the name that the server has; else whoever \
             runs it has to give it a certificate for that name. Nothing that is trusted on this side mends it."
        ),
        CertificateError::Other(reason) if reason.0.is::<Refused>() => {
            " If nothing is in between: the rule is changed by who makes the app (pins, network security configuration) or \
             manages this device; a command line has none of its own."
                .to_owned()
        }
        _ => format!(
            " If nothing is in between: whoever runs {host} has to give it another certificate. Nothing that is trusted on \
             this side, by a command line or an app, mends it."
        ),
    }
}
