//! What the translation must not lose. The flows are tested from the other side of the border, in `python/`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::{LockFolder, SecretStore as _, StorageErrorKind};
use jetbridge::{Obstacle, Recovery, Service, SignInReason};

use crate::api::{ApiHeader, ApiRequest};
use crate::error::exception_name;
use crate::storage::Adapter;
use crate::{
    Cancellation, CoreSession, DiagnosisLink, DiagnosisMark, DiagnosisReport, JetbridgeConfig, LoginOptions,
    LoginParameter, SessionError, SessionOptions, SignOutMode, StorageError, keychain_store, memory_store, runtime,
};

/// The variants of an enum in a source text, by the form that rustfmt gives them.
fn variants<'a>(source: &'a str, name: &str) -> BTreeSet<&'a str> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter_map(|line| line.split([' ', ',', '(']).next());
    names.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())).collect()
}

/// The core's enums may grow without a word from the compiler; what is missing here would reach no app.
#[test]
fn every_variant_of_the_core_has_one_here() {
    let core_error = include_str!("../../core/src/error.rs");
    let core_state = include_str!("../../core/src/session/published/state.rs");
    let core_events = include_str!("../../core/src/session/published/events.rs");
    let core_storage = include_str!("../../core/src/storage/mod.rs");
    let error = include_str!("error.rs");
    let facts = include_str!("facts.rs");
    let events = include_str!("events.rs");
    // Apps on phones know one error for all that is not there.
    let mut errors = variants(core_error, "SessionError");
    assert!(errors.remove("NoSuchBucket"));
    assert_eq!(errors, variants(error, "SessionError"));
    for (core, here, name) in [
        (core_error, error, "Obstacle"),
        (core_error, error, "Recovery"),
        (core_error, facts, "SignInReason"),
        (core_state, facts, "SessionState"),
        (core_events, events, "SessionEvent"),
        (core_events, events, "Renewed"),
        (include_str!("../../core/src/session/sign_out.rs"), include_str!("sign_out.rs"), "SignOutMode"),
    ] {
        assert!(variants(core, name).len() > 1, "{name}");
        assert_eq!(variants(core, name), variants(here, name), "{name}");
    }
    assert_eq!(variants(core_error, "Service"), variants(error, "RemoteService"));
    let core_report = include_str!("../../core/src/doctor/report.rs");
    let diagnosis = include_str!("diagnosis.rs");
    assert_eq!(variants(core_report, "Link"), variants(diagnosis, "DiagnosisLink"));
    assert_eq!(variants(core_report, "Mark"), variants(diagnosis, "DiagnosisMark"));
    // A foreign store has no locks of its own, so it is never busy.
    let mut kinds = variants(core_storage, "StorageErrorKind");
    kinds.remove("Busy");
    assert_eq!(kinds, variants(include_str!("storage.rs"), "StorageError"));
}

/// Plain http is for debug builds, so a release has no such configuration.
#[test]
fn the_local_stack_s_configuration_is_in_no_release() {
    let config = JetbridgeConfig::local_stack(9400);
    assert_eq!(config.is_ok(), cfg!(debug_assertions));
    if let Ok(config) = config {
        assert_eq!(config.issuer_url(), "http://127.0.0.1:9400/oauth2/default");
    }
    assert!(JetbridgeConfig::local_stack(u16::MAX).is_err());
}

/// What Rust prints, logs print; what records print, crash reports of the phones print.
#[test]
fn a_request_to_an_api_prints_no_header_body_or_query() {
    let header = ApiHeader { name: "X-Api-Key".to_owned(), value: "s3cret".to_owned() };
    let request = ApiRequest {
        url: "https://api.example.com/items?code=s3cret".to_owned(),
        method: "POST".to_owned(),
        headers: vec![header.clone()],
        body: Some(b"s3cret".to_vec()),
        service: None,
        region: None,
    };
    let printed = format!("{request:?} {request:#?} {header:?}");
    assert!(printed.contains("api.example.com/items") && printed.contains("X-Api-Key"), "{printed}");
    assert!(!printed.contains("s3cret") && !printed.contains("115, 51"), "{printed}");
}

#[test]
fn a_parameter_of_a_sign_in_prints_no_value() {
    let parameter = LoginParameter::new("sessionToken".to_owned(), "s3cret".to_owned());
    let options = LoginOptions {
        redirect_uri: None,
        login_hint: None,
        prompt: None,
        max_age_seconds: None,
        extra_parameters: vec![Arc::new(parameter)],
    };
    let printed = format!("{options:?} {options:#?}");
    assert!(printed.contains("sessionToken") && !printed.contains("s3cret"), "{printed}");
    let options = jetbridge::LoginOptions::from(options);
    assert_eq!(options.extra_parameters, [("sessionToken".to_owned(), "s3cret".to_owned())]);
}

