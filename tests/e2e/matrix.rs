//! The matrix: every failure of a service that is known (`doctor::known_failures`) is produced by the local stack, by a wrong
//! set-up, a wrong request or a fault, and what the app is told then is what the table says. A row that nothing produces, or
//! that is told otherwise, fails the test.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use jetbridge::doctor::{KnownFailure, find_known_failure, known_failures};
use jetbridge::{
    ApiRequest, Conditions, CopyObject, GetObject, ListObjects, LoginOptions, ObjectAddress, PutObject, Service,
    Session, SessionError, SignOutMode, TransferOptions,
};
use jetbridge_local_stack::{Fault, Service as Stand};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::{ALICE, Bench, PASSWORD, config_of, list};
use crate::hostile_servers::server::{Answer, Server};

/// More than anybody tries again.
const ALWAYS: u32 = 1000;
/// Large enough to be written in parts.
const LARGE: usize = 17 * 1024 * 1024;
/// Stacks that run at once: most of the time somebody waits before the next try.
const AT_ONCE: usize = 12;

/// When a fault begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Before anybody signs in.
    SignIn,
    /// While the browser shows Okta's page.
    Code,
    /// After the sign-in.
    Calls,
    /// The same, of a session without a refresh token.
    CallsWithoutRefresh,
    /// When tokens and credentials have ended.
    Renewal,
}

/// What an app heard while somebody tried to make it hear of one failure.
struct Heard<'a> {
    known: &'a KnownFailure,
    errors: Vec<SessionError>,
}

/// It has heard what was wanted.
struct Told;

impl Heard<'_> {
    fn of<T>(&mut self, outcome: Result<T, SessionError>) -> Result<(), Told> {
        let Err(error) = outcome else { return Ok(()) };
        let is_told = tells(self.known, &error);
        self.errors.push(error);
        if is_told { Err(Told) } else { Ok(()) }
    }
}

/// Tries whatever an app can, at the times when `fault` may show, until the failure is told.
async fn meet(known: &KnownFailure, fault: Fault) -> Result<(), Vec<SessionError>> {
    let mut heard = Heard { known, errors: Vec::new() };
    let times: &[Since] = match known.service {
        Some(Service::Okta) => &[Since::SignIn, Since::Code, Since::Renewal, Since::Calls],
        Some(Service::Cognito) => &[Since::Calls, Since::CallsWithoutRefresh],
        _ => &[Since::Calls],
    };
    for since in times {
        if Box::pin(try_everything(&mut heard, fault, *since)).await.is_err() {
            return Ok(());
        }
    }
    Err(heard.errors)
}

async fn try_everything(heard: &mut Heard<'_>, fault: Fault, since: Since) -> Result<(), Told> {
    let bench = Bench::start().await;
    let session = bench.session();
    let set_up = || bench.stack.faults().inject(fault, if fault.lasts() { 1 } else { ALWAYS });
    match since {
        Since::SignIn => {
            set_up();
            sign_in(&bench, &session, heard).await?;
            // What nobody is told but the person at the browser stands on Okta's page.
            let broken = session.diagnose().await.broken().and_then(|finding| finding.problem.clone());
            return heard.of(broken.map_or(Ok(()), Err));
        }
        Since::Code => {
            let redirect = bench.redirect_for(&session, ALICE).await;
            set_up();
            return heard.of(session.complete_login(&redirect).await);
        }
        Since::Calls => {
            bench.sign_in(&session, ALICE).await;
            set_up();
        }
        // Nothing better can be had than what Cognito refuses.
        Since::CallsWithoutRefresh => {
            let session =
                bench.session_with(config_of(&bench.stack, |okta, _| okta["okta_scopes"] = json!(["openid"])));
            bench.sign_in(&session, ALICE).await;
            set_up();
            return heard.of(session.aws_credentials().await);
        }
        Since::Renewal => {
            bench.sign_in(&session, ALICE).await;
            bench.let_time_pass(Duration::from_secs(2 * 3600));
            set_up();
            return heard.of(session.aws_credentials().await);
        }
    }
    use_everything(&bench, &session, heard).await
}

