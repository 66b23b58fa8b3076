//! An authorization server, a Cognito and an S3 in one that answer soundly until a test tells them otherwise. The local stack
//! stays strict and knows only failures that Okta and AWS really show; what nobody honest would ever send comes from here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jetbridge::storage::{MemoryStore, SecretStore};
use jetbridge::{Clock as _, Config, LoginOptions, Session, SessionError, SessionState};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::bench::DeviceClock;

const CLIENT_ID: &str = "0oahostile0000000001";
const REDIRECT_URI: &str = "com.example.hostile:/callback";
const POOL_GUID: &str = "11111111-2222-3333-4444-555555555555";
const REGION: &str = "us-west-2";
const LIFETIME: Duration = Duration::from_secs(3600);

/// Far more than any limit, and little enough for the machine that runs a test without one.
const ENDLESS: usize = 128 << 20;

/// What an endpoint says instead of its sound answer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Json(u16, Value),
    /// A whole response, byte for byte.
    Raw(String),
    /// The same where it is no text.
    Bytes(Vec<u8>),
    /// A body that does not end, with the length announced or in chunks.
    EndlessBody {
        status: u16,
        chunked: bool,
    },
    /// Header after header.
    EndlessHead,
}

impl Answer {
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::Raw(format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
    }
}

type ClaimChange = Box<dyn Fn(&mut Value) + Send + Sync>;
type Bucket = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

struct Inner {
    port: u16,
    region: &'static str,
    bucket: Mutex<Option<Bucket>>,
    key: EcdsaKeyPair,
    clock: DeviceClock,
    /// What was asked for, in order.
    asked: Mutex<Vec<&'static str>>,
    answers: Mutex<HashMap<&'static str, Answer>>,
    changed_claims: Mutex<Option<ClaimChange>>,
    changed_tokens: Mutex<Option<ClaimChange>>,
    key_id: Mutex<String>,
    /// Sent in place of the ID token that was made.
    id_token: Mutex<Option<Value>>,
    nonce: Mutex<String>,
    /// The number of the refresh token that counts; each works once, without any grace.
    refresh_token: AtomicUsize,
    bytes_taken: AtomicUsize,
}