fn every_error() -> Vec<jetbridge::SessionError> {
    use jetbridge::SessionError as Core;
    let text = || "text".to_owned();
    let reasons = [
        SignInReason::SignedOut,
        SignInReason::RefreshTokenRefused { code: text() },
        SignInReason::NoRefreshToken,
        SignInReason::AuthorizationCodeRefused,
        SignInReason::IdTokenRefused { code: text() },
        SignInReason::InteractionRequired { code: text() },
    ];
    let services = [Service::Okta, Service::Cognito, Service::S3];
    let denied = |service| Core::AccessDenied { service, code: text(), request_id: Some(text()), hint: text() };
    let obstructed = |obstacle| {
        let service = Service::Cognito;
        Core::Obstructed { service, obstacle, problem: text(), hint: text() }
    };
    let mut errors = vec![
        Core::UserCancelled,
        Core::Retryable { failure: text(), retry_after: None },
        Core::Retryable { failure: text(), retry_after: Some(std::time::Duration::from_secs(7)) },
        Core::Misconfigured { setting: text(), problem: text(), hint: text() },
        obstructed(Obstacle::Certificate),
        obstructed(Obstacle::Clock),
        obstructed(Obstacle::Proxy),
        obstructed(Obstacle::Interception),
        Core::NotFound { what: text() },
        Core::UnexpectedRedirect { detail: text() },
        Core::SecureStorage { kind: StorageErrorKind::Unavailable, detail: text() },
        Core::SecureStorage { kind: StorageErrorKind::Corrupt, detail: text() },
        Core::Internal { detail: text() },
    ];
    errors.extend(reasons.map(|reason| Core::SignInRequired { reason }));
    errors.extend(services.map(denied));
    errors
}

/// Apps on phones know one error for all that is not there: its text says what to check.
#[test]
fn a_bucket_that_is_not_there_is_told_in_the_core_s_words() {
    let setting = Some("Storage.AWSS3.bucket".to_owned());
    let core = jetbridge::SessionError::NoSuchBucket { bucket: "data".to_owned(), setting };
    let here = SessionError::from(core.clone());
    assert_eq!((&here.kind()[..], here.to_string()), (core.kind(), core.to_string()));
    assert_eq!(here.recovery(), core.recovery().into());
}

#[test]
fn an_error_gives_the_core_s_answers() {
    for core in every_error() {
        let here = SessionError::from(core.clone());
        assert_eq!(here.kind(), core.kind());
        assert_eq!(here.recovery(), core.recovery().into());
        assert_eq!(here.to_string(), core.to_string());
        let hint = core.hint().unwrap_or_default();
        assert!(here.describe().starts_with(&core.to_string()) && here.describe().ends_with(&hint), "{core}");
        assert_eq!(SessionError::from(here.to_core()), here);
    }
    assert_eq!(crate::Recovery::from(Recovery::SignIn), crate::Recovery::SignIn);
}

#[test]
fn a_report_arrives_whole() {
    use jetbridge::doctor::{Link, Mark, Report};
    let core = Report::of_unusable_files(jetbridge::SessionError::Misconfigured {
        setting: "okta_client_id".to_owned(),
        problem: "there is none".to_owned(),
        hint: "Copy it from Okta.".to_owned(),
    });
    let report = DiagnosisReport::from(core.clone());
    assert_eq!(report.findings.len(), Link::ALL.len());
    assert_eq!(report.text, core.to_string());
    let broken = &report.findings[0];
    assert_eq!((broken.link, broken.mark), (DiagnosisLink::Files, Mark::Broken.into()));
    assert_eq!((broken.title.as_str(), broken.detail.as_str()), (Link::Files.title(), "there is none"));
    assert_eq!(broken.setting.as_deref(), Some("okta_client_id"));
    assert_eq!(broken.fix.as_deref(), Some("Copy it from Okta."));
    assert!(report.findings[1..].iter().all(|finding| finding.mark == DiagnosisMark::NotReached));
}

/// What Swift needs: a caller that has gone does not keep the walk going.
#[test]
fn a_walk_ends_when_its_caller_has_gone() {
    let cancellation = Arc::new(Cancellation::new());
    let session = session().until(Arc::clone(&cancellation));
    cancellation.cancel();
    let ended = runtime::handle().block_on(session.diagnose());
    assert_eq!(ended.unwrap_err(), SessionError::UserCancelled);
}

#[test]
fn of_an_exception_only_the_class_is_kept() {
    for (reason, kept) in [
        ("java.lang.IllegalStateException: token abc", "java.lang.IllegalStateException"),
        ("RuntimeError('token abc')", "RuntimeError"),
        ("KeyError", "KeyError"),
        ("the token abc", "an exception"),
        ("", "an exception"),
        (": token", "an exception"),
    ] {
        assert_eq!(exception_name(reason), kept);
        let StorageError::Unavailable { detail } =
            StorageError::from(uniffi::UnexpectedUniFFICallbackError::new(reason))
        else {
            panic!("a bug in a store may pass");
        };
        assert!(detail.contains(kept) && !detail.contains("abc"), "{detail}");
    }
}