async fn sign_in(bench: &Bench, session: &Session, heard: &mut Heard<'_>) -> Result<(), Told> {
    let request = match session.begin_login(LoginOptions::default()).await {
        Ok(request) => request,
        Err(error) => return heard.of(Err::<(), _>(error)),
    };
    match bench.browser().sign_in(&request.url, ALICE, PASSWORD).await {
        Ok(redirect) => heard.of(session.complete_login(&redirect).await),
        Err(_) => Ok(()),
    }
}

async fn use_everything(bench: &Bench, session: &Session, heard: &mut Heard<'_>) -> Result<(), Told> {
    heard.of(session.aws_credentials().await)?;
    match heard.known.service {
        Some(Service::Okta) => {
            heard.of(session.user_info().await)?;
            let signed_out = session.sign_out(SignOutMode::Revoke).await;
            heard.of(signed_out.and_then(|signed_out| signed_out.revocation.unwrap_or(Ok(()))))
        }
        Some(Service::Api) => {
            let url = bench.api("/echo");
            let request = ApiRequest { method: "GET".to_owned(), url, ..ApiRequest::default() };
            heard.of(session.call_api(request.clone()).await)?;
            // What AppSync says is AppSync's only where one is signed for it.
            let (service, region) = (Some("appsync".to_owned()), Some("us-west-2".to_owned()));
            heard.of(session.call_api(ApiRequest { service, region, ..request }).await)
        }
        Some(Service::S3) => {
            heard.of(list(session, ListObjects::default()).await)?;
            heard.of(session.put_object(PutObject::from("matrix/a.txt"), "a".as_bytes().to_vec()).await)?;
            heard.of(session.get_object(GetObject::from("readme.txt")).await)?;
            heard.of(session.copy_object(copy("readme.txt", "matrix/b.txt")).await)?;
            let body = stream::iter([Ok(vec![0; LARGE].into())]);
            let upload = session.upload_stream(PutObject::from("matrix/large"), body, TransferOptions::default());
            heard.of(upload.await)
        }
        _ => Ok(()),
    }
}

fn copy(source: &str, target: &str) -> CopyObject {
    CopyObject { source: source.into(), target: target.into(), ..CopyObject::default() }
}

/// Whether `error` is what the row says: its class, its setting, and the words of its cause or, where more than code and words
/// decide, the service's code.
fn tells(known: &KnownFailure, error: &SessionError) -> bool {
    if error.kind() != known.class {
        return false;
    }
    let is_told_by_another =
        |told: &str| TOLD_BY_OTHERS.iter().any(|(id, words)| *id == known.id && told.contains(words));
    let told = format!("{error} {}", error.hint().unwrap_or_default()).to_lowercase();
    let is_cause = literal_parts(&known.cause).all(|part| told.contains(&part.to_lowercase()));
    let is_fix = literal_parts(&known.fix).all(|part| told.contains(&part.to_lowercase()));
    let names_code = told.contains(&known.code.to_lowercase());
    match error {
        SessionError::SignInRequired { .. } => true,
        _ if is_told_by_another(&told) => true,
        // Which of the redirect URIs it is, only the doctor can tell.
        SessionError::Misconfigured { setting, .. } if Some(setting.as_str()) != known.setting => {
            is_cause && names_code
        }
        SessionError::Misconfigured { .. } => is_cause && is_fix || names_code,
        _ => is_cause || names_code,
    }
}

/// What an upload makes of its parts that are gone, what HTTP's own status says before anybody reads the body, and what is said
/// of a server in S3's place.
const TOLD_BY_OTHERS: [(&str, &str); 5] = [
    ("s3-no-such-upload", "was given up"),
    ("s3-invalid-part", "was given up"),
    ("okta-grant-rate-limited", "limits the rate of requests"),
    ("api-no-such-method", "when it has no such method and path"),
    ("s3-location-constraint", "does not lead to bucket"),
];

/// What stands between the values.
fn literal_parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').flat_map(|part| part.split('>').next_back()).map(str::trim).filter(|part| part.len() > 3)
}

