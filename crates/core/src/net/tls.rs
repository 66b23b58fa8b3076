//! Which certificates are trusted: the platform's own (a company's included), plus what the caller adds.

use std::fmt;
use std::sync::Arc;
#[cfg(not(target_os = "android"))]
use std::sync::OnceLock;
use std::time::SystemTime;

use reqwest::ClientBuilder;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
#[cfg(not(target_os = "android"))]
use rustls_platform_verifier::Verifier;

use super::platform_trust::{self, Peer, PlatformTrust};
use crate::clock::CorrectedClock;
use crate::diagnosis::NoTrust;
use crate::error::SessionError;

/// Refuses to go on where nobody has said how the platform is asked, and nothing else could be.
pub(crate) fn check_start_up() -> Result<(), SessionError> {
    if cfg!(target_os = "android") { must_have(platform_trust::installed()) } else { Ok(()) }
}

fn must_have(platform: Option<&dyn PlatformTrust>) -> Result<(), SessionError> {
    if platform.is_some() {
        return Ok(());
    }
    Err(SessionError::Misconfigured {
        setting: "Android start-up".to_owned(),
        problem: "the library was not told how to ask Android, so no certificate can be checked".to_owned(),
        hint: "Open sessions by JetbridgeSession.open, which does that.".to_owned(),
    })
}

/// Makes rustls use ring. Without a process-wide provider the client's builder would panic.
pub(crate) fn install_crypto_provider() {
    // A provider that the app installed before is as good: the first one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Whom to trust. The certificates are looked for at the first handshake: who asks no https server needs none, and a machine
/// without any can still show and end its session.
pub(crate) struct Trust {
    extra: Vec<CertificateDer<'static>>,
    #[cfg(not(target_os = "android"))]
    with_extra: OnceLock<Verifier>,
    clock: CorrectedClock,
}

impl Trust {
    /// `extra`: PEM certificates to trust beside the platform's.
    ///
    /// # Errors
    /// `Misconfigured` if they cannot be read.
    pub(crate) fn new(extra: Option<&[u8]>, clock: CorrectedClock) -> Result<Self, SessionError> {
        Ok(Self {
            extra: extra.map_or(Ok(Vec::new()), read_roots)?,
            #[cfg(not(target_os = "android"))]
            with_extra: OnceLock::new(),
            clock,
        })
    }

    /// Whose certificates are trusted, in words. No path: it may have somebody's name in it.
    pub(crate) fn describe(&self) -> String {
        #[cfg(all(unix, not(target_os = "android"), not(target_vendor = "apple")))]
        let platform = match system::replacement() {
            Some(variable) if platform_trust::installed().is_none() => {
                format!("the certificates that {variable} names")
            }
            _ => "this system's certificates".to_owned(),
        };
        #[cfg(not(all(unix, not(target_os = "android"), not(target_vendor = "apple"))))]
        let platform = "this system's certificates".to_owned();
        match self.extra.len() {
            0 => platform,
            1 => format!("{platform}, and one that was given beside them"),
            count => format!("{platform}, and {count} that were given beside them"),
        }
    }

    /// Makes the client ask this for every certificate.
    pub(crate) fn apply(self: &Arc<Self>, builder: ClientBuilder) -> Result<ClientBuilder, rustls::Error> {
        let time = Arc::new(DeviceTime(self.clock.clone()));
        let mut config = ClientConfig::builder_with_details(provider(), time)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(self) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(builder.tls_backend_preconfigured(config))
    }

    /// The platform's certificates are read once for the whole process: there are hundreds of them. Only what could be read
    /// is kept.
    #[cfg(not(target_os = "android"))]
    fn system(&self) -> Result<&dyn ServerCertVerifier, rustls::Error> {
        static PLATFORM: OnceLock<Verifier> = OnceLock::new();
        let place = if self.extra.is_empty() { &PLATFORM } else { &self.with_extra };
        if let Some(verifier) = place.get() {
            return Ok(verifier);
        }
        let verifier = load(self.extra.clone())
            .map_err(|why| rustls::Error::Other(OtherError(Arc::new(NoTrust::of_the_system(&why)))))?;
        Ok(place.get_or_init(|| verifier))
    }

    /// There is nobody else to ask, and without an answer nobody is trusted.
    #[cfg(target_os = "android")]
    fn system(&self) -> Result<&dyn ServerCertVerifier, rustls::Error> {
        Err(rustls::Error::Other(OtherError(Arc::new(NoTrust::of_the_platform("it was never installed")))))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("extra", &self.extra.len()).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let peer = Peer { end_entity, intermediates, name: server_name, now };
        if let Some(platform) = platform_trust::installed() {
            return peer.verify(platform, &self.extra, provider());
        }
        let verdict = self.system()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if !cfg!(windows) {
            return verdict;
        }
        match verdict.map_err(in_words_of_rustls) {
            // A second opinion: the system's may not have heard of `extra` (see `load`), and it does not tell a CA that was made
            // anew from one that is not known.
            Err(error) if !self.extra.is_empty() && is_undecided(&error) => peer.verify_by(&self.extra, provider()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Certificates are good or not by the device's own clock: what corrects it is believed because of them.
#[derive(Debug)]
struct DeviceTime(CorrectedClock);

impl TimeProvider for DeviceTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(self.0.device_now().duration_since(SystemTime::UNIX_EPOCH).ok()?))
    }
}

fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(target_os = "android"))]
fn load(extra: Vec<CertificateDer<'static>>) -> Result<Verifier, String> {
    #[cfg(all(unix, not(target_vendor = "apple")))]
    let extra = system::with_roots_despite_empty_variables(extra);
    let loaded = Verifier::new_with_extra_roots(extra, provider());
    // Wine 8 knows no chain engine with roots of its own: it takes the structure that says so by its sizes of before Windows 8
    // (dlls/crypt32/chain.c, `CertCreateCertificateChainEngine`). `extra` are asked for in another way then.
    #[cfg(windows)]
    let loaded = loaded.or_else(|_| Verifier::new(provider()));
    #[cfg(all(unix, not(target_vendor = "apple")))]
    let loaded = loaded.map_err(|_| system::why_there_are_none());
    #[cfg(not(all(unix, not(target_vendor = "apple"))))]
    let loaded = loaded.map_err(|error| error.to_string());
    loaded
}

