//! Which certificates are trusted: the platform's own (a company's included), plus what the caller adds.

#[cfg(any(test, target_os = "android"))]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use reqwest::{Certificate, ClientBuilder};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::Verifier;

use crate::error::SessionError;

/// Android's verifier asks the system through Java, and panics at the first connection if nobody has told it how.
#[cfg(any(test, target_os = "android"))]
#[derive(Default)]
struct StartUp(AtomicBool);

#[cfg(any(test, target_os = "android"))]
impl StartUp {
    fn is_done(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn check(&self) -> Result<(), SessionError> {
        if self.0.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(SessionError::Misconfigured {
            setting: "Android start-up".to_owned(),
            problem: "the library was not told the app's Context, so no certificate can be checked".to_owned(),
            hint: "Call NativeLibrary.initialize(context) in Application.onCreate, before the first session is opened."
                .to_owned(),
        })
    }
}

#[cfg(target_os = "android")]
static ANDROID: StartUp = StartUp(AtomicBool::new(false));

/// For the crate that speaks to Android: `rustls_platform_verifier::android` has been initialised. Until then no session
/// can be opened.
#[cfg(target_os = "android")]
pub fn platform_tls_is_ready() {
    ANDROID.is_done();
}

/// Refuses to go on where the platform's verifier would panic.
pub(crate) fn check_start_up() -> Result<(), SessionError> {
    #[cfg(target_os = "android")]
    ANDROID.check()?;
    Ok(())
}

/// Makes rustls use ring. Without a process-wide provider the client's builder would panic.
pub(crate) fn install_crypto_provider() {
    // A provider that the app installed before is as good: the first one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Trusts the platform's certificates. They are read once for the whole process: there are hundreds of them, and each
/// session that opens would read them twice.
pub(crate) fn trust_platform(builder: ClientBuilder) -> Result<ClientBuilder, rustls::Error> {
    static VERIFIER: OnceLock<Arc<Verifier>> = OnceLock::new();
    let ring = || Arc::new(rustls::crypto::ring::default_provider());
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(ring);
    let verifier = match VERIFIER.get() {
        Some(verifier) => verifier,
        // Only what could be read is kept.
        None => {
            let verifier = Arc::new(Verifier::new(Arc::clone(&provider))?);
            VERIFIER.get_or_init(|| verifier)
        }
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(builder.tls_backend_preconfigured(config))
}

/// Adds `pem` (one or more certificates) to the platform's roots.
pub(crate) fn add_roots(builder: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder, SessionError> {
    let misconfigured = |problem: String| SessionError::Misconfigured {
        setting: "root certificates".to_owned(),
        problem,
        hint: "Give a PEM file with the CA's certificate (-----BEGIN CERTIFICATE-----).".to_owned(),
    };
    let certificates = Certificate::from_pem_bundle(pem)
        .map_err(|error| misconfigured(format!("cannot be read: {}", error.without_url())))?;
    if certificates.is_empty() {
        return Err(misconfigured("there is no certificate in it".to_owned()));
    }
    Ok(builder.tls_certs_merge(certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_start_up_android_gets_an_error_that_says_what_to_call() {
        let start_up = StartUp::default();
        let error = start_up.check().unwrap_err();
        assert_eq!(error.kind(), "misconfigured");
        assert!(error.hint().unwrap().contains("NativeLibrary.initialize"));
        start_up.is_done();
        assert_eq!(start_up.check(), Ok(()));
    }
}
