//! The port to a platform that says only in another language which servers it trusts: Android, in Java. This crate knows
//! neither; the one that speaks to the platform implements [`PlatformTrust`] and installs it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, OtherError, RootCertStore};

use crate::diagnosis::{NoTrust, Refused};

/// Whether a platform's own rules trust a server: its certificates, a company's, those that an app pins.
pub trait PlatformTrust: Send + Sync + 'static {
    /// Whether the platform trusts `chain` for the server `host` at the time `now`. Called from several threads at once.
    /// May block, but asks no network. That the certificate names `host` is checked by the caller.
    ///
    /// `chain`: certificates in DER as the server sent them, its own first.
    ///
    /// # Errors
    /// Why it does not.
    fn check(&self, chain: &[&[u8]], host: &str, now: SystemTime) -> Result<(), Distrust>;
}

/// Why a platform does not trust a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// A certificate of the chain is no longer good. With the end of the server's own, if it is that one.
    Expired(Option<SystemTime>),
    /// A certificate of the chain is not good yet. With the beginning of the server's own, if it is that one.
    NotYetValid(Option<SystemTime>),
    /// Nothing that the platform trusts has issued it: a foreign CA, a self-signed certificate, a link that is missing.
    UnknownIssuer,
    /// Its issuer took it back.
    Revoked,
    /// What was sent cannot be read as certificates.
    Malformed,
    /// The certificate is none for servers.
    WrongPurpose,
    /// A rule of the platform or of the app stands against it, though the issuer is trusted: a pin, a list of blocked
    /// certificates, certificate transparency, a weak key or signature.
    Refused,
    /// The check itself failed. The text is shown and logged: no more than what failed.
    Failed(String),
}

impl Distrust {
    fn into_tls_error(self, now: UnixTime) -> rustls::Error {
        let unix = |time: SystemTime| {
            UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
        };
        let problem = match self {
            Self::Expired(Some(end)) => CertificateError::ExpiredContext { time: now, not_after: unix(end) },
            Self::Expired(None) => CertificateError::Expired,
            Self::NotYetValid(Some(begin)) => {
                CertificateError::NotValidYetContext { time: now, not_before: unix(begin) }
            }
            Self::NotYetValid(None) => CertificateError::NotValidYet,
            Self::UnknownIssuer => CertificateError::UnknownIssuer,
            Self::Revoked => CertificateError::Revoked,
            Self::Malformed => CertificateError::BadEncoding,
            Self::WrongPurpose => CertificateError::InvalidPurpose,
            Self::Refused => CertificateError::Other(OtherError(Arc::new(Refused))),
            Self::Failed(what) => {
                return rustls::Error::Other(OtherError(Arc::new(NoTrust::of_the_platform(&what))));
            }
        };
        rustls::Error::InvalidCertificate(problem)
    }
}

static INSTALLED: OnceLock<Box<dyn PlatformTrust>> = OnceLock::new();

/// From now on every certificate of this process is checked by `platform`; the first one stays. Android has nothing else:
/// until then no session can be opened there. Elsewhere this takes the place of what the system is asked by itself.
pub fn set_platform_trust(platform: impl PlatformTrust) {
    let _ = INSTALLED.set(Box::new(platform));
}

pub(super) fn installed() -> Option<&'static dyn PlatformTrust> {
    INSTALLED.get().map(Box::as_ref)
}

/// What a server sent, and whom it should be.
pub(super) struct Peer<'a> {
    pub end_entity: &'a CertificateDer<'a>,
    pub intermediates: &'a [CertificateDer<'a>],
    pub name: &'a ServerName<'a>,
    pub now: UnixTime,
}

impl Peer<'_> {
    /// The platform first; `extra` roots only where it knows no issuer, so that they overrule neither a pin nor a blocked
    /// certificate.
    pub(super) fn verify(
        &self,
        platform: &dyn PlatformTrust,
        extra: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<&[u8]> = std::iter::once(self.end_entity).chain(self.intermediates).map(AsRef::as_ref).collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.now.as_secs());
        match platform.check(&chain, &self.name.to_str(), now) {
            Ok(()) => {
                verify_server_name(&ParsedCertificate::try_from(self.end_entity)?, self.name)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(Distrust::UnknownIssuer) if !extra.is_empty() => self.verify_by(extra, provider),
            Err(distrust) => Err(distrust.into_tls_error(self.now)),
        }
    }

    /// By `extra` roots alone.
    pub(super) fn verify_by(
        &self,
        extra: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut roots = RootCertStore::empty();
        for root in extra {
            roots.add(root.clone())?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        verifier.verify_server_cert(self.end_entity, self.intermediates, self.name, &[], self.now)
    }
}

#[cfg(test)]
mod tests;
