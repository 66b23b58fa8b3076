//! What an observer is told of whole flows: every request and nothing else, by its name, with its connection, its attempts
//! and its end, and no secret. The stack's log says what really was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jetbridge::{
    GetObject, ListObjects, Observation, ObservedEnd, ObservedRequest, ObservedWork, RequestObserver, Session,
    SignOutMode, TransferOptions, WorkKind,
};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench, eventually, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

/// Keeps what it is told.
#[derive(Debug, Default)]
struct Trace(Mutex<BTreeMap<u64, Observation>>);

impl RequestObserver for Trace {
    fn observe(&self, observation: Observation) {
        self.0.lock().unwrap().insert(observation.number(), observation);
    }
}

impl Trace {
    fn requests(&self) -> Vec<ObservedRequest> {
        let all = self.0.lock().unwrap();
        let requests = all.values().filter_map(|observation| match observation {
            Observation::Request(request) => Some(ObservedRequest::clone(request)),
            _ => None,
        });
        requests.collect()
    }

    fn works(&self, kind: WorkKind) -> Vec<ObservedWork> {
        let all = self.0.lock().unwrap();
        let works = all.values().filter_map(|observation| match observation {
            Observation::Work(work) if work.kind == kind => Some(work.clone()),
            _ => None,
        });
        works.collect()
    }

    /// Names with statuses, in the order in which the requests began.
    fn operations(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.operation.clone()).collect()
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

fn observed(bench: &Bench) -> (Session, Arc<Trace>) {
    let trace = Arc::new(Trace::default());
    let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store)).clock(Arc::new(bench.clock.clone()));
    (builder.observe_requests(Arc::clone(&trace) as _).open().unwrap(), trace)
}

fn status(request: &ObservedRequest) -> u16 {
    request.answer.as_ref().map_or(0, |answer| answer.status)
}