/// The server, a store, and a device's clock.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Inner>,
    store: Arc<dyn SecretStore>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_in(REGION).await
    }

    /// The SDK counts failures of a whole process by service and region, and soon no longer repeats requests. A test with very
    /// many of them has a region to itself.
    pub(crate) async fn start_in(region: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let inner = Arc::new(Inner {
            port: listener.local_addr().unwrap().port(),
            region,
            bucket: Mutex::default(),
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap(),
            clock: DeviceClock::default(),
            asked: Mutex::default(),
            answers: Mutex::default(),
            changed_claims: Mutex::default(),
            changed_tokens: Mutex::default(),
            key_id: Mutex::new("k1".to_owned()),
            id_token: Mutex::default(),
            nonce: Mutex::default(),
            refresh_token: AtomicUsize::new(0),
            bytes_taken: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let inner = Arc::clone(&serving);
                tokio::spawn(async move { inner.serve(connection).await });
            }
        });
        Self { inner, store: Arc::new(MemoryStore::new()) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.inner.port)
    }

    /// From now on `endpoint` says this.
    pub(crate) fn answer(&self, endpoint: &'static str, answer: Answer) {
        lock(&self.inner.answers).insert(endpoint, answer);
    }

    /// Buckets answer with these responses, byte for byte; `respond` is given the path and query that was asked for.
    pub(crate) fn serve_buckets(&self, respond: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) {
        *lock(&self.inner.bucket) = Some(Arc::new(respond));
    }

    /// Discovery says this of `name`.
    pub(crate) fn announce(&self, name: &str, value: impl Into<Value>) {
        self.announce_all([(name, value.into())]);
    }

    pub(crate) fn announce_all<const N: usize>(&self, values: [(&str, Value); N]) {
        let mut document = self.inner.metadata();
        for (name, value) in values {
            document[name] = value;
        }
        self.answer("discovery", Answer::Json(200, document));
    }

    /// ID tokens say something else; signed they are all the same.
    pub(crate) fn change_claims(&self, change: impl Fn(&mut Value) + Send + Sync + 'static) {
        *lock(&self.inner.changed_claims) = Some(Box::new(change));
    }

    /// The token endpoint does its work and says something else.
    pub(crate) fn change_tokens(&self, change: impl Fn(&mut Value) + Send + Sync + 'static) {
        *lock(&self.inner.changed_tokens) = Some(Box::new(change));
    }

    /// ID tokens name this key, which is not published.
    pub(crate) fn name_key(&self, key_id: &str) {
        key_id.clone_into(&mut lock(&self.inner.key_id));
    }

    /// This is sent in place of an ID token.
    pub(crate) fn send_id_token(&self, id_token: Value) {
        *lock(&self.inner.id_token) = Some(id_token);
    }

    /// An ID token in the name of `victim`, right in everything but that this server signed it.
    pub(crate) fn forge(&self, victim: &Self) -> String {
        self.inner.sign(&victim.inner.claims())
    }

    /// Every answer is sound again.
    pub(crate) fn behave(&self) {
        lock(&self.inner.answers).clear();
        *lock(&self.inner.changed_claims) = None;
        *lock(&self.inner.changed_tokens) = None;
        *lock(&self.inner.id_token) = None;
        self.name_key("k1");
    }

    /// What was asked for since the last time. Connections that are only opened do not count.
    pub(crate) fn take_asked(&self) -> Vec<&'static str> {
        let mut asked = std::mem::take(&mut *lock(&self.inner.asked));
        asked.retain(|operation| *operation != "warm_up");
        asked
    }

    /// How much of the endless answers was taken since the last time.
    pub(crate) fn take_bytes(&self) -> usize {
        self.inner.bytes_taken.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn let_time_pass(&self, time: Duration) {
        self.inner.clock.advance(time);
    }

    /// A process of the app: nothing in memory, the store as it is.
    pub(crate) fn session(&self) -> Session {
        let okta = json!({
            "okta_issuer_url": self.url("/as"),
            "okta_client_id": CLIENT_ID,
            "okta_callback_url": REDIRECT_URI,
        });
        let region = self.inner.region;
        let aws = json!({
            "Auth": {"region": region, "identityPoolId": format!("{region}:{POOL_GUID}"),
                "identityPoolEndpoint": self.url("")},
            "Storage": {"AWSS3": {"region": region, "bucket": "hostile-bucket", "endpoint": self.url("")}},
        });
        let config = Config::parse(&okta.to_string(), &aws.to_string()).unwrap();
        let clock = Arc::new(self.inner.clock.clone());
        Session::builder(config, Arc::clone(&self.store)).clock(clock).open().unwrap()
    }

    /// `begin_login`, and what the browser would come back with: the query as name and value.
    pub(crate) async fn answer_to_begun(&self, session: &Session) -> Vec<(String, String)> {
        let answer = self.try_answer_to_begun(session).await.unwrap();
        // Nobody types a password faster than the keys come.
        session.settle().await;
        answer
    }

    async fn try_answer_to_begun(&self, session: &Session) -> Result<Vec<(String, String)>, SessionError> {
        let request = session.begin_login(LoginOptions::default()).await?;
        let url = Url::parse(&request.url).unwrap();
        let parameter = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned()).unwrap();
        *lock(&self.inner.nonce) = parameter("nonce");
        Ok([("code", "the-code".to_owned()), ("state", parameter("state")), ("iss", self.url("/as"))]
            .map(|(name, value)| (name.to_owned(), value))
            .into())
    }

    /// A sign-in for which discovery or the keys are of no use. The request needs the endpoints alone; the code is not sent
    /// without the keys.
    pub(crate) async fn sign_in_that_fails(&self) -> SessionError {
        self.take_asked();
        let session = self.session();
        let error = match self.try_answer_to_begun(&session).await {
            Ok(answer) => session.complete_login(&redirect_with(&answer)).await.unwrap_err(),
            Err(error) => error,
        };
        session.cancel_login().await.unwrap();
        assert!(!self.take_asked().contains(&"token"), "no code is spent for what could not be checked");
        error
    }

    pub(crate) async fn redirect_for(&self, session: &Session) -> String {
        redirect_with(&self.answer_to_begun(session).await)
    }

    pub(crate) async fn signed_in(&self) -> Session {
        let session = self.session();
        let redirect = self.redirect_for(&session).await;
        assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
        session.settle().await;
        self.take_asked();
        session
    }
}

