//! The parsers of foreign input, one function each, for the fuzz targets in `fuzz/` and the bounded runs beside. Each takes
//! any bytes; what matters is that it returns.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;

use crate::aws::s3::{Origin, PageRequest, fetch_page};
use crate::cognito::AwsCredentials;
use crate::config::Config;
use crate::oidc::discovery::ProviderMetadata;
use crate::oidc::id_token::{self, Expected};
use crate::oidc::keys::KeySet;
use crate::oidc::redirect::Redirect;
use crate::session::stored::{Owner, StoredSession};

/// A redirect URI, as any app or page may send it.
pub fn redirect(data: &[u8]) {
    if let Ok(redirect) = Redirect::parse(&String::from_utf8_lossy(data)) {
        redirect.is_at("com.okta.dev-1:/callback");
    }
}

/// An ID token and, after a zero byte, the key set to verify it with.
pub fn id_token(data: &[u8]) {
    let (token, keys) = data.split_at(data.iter().position(|byte| *byte == 0).unwrap_or(data.len()));
    let token = String::from_utf8_lossy(token).into_owned().into();
    let document = serde_json::from_slice(keys.get(1..).unwrap_or_default()).unwrap_or_default();
    let Ok(keys) = KeySet::from_document(&document) else { return };
    let expected = Expected {
        issuer: "https://dev-1.okta.com/oauth2/default",
        client_id: "0oaclient",
        nonce: &"n".into(),
        access_token: &"a".into(),
        now: SystemTime::UNIX_EPOCH,
        earliest_auth_time: None,
        previous: None,
    };
    keys.knows(id_token::unverified_kid(&token).as_deref());
    // Nobody can sign without a key, and the fuzzer has none.
    assert!(id_token::verify(&token, &keys, &expected).is_err() || !keys.as_set().keys().is_empty());
}

/// A discovery document.
pub fn discovery(data: &[u8]) {
    let _ = serde_json::from_slice::<ProviderMetadata>(data);
}

/// The two configuration files, with a zero byte between them.
pub fn config(data: &[u8]) {
    let (okta, aws) = data.split_at(data.iter().position(|byte| *byte == 0).unwrap_or(data.len()));
    if let Err(error) = Config::parse(&String::from_utf8_lossy(okta), &String::from_utf8_lossy(aws)) {
        assert!(!error.problems.is_empty());
    }
}

/// A stored session, decrypted.
pub fn stored_session(data: &[u8]) {
    // The one that the golden sessions name: they are the seeds.
    let configuration = "d39979567891dfb9b2d096232ae60cf78c363b913247ca27478375ba49591b0d";
    let owner = Owner { account: "default".to_owned(), configuration: configuration.to_owned(), settings: None };
    if let Ok(session) = StoredSession::from_bytes(data, &owner) {
        // What was read can be written, and reads the same.
        let written = session.to_bytes(&owner).ok();
        assert!(written.is_some_and(|bytes| StoredSession::from_bytes(&bytes, &owner).is_ok()));
    }
}

/// S3's answer to a listing: the body, after a byte that chooses the status.
pub fn listing(data: &[u8]) {
    let Some((status, body)) = data.split_first() else { return };
    let answer = CannedAnswer { status: [200, 301, 403, 404, 500][usize::from(*status) % 5], body: body.to_vec() };
    let sdk_config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .retry_config(RetryConfig::disabled())
        .http_client(answer)
        .build();
    let request = PageRequest {
        bucket: "bucket".to_owned(),
        prefix: String::new(),
        delimiter: None,
        size: 1000,
        requester_pays: false,
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let _ = runtime.block_on(fetch_page(
        &aws_sdk_s3::Client::new(&sdk_config),
        &AwsCredentials::for_fuzzing(),
        &request,
        &Origin::Beginning,
    ));
}

#[derive(Debug, Clone)]
struct CannedAnswer {
    status: u16,
    body: Vec<u8>,
}

impl HttpClient for CannedAnswer {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for CannedAnswer {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = StatusCode::try_from(self.status).unwrap_or_else(|_| StatusCode::from(http::StatusCode::OK));
        let answer = HttpResponse::new(status, SdkBody::from(self.body.clone()));
        HttpConnectorFuture::new(std::future::ready(Ok(answer)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Bytes, text, and mutations of what a real server or file has: pieces of it in another order, cut and repeated.
    fn foreign_input(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        let pieces =
            (0..seeds.len(), 0..400_usize, 0..400_usize, any::<bool>()).prop_map(|(seed, from, length, whole)| {
                let bytes = seeds[seed].as_bytes();
                let from = if whole { 0 } else { from.min(bytes.len()) };
                let to = if whole { bytes.len() } else { (from + length).min(bytes.len()) };
                bytes[from..to].to_vec()
            });
        prop_oneof![
            vec(any::<u8>(), 0..400),
            ".{0,200}".prop_map(String::into_bytes),
            vec(prop_oneof![4 => pieces, 1 => vec(any::<u8>(), 0..4)], 1..5).prop_map(|pieces| pieces.concat()),
        ]
    }

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJpc3MiOiJodHRwczovL2Rldi0xLm9rdGEuY29tL29hdXRoMi9kZWZhdWx0\
                         IiwiYXVkIjoiMG9hY2xpZW50Iiwic3ViIjoiYSIsImlhdCI6MCwiZXhwIjo5OTk5OTk5OTk5LCJub25jZSI6Im4ifQ.AAAA";
    const KEYS: &str = "\0{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"use\":\"sig\",\"e\":\"AQAB\",\"n\":\"AQAB\"},{\"kty\":\"EC\",\
                        \"crv\":\"P-256\",\"kid\":\"e1\",\"x\":\"AA\",\"y\":\"AA\"}]}";
    const LISTING: &str = "\0<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true\
                           </IsTruncated><NextContinuationToken>t</NextContinuationToken><Contents><Key>a%2Bb+c</Key>\
                           <Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn redirect_returns(data in foreign_input(&["com.okta.dev-1:/callback?code=a&state=b&iss=c", "http://127.0.0.1:8765/callback?error=x"])) {
            super::redirect(&data);
        }

        #[test]
        fn id_token_returns(data in foreign_input(&[TOKEN, KEYS])) {
            super::id_token(&data);
        }

        #[test]
        fn discovery_returns(data in foreign_input(&[include_str!("../tests-data/session/schema-1.json")])) {
            super::discovery(&data);
        }

        #[test]
        fn config_returns(data in foreign_input(&[
            include_str!("../../../config/okta-config.example.json"), "\0", include_str!("../../../config/aws-exports.example.json"),
        ])) {
            super::config(&data);
        }

        #[test]
        fn stored_session_returns(data in foreign_input(&[
            include_str!("../tests-data/session/schema-1.json"),
            include_str!("../tests-data/session/schema-2.json"),
        ])) {
            super::stored_session(&data);
        }
    }

    proptest! {
        // Each case sets an SDK client up.
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn listing_returns(data in foreign_input(&[LISTING, "\x02<Error><Code>AccessDenied</Code></Error>"])) {
            super::listing(&data);
        }
    }
}
