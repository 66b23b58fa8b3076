use std::slice::from_ref;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::CertificateError::{BadEncoding, ExpiredContext, InvalidPurpose, Revoked, UnknownIssuer};

use super::*;

/// A platform that gives this answer.
struct Says(Result<(), Distrust>);

impl PlatformTrust for Says {
    fn check(&self, chain: &[&[u8]], host: &str, now: SystemTime) -> Result<(), Distrust> {
        assert!(chain.len() == 1 && !host.is_empty() && now >= time(0));
        self.0.clone()
    }
}

/// A CA, and the certificate that it made for `*.example.com`, good until day 10.
struct Made {
    root: CertificateDer<'static>,
    server: CertificateDer<'static>,
}

fn time(day: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((20_000 + day) * 24 * 3600)
}

fn make() -> Made {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(DnType::CommonName, "A company");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = ca.self_signed(&key).unwrap().der().clone();
    let issuer = Issuer::new(ca, key);
    let mut server = CertificateParams::new(vec!["*.example.com".to_owned()]).unwrap();
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.not_after = time(10).into();
    let server = server.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone();
    Made { root, server }
}

fn verify(
    made: &Made,
    platform: Result<(), Distrust>,
    extra: &[CertificateDer<'static>],
    host: &str,
) -> Result<(), rustls::Error> {
    verify_on(made, platform, extra, host, 0)
}

fn verify_on(
    made: &Made,
    platform: Result<(), Distrust>,
    extra: &[CertificateDer<'static>],
    host: &str,
    day: u64,
) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let now = UnixTime::since_unix_epoch(time(day).duration_since(SystemTime::UNIX_EPOCH).unwrap());
    let peer = Peer { end_entity: &made.server, intermediates: &[], name: &name, now };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    peer.verify(&Says(platform), extra, provider).map(|_| ())
}

const HOST: &str = "bucket.example.com";

#[test]
fn what_the_platform_trusts_must_still_be_the_server_that_was_asked_for() {
    let made = make();
    assert_eq!(verify(&made, Ok(()), &[], HOST), Ok(()));
    for other in ["example.com", "a.b.example.com", "example.org", "127.0.0.1"] {
        let error = verify(&made, Ok(()), &[], other).unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{other}: {error}");
    }
}

#[test]
fn a_given_root_is_trusted_where_the_platform_knows_no_issuer() {
    let (made, foreign) = (make(), make());
    let unknown = || Err(Distrust::UnknownIssuer);
    let refused = Err(rustls::Error::InvalidCertificate(UnknownIssuer));
    assert_eq!(verify(&made, unknown(), &[], HOST), refused);
    assert_eq!(verify(&made, unknown(), from_ref(&made.root), HOST), Ok(()));
    assert_eq!(verify(&made, unknown(), &[foreign.root.clone(), made.root.clone()], HOST), Ok(()));
    let error = verify(&made, unknown(), &[foreign.root], HOST).unwrap_err();
    // Two CAs of one name: webpki tries the key, and says which signature failed.
    assert!(matches!(error, rustls::Error::InvalidCertificate(_)), "{error}");
    let error = verify(&made, unknown(), from_ref(&made.root), "example.org").unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    let error = verify_on(&made, unknown(), from_ref(&made.root), HOST, 11).unwrap_err();
    assert!(matches!(error, rustls::Error::InvalidCertificate(ExpiredContext { .. })), "{error}");
}

#[test]
fn a_given_root_overrules_no_other_word_of_the_platform() {
    let made = make();
    let with_root = |distrust| verify(&made, Err(distrust), from_ref(&made.root), HOST).unwrap_err();
    assert_eq!(with_root(Distrust::Revoked), rustls::Error::InvalidCertificate(Revoked));
    assert_eq!(with_root(Distrust::Malformed), rustls::Error::InvalidCertificate(BadEncoding));
    assert_eq!(with_root(Distrust::WrongPurpose), rustls::Error::InvalidCertificate(InvalidPurpose));
    let refused = with_root(Distrust::Refused);
    let rustls::Error::InvalidCertificate(CertificateError::Other(reason)) = &refused else { panic!("{refused}") };
    assert!(reason.0.is::<Refused>());
    let (end, begin) = (Distrust::Expired(Some(time(0))), Distrust::NotYetValid(Some(time(1))));
    assert!(with_root(end).to_string().contains("expired"));
    assert!(with_root(begin).to_string().contains("not valid yet"));
    assert!(with_root(Distrust::Expired(None)).to_string().contains("Expired"));
}

#[test]
fn a_check_that_fails_trusts_nobody_and_blames_no_certificate() {
    let made = make();
    let failed = Distrust::Failed("java.lang.IllegalStateException".to_owned());
    let rustls::Error::Other(other) = verify(&made, Err(failed), from_ref(&made.root), HOST).unwrap_err() else {
        panic!("blamed on the certificate")
    };
    let no_trust: &NoTrust = other.0.downcast_ref().unwrap();
    assert!(no_trust.problem.contains("java.lang.IllegalStateException"));
    // Whoever reads this holds a phone.
    assert!(["Debian", "SSL_CERT_FILE", "--ca-file"].iter().all(|word| !no_trust.hint.contains(word)));
}