fn service_of(stand: Stand) -> Option<Service> {
    match stand {
        Stand::Okta => Some(Service::Okta),
        Stand::Cognito => Some(Service::Cognito),
        Stand::S3 => Some(Service::S3),
        Stand::Api => Some(Service::Api),
        Stand::Sts => None,
    }
}

/// The faults that show a row's failure.
fn producers(known: &KnownFailure) -> Vec<Fault> {
    let shows = |fault: &&Fault| {
        let Some(answer) = fault.answer() else { return false };
        let Some(service) = service_of(answer.service) else { return false };
        // An HTTP API has no code but its message.
        let code = if answer.code.is_empty() { answer.message } else { answer.code };
        Some(service) == known.service && find_known_failure(service, code, answer.message) == Some(known.id)
    };
    Fault::ALL.iter().filter(shows).copied().collect()
}

/// Whoever has the sentence that a service said finds its row by it, and by no piece of it alone: the page has the whole.
#[test]
fn every_sentence_of_a_service_is_in_its_row_as_a_whole() {
    let rows: Vec<_> = known_failures().collect();
    let mut missing = Vec::new();
    let mut seen = 0;
    for fault in Fault::ALL {
        let Some(answer) = fault.answer() else { continue };
        let service = service_of(answer.service);
        let code = if answer.code.is_empty() { answer.message } else { answer.code };
        let is_about = |known: &&KnownFailure| {
            known.service == service && known.code == code && answer.message.contains(known.fragment)
        };
        let Some(known) = rows.iter().find(is_about) else { continue };
        // The local stack's own words: Okta's are not known.
        if known.messages.is_empty() && OF_NOBODY.contains(&known.id) {
            continue;
        }
        seen += 1;
        if !known.messages.iter().any(|message| is_whole(message, answer.message)) {
            missing.push(format!("{}: {:?} is not among {:?}", known.id, answer.message, known.messages));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(seen > 100, "{seen}");
}

/// Rows whose services have no words that anybody wrote down.
const OF_NOBODY: [&str; 5] =
    ["okta-push-required", "cognito-limit", "cognito-internal-error", "cognito-external-service", "sts-token-invalid"];

/// Whether `said` is what `message` says, values in the place of its `…`; of a message with values the stack names a piece.
fn is_whole(message: &str, said: &str) -> bool {
    let mut rest = said;
    let is_filled = message.split('…').filter(|part| !part.trim().is_empty()).all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    });
    is_filled || message.replace('…', "").contains(said) || message.contains(said)
}

/// Rows for whatever words: a server that says what no list has.
async fn hear_unknown_words(known: &KnownFailure) -> Vec<SessionError> {
    let server = Server::start().await;
    let words = "Words that no list has.";
    let mut errors = Vec::new();
    if known.service == Some(Service::Okta) {
        server.answer("token", Answer::Json(400, json!({ "error": known.code, "error_description": words })));
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        errors.extend(session.complete_login(&redirect).await.err());
    } else {
        let session = server.signed_in().await;
        server.answer("GetId", Answer::Json(400, json!({ "__type": known.code, "message": words })));
        errors.extend(session.aws_credentials().await.err());
    }
    errors
}

/// A row for the person at the browser: the page that ends Okta's session says it, and no call of ours is answered.
async fn says_at_sign_out(known: &KnownFailure) -> bool {
    let bench = Bench::start().await;
    let unknown =
        config_of(&bench.stack, |okta, _| okta["okta_logout_url"] = "com.okta.local-jetbridge:/nowhere".into());
    let session = bench.session_with(unknown);
    bench.sign_in(&session, ALICE).await;
    let signed_out = session.sign_out(SignOutMode::EndSession).await.unwrap();
    let url = signed_out.end_session_url.unwrap().unwrap();
    let page = bench.browser().sign_in(&url, ALICE, PASSWORD).await.unwrap_err().to_string();
    page.contains(known.fragment)
}

