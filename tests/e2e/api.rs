//! Calls of an API behind IAM: what arrives there, what is tried again and how often, and what an app is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jetbridge::{ApiRequest, ApiResponse, Clock as _, Session, SessionError, SystemClock};
use jetbridge_local_stack::Fault;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{ALICE, Bench, config_of};

fn request(method: &str, url: impl Into<String>) -> ApiRequest {
    ApiRequest { method: method.to_owned(), url: url.into(), ..ApiRequest::default() }
}

fn post(url: impl Into<String>) -> ApiRequest {
    ApiRequest {
        headers: vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())],
        body: br#"{"order": "7 \u00e9"}"#.to_vec(),
        ..request("POST", url)
    }
}

fn header<'a>(answer: &'a ApiResponse, name: &str) -> &'a str {
    answer.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
}

impl Bench {
    pub(crate) fn api(&self, path: &str) -> String {
        format!("{}{path}", self.stack.endpoints().api.as_str().trim_end_matches('/'))
    }
}

async fn event(session: &Session, request: ApiRequest) -> Value {
    let answer = session.call_api(request).await.unwrap();
    assert_eq!((answer.status, header(&answer, "content-type")), (200, "application/json"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// An API that says what it is told to, in order and byte for byte, and remembers what it was asked. `None` breaks the
/// connection.
struct ScriptedApi {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<Option<Vec<u8>>>>>,
}

impl ScriptedApi {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default(), answers: Arc::default() };
        let (asked, answers) = (Arc::clone(&api.asked), Arc::clone(&api.answers));
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let Some(head) = read_request(&mut connection).await else { continue };
                asked.lock().unwrap().push(head);
                let answer = answers.lock().unwrap().pop_front().unwrap();
                if let Some(answer) = answer {
                    // Whoever has had enough hangs up.
                    let _ = connection.write_all(&answer).await;
                    let _ = connection.shutdown().await;
                }
            }
        });
        api
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn will_say(&self, answers: impl IntoIterator<Item = Option<String>>) {
        let answers = answers.into_iter().map(|answer| answer.map(String::into_bytes));
        *self.answers.lock().unwrap() = answers.collect();
        self.asked.lock().unwrap().clear();
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A session of a bench's configuration that names this API, too.
    fn session(&self, bench: &Bench) -> Session {
        bench.session_with(config_of(&bench.stack, |_, aws| {
            let entry = serde_json::json!({ "name": "scripted", "endpoint": self.url(""), "region": "us-west-2" });
            aws["API"]["endpoints"].as_array_mut().unwrap().push(entry);
        }))
    }
}