/// The redirect URI with these parameters.
pub(crate) fn redirect_with(parameters: &[(String, String)]) -> String {
    let mut url = Url::parse(REDIRECT_URI).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    url.into()
}

/// This server closes after each answer. A head that does not say so (RFC 9112 §9.6) lets clients send the next request into
/// a connection that is about to end, which is not what the answers are about.
fn announce_close(mut response: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&response).to_ascii_lowercase();
    let head = text.split_once("\r\n\r\n").map(|(head, _)| head);
    if let Some((status_line, _)) =
        head.filter(|head| !head.contains("\r\nconnection:")).and_then(|head| head.split_once("\r\n"))
    {
        let after = status_line.len() + 2;
        response.splice(after..after, *b"Connection: close\r\n");
    }
    response
}

impl Inner {
    async fn serve(&self, mut connection: TcpStream) {
        let Some((head, body)) = read_request(&mut connection).await else { return };
        let endpoint = name_endpoint(&head);
        lock(&self.asked).push(endpoint);
        let ordered = lock(&self.answers).get(endpoint).cloned();
        let bucket = lock(&self.bucket).clone().filter(|_| endpoint == "ListObjectsV2");
        let answer = match (ordered, bucket) {
            (Some(answer), _) => answer,
            (None, Some(respond)) => Answer::Bytes(respond(head.split(' ').nth(1).unwrap_or_default())),
            (None, None) => self.sound_answer(endpoint, &body),
        };
        // Whoever hangs up has had enough, which is what some tests are about.
        let _ = self.send(&mut connection, answer).await;
        let _ = connection.shutdown().await;
    }

    async fn send(&self, connection: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
        let block = vec![b' '; 64 << 10];
        match answer {
            Answer::Json(status, value) => {
                let body = value.to_string();
                let head = format!(
                    "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: \
                     close\r\n\r\n",
                    body.len()
                );
                connection.write_all(format!("{head}{body}").as_bytes()).await
            }
            Answer::Raw(response) => connection.write_all(&announce_close(response.into_bytes())).await,
            Answer::Bytes(response) => connection.write_all(&announce_close(response)).await,
            Answer::EndlessBody { status, chunked } => {
                let length = if chunked { "Transfer-Encoding: chunked" } else { "Content-Length: 1099511627776" };
                let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{length}\r\n\r\n");
                connection.write_all(head.as_bytes()).await?;
                let chunk = if chunked { [b"10000\r\n".as_slice(), &block, b"\r\n"].concat() } else { block };
                self.send_without_end(connection, &chunk).await
            }
            Answer::EndlessHead => {
                connection.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                let header = format!("X-Padding: {}\r\n", "x".repeat(1000));
                self.send_without_end(connection, header.repeat(64).as_bytes()).await
            }
        }
    }