/// What wrong requests end with, without any fault.
async fn errors_of_wrong_requests() -> Vec<SessionError> {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let mut errors = Vec::new();
    for bucket in ["nobody-has-this-bucket", "In_valid"] {
        let request = ListObjects { bucket: Some(bucket.to_owned()), ..ListObjects::default() };
        errors.extend(list(&session, request).await.err());
    }
    errors.extend(session.get_object(GetObject::from("not-there")).await.err());
    errors.extend(session.head_object(ObjectAddress::from("not-there")).await.err());
    errors.extend(session.put_object(PutObject::from("k".repeat(1025).as_str()), Vec::new()).await.err());
    let absent = Conditions { if_none_match: Some("*".to_owned()), ..Conditions::default() };
    let request = PutObject { conditions: absent, ..PutObject::from("readme.txt") };
    errors.extend(session.put_object(request, Vec::new()).await.err());
    let known = session.head_object(ObjectAddress::from("readme.txt")).await.unwrap();
    let changed = Conditions { if_none_match: known.e_tag, ..Conditions::default() };
    let request = GetObject { conditions: changed, ..GetObject::from("readme.txt") };
    errors.extend(session.get_object(request).await.err());
    let request = GetObject { range: Some(1_000_000..2_000_000), ..GetObject::from("readme.txt") };
    errors.extend(session.get_object(request).await.err());
    errors.extend(session.copy_object(copy("readme.txt", "readme.txt")).await.err());
    let speechless = speechless_s3().await;
    let config = config_of(&bench.stack, |_, aws| aws["Storage"]["AWSS3"]["endpoint"] = speechless.into());
    let session = bench.session_with(config);
    session.restore().await;
    errors.extend(session.head_object(ObjectAddress::from("not-there")).await.err());
    errors
}

/// An S3-like server that has nothing, and no words for it: what S3 itself says to HEAD alone.
async fn speechless_s3() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await;
            let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[expect(clippy::disallowed_macros, reason = "how many of how many is the matter of the matrix")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_known_failure_is_produced_and_told_as_the_table_says() {
    let rows: Vec<_> = known_failures().filter(|known| known.service.is_some()).collect();
    let of_requests = errors_of_wrong_requests().await;
    let (by_request, by_fault): (Vec<_>, Vec<_>) =
        rows.iter().cloned().partition(|known| of_requests.iter().any(|error| tells(known, error)));
    let missing: Vec<String> = stream::iter(by_fault)
        .map(|known| tokio::spawn(async move { find_untold(&known).await }))
        .buffer_unordered(AT_ONCE)
        .filter_map(|untold| async { untold.unwrap() })
        .collect()
        .await;
    let of_okta = rows.iter().filter(|known| known.service == Some(Service::Okta)).count();
    let told = rows.len() - missing.len();
    println!("{told} of {} known failures produced and told, {of_okta} of them Okta's", rows.len());
    println!("{} by wrong requests, the others by wrong set-ups and faults", by_request.len());
    assert!(of_okta >= 25);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What is missing of a row: whoever produces it, or its words.
async fn find_untold(known: &KnownFailure) -> Option<String> {
    if known.id == "okta-logout-uri-unknown" {
        return (!says_at_sign_out(known).await).then(|| format!("{}: not on the page", known.id));
    }
    let producers = producers(known);
    if producers.is_empty()
        && known.fragment.is_empty()
        && matches!(known.service, Some(Service::Okta | Service::Cognito))
    {
        let errors = hear_unknown_words(known).await;
        let is_told = errors.iter().any(|error| tells(known, error));
        return (!is_told).then(|| format!("{}: heard {errors:?}", known.id));
    }
    if producers.is_empty() {
        return Some(format!("{}: nothing produces {:?} {:?}", known.id, known.code, known.fragment));
    }
    let mut heard = Vec::new();
    for fault in producers {
        match meet(known, fault).await {
            Ok(()) => return None,
            Err(errors) => heard.push((fault.name(), errors)),
        }
    }
    Some(format!("{} ({}, {:?}): heard {heard:?}", known.id, known.class, known.setting))
}
