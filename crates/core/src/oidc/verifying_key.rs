//! A signature is verified by ring, as those of TLS are (docs/adr/0001). The openidconnect crate would bring a second library
//! for each kind of key, and each into every app.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, SignatureVerificationError};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A public key (RFC 7517) that verifies RS256 and ES256, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct VerifyingKey(CoreJsonWebKey);

impl VerifyingKey {
    /// A number of the key, as bytes without the zeros before it: RFC 7518 §6.3.1 has none, some servers send them.
    fn number(&self, member: &str) -> Result<Vec<u8>, SignatureVerificationError> {
        let bytes = self.member(member)?;
        Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
    }

    fn member(&self, name: &str) -> Result<Vec<u8>, SignatureVerificationError> {
        // The crate shows these in no other way.
        let key = serde_json::to_value(&self.0).unwrap_or_default();
        let bytes = key.get(name).and_then(|text| URL_SAFE_NO_PAD.decode(text.as_str()?).ok());
        bytes.ok_or_else(|| SignatureVerificationError::InvalidKey(format!("the key has no {name}")))
    }
}

impl JsonWebKey for VerifyingKey {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = CoreJwsSigningAlgorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.0.key_id()
    }

    fn key_type(&self) -> &CoreJsonWebKeyType {
        self.0.key_type()
    }

    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        self.0.key_use()
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&CoreJwsSigningAlgorithm> {
        self.0.signing_alg()
    }

    fn new_symmetric(key: Vec<u8>) -> Self {
        Self(CoreJsonWebKey::new_symmetric(key))
    }

    /// The caller has looked at the key's type, its use and its algorithm.
    fn verify_signature(
        &self,
        algorithm: &CoreJwsSigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let verified = match algorithm {
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256 => {
                let key = RsaPublicKeyComponents { n: self.number("n")?, e: self.number("e")? };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            CoreJwsSigningAlgorithm::EcdsaP256Sha256 => {
                // SEC 1 §2.3.3: a point that is not compressed. Another curve's has another length.
                let point = [&[4][..], &self.member("x")?, &self.member("y")?].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            other => return Err(SignatureVerificationError::UnsupportedAlg(format!("{other:?}"))),
        };
        verified.map_err(|_| SignatureVerificationError::CryptoError("bad signature".to_owned()))
    }

    fn hash_bytes(&self, bytes: &[u8], algorithm: &CoreJwsSigningAlgorithm) -> Result<Vec<u8>, String> {
        match algorithm {
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256 | CoreJwsSigningAlgorithm::EcdsaP256Sha256 => {
                Ok(Sha256::digest(bytes).to_vec())
            }
            other => Err(format!("{other:?} is not taken")),
        }
    }
}
