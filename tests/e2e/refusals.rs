//! What goes wrong at Okta and Cognito, and what the app is told.

use std::time::Duration;

use futures_util::future::join_all;
use jetbridge::doctor::{find_known_failure, known_failures};
use jetbridge::storage::MemoryStore;
use jetbridge::{ListObjects, LoginOptions, Service, Session, SessionError, SessionState, SignInReason, SignOutMode};
use jetbridge_local_stack::{Fault, Options, ScriptedBrowser};
use serde_json::json;

use crate::bench::{ALICE, Bench, CAROL, PASSWORD, config_of, list};
use crate::hostile_servers::server::{Answer, Server, redirect_with};

/// What `Server` calls a request of a bucket.
const S3: &str = "ListObjectsV2";
const CREATE_SESSION: &str = "CreateSession";

fn raw(status: u16, more_head: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::Raw(format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\nConnection: \
         close\r\n{more_head}\r\n{body}"
    ))
}

/// S3's own words, with another element if there is one.
fn s3_error(status: u16, code: &str, message: &str, more: &str) -> Answer {
    raw(status, "", &format!("<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"))
}

fn cognito_error(code: &str, message: &str) -> Answer {
    Answer::Json(400, json!({ "__type": code, "message": message }))
}

async fn list_bucket(session: &Session, bucket: Option<&str>) -> SessionError {
    let request = ListObjects { bucket: bucket.map(str::to_owned), ..ListObjects::default() };
    list(session, request).await.unwrap_err()
}