async fn read_request(connection: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header_of(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(head.to_owned());
            }
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn header_of<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

fn access_key(head: &str) -> &str {
    let authorization = header_of(head, "authorization").unwrap();
    authorization.split_once("Credential=").unwrap().1.split('/').next().unwrap()
}

fn says(status: u16, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"))
}

/// As a REST API refuses ("How do I troubleshoot HTTP 403 errors from API Gateway?", repost.aws/knowledge-center).
fn rest_refusal(code: &str, words: &str) -> Option<String> {
    let headers =
        format!("x-amzn-errortype: {code}\r\nx-amzn-requestid: 11111111-2222\r\nContent-Type: application/json\r\n");
    says(403, &headers, &format!(r#"{{"message":"{words}"}}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_arrives_as_it_was_and_says_who_calls() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let seen = event(&session, request("GET", bench.api("/echo?b=a%20b&a=%2B%C3%A9&c"))).await;
    assert_eq!(seen["rawQueryString"], "b=a%20b&a=%2B%C3%A9&c");
    assert_eq!(seen["queryStringParameters"]["a"], "+é");
    let caller = &seen["requestContext"]["authorizer"]["iam"];
    assert_eq!(caller["accessKey"], session.aws_credentials().await.unwrap().access_key_id());
    for path in ["/echo/a%20b/%C3%A9", "/echo/a//b/", "/echo/a:b@c!$&'()*+,;=", "/echo/a%2Fb~%7E"] {
        assert_eq!(event(&session, request("GET", bench.api(path))).await["routeKey"], "GET /echo/{proxy+}", "{path}");
    }
    let sent = post(bench.api("/echo"));
    let seen = event(&session, sent.clone()).await;
    assert_eq!(seen["body"].as_str().unwrap().as_bytes(), sent.body);
    assert_eq!(seen["headers"]["content-type"], "application/json; charset=utf-8");

    // What the API itself says is the app's, whatever it is.
    for status in [201, 301, 400, 403, 404, 409, 418, 429, 501] {
        let answer = session.call_api(request("PUT", bench.api(&format!("/status/{status}")))).await.unwrap();
        assert_eq!((answer.status, answer.body), (status, format!(r#"{{"status":{status}}}"#).into_bytes()));
    }
    assert_eq!(session.call_api(request("GET", bench.api("/nowhere"))).await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_sends_what_was_signed_for_it() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let api = bench.stack.endpoints().api.clone();
    let asked = post(bench.api("/echo?x=1"));
    let signed = session.sign_request(&asked).await.unwrap();
    let soon = SystemClock.now() + Duration::from_secs(4 * 60);
    assert!(signed.expires_at() > soon && signed.expires_at() < soon + Duration::from_secs(120));
    let send = async |signed: &[(String, String)], body: &[u8]| {
        let mut head =
            format!("POST /echo?x=1 HTTP/1.1\r\nHost: {}:{}\r\n", api.host_str().unwrap(), api.port().unwrap());
        for (name, value) in asked.headers.iter().chain(signed) {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("User-Agent: another\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let mut connection = TcpStream::connect((api.host_str().unwrap(), api.port().unwrap())).await.unwrap();
        connection.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(send(signed.headers(), &asked.body).await.starts_with("HTTP/1.1 200 "));
    assert!(send(signed.headers(), b"other").await.starts_with("HTTP/1.1 403 "));
    assert!(send(&[], &asked.body).await.starts_with("HTTP/1.1 403 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_role_may_not_do_is_explained_and_costs_one_renewal_for_as_long_as_keys_live() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    bench.stack.log().clear();
    for _ in 0..3 {
        let error = session.call_api(request("GET", bench.api("/denied"))).await.unwrap_err();
        assert_eq!(error.kind(), "access_denied", "{error}");
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("execute-api:Invoke on arn:aws:execute-api:us-west-2:ACCOUNT:API_ID/*/GET/denied"),
            "{hint}"
        );
    }
    assert_eq!((bench.count("GetCredentialsForIdentity"), bench.count("echo")), (1, 4));
    let answer = session.call_api(request("GET", bench.api("/echo"))).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_the_api_no_longer_takes_are_renewed_whatever_the_method() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    for asked in [request("GET", bench.api("/echo")), post(bench.api("/echo"))] {
        let session = bench.session();
        bench.stack.log().clear();
        bench.stack.faults().inject(Fault::ApiCredentialsRefused, 1);
        assert_eq!(session.call_api(asked).await.unwrap().status, 200);
        assert_eq!((bench.count("GetCredentialsForIdentity"), bench.count("echo")), (1, 2));
    }
    // Their time is up: everybody knows it, and the API is not even asked.
    bench.let_time_pass(Duration::from_secs(2 * 3600));
    bench.stack.log().clear();
    assert_eq!(session.call_api(post(bench.api("/echo"))).await.unwrap().status, 200);
    assert_eq!((bench.count("GetCredentialsForIdentity"), bench.count("echo")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_corrected_by_okta_and_never_by_an_api() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    for (seconds, method) in [(600, "GET"), (-600, "POST"), (0, "GET"), (301, "POST")] {
        bench.clock.set_wrong_by(seconds);
        let answer = session.call_api(request(method, bench.api("/echo"))).await;
        assert_eq!(answer.unwrap().status, 200, "{seconds}");
        let offset = session.details().clock_offset_seconds;
        assert!((offset + seconds).abs() < 10, "{seconds} s ahead is corrected by {offset} s");
    }
    // A second time the credentials are above suspicion, and only the clock is looked at.
    bench.stack.log().clear();
    bench.clock.set_wrong_by(-1200);
    assert_eq!(session.call_api(request("GET", bench.api("/echo"))).await.unwrap().status, 200);
    assert_eq!(bench.count("GetCredentialsForIdentity"), 0);
    // Nobody signs with a time that was never compared.
    bench.clock.set_wrong_by(3000);
    let signed = session.sign_request(&request("GET", bench.api("/echo"))).await.unwrap();
    assert!(signed.expires_at() < SystemClock.now() + Duration::from_secs(360));

    bench.clock.set_wrong_by(0);
    let api = ScriptedApi::start().await;
    let session = api.session(&bench);
    session.restore().await;
    session.check_clock().await;
    let before = session.details().clock_offset_seconds;
    api.will_say([says(200, "Date: Thu, 01 Jan 2099 00:00:00 GMT\r\n", "{}")]);
    session.call_api(request("GET", api.url("/"))).await.unwrap();
    assert_eq!(session.details().clock_offset_seconds, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rest_api_says_of_credentials_and_clock_is_heeded_once() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    let api = ScriptedApi::start().await;
    let session = api.session(&bench);
    let fine = || says(200, "", "{}");
    let expired = || rest_refusal("ExpiredTokenException", "The security token included in the request is expired");
    let unknown =
        || rest_refusal("UnrecognizedClientException", "The security token included in the request is invalid.");
    for refusal in [expired(), unknown()] {
        api.will_say([refusal, fine()]);
        assert_eq!(session.call_api(post(api.url("/"))).await.unwrap().status, 200);
        let asked = api.asked();
        assert_ne!(access_key(&asked[0]), access_key(&asked[1]));
    }
    api.will_say([expired(), expired()]);
    let error = session.call_api(post(api.url("/"))).await.unwrap_err();
    assert_eq!((error.kind(), api.asked().len()), ("retryable", 2), "{error}");

    let late = || rest_refusal("InvalidSignatureException", "Signature expired: 1 is now earlier than 2 (3 - 5 min.)");
    bench.clock.set_wrong_by(-400);
    api.will_say([late(), fine()]);
    assert_eq!(session.call_api(post(api.url("/"))).await.unwrap().status, 200);
    let dates: Vec<_> = api.asked().iter().map(|head| header_of(head, "x-amz-date").unwrap().to_owned()).collect();
    assert!(dates[0] < dates[1], "{dates:?}");
    api.will_say([late(), late()]);
    let error = session.call_api(post(api.url("/"))).await.unwrap_err();
    assert!(error.to_string().contains("the API's clock seems to be wrong"), "{error}");

    api.will_say([rest_refusal("MissingAuthenticationTokenException", "Missing Authentication Token")]);
    let error = session.call_api(post(api.url("/prod/oders"))).await.unwrap_err();
    assert!(matches!(&error, SessionError::NotFound { what } if what.contains("POST /prod/oders")), "{error}");
    // The API's own code has refused: that is an answer.
    api.will_say([says(403, "Content-Type: application/json\r\n", r#"{"message":"Forbidden"}"#)]);
    assert_eq!(session.call_api(post(api.url("/"))).await.unwrap().status, 403);
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_once_more_where_that_is_harmless() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    let api = ScriptedApi::start().await;
    let session = api.session(&bench);
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        api.will_say([None, says(200, "", "")]);
        assert_eq!(session.call_api(request(method, api.url("/"))).await.unwrap().status, 200, "{method}");
        api.will_say([None, None]);
        let error = session.call_api(request(method, api.url("/"))).await.unwrap_err();
        assert_eq!((error.kind(), api.asked().len()), ("retryable", 2), "{method}: {error}");
        assert!(!error.to_string().contains("carried out"), "{error}");
    }
    for method in ["POST", "PATCH"] {
        api.will_say([None]);
        let error = session.call_api(request(method, api.url("/"))).await.unwrap_err();
        assert_eq!((error.kind(), api.asked().len()), ("retryable", 1), "{method}: {error}");
        assert!(error.to_string().contains(&format!("{method} may have been carried out")), "{error}");
        assert!(error.hint().unwrap().contains("Look whether it was carried out"), "{error}");
    }
    // So is a server that is out of order for a moment; what it says at last is the answer.
    for (method, tries) in [("GET", 2), ("POST", 1)] {
        let answers = [says(503, "Retry-After: 1\r\n", "busy"), says(500, "", "still busy")];
        api.will_say(answers.into_iter().take(tries));
        let answer = session.call_api(request(method, api.url("/"))).await.unwrap();
        assert_eq!((answer.status, api.asked().len()), (if tries == 2 { 500 } else { 503 }, tries), "{method}");
    }
    // The same over the network that is gone for the stack's API.
    bench.stack.faults().inject(Fault::NetworkDown, 1);
    assert_eq!(session.call_api(request("GET", bench.api("/echo"))).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_an_answer_and_no_signature_goes_elsewhere() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let (api, elsewhere) = (ScriptedApi::start().await, ScriptedApi::start().await);
    let session = api.session(&bench);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}\r\n", elsewhere.url("/"));
        api.will_say([says(status, &location, "")]);
        let answer = session.call_api(request("GET", api.url("/"))).await.unwrap();
        assert_eq!((answer.status, header(&answer, "location")), (status, elsewhere.url("/").as_str()));
    }
    assert!(elsewhere.asked().is_empty());
    // Nor is anything signed for a host that nobody has named.
    let refused = session.call_api(request("GET", elsewhere.url("/"))).await.unwrap_err();
    assert_eq!(refused.kind(), "misconfigured");
    assert_eq!(session.sign_request(&request("GET", elsewhere.url("/"))).await.unwrap_err(), refused);
    assert!(refused.hint().unwrap().contains("API.endpoints"), "{refused}");
    assert!(elsewhere.asked().is_empty());
    elsewhere.will_say([says(200, "", "")]);
    let named = |service: &str, region: &str| ApiRequest {
        service: Some(service.to_owned()),
        region: Some(region.to_owned()),
        ..request("GET", elsewhere.url("/"))
    };
    assert_eq!(session.call_api(named("sts", "eu-north-1")).await.unwrap().status, 200);
    assert!(elsewhere.asked()[0].contains("/eu-north-1/sts/aws4_request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_fills_the_memory() {
    const LIMIT: usize = 10 * 1024 * 1024;
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let api = ScriptedApi::start().await;
    let session = api.session(&bench);
    api.will_say([says(200, "", &"x".repeat(LIMIT))]);
    assert_eq!(session.call_api(request("GET", api.url("/"))).await.unwrap().body.len(), LIMIT);
    for method in ["GET", "POST"] {
        api.will_say([says(200, "", &"x".repeat(LIMIT + 1))]);
        let error = session.call_api(request(method, api.url("/"))).await.unwrap_err();
        assert_eq!((error.kind(), api.asked().len()), ("misconfigured", 1), "{error}");
        // It is read in every language.
        let hint = error.hint().unwrap();
        assert!(hint.contains("as it comes") && !hint.contains("::") && !hint.contains('_'), "{hint}");
        assert_eq!(error.to_string().contains("may have been carried out"), method == "POST", "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_any_size_comes_as_a_stream() {
    const LIMIT: usize = 10 * 1024 * 1024;
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let api = ScriptedApi::start().await;
    let session = api.session(&bench);
    for size in [0, 5, LIMIT, LIMIT + 1, 2 * LIMIT] {
        api.will_say([says(200, "X-A: 1\r\n", &"x".repeat(size))]);
        let mut stream = session.stream_api(request("GET", api.url("/"))).await.unwrap();
        assert!(stream.status() == 200 && stream.headers().contains(&("x-a".to_owned(), "1".to_owned())));
        let mut read = 0;
        while let Some(chunk) = stream.next_chunk().await.unwrap() {
            assert!(chunk.iter().all(|byte| *byte == b'x'));
            read += chunk.len();
        }
        assert_eq!(read, size);
    }
    api.will_say([says(200, "", "small")]);
    let stream = session.stream_api(request("GET", api.url("/"))).await.unwrap();
    assert_eq!(stream.into_response().unwrap().body, b"small");

    // What was handed out is not asked for once more.
    let mut cut = says(200, "", &"x".repeat(2 * LIMIT)).unwrap();
    cut.pop();
    api.will_say([Some(cut)]);
    let mut stream = session.stream_api(request("GET", api.url("/"))).await.unwrap();
    let error = loop {
        match stream.next_chunk().await {
            Ok(chunk) => assert!(chunk.is_some(), "it is not whole"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), api.asked().len()), ("retryable", 1), "{error}");
    assert_eq!(stream.next_chunk().await, Err(error));
}