/// Where these systems have their certificates, as far as rustls-native-certs leaves something to do: SSL_CERT_FILE and
/// SSL_CERT_DIR name others *in place of* them, as with OpenSSL.
#[cfg(all(unix, not(target_os = "android"), not(target_vendor = "apple")))]
mod system {
    use std::env;
    use std::path::PathBuf;

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    const FILE: &str = "SSL_CERT_FILE";
    const FOLDER: &str = "SSL_CERT_DIR";

    /// An empty variable counts as one that is not set, and rustls-native-certs takes it for a file without a name.
    pub(super) fn with_roots_despite_empty_variables(
        mut extra: Vec<CertificateDer<'static>>,
    ) -> Vec<CertificateDer<'static>> {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        if env::var_os(FILE).is_some() && !is_set(FILE) && !is_set(FOLDER) {
            let bundle = openssl_probe::probe().cert_file.and_then(|file| CertificateDer::pem_file_iter(file).ok());
            extra.extend(bundle.into_iter().flatten().filter_map(Result::ok).filter(super::is_root));
        }
        extra
    }

    /// The variable that names others in place of the system's.
    pub(super) fn replacement() -> Option<&'static str> {
        [FILE, FOLDER].into_iter().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    pub(super) fn why_there_are_none() -> String {
        let Some(variable) = replacement() else { return "this system has no CA certificates".to_owned() };
        let place = env::var_os(variable).map(PathBuf::from).unwrap_or_default();
        format!(
            "{variable} names {}, and no certificate can be read from it; unset it, and the system's own count",
            place.display()
        )
    }
}