    async fn send_without_end(&self, connection: &mut TcpStream, block: &[u8]) -> std::io::Result<()> {
        for _ in 0..ENDLESS / block.len() {
            connection.write_all(block).await?;
            self.bytes_taken.fetch_add(block.len(), Ordering::SeqCst);
        }
        Ok(())
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn metadata(&self) -> Value {
        json!({
            "issuer": self.url("/as"),
            "authorization_endpoint": self.url("/authorize"),
            "token_endpoint": self.url("/token"),
            "jwks_uri": self.url("/keys"),
            "userinfo_endpoint": self.url("/userinfo"),
            "revocation_endpoint": self.url("/revoke"),
            "end_session_endpoint": self.url("/logout"),
            "pushed_authorization_request_endpoint": self.url("/par"),
            "authorization_response_iss_parameter_supported": true,
        })
    }

    fn sound_answer(&self, endpoint: &'static str, body: &str) -> Answer {
        let expiration = self.unix_now() + LIFETIME.as_secs();
        Answer::Json(
            200,
            match endpoint {
                "discovery" => self.metadata(),
                "keys" => self.published_keys(),
                "token" => return self.tokens(body),
                "par" => json!({"request_uri": "urn:example:1", "expires_in": 60}),
                "userinfo" => json!({"sub": "00ualice", "name": "Alice", "email": "alice@example.com"}),
                "GetId" => json!({"IdentityId": "us-west-2:99999999-8888-7777-6666-555555555555"}),
                "GetCredentialsForIdentity" => json!({
                    "IdentityId": "us-west-2:99999999-8888-7777-6666-555555555555",
                    "Credentials": {"AccessKeyId": "ASIAHOSTILE000000000", "SecretKey": "not-a-secret",
                        "SessionToken": "not-a-token", "Expiration": expiration},
                }),
                _ => json!({}),
            },
        )
    }

    fn published_keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({"keys": [{"kty": "EC", "kid": "k1", "use": "sig", "crv": "P-256",
            "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..])}]})
    }

    /// A code is good for ever, a refresh token once.
    fn tokens(&self, body: &str) -> Answer {
        let form: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let is_refresh = form.get("grant_type").is_some_and(|grant| grant == "refresh_token");
        let newest = self.refresh_token.load(Ordering::SeqCst);
        if is_refresh && form.get("refresh_token") != Some(&format!("refresh-{newest}")) {
            return Answer::Json(400, json!({"error": "invalid_grant"}));
        }
        let next = self.refresh_token.fetch_add(1, Ordering::SeqCst) + 1;
        let mut claims = self.claims();
        if !is_refresh {
            claims["nonce"] = json!(*lock(&self.nonce));
        }
        if let Some(change) = &*lock(&self.changed_claims) {
            change(&mut claims);
        }
        let id_token = lock(&self.id_token).clone().unwrap_or_else(|| self.sign(&claims).into());
        let mut tokens = json!({"token_type": "Bearer", "expires_in": LIFETIME.as_secs(),
            "access_token": format!("access-{next}"), "refresh_token": format!("refresh-{next}"), "id_token": id_token});
        if let Some(change) = &*lock(&self.changed_tokens) {
            change(&mut tokens);
        }
        Answer::Json(200, tokens)
    }

    fn claims(&self) -> Value {
        let now = self.unix_now();
        json!({"iss": self.url("/as"), "aud": CLIENT_ID, "sub": "00ualice", "iat": now,
            "exp": now + LIFETIME.as_secs(), "auth_time": 1_800_000_000, "preferred_username": "alice@example.com"})
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": *lock(&self.key_id)});
        let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", B64.encode(signature))
    }

    fn unix_now(&self) -> u64 {
        self.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }
}

fn name_endpoint(head: &str) -> &'static str {
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim())
    });
    match (target, head.split(' ').nth(1).unwrap_or_default()) {
        _ if head.starts_with("HEAD ") => "warm_up",
        (Some("AWSCognitoIdentityService.GetId"), _) => "GetId",
        (Some("AWSCognitoIdentityService.GetCredentialsForIdentity"), _) => "GetCredentialsForIdentity",
        (_, "/as/.well-known/openid-configuration") => "discovery",
        (_, "/keys") => "keys",
        (_, "/token") => "token",
        (_, "/userinfo") => "userinfo",
        (_, "/revoke") => "revoke",
        (_, "/par") => "par",
        (_, target) if target.contains("list-type=2") => "ListObjectsV2",
        (_, target) if target.contains("?session") => "CreateSession",
        _ => "something else",
    }
}

/// Head and body of one request; `None` if the client has gone.
async fn read_request(connection: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        let read = connection.read_buf(&mut bytes).await.ok()?;
        // A TLS handshake begins with a byte that no request begins with, and waits for an answer.
        if read == 0 || !bytes.is_ascii() || bytes.starts_with(&[22]) {
            return None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