fn told(error: &SessionError) -> String {
    format!("{error} {}", error.hint().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_sign_in_is_access_denied_and_says_why() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    let denied = ScriptedBrowser::new(None).unwrap().deny(&request.url).await.unwrap();
    let error = session.complete_login(&denied).await.unwrap_err();
    assert!(matches!(&error, SessionError::AccessDenied { code, .. } if code == "access_denied"), "{error:?}");
    // The answer was definite: the entry is gone.
    assert_eq!(session.complete_login(&denied).await.unwrap_err().kind(), "unexpected_redirect");

    let unassigned = bench.redirect_for(&session, CAROL).await;
    let error = session.complete_login(&unassigned).await.unwrap_err();
    assert!(error.hint().unwrap().contains("Assignments"), "{error:?}");

    bench.stack.faults().inject(Fault::NoMatchingPolicy, 1);
    let no_policy = bench.redirect_for(&session, ALICE).await;
    let error = session.complete_login(&no_policy).await.unwrap_err();
    assert!(error.hint().unwrap().contains("Access Policies"), "{error:?}");
    assert_eq!(bench.count("token"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_breaks_a_rule_signs_nobody_in() {
    for fault in [Fault::IdTokenTampered, Fault::IdTokenWrongNonce] {
        let bench = Bench::start().await;
        let session = bench.session();
        let redirect = bench.redirect_for(&session, ALICE).await;
        bench.stack.faults().inject(fault, 1);
        let error = session.complete_login(&redirect).await.unwrap_err();
        assert!(matches!(&error, SessionError::AccessDenied { code, .. } if code == "invalid_id_token"), "{error:?}");
        assert_eq!(session.state(), SessionState::SignedOut);
        assert_eq!(bench.session().restore().await, SessionState::SignedOut);
        assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
        assert_eq!(bench.count("GetId"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_too_old_or_already_used_asks_for_a_new_sign_in() {
    let bench = Bench::start_with(Options { code_lifetime: Duration::from_secs(60), ..Options::default() }).await;
    let session = bench.session();
    let too_old = bench.redirect_for(&session, ALICE).await;
    bench.let_time_pass(Duration::from_secs(120));
    let error = session.complete_login(&too_old).await.unwrap_err();
    let refused = SessionError::SignInRequired { reason: SignInReason::AuthorizationCodeRefused };
    assert_eq!(error, refused);

    // The server did its work, but its answer was lost: the same redirect may be tried again, and then it is known.
    let lost = bench.redirect_for(&session, ALICE).await;
    bench.stack.faults().inject(Fault::TokenResponseLost, 1);
    assert_eq!(session.complete_login(&lost).await.unwrap_err().kind(), "retryable");
    assert_eq!(session.complete_login(&lost).await.unwrap_err(), refused);
    assert_eq!(session.complete_login(&lost).await.unwrap_err().kind(), "unexpected_redirect");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_server_that_is_down_is_retryable() {
    let bench = Bench::start().await;
    let session = bench.session();
    bench.stack.faults().inject(Fault::DiscoveryUnavailable, 1);
    let error = session.begin_login(LoginOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), "retryable", "{error}");
    // The keys are asked for beside the browser, and again before the code is sent.
    bench.stack.faults().inject(Fault::JwksUnavailable, 2);
    let redirect = bench.redirect_for(&session, ALICE).await;
    session.settle().await;
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert_eq!((error.kind(), bench.count("token")), ("retryable", 0), "{error}");
    assert!(session.complete_login(&redirect).await.is_ok(), "nothing was spent");
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    bench.stack.faults().inject(Fault::TokenRateLimited, 1);
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert!(
        matches!(error, SessionError::Retryable { retry_after: Some(wait), .. } if wait <= Duration::from_secs(600))
    );
    assert!(session.complete_login(&redirect).await.is_ok());

    // Nobody has signed in there, so that it knows no endpoints.
    let unreachable = Session::open(bench.config.clone(), std::sync::Arc::new(MemoryStore::new())).unwrap();
    std::sync::Arc::into_inner(bench.stack).unwrap().shutdown().await;
    let error = unreachable.begin_login(LoginOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), "retryable");
    assert!(error.to_string().contains("nothing listens at 127.0.0.1:"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_or_redirect_uri_is_said_on_okta_s_page_and_never_redirected() {
    let bench = Bench::start().await;
    let wrong_client = config_of(&bench.stack, |okta, _| okta["okta_client_id"] = "0oa0000000000000wrong".into());
    let unregistered =
        LoginOptions { redirect_uri: Some("http://127.0.0.1:9999/callback".to_owned()), ..Default::default() };
    for (session, options, said) in [
        (bench.session_with(wrong_client), LoginOptions::default(), "client"),
        (bench.session(), unregistered, "must be a Login redirect URI"),
    ] {
        let request = session.begin_login(options).await.unwrap();
        let page = ScriptedBrowser::new(None).unwrap().sign_in(&request.url, ALICE, PASSWORD).await.unwrap_err();
        assert!(page.to_string().contains(said), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_okta_is_known_to_say_is_told_as_the_table_has_it() {
    let server = Server::start().await;
    let mut tried = 0;
    for known in known_failures().filter(|known| known.service == Some(Service::Okta)) {
        let words = format!("{} Some more.", known.fragment);
        let found = find_known_failure(Service::Okta, known.code, &words);
        assert_eq!(found, Some(known.id));
        let is_oauth = !known.code.starts_with("E0");
        let refusal = match is_oauth {
            true => json!({ "error": known.code, "error_description": words }),
            false => json!({ "errorCode": known.code, "errorSummary": words }),
        };
        server.answer("token", Answer::Json(400, refusal));
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        let at_the_token_endpoint = session.complete_login(&redirect).await.unwrap_err();
        assert_eq!(at_the_token_endpoint.kind(), known.class, "{known:?}: {at_the_token_endpoint:?}");
        if is_oauth {
            let session = server.session();
            let mut parameters = server.answer_to_begun(&session).await;
            parameters.retain(|(name, _)| name != "code");
            parameters.push(("error".to_owned(), known.code.to_owned()));
            parameters.push(("error_description".to_owned(), words));
            let by_redirect = session.complete_login(&redirect_with(&parameters)).await.unwrap_err();
            assert_eq!(by_redirect.kind(), known.class, "{known:?}: {by_redirect:?}");
        }
        tried += 1;
    }
    assert!(tried >= 25, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_okta_says_at_userinfo_and_at_the_revocation_is_told() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let challenge = "WWW-Authenticate: Bearer realm=\"x\", error=\"insufficient_scope\", error_description=\"The access token \
                     provided does not contain the required scopes.\"\r\n";
    server.answer("userinfo", raw(403, challenge, ""));
    let error = session.user_info().await.unwrap_err();
    assert!(
        matches!(&error, SessionError::Misconfigured { setting, hint, .. }
            if setting == "okta_scopes" && hint.contains("profile")),
        "{error:?}"
    );
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    let refusal = json!({ "error": "invalid_client", "error_description": "Nobody knows it." });
    server.answer("revoke", Answer::Json(401, refusal));
    let error = session.sign_out(SignOutMode::Revoke).await.unwrap().revocation.unwrap().unwrap_err();
    assert!(told(&error).contains("invalid_client") && told(&error).contains("Nobody knows it"), "{error:?}");
    assert!(told(&error).contains("Clear User Sessions"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_what_passes_is_tried_again_and_then_told_as_passing() {
    let empty = |status| raw(status, "", "");
    let cases = [
        ("GetId", empty(429), "Cognito limits the rate"),
        ("GetId", cognito_error("ExternalServiceException", "Not responding."), "did not answer"),
        ("GetCredentialsForIdentity", empty(429), "Cognito limits the rate"),
        (S3, empty(429), "S3 limits the rate"),
        (S3, s3_error(429, "SlowDownPlease", "Because.", ""), "S3 limits the rate"),
        (S3, s3_error(400, "RequestThrottled", "Because.", ""), "S3 limits the rate"),
        (S3, s3_error(409, "OperationAborted", "Because.", ""), "for somebody else"),
        (S3, s3_error(307, "TemporaryRedirect", "Because.", "<Endpoint>b.s3-x1.amazonaws.com</Endpoint>"), "elsewhere"),
        (S3, s3_error(302, "Found", "Because.", ""), "S3 cannot answer now"),
    ];
    let tried = cases.map(|(endpoint, answer, said)| async move {
        let server = Server::start().await;
        let session = server.signed_in().await;
        server.answer(endpoint, answer);
        let error = if endpoint == S3 {
            list_bucket(&session, None).await
        } else {
            session.aws_credentials().await.unwrap_err()
        };
        assert_eq!(error.kind(), "retryable", "{said}: {error:?}");
        assert!(told(&error).contains(said), "{said}: {error:?}");
        let attempts = server.take_asked().iter().filter(|asked| **asked == endpoint).count();
        assert_eq!(attempts, 3, "{said}");
    });
    join_all(tried).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_a_limit_of_the_account_is_no_throttle() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    server.answer("GetId", cognito_error("LimitExceededException", "Too many."));
    let error = session.aws_credentials().await.unwrap_err();
    assert!(matches!(&error, SessionError::Misconfigured { setting, .. } if setting == "Service Quotas"), "{error:?}");
    assert_eq!(server.take_asked(), ["GetId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_the_bucket_s_region_is_read_from_the_body_and_told_of_the_bucket_that_was_asked_for() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    for answer in [
        s3_error(
            301,
            "PermanentRedirect",
            "Because.",
            "<Endpoint>hostile-bucket.s3.eu-west-1.amazonaws.com</Endpoint>",
        ),
        s3_error(400, "AuthorizationHeaderMalformed", "the region is wrong", "<Region>eu-west-1</Region>"),
        raw(400, "x-amz-bucket-region: eu-west-1\r\n", ""),
    ] {
        server.answer(S3, answer);
        let error = list_bucket(&session, None).await;
        assert_eq!(error.hint().as_deref(), Some("Set Storage.AWSS3.region to eu-west-1."), "{error:?}");
        let error = list_bucket(&session, Some("their-bucket")).await;
        assert!(told(&error).contains("bucket their-bucket is in eu-west-1"), "{error:?}");
        assert!(!told(&error).contains("Set Storage.AWSS3.region"), "{error:?}");
    }
    // C14: what is configured already is not what to change.
    server
        .answer(S3, s3_error(301, "PermanentRedirect", "Because.", "<Endpoint>s3.us-west-2.amazonaws.com</Endpoint>"));
    let error = list_bucket(&session, None).await;
    assert!(
        matches!(&error, SessionError::Misconfigured { setting, .. } if setting == "Storage.AWSS3.endpoint"),
        "{error:?}"
    );
    server.answer(S3, s3_error(404, "NoSuchBucket", "Because.", ""));
    let missing = list_bucket(&session, Some("their-bucket")).await;
    assert_eq!(missing.to_string(), "not found: bucket their-bucket: check its name");
}

/// For a directory bucket the SDK asks for a session first, and wraps its refusal as if the network had failed.
#[tokio::test(flavor = "multi_thread")]
async fn c4_a_directory_bucket_s_session_that_is_refused_is_told_as_s3_s_word() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    server.answer(CREATE_SESSION, s3_error(403, "AccessDenied", "Because.", ""));
    let error = list_bucket(&session, Some("fast--usw2-az1--x-s3")).await;
    assert!(
        matches!(&error, SessionError::AccessDenied { code, hint, .. }
            if code == "AccessDenied" && hint.contains("s3express:CreateSession")),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_cognito_s_own_words_are_shown_and_no_token_that_they_repeat() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let token = server.forge(&server);
    let words = format!("Value '{{127.0.0.1/as={token}}}' at 'logins'\nfailed to satisfy constraint.");
    for code in ["InvalidParameterException", "ValidationException", "NotAuthorizedException", "Unheard"] {
        server.answer("GetId", cognito_error(code, &words));
        let error = session.aws_credentials().await.unwrap_err();
        assert!(
            told(&error).contains("Value '{127.0.0.1/as=…}' at 'logins' failed to satisfy constraint"),
            "{error:?}"
        );
        assert!(!format!("{error:?}").contains(&token[..20]), "{error:?}");
    }
    server.answer("GetId", cognito_error("NotAuthorizedException", ""));
    let silent = session.aws_credentials().await.unwrap_err();
    assert_eq!(silent.hint().as_deref(), Some("Cognito gives no reason (HTTP status 400)."));
}

/// Before there is any word of OAuth: an error of Okta's API, or a page of Okta's own, which its request ID tells.
#[tokio::test(flavor = "multi_thread")]
async fn what_okta_itself_refuses_at_discovery_is_not_taken_for_a_missing_issuer_or_for_the_network() {
    let server = Server::start().await;
    let api_error = |code: &str, words: &str| json!({ "errorCode": code, "errorSummary": words, "errorCauses": [] });
    let page = |status: u16, more_head: &str| {
        let body = "<!DOCTYPE html><title>Access Forbidden</title>";
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: text/html\r\n{more_head}");
        Answer::Raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
    };
    let feature = "You do not have permission to access the feature you are requesting";
    let by_okta = "x-okta-request-id: aBcDeF\r\n";
    for (answer, kind, said) in [
        (Answer::Json(401, api_error("E0000015", feature)), "misconfigured", "API Access Management"),
        (Answer::Json(403, api_error("E0000015", feature)), "misconfigured", "bare https://your-domain"),
        (
            Answer::Json(403, api_error("E0000006", "You do not have permission.")),
            "access_denied",
            "Security > Networks",
        ),
        (Answer::Json(404, api_error("E0000007", "Not found")), "misconfigured", "HTTP status 404, E0000007"),
        (page(403, by_okta), "access_denied", "ThreatInsight"),
        (page(404, by_okta), "misconfigured", "has no OpenID configuration"),
        (page(403, ""), "misconfigured", "is not Okta"),
    ] {
        server.answer("discovery", answer.clone());
        let error = server.session().begin_login(LoginOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer:?}: {error:?}");
        assert!(told(&error).contains(said), "{said:?} is not in {:?}", told(&error));
        let found = server.session().diagnose().await;
        assert_eq!(found.broken().map(|broken| broken.link), Some(jetbridge::doctor::Link::Discovery), "{found:#?}");
        server.behave();
    }
    // A session outlives it, at the token endpoint too.
    let session = server.signed_in().await;
    let token = session.access_token().await.unwrap();
    server.answer("token", page(403, by_okta));
    let error = session.replace_access_token(&token).await.unwrap_err();
    assert!(told(&error).contains("ThreatInsight"), "{error:?}");
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_never_quoted_from_a_refusal() {
    let server = Server::start().await;
    let code = "the-code";
    for refusal in [
        json!({ "error": "invalid_request", "error_description": format!("The code={code} is odd.") }),
        json!({ "errorCode": "E0000001", "errorSummary": format!("Api validation failed: {code}") }),
    ] {
        server.answer("token", Answer::Json(400, refusal));
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        let error = session.complete_login(&redirect).await.unwrap_err();
        let (said, report) = (format!("{error:?} {}", told(&error)), session.diagnose().await);
        assert!(said.contains('…'), "{said}");
        assert!(!said.contains(code) && !format!("{report:?}").contains(code), "{said}");
    }
}
