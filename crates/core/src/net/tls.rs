//! Which certificates are trusted: the platform's own (a company's included), plus what the caller adds.

use std::sync::{Arc, OnceLock};

use reqwest::{Certificate, ClientBuilder};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::Verifier;

use crate::error::SessionError;

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
