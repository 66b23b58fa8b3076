//! Which certificates are trusted: the platform's own (a company's included), plus what the caller adds.

use reqwest::{Certificate, ClientBuilder};

use crate::error::SessionError;

/// Makes rustls use ring. Without a process-wide provider the client's builder would panic.
pub(crate) fn install_crypto_provider() {
    // A provider that the app installed before is as good: the first one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
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
