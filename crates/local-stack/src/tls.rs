//! TLS with a certificate authority that lives as long as the stack: its private key signs one server certificate and
//! is gone before the first connection, so trusting the authority cannot be turned against its user.

use std::sync::Arc;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use time::{Duration, OffsetDateTime};
use tokio_rustls::TlsAcceptor;

use crate::shared::HostOverride;

/// Certificates could not be made or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("failed to make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("failed to set up TLS: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("failed to read the CA certificate: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("failed to set up the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// A ready server side and the certificate that its clients have to trust.
pub(crate) struct ServerTls {
    pub acceptor: TlsAcceptor,
    pub ca_pem: String,
}

/// Makes a CA and a server certificate for `localhost`, `127.0.0.1` and `more_names`, valid from a day before `now` for a
/// year.
pub(crate) fn create_server_tls(now: SystemTime, more_names: &[String]) -> Result<ServerTls, TlsError> {
    let now = OffsetDateTime::from(now);
    let (not_before, not_after) = (now - Duration::days(1), now + Duration::days(365));

    let mut ca = CertificateParams::new(Vec::new())?;
    ca.distinguished_name.push(DnType::CommonName, "Jetbridge local stack CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (ca.not_before, ca.not_after) = (not_before, not_after);
    let ca_key = KeyPair::generate()?;
    let ca_pem = ca.self_signed(&ca_key)?.pem();
    let issuer = Issuer::new(ca, ca_key);

    let own_names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut server =
        CertificateParams::new(own_names.into_iter().chain(more_names.iter().cloned()).collect::<Vec<_>>())?;
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (server.not_before, server.not_after) = (not_before, not_after);
    let server_key = KeyPair::generate()?;
    let certificate = server.signed_by(&server_key, &issuer)?;

    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der())),
        )?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(ServerTls { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem })
}

/// An HTTP client for talking to a stack: it trusts that stack's CA and nothing else, follows no redirect and uses no
/// proxy. Without a CA it speaks plain http only.
pub(crate) fn build_client(
    ca_pem: Option<&str>,
    host_override: Option<&HostOverride>,
) -> Result<reqwest::Client, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate?)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = reqwest::Client::builder();
    if let Some(HostOverride { host, address }) = host_override {
        builder = builder.resolve(host, *address);
    }
    let client = builder
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(std::time::Duration::from_secs(30))
        .build()?;
    Ok(client)
}