/// The names of the stack, as the trace has them.
fn as_traced(operation: &str) -> &str {
    match operation {
        "warm_up" => "connection",
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_every_call_is_told_once_as_the_services_saw_it() {
    let bench = Bench::start().await;
    let (session, trace) = observed(&bench);
    bench.stack.log().clear();
    bench.sign_in(&session, ALICE).await;
    list_everything(&session).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("large"), folder.path().join("copy"));
    std::fs::write(&file, vec![7; 17 * 1024 * 1024]).unwrap();
    session.put_object("small".into(), "a few bytes").await.unwrap();
    session.upload_file("large".into(), &file, TransferOptions::default()).await.unwrap();
    session.head_object("large".into()).await.unwrap();
    session.download_object("large".into(), &copy, TransferOptions::default()).await.unwrap();
    session.delete_object("small".into()).await.unwrap();
    session.sign_out(SignOutMode::Revoke).await.unwrap();
    session.settle().await;

    let mut told: Vec<_> =
        trace.requests().iter().map(|r| (r.operation.clone(), r.method.clone(), status(r))).collect();
    let log = bench.stack.log().records();
    let own = log.iter().filter(|record| !matches!(record.operation, "authorize" | "sign_in" | "page"));
    let mut seen: Vec<_> = own
        .map(|record| {
            let name = match record.operation {
                "token" => "token (authorization_code)",
                other => as_traced(other),
            };
            (name.to_owned(), record.method.clone(), record.status)
        })
        .collect();
    told.sort();
    seen.sort();
    assert_eq!(told, seen);
    for request in trace.requests() {
        // Of an object whose size is unknown only the first part is read of the first answer; others ask for the rest.
        let is_first_part = request.operation == "GetObject" && status(&request) == 200;
        let end = if is_first_part { ObservedEnd::Abandoned } else { ObservedEnd::Complete };
        assert_eq!(request.end, Some(end), "{request:?}");
        assert_eq!(request.attempt, 1, "{request:?}");
        let answer = request.answer.as_ref().unwrap();
        assert!(Some(answer.after) <= request.lasted, "{request:?}");
        assert!(["Okta", "Cognito", "S3"].contains(&request.service.as_str()), "{request:?}");
        let length = answer.headers.iter().find(|(name, _)| name == "content-length");
        if let Some((_, length)) = length.filter(|_| request.method != "HEAD" && !is_first_part) {
            assert_eq!(answer.body_bytes.to_string(), *length, "{request:?}");
        }
    }
    let order: Vec<_> = trace.requests().iter().map(|request| (request.number, request.begun_at)).collect();
    assert!(order.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_new_once() {
    let bench = Bench::start().await;
    let (session, trace) = observed(&bench);
    let redirect = bench.redirect_for(&session, ALICE).await;
    eventually("connections are opened beside the browser", || bench.count("warm_up") == 2).await;
    session.settle().await;
    session.complete_login(&redirect).await.unwrap();
    session.aws_credentials().await.unwrap();
    for _ in 0..3 {
        list_everything(&session).await;
    }
    let connections: Vec<_> = trace
        .requests()
        .iter()
        .map(|request| (request.service.clone(), request.answer.as_ref().unwrap().connection.unwrap()))
        .collect();
    let mut used = std::collections::HashSet::new();
    for (service, connection) in &connections {
        assert_eq!(connection.is_new, used.insert((connection.local, connection.remote)), "{connection:?}");
        let port = match service.as_str() {
            "Okta" => bench.stack.endpoints().okta.port(),
            "Cognito" => bench.stack.endpoints().cognito.port(),
            _ => bench.stack.endpoints().s3.port(),
        };
        assert_eq!(Some(connection.remote.port()), port);
    }
    let new = |service: &str| connections.iter().filter(|(name, one)| name == service && one.is_new).count();
    // What was opened beforehand was used.
    assert_eq!((new("Cognito"), new("S3")), (1, 1), "{connections:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_told_with_its_requests_and_what_was_tried_again_with_its_number() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    let (session, trace) = observed(&bench);
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject(Fault::TokenResponseLost, 1);
    bench.stack.faults().inject(Fault::CognitoUnavailable, 1);
    session.aws_credentials().await.unwrap();

    let requests = trace.requests();
    let attempts = |operation: &str| -> Vec<_> {
        let of = requests.iter().filter(|request| request.operation == operation);
        of.map(|request| (request.attempt, status(request))).collect()
    };
    assert_eq!(attempts("token (refresh_token)"), [(1, 0), (2, 200)], "{requests:?}");
    let lost = requests.iter().find(|request| request.operation.starts_with("token")).unwrap();
    assert!(matches!(&lost.end, Some(ObservedEnd::Failed(words)) if !words.is_empty()), "{lost:?}");
    assert_eq!(attempts("GetCredentialsForIdentity"), [(1, 500), (2, 200)]);
    for again in requests.iter().filter(|request| request.attempt == 2) {
        let first = requests.iter().find(|request| Some(request.number) == again.repeats).unwrap();
        assert_eq!((&first.operation, first.attempt, first.repeats), (&again.operation, 1, None));
    }
    let codes: Vec<_> = requests.iter().filter_map(|request| request.answer.as_ref()?.error_code.as_deref()).collect();
    assert_eq!(codes, ["InternalErrorException"]);

    let tokens = &trace.works(WorkKind::TokenRenewal)[..];
    let credentials = &trace.works(WorkKind::CredentialRenewal)[..];
    let ([tokens], [credentials]) = (tokens, credentials) else { panic!("{tokens:?} {credentials:?}") };
    assert_eq!((&tokens.failure, &credentials.failure), (&None, &None));
    // One is within the other, and the requests are within both.
    assert!(credentials.begun_at <= tokens.begun_at && credentials.lasted >= tokens.lasted);
    assert!(requests.iter().all(|request| request.begun_at >= credentials.begun_at));

    // Whatever succeeded is asked for anew the next time.
    trace.clear();
    bench.let_time_pass(HOUR);
    session.aws_credentials().await.unwrap();
    assert!(trace.requests().iter().all(|request| request.attempt == 1), "{:?}", trace.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_fails_says_by_which_kind_of_error() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let (session, trace) = observed(&bench);
    bench.let_time_pass(2 * HOUR);
    bench.stack.faults().inject(Fault::TokenUnavailable, 1);
    session.aws_credentials().await.unwrap_err();
    let failures: Vec<_> =
        [WorkKind::CredentialRenewal, WorkKind::TokenRenewal].map(|kind| trace.works(kind)[0].failure.clone()).into();
    assert_eq!(failures, [Some("retryable".to_owned()), Some("retryable".to_owned())]);
}

/// Another process has the lock; other tasks share the renewal.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_others_is_told_for_how_long() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let (session, trace) = observed(&bench);
    session.restore().await;
    bench.let_time_pass(HOUR);
    let names = bench.store.list().unwrap();
    let lock = bench.store.lock(&format!("{}.renewal", names[0])).unwrap();
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.aws_credentials().await.map(|_| ()) })
        })
        .collect();
    eventually("all wait", || {
        trace.works(WorkKind::TurnWait).len() == 1 && trace.works(WorkKind::RenewalWait).len() == 2
    })
    .await;
    assert_eq!(trace.works(WorkKind::TurnWait)[0].lasted, None, "it goes on");
    drop(lock);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    let turn = &trace.works(WorkKind::TurnWait)[0];
    assert!(turn.lasted.is_some() && turn.failure.is_none(), "{turn:?}");
    assert!(trace.works(WorkKind::RenewalWait).iter().all(|wait| wait.lasted.is_some()));
    assert_eq!(trace.operations().iter().filter(|name| name.starts_with("token")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_to_its_end_is_told_as_abandoned() {
    let bench = Bench::start().await;
    let (session, trace) = observed(&bench);
    bench.sign_in(&session, ALICE).await;
    session.put_object("large".into(), vec![7; 12 * 1024 * 1024]).await.unwrap();
    let body = session.get_object(GetObject::from("large")).await.unwrap();
    let of_get = || trace.requests().into_iter().find(|request| request.operation == "GetObject").unwrap();
    assert_eq!((of_get().end, of_get().lasted), (None, None), "its head is there, its body is not");
    assert_eq!(status(&of_get()), 200);
    drop(body);
    assert_eq!(of_get().end, Some(ObservedEnd::Abandoned));
    assert!(of_get().answer.unwrap().body_bytes < 12 * 1024 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_record() {
    let bench = Bench::start().await;
    let (session, trace) = observed(&bench);
    bench.sign_in(&session, ALICE).await;
    list_everything(&session).await;
    bench.let_time_pass(HOUR);
    session.access_token().await.unwrap();
    let mut pages = session.list_objects(ListObjects { page_size: Some(5), ..ListObjects::default() });
    while pages.next_page().await.unwrap().is_some() {}
    let api = format!("{}echo?token=hush-hush&hush-hush", bench.stack.endpoints().api);
    let mut request = jetbridge::ApiRequest { method: "POST".to_owned(), url: api, ..Default::default() };
    request.headers.push(("x-api-key".to_owned(), "hush-hush".to_owned()));
    request.body = b"hush-hush".to_vec();
    session.call_api(request).await.unwrap();
    session.sign_out(SignOutMode::Revoke).await.unwrap();

    let told = format!("{:?}", trace.0.lock().unwrap());
    assert!(told.contains("x-api-key") && told.contains("continuation-token"), "names are told");
    assert!(told.contains("POST /echo") && !told.contains("hush-hush"), "{told}");
    let issued = bench.stack.issued_secrets().all();
    // Shorter values would be found by chance.
    let secrets: Vec<_> = issued.iter().filter(|secret| secret.len() >= 12).collect();
    assert!(secrets.len() > 8, "{}", secrets.len());
    for (number, secret) in secrets.into_iter().enumerate() {
        assert!(!told.contains(secret.as_str()), "secret number {number} was told");
    }
    for header in ["authorization", "x-amz-security-token"] {
        assert!(told.contains(&format!("(\"{header}\", \"…\")")), "{header}");
    }
}