#[test]
fn storage_errors_keep_their_kind_both_ways() {
    use StorageErrorKind::{Corrupt, Denied, Io, KeyMissing, Misconfigured, Unavailable};
    for kind in [Unavailable, Corrupt, KeyMissing, Denied, Io, Misconfigured] {
        let core = jetbridge::storage::StorageError::new(kind, "detail");
        assert_eq!(jetbridge::storage::StorageError::from(StorageError::from(core.clone())), core);
    }
}

#[test]
fn two_objects_of_one_store_exclude_each_other() {
    let adapter = || Adapter { store: memory_store(), locks: None };
    let (one, other) = (adapter(), adapter());
    let held = one.lock("ffi-tests.one").unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let _lock = other.lock("ffi-tests.one").unwrap();
        tell.send(()).unwrap();
    });
    assert!(told.try_recv().is_err());
    // Another name is free all the same.
    drop(one.lock("ffi-tests.two").unwrap());
    drop(held);
    waiting.join().unwrap();
    assert_eq!(told.try_recv(), Ok(()));
}

#[test]
fn a_session_with_a_lock_folder_locks_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("locks");
    let session = open(Some(path.to_str().unwrap().to_owned()));
    runtime::handle().block_on(session.sign_out(SignOutMode::Local)).unwrap();
    let names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.to_str().unwrap().ends_with(".lock")), "{names:?}");

    let adapter = || Adapter { store: memory_store(), locks: Some(LockFolder::new(&path).with_limit(Duration::ZERO)) };
    let (app, extension) = (adapter(), adapter());
    let held = app.lock("ffi-tests.folder").unwrap();
    assert_eq!(extension.lock("ffi-tests.folder").unwrap_err().kind, StorageErrorKind::Busy);
    drop(held);
    drop(extension.lock("ffi-tests.folder").unwrap());
    // Nothing is held now, so there is nothing to give up, and that is fine.
    session.release_locks();
    session.resume_locks();
}

#[cfg(not(target_vendor = "apple"))]
#[test]
fn asking_for_a_keychain_where_there_is_none_says_so() {
    let Err(StorageError::Denied { detail }) = keychain_store("org.example.app", None) else {
        panic!("no keychain here")
    };
    assert!(detail.contains("another store"), "{detail}");
}

fn session() -> Arc<CoreSession> {
    open(None)
}

fn open(lock_folder: Option<String>) -> Arc<CoreSession> {
    open_with_endpoint(lock_folder, "", None).unwrap()
}

fn open_with_endpoint(
    lock_folder: Option<String>,
    endpoint: &str,
    permitted_identity_pool_endpoint: Option<String>,
) -> Result<Arc<CoreSession>, SessionError> {
    let okta = r#"{
        "okta_issuer_url": "https://dev-12345678.okta.com/oauth2/default",
        "okta_client_id": "0oa1b2c3d4E5F6g7h8i9",
        "okta_callback_url": "com.okta.dev-12345678:/callback"
    }"#;
    let aws = r#"{
        "Auth": { "region": "us-west-2", "identityPoolId": "us-west-2:0fab3c1e-12ab-34cd-56ef-1234567890ab" ENDPOINT },
        "Storage": { "AWSS3": { "region": "us-west-2", "bucket": "my-team-files" } }
    }"#;
    let config = JetbridgeConfig::parse(okta, &aws.replace("ENDPOINT", endpoint)).unwrap();
    let options = SessionOptions {
        account: None,
        root_certificates_pem: None,
        store_aws_credentials: true,
        lock_folder,
        permitted_identity_pool_endpoint,
    };
    CoreSession::open(&config, memory_store(), options)
}

#[test]
fn an_app_says_which_server_may_have_id_tokens() {
    let endpoint = r#", "identityPoolEndpoint": "https://cognito.example.com""#;
    let refused = open_with_endpoint(None, endpoint, None).unwrap_err();
    assert_eq!(refused.kind(), "misconfigured");
    assert!(open_with_endpoint(None, endpoint, Some("https://cognito.example.com".to_owned())).is_ok());
}

/// Swift and Kotlin call these from threads that know nothing of tokio.
#[test]
fn synchronous_calls_that_start_tasks_need_no_runtime_around_them() {
    assert!(tokio::runtime::Handle::try_current().is_err());
    let renewal = session().renew_in_background();
    renewal.stop();
    renewal.stop();
    assert_eq!(runtime::handle().id(), runtime::handle().id());
}