/// Numbers of winerror.h that Windows has for a chain (learn.microsoft.com, "CERT_CHAIN_POLICY_STATUS") and the verifier passes on
/// as text (rustls-platform-verifier 0.7 `verification/windows.rs`).
mod of_windows {
    /// No chain to a root, as of a company's CA that nobody has installed and the server does not send.
    pub(super) const CERT_E_CHAINING: &str = "(os error -2146762486)";
    pub(super) const TRUST_E_CERT_SIGNATURE: &str = "(os error -2146869244)";
    /// Whether the certificate was revoked is not known. Windows is told to let that pass
    /// (`CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS`); Wine 8 does not, and says it of every chain without a root.
    pub(super) const CERT_E_REVOCATION_FAILURE: &str = "(os error -2146762482)";
}

fn says(error: &rustls::Error, number: &str) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(reason)) = error else { return false };
    reason.0.to_string().contains(number)
}

/// In the words that advice is found by.
fn in_words_of_rustls(error: rustls::Error) -> rustls::Error {
    if says(&error, of_windows::CERT_E_CHAINING) {
        CertificateError::UnknownIssuer.into()
    } else if says(&error, of_windows::TRUST_E_CERT_SIGNATURE) {
        CertificateError::BadSignature.into()
    } else {
        error
    }
}

/// Whether nothing stands against a certificate but that its issuer is not known.
fn is_undecided(error: &rustls::Error) -> bool {
    *error == CertificateError::UnknownIssuer.into() || says(error, of_windows::CERT_E_REVOCATION_FAILURE)
}

fn is_root(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

/// The certificates of `pem`: one or more.
fn read_roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SessionError> {
    let misconfigured = |problem: &str| SessionError::Misconfigured {
        setting: "root certificates".to_owned(),
        problem: problem.to_owned(),
        hint: "Give a PEM file with the CA's certificate (-----BEGIN CERTIFICATE-----).".to_owned(),
    };
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| misconfigured(&format!("cannot be read: {error}")))?;
    if roots.is_empty() {
        return Err(misconfigured("there is no certificate in it"));
    }
    if !roots.iter().all(is_root) {
        return Err(misconfigured("one of them is not a certificate"));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl PlatformTrust for Nothing {
        fn check(&self, _: &[&[u8]], _: &str, _: SystemTime) -> Result<(), platform_trust::Distrust> {
            Ok(())
        }
    }

    #[test]
    fn without_its_start_up_android_gets_an_error_that_says_what_to_call() {
        let error = must_have(None).unwrap_err();
        assert_eq!(error.kind(), "misconfigured");
        assert!(error.hint().unwrap().contains("JetbridgeSession.open"));
        assert_eq!(must_have(Some(&Nothing)), Ok(()));
    }

    #[test]
    fn what_windows_says_in_numbers_gets_the_word_that_advice_is_found_by() {
        let told = |said: &str| {
            let reason: Arc<dyn std::error::Error + Send + Sync> = Arc::from(Box::from(said));
            in_words_of_rustls(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(reason))))
        };
        let unknown = told("Eine Zertifikatkette konnte nicht aufgebaut werden. (os error -2146762486)");
        assert_eq!(unknown, CertificateError::UnknownIssuer.into());
        let unsigned = told("(os error -2146869244)");
        assert_eq!(unsigned, CertificateError::BadSignature.into());
        let unasked = told("(os error -2146762482)");
        assert!(is_undecided(&unknown) && is_undecided(&unasked));
        // Nobody's second opinion takes back what was said against it.
        for left in [told("(os error -2146762495)"), CertificateError::Revoked.into(), rustls::Error::DecryptError] {
            assert!(!is_undecided(&left) && !is_undecided(&unsigned), "{left}");
            // Two errors of others never compare as equal.
            assert_eq!(in_words_of_rustls(left.clone()).to_string(), left.to_string());
        }
    }
}
