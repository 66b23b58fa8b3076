//! A plain OAuth client for the tests: it builds requests by hand, so that a test can get any single thing wrong.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jetbridge_local_stack::{LocalStack, Options, ScriptedBrowser};
use reqwest::header::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

pub(crate) const ALICE: (&str, &str) = ("alice@example.com", "open-sesame");
pub(crate) const BOB: (&str, &str) = ("bob@example.com", "open-sesame");
pub(crate) const CAROL: (&str, &str) = ("carol@example.com", "open-sesame");
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:8765/callback";
pub(crate) const STATE: &str = "state-of-the-test";
pub(crate) const NONCE: &str = "nonce-of-the-test";
pub(crate) const VERIFIER: &str = "a-code-verifier-of-sufficient-length-0123456789";

/// One answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a failing test may show: a good answer can hold tokens or keys.
    pub(crate) fn shown(&self) -> &str {
        if self.status == 200 { "(a good answer)" } else { &self.text }
    }

    /// Status and code of an OAuth error, in whichever of Okta's shapes it comes.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.either("error", "errorCode"))
    }

    /// What an OAuth error says.
    pub(crate) fn description(&self) -> String {
        self.either("error_description", "errorSummary")
    }

    fn either(&self, of_oauth: &str, of_the_api: &str) -> String {
        let body = self.json();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        text(of_oauth).or_else(|| text(of_the_api)).unwrap_or_default()
    }
}

/// A running stack and a client that follows no redirect.
pub(crate) struct Bench {
    pub(crate) stack: LocalStack,
    pub(crate) http: reqwest::Client,
    /// Where this bench's endpoints begin: the custom or the org authorization server.
    pub(crate) base: String,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let stack = LocalStack::start(options).await.unwrap();
        let base = format!("{}oauth2/default/v1", stack.endpoints().okta);
        let mut http = client_builder(stack.ca_pem().as_deref());
        if let Some(known) = stack.host_override() {
            http = http.resolve(&known.host, known.address);
        }
        Self { http: http.build().unwrap(), stack, base }
    }

    /// The same stack, seen through the org authorization server.
    pub(crate) fn use_org_server(&mut self) {
        self.base = format!("{}oauth2/v1", self.stack.endpoints().okta);
    }

    pub(crate) fn use_custom_server(&mut self) {
        self.base = format!("{}oauth2/default/v1", self.stack.endpoints().okta);
    }

    pub(crate) fn browser(&self) -> ScriptedBrowser {
        ScriptedBrowser::with_override(self.stack.ca_pem().as_deref(), self.stack.host_override()).unwrap()
    }

    /// A good authorization URL with `changes` made; an empty value leaves a parameter out.
    pub(crate) fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.parameters(changes)).finish();
        format!("{}/authorize?{query}", self.base)
    }

    pub(crate) fn parameters(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let good = [
            ("client_id", self.stack.options().client_id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid profile email offline_access"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        change(&good, changes)
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(self.http.get(url)).await
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn post(&self, endpoint: &str, form: &[(String, String)]) -> Answer {
        self.send(self.form_request(endpoint, form)).await
    }

    pub(crate) fn form_request(&self, endpoint: &str, form: &[(String, String)]) -> reqwest::RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.http
            .post(format!("{}/{endpoint}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Signs alice in and gives the code.
    pub(crate) async fn get_code(&self) -> String {
        self.get_code_with(&[]).await
    }

    /// As [`get_code`](Self::get_code), with changes to the authorization request.
    pub(crate) async fn get_code_with(&self, changes: &[(&str, &str)]) -> String {
        self.get_code_of(ALICE, changes).await
    }

    async fn get_code_of(&self, user: (&str, &str), changes: &[(&str, &str)]) -> String {
        let target = self.browser().sign_in(&self.authorization_url(changes), user.0, user.1).await.unwrap();
        query_value(&target, "code").unwrap()
    }

    /// A good code exchange with `changes` made.
    pub(crate) fn exchange_form(&self, code: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let good = [
            ("grant_type", "authorization_code"),
            ("client_id", self.stack.options().client_id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code", code),
            ("code_verifier", VERIFIER),
        ];
        change(&good, changes)
    }

    /// A good refresh with `changes` made.
    pub(crate) fn refresh_form(&self, token: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let good = [
            ("grant_type", "refresh_token"),
            ("client_id", self.stack.options().client_id.as_str()),
            ("refresh_token", token),
        ];
        change(&good, changes)
    }

    /// Signs alice in and gives the token endpoint's answer.
    pub(crate) async fn get_tokens(&self) -> Value {
        self.get_tokens_of(ALICE).await
    }

    /// Signs a user in and gives the token endpoint's answer.
    pub(crate) async fn get_tokens_of(&self, user: (&str, &str)) -> Value {
        let code = self.get_code_of(user, &[]).await;
        let answer = self.post("token", &self.exchange_form(&code, &[])).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post("token", &self.refresh_form(token, &[])).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        self.send(self.http.get(format!("{}/userinfo", self.base)).bearer_auth(access_token)).await
    }
}

fn change(good: &[(&str, &str)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    good.iter()
        .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name))
        .chain(changes.iter().filter(|(_, value)| !value.is_empty()))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Trusts the stack's CA alone, and follows no redirect.
pub(crate) fn build_client(ca_pem: Option<&str>) -> reqwest::Client {
    client_builder(ca_pem).build().unwrap()
}

fn client_builder(ca_pem: Option<&str>) -> reqwest::ClientBuilder {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = ca_pem {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).redirect(reqwest::redirect::Policy::none()).no_proxy()
}

pub(crate) fn query_value(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// A token's claims, unverified.
pub(crate) fn claims(token: &str) -> Value {
    decode_part(token, 1)
}

/// A token's header.
pub(crate) fn header(token: &str) -> Value {
    decode_part(token, 0)
}

fn decode_part(token: &str, part: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap()).unwrap()
}

/// Whether a token's RS256 signature fits the key of a key set that has its key id.
pub(crate) fn signature_is_valid(token: &str, key_set: &Value) -> bool {
    let kid = &header(token)["kid"];
    let Some(key) = key_set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid) else { return false };
    let [n, e] = ["n", "e"].map(|name| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    ring::signature::RsaPublicKeyComponents { n, e }
        .verify(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .is_ok()
}
