//! 10: what Cognito and S3 refuse is told with its cause and its fix, and mended where nobody is needed for it. The rows
//! are those of the protocol's table of errors. The one that is absent, a refusal by STS itself, belongs to the classic
//! flow, which the core does not use.

use std::time::Duration;

use jetbridge::{Config, ListObjects, SessionError, SessionState, SignInReason};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench, config_of, list, list_everything};

const HOUR: Duration = Duration::from_secs(3600);
/// More often than anybody tries again.
const ALWAYS: u32 = 1000;

fn told(error: &SessionError) -> String {
    format!("{error} {}", error.hint().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_what_cognito_refuses_is_explained_and_the_sign_in_is_kept() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let client_id = bench.stack.options().client_id.as_str();
    let pool_id = bench.stack.options().identity_pool_id.as_str();
    let issuer = bench.stack.custom_issuer();
    let provider = issuer.replace("http://", "https://");
    let misconfigured = "misconfigured";
    let cases: [(Fault, &str, &[&str]); 16] = [
        (
            Fault::CognitoUnsupportedProvider,
            misconfigured,
            &[
                "Auth.identityPoolId",
                &format!("{provider} must exist with audience {client_id}"),
                "us-west-2",
                &format!("The ID token is as configured (iss {issuer}, aud {client_id}, alg RS256"),
            ],
        ),
        (Fault::CognitoIssuerMismatch, misconfigured, &["okta_issuer_url", &provider, "path included"]),
        (Fault::CognitoMissingAudience, misconfigured, &["ID tokens only", "scope openid"]),
        (Fault::CognitoTokenUnverified, misconfigured, &["reach the issuer's keys", "RSA"]),
        (Fault::CognitoOwnToken, misconfigured, &["set okta_issuer_url to Okta's issuer"]),
        (Fault::CognitoLoginMissing, misconfigured, &["Sign in first", "guest access"]),
        (Fault::CognitoLoginsMismatch, misconfigured, &["attach the provider", &provider]),
        (Fault::CognitoIdentityForbidden, "access_denied", &["Identity browser", pool_id]),
        (Fault::CognitoIdentityNotFound, "retryable", &["that it named a moment ago", pool_id]),
        (Fault::CognitoLoginLinkedElsewhere, "access_denied", &["unlink the login"]),
        (
            Fault::CognitoRolesMisconfigured,
            misconfigured,
            &[
                "sts:AssumeRoleWithWebIdentity",
                "sts:TagSession",
                &format!("cognito-identity.amazonaws.com:aud = {pool_id}"),
                "amr = authenticated",
            ],
        ),
        (Fault::CognitoRoleRulesDenied, misconfigured, &["rules", "claim", pool_id, &provider]),
        (Fault::CognitoProviderUnreachable, "retryable", &["did not answer", "IP allow list", issuer.as_str()]),
        (Fault::CognitoThrottled, "retryable", &["limits the rate", "Rate exceeded"]),
        (Fault::CognitoLimitExceeded, misconfigured, &["preset limit", "Service Quotas", "does not help"]),
        (Fault::CognitoUnavailable, "retryable", &["internal error"]),
    ];
    for (fault, kind, said) in cases {
        bench.stack.faults().inject(fault, ALWAYS);
        let error = session.aws_credentials().await.unwrap_err();
        bench.stack.faults().inject(fault, 0);
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        for words in said {
            assert!(told(&error).contains(words), "{fault:?}: {words:?} is not in {:?}", told(&error));
        }
        assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    }
    assert!(session.aws_credentials().await.is_ok());
    assert_eq!(bench.count("token"), 1, "no other token would have helped");
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_a_pool_that_is_another_one_or_elsewhere_is_told() {
    let bench = Bench::start().await;
    let pool = bench.stack.options().identity_pool_id.clone();
    let elsewhere = pool.replace("us-west-2", "eu-west-1");
    let unknown = "us-west-2:00000000-0000-0000-0000-000000000000";
    for (region, pool_id, said) in [
        ("us-west-2", unknown, "Copy the pool's ID from the Cognito console"),
        ("eu-west-1", &elsewhere, "its part before the colon is the region"),
    ] {
        let config = config_of(&bench.stack, |_, aws| {
            aws["Auth"]["region"] = region.into();
            aws["Auth"]["identityPoolId"] = pool_id.into();
        });
        let session = bench.session_with(config);
        bench.sign_in(&session, ALICE).await;
        let error = session.aws_credentials().await.unwrap_err();
        assert!(
            matches!(&error, SessionError::Misconfigured { setting, problem, hint }
                if setting == "Auth.identityPoolId" && problem.contains(pool_id) && hint.contains(said)),
            "{error:?}"
        );
    }

    // A region that does not fit the pool is seen before anybody is asked.
    let files = bench.stack.config_files();
    let mut aws: serde_json::Value = serde_json::from_str(&files.aws_exports).unwrap();
    aws["Auth"]["region"] = "eu-west-1".into();
    let error = Config::parse(&files.okta_config, &aws.to_string()).unwrap_err();
    let [problem] = &error.problems[..] else { panic!("{error}") };
    assert!(problem.key.starts_with("Auth.") && problem.expectation.contains("us-west-2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_an_id_token_that_cognito_finds_expired_is_replaced_or_asks_for_a_sign_in() {
    for (scopes, is_renewed) in [("openid profile offline_access", true), ("openid profile", false)] {
        let bench = Bench::start().await;
        let session = bench.session_with(config_of(&bench.stack, |okta, _| okta["okta_scopes"] = scopes.into()));
        bench.sign_in(&session, ALICE).await;
        // The device's clock stands still: only Cognito knows that the token's time is up.
        bench.stack.clock().advance(2 * HOUR);
        let outcome = session.aws_credentials().await.map(|_| ());
        if is_renewed {
            assert_eq!(outcome, Ok(()));
            assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (2, 1));
        } else {
            assert_eq!(outcome, Err(SessionError::SignInRequired { reason: SignInReason::NoRefreshToken }));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_an_identity_that_cognito_no_longer_accepts_is_asked_for_once_more() {
    for fault in [
        Fault::CognitoIdentityNotFound,
        Fault::CognitoIdentityForbidden,
        Fault::CognitoLoginsMismatch,
        Fault::CognitoLoginLinkedElsewhere,
    ] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        session.aws_credentials().await.unwrap();
        bench.let_time_pass(HOUR);
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, 1);
        session.aws_credentials().await.unwrap();
        assert_eq!((bench.count("GetId"), bench.count("GetCredentialsForIdentity")), (1, 2));

        // If the new one is refused as well, that is the answer.
        bench.let_time_pass(HOUR);
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, ALWAYS);
        assert!(session.aws_credentials().await.is_err());
        assert_eq!(bench.count("GetId"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_credentials_that_s3_does_not_accept_are_replaced_once() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    // The device's clock stands still: only S3 knows that the time is up.
    bench.stack.clock().advance(2 * HOUR);
    bench.stack.log().clear();
    assert!(!list_everything(&session).await.is_empty());
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1);
    assert_eq!(bench.count("token"), 1);

    for fault in [Fault::S3ExpiredToken, Fault::S3InvalidToken] {
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, 1);
        assert!(!list_everything(&session).await.is_empty());
        assert_eq!(bench.count("GetCredentialsForIdentity"), 1, "{fault:?}");

        // A service that never accepts any gets two attempts, not endless ones.
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, ALWAYS);
        let error = list(&session, ListObjects::default()).await.unwrap_err();
        bench.stack.faults().inject(fault, 0);
        let (kind, advice) = match fault {
            Fault::S3ExpiredToken => ("retryable", "their clocks disagree"),
            _ => ("misconfigured", "partition"),
        };
        assert_eq!(error.kind(), kind);
        assert!(told(&error).contains("AWS credentials") && told(&error).contains(advice), "{error}");
        assert_eq!(bench.count("GetCredentialsForIdentity"), 1, "{fault:?}");
    }
}

/// C4, C11: what passes is tried again before anybody is told.
#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_what_passes_is_gone_at_the_next_try() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    for fault in
        [Fault::CognitoProviderUnreachable, Fault::CognitoThrottled, Fault::S3TemporaryRedirect, Fault::S3SlowDown]
    {
        bench.stack.faults().inject(fault, 1);
    }
    assert!(!list_everything(&session).await.is_empty());
    assert_eq!(bench.count("GetId"), 3);
    assert_eq!(bench.count("ListObjectsV2"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_a_request_that_s3_finds_signed_at_a_wrong_time_is_signed_once_more() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let listed = list_everything(&session).await;
    bench.clock.set_wrong_by(-HOUR.as_secs().cast_signed());
    bench.stack.log().clear();
    assert_eq!(list_everything(&session).await, listed);
    let answers: Vec<_> = bench.stack.log().records().iter().map(|record| (record.operation, record.status)).collect();
    assert_eq!(answers, [("ListObjectsV2", 403), ("ListObjectsV2", 200)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_10_a_bucket_that_is_missing_denied_or_elsewhere_is_told_apart() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let of = |bucket: &str| ListObjects { bucket: Some(bucket.to_owned()), ..ListObjects::default() };
    let missing = list(&session, of("no-such-bucket-here")).await.unwrap_err();
    assert!(
        matches!(&missing, SessionError::NoSuchBucket { bucket, .. } if bucket == "no-such-bucket-here"),
        "{missing:?}"
    );
    let denied = list(&session, of(&bench.stack.options().denied_bucket)).await.unwrap_err();
    assert!(
        matches!(&denied, SessionError::AccessDenied { code, hint, request_id: Some(_), .. }
            if code == "AccessDenied" && hint.contains("s3:ListBucket on arn:aws:s3:::jetbridge-private")),
        "{denied:?}"
    );
    let elsewhere = config_of(&bench.stack, |_, aws| aws["Storage"]["AWSS3"]["region"] = "eu-west-1".into());
    let elsewhere = bench.session_with(elsewhere);
    // C5: for a bucket that the app names, the configured region is not what is wrong.
    let other = list(&elsewhere, of(&bench.stack.options().denied_bucket)).await.unwrap_err();
    assert!(
        matches!(&other, SessionError::Misconfigured { problem, hint, .. }
            if problem.contains("bucket jetbridge-private is in us-west-2") && hint.contains("List jetbridge-private with a copy")),
        "{other:?}"
    );
    let wrong_region = list(&elsewhere, ListObjects::default()).await.unwrap_err();
    assert!(
        matches!(&wrong_region, SessionError::Misconfigured { setting, hint, .. }
            if setting == "Storage.AWSS3.region" && hint.contains("us-west-2")),
        "{wrong_region:?}"
    );
}
