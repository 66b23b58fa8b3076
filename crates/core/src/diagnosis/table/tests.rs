use super::row::Kind;
use super::*;
use crate::diagnosis::Permission;
use crate::error::Recovery;
use crate::error::Recovery::{AskForAccess, FixConfiguration, Retry, SignIn as SignInAgain};

const NOT_AUTHORIZED: &str = "NotAuthorizedException";

fn evidence() -> Evidence {
    Evidence {
        issuer: "http://127.0.0.1:1/oauth2/default".to_owned(),
        logins_key: "dev-1.okta.com/oauth2/default".to_owned(),
        client_id: "0oaclient".to_owned(),
        identity_pool_id: "us-west-2:pool".to_owned(),
        region: "us-west-2".to_owned(),
        bucket: "the-bucket".to_owned(),
        bucket_region: "us-west-2".to_owned(),
        ..Evidence::default()
    }
}

fn sorted(service: Service, code: &str, message: &str) -> SessionError {
    classify(&Refusal::new(service, code, message), &evidence())
}

fn told(error: &SessionError) -> String {
    format!("{error} {}", error.hint().unwrap_or_default())
}

/// Code, message, what the app should do, and a piece of the advice.
type Case = (&'static str, &'static str, Recovery, &'static str);

fn assert_sorted(service: Service, cases: &[Case]) {
    for (code, message, recovery, advice) in cases {
        let error = sorted(service, code, message);
        assert_eq!(error.recovery(), *recovery, "{service} {code} {message}: {error:?}");
        assert!(told(&error).contains(advice), "{advice:?} is not in {:?}", told(&error));
        assert!(!has_placeholder(&error), "{error:?}");
    }
}

#[test]
#[rustfmt::skip]
fn okta_s_words_lead_to_what_the_app_should_do() {
    assert_sorted(Okta, &[
        ("access_denied", "User is not assigned to the client application.", AskForAccess, "prompt=login"),
        ("access_denied", "Policy evaluation failed for this request", AskForAccess, "Access Policies"),
        ("access_denied", "Policy evaluation succeeded, but all the requested scopes were rejected.", AskForAccess, "Access Policies"),
        ("access_denied", "Some of the requested scopes were denied by the policy. Denied scopes: [offline_access].", AskForAccess,
            "take out of okta_scopes"),
        ("access_denied", "The request is made from outside the client's permitted network zones.", AskForAccess, "Security > Networks"),
        ("access_denied", "User creation was disabled.", AskForAccess, "just-in-time"),
        ("access_denied", "User linking was denied because the user is not in any of the specified groups.", AskForAccess, "link policy"),
        ("access_denied", "The resource owner or authorization server denied the request.", AskForAccess, "pressed Cancel"),
        ("access_denied", "The resource owner denied the request.", AskForAccess, "Okta says: The resource owner denied"),
        ("invalid_grant", "The refresh token is invalid or expired.", SignInAgain, "no longer renews"),
        ("invalid_grant", "The authorization code is invalid or has expired.", SignInAgain, "took too long"),
        ("invalid_grant", "PKCE verification failed: en.", SignInAgain, "took too long"),
        ("invalid_grant", "API call exceeded rate limit due to too many requests.", Retry, "limits the rate"),
        ("login_required", "Request expired, please start over and try again.", SignInAgain, "login_required"),
        ("login_required", "", SignInAgain, "login_required"),
        ("consent_required", "", SignInAgain, "consent_required"),
        ("interaction_required", "", SignInAgain, "interaction_required"),
        ("invalid_request", "The 'redirect_uri' parameter must be registered.", FixConfiguration, "Sign-in redirect URIs"),
        ("invalid_request", "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings: \
            https://a-admin.okta.com", FixConfiguration, "okta_callback_url"),
        ("invalid_request", "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings.",
            FixConfiguration, "Sign-out redirect URIs"),
        ("invalid_request", "Identity provider is not valid.", FixConfiguration, "Security > Identity Providers"),
        ("invalid_request", "The grant was issued for another authorization server.", FixConfiguration, "that the sign-in began at"),
        ("invalid_request", "Pushed Authorization Request is only allowed.", FixConfiguration, "pushed_authorization_requests to true"),
        ("invalid_request", "Odd.", FixConfiguration, "Okta: invalid_request: Odd)"),
        ("invalid_scope", "One or more scopes are not configured for the authorization server resource.", FixConfiguration,
            "your authorization server > Scopes"),
        ("invalid_scope", "The following scopes are not allowed for this request: [en].", FixConfiguration, "Refresh Token ticked"),
        ("invalid_scope", "Custom scopes are not allowed for this request.", FixConfiguration, "scopes of your own"),
        ("invalid_scope", "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.", FixConfiguration,
            "Add openid"),
        ("invalid_scope", "Odd.", FixConfiguration, "invalid_scope: Odd)"),
        ("invalid_client", "Invalid value for 'client_id' parameter.", FixConfiguration, "no active application 0oaclient"),
        ("invalid_client", "Client authentication failed. Either the client or the client credentials are invalid.", FixConfiguration,
            "client authentication None"),
        ("unauthorized_client", "This client cannot use a custom authorization server.", FixConfiguration, "okta_issuer_url"),
        ("unsupported_grant_type", "", FixConfiguration, "Refresh Token"),
        ("request_uri_not_supported", "", FixConfiguration, "okta_pushed_authorization_requests"),
        ("invalid_request_uri", "The authorize request_uri is invalid.", Retry, "used before"),
        ("unmet_authentication_requirements", "", AskForAccess, "acr_values"),
        ("server_error", "The groups claim matched too many groups and must be configured to match fewer groups.", FixConfiguration,
            "filter of the groups claim"),
        ("server_error", "The requested feature is not enabled in this environment.", FixConfiguration, "bare https://your-domain"),
        ("server_error", "The 'shoe' user claim could not be evaluated.", FixConfiguration, "The 'shoe' user claim"),
        ("E0000007", "Not found: Resource not found: default (AuthorizationServer)", FixConfiguration, "Authorization Servers"),
        ("E0000008", "The requested path was not found", FixConfiguration, "compare its endpoints"),
        ("invalid_client", "", FixConfiguration, "Native Application"),
        ("unauthorized_client", "", FixConfiguration, "tick Authorization Code and Refresh Token"),
        ("unsupported_response_type", "", FixConfiguration, "tick Authorization Code"),
        ("use_dpop_nonce", "", FixConfiguration, "DPoP"),
        ("invalid_dpop_proof", "", FixConfiguration, "DPoP"),
        ("E0000015", "You do not have permission to access the feature", FixConfiguration, "org authorization server"),
        ("E0000047", "API call exceeded rate limit", Retry, "limits the rate"),
        ("server_error", "", Retry, "internal error"),
        ("temporarily_unavailable", "", Retry, "cannot answer now"),
    ]);
}

#[test]
#[rustfmt::skip]
fn cognito_s_words_lead_to_what_the_app_should_do() {
    assert_sorted(Cognito, &[
        (NOT_AUTHORIZED, "Token is not from a supported provider of this identity pool.", FixConfiguration, "attach it"),
        (NOT_AUTHORIZED, "Invalid login token. Issuer doesn't match providerName", FixConfiguration, "path included"),
        (NOT_AUTHORIZED, "Invalid login token. Token expired: 1 >= 2", SignInAgain, NOT_AUTHORIZED),
        (NOT_AUTHORIZED, "Invalid login token. Token is expired.", SignInAgain, NOT_AUTHORIZED),
        (NOT_AUTHORIZED, "Invalid login token. Missing a required claim: aud", FixConfiguration, "ID tokens only"),
        (NOT_AUTHORIZED, "Invalid login token. Couldn't verify signed token.", FixConfiguration, "RSA"),
        (NOT_AUTHORIZED, "Invalid login token. Can't pass in a Cognito token.", FixConfiguration, "Okta's issuer"),
        (NOT_AUTHORIZED, "Invalid login token. Not a valid OpenId Connect identity token.", FixConfiguration,
            "Not a valid OpenId Connect identity token (Cognito: NotAuthorizedException)"),
        (NOT_AUTHORIZED, "Logins don't match. Please include at least one valid login", FixConfiguration, "attach the provider"),
        (NOT_AUTHORIZED, "Access to Identity 'us-west-2:1' is forbidden.", AskForAccess, "Identity browser"),
        (NOT_AUTHORIZED, "The ambiguous role mapping rules denied this request.", FixConfiguration, "Role settings"),
        (NOT_AUTHORIZED, "Unauthenticated access is not supported for this identity pool.", FixConfiguration, "guest access"),
        (NOT_AUTHORIZED, "Nobody knows this.", AskForAccess, "Cognito says: Nobody knows this"),
        (NOT_AUTHORIZED, "", AskForAccess, "Cognito gives no reason."),
        ("AccessDeniedException", "with an explicit deny in a resource control policy", AskForAccess, "Organizations console"),
        ("AccessDeniedException", "with an explicit deny in a VPC endpoint policy", AskForAccess, "VPC console > Endpoints"),
        ("AccessDeniedException", "", AskForAccess, "resource control policies"),
        ("InvalidIdentityPoolConfigurationException", "Check assigned IAM roles for this pool.", FixConfiguration, "TagSession"),
        ("ResourceNotFoundException", "IdentityPool 'us-west-2:pool' not found.", FixConfiguration, "Copy the pool's ID"),
        ("ResourceNotFoundException", "Identity 'us-west-2:1' not found.", Retry, "that it named a moment ago"),
        ("ResourceNotFoundException", "Something not found.", FixConfiguration, "Something not found"),
        ("ResourceConflictException", "Login is already linked.", AskForAccess, "unlink the login"),
        ("InvalidParameterException", "Please provide a valid public provider", FixConfiguration, "attach https://"),
        ("InvalidParameterException", "Invalid role mappings.", FixConfiguration, "InvalidParameterException: Invalid role mappings)"),
        ("ValidationException", "1 validation error detected: Value null at 'logins'", FixConfiguration, "Value null at 'logins'"),
        ("TooManyRequestsException", "Rate exceeded", Retry, "limits the rate"),
        ("ThrottlingException", "", Retry, "limits the rate"),
        ("LimitExceededException", "Limit exceeded", FixConfiguration, "Trying again does not help"),
        ("InternalErrorException", "", Retry, "internal error"),
        ("ServiceUnavailable", "", Retry, "cannot answer now"),
        ("ExternalServiceException", "no answer", Retry, "keys of http://127.0.0.1:1/oauth2/default may not be reachable"),
    ]);
}

#[test]
#[rustfmt::skip]
fn s3_s_words_lead_to_what_the_app_should_do() {
    assert_sorted(S3, &[
        ("InvalidBucketName", "", FixConfiguration, "3 to 63 lower-case letters"),
        ("NoSuchBucket", "The specified bucket does not exist", FixConfiguration, "check Storage.AWSS3.bucket"),
        ("NoSuchKey", "", FixConfiguration, "not found: bucket the-bucket"),
        ("PreconditionFailed", "At least one of the pre-conditions", Retry, "S3: PreconditionFailed: At least one"),
        ("InvalidRange", "The requested range is not satisfiable", FixConfiguration, "has fewer"),
        ("InvalidObjectState", "", AskForAccess, "aws s3api restore-object"),
        ("ConditionalRequestConflict", "The conditional request cannot succeed", Retry, "at the same time"),
        ("BadDigest", "The CRC64NVME you specified did not match", Retry, "other bytes arrived"),
        ("IncompleteBody", "", Retry, "fewer bytes arrived"),
        ("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", FixConfiguration, "in parts"),
        ("KeyTooLongError", "Your key is too long", FixConfiguration, "1,024 bytes"),
        ("MetadataTooLarge", "", FixConfiguration, "2 KB"),
        ("InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
            FixConfiguration, "larger than 5 GB"),
        ("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the \
            object's metadata", FixConfiguration, "another key"),
        ("KMS.DisabledException", "", FixConfiguration, "enable the key"),
        ("AccessDenied", "Access Denied", AskForAccess, "the bucket itself, not /*"),
        ("AccessDenied", "User: arn:aws:sts::1:assumed-role/r/s is not authorized", AskForAccess, "S3 says: User: arn:aws:sts"),
        ("AccessDenied", "with an explicit deny in a resource-based policy", AskForAccess, "Bucket policy"),
        ("AccessDenied", "because no service control policy allows the s3:ListBucket action", AskForAccess, "organization"),
        ("AccessDenied", "because no identity-based policy allows the s3:ListBucket action", AskForAccess, "not /*"),
        ("AllAccessDisabled", "All access to this object has been disabled", AskForAccess, "S3 says: All access"),
        ("PermanentRedirect", "", FixConfiguration, "bucket the-bucket is in another region"),
        ("AuthorizationHeaderMalformed", "the region 'a' is wrong", FixConfiguration, "bucket the-bucket is in another region"),
        ("AuthorizationHeaderMalformed", "a non-empty Access Key (AKID) must be provided", AskForAccess, "S3 says: a non-empty"),
        ("IllegalLocationConstraintException", "the me-south-1 location constraint", FixConfiguration, "me-south-1"),
        ("TemporaryRedirect", "", Retry, "up to a day for a new bucket"),
        ("OperationAborted", "A conflicting conditional operation", Retry, "for somebody else"),
        ("RequestTimeTooSkewed", "", Retry, "S3's clock seems to be wrong"),
        ("SlowDown", "Please reduce your request rate.", Retry, "SlowDown: Please reduce your request rate)"),
        ("RequestThrottled", "", Retry, "limits the rate"),
        ("ServiceUnavailable", "", Retry, "cannot answer now"),
        ("InternalError", "", Retry, "internal error"),
        ("RequestTimeout", "", Retry, "waited too long"),
        ("ExpiredToken", "", Retry, "their clocks disagree"),
        ("TokenRefreshRequired", "", Retry, "other AWS credentials"),
        ("InvalidToken", "The provided token is malformed or otherwise invalid.", FixConfiguration, "partition"),
        ("InvalidAccessKeyId", "", FixConfiguration, "partition"),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.",
            FixConfiguration, "Host and port included"),
    ]);
}

fn has_placeholder(error: &SessionError) -> bool {
    let text = told(error);
    [
        "{words}",
        "{issuer}",
        "{logins_key}",
        "{client_id}",
        "{identity_pool_id}",
        "{region}",
        "{pool_issuer}",
        "{bucket_partition}",
        "{api_",
        "{bucket}",
        "{bucket_region}",
        "{subject}",
    ]
    .iter()
    .any(|placeholder| text.contains(placeholder))
}

#[test]
fn every_row_is_reachable_and_every_placeholder_is_filled() {
    for row in rows() {
        let Some(service) = row.service else { continue };
        let refusal = Refusal::new(service, row.code, row.fragment);
        let first = rows().find(|other| other.is_about(&refusal));
        assert_eq!(first.map(|row| row.id), Some(row.id), "{} {} is hidden by an earlier row", row.code, row.fragment);
        let error = classify(&refusal, &evidence());
        assert!(!has_placeholder(&error), "{}", row.code);
        assert_eq!(error.kind(), row.kind.name(), "{}: {error:?}", row.id);
    }
}

/// What is told as passing is what is sent again (`Passing`), or has been mended and tried again (`blame`).
#[test]
fn every_refusal_that_passes_has_been_tried_again() {
    for row in rows().filter(|row| matches!(row.kind, Kind::Retryable)) {
        let Some(service) = row.service.filter(|service| *service != Okta) else { continue };
        let refusal = Refusal::new(service, row.code, row.fragment);
        assert!(refusal.passing().is_some() || refusal.blame().is_some(), "{}", row.code);
    }
}

#[test]
fn the_fix_can_be_copied() {
    let error = sorted(Cognito, NOT_AUTHORIZED, "Token is not from a supported provider");
    let hint = error.hint().unwrap();
    assert!(hint.contains("https://dev-1.okta.com/oauth2/default must exist with audience 0oaclient"), "{hint}");
}

/// `{"alg":…,"kid":"k1"}` and these claims; nobody looks at the signature here.
fn token(algorithm: &str, claims: &serde_json::Value) -> String {
    use base64::Engine as _;
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.x", part(format!(r#"{{"alg":"{algorithm}","kid":"k1"}}"#)), part(claims.to_string()))
}

#[test]
fn what_the_id_token_says_is_compared_with_the_configuration() {
    let refused = |words: &str, algorithm: &str, claims: serde_json::Value| {
        let evidence = evidence().for_id_token(&token(algorithm, &claims)).at(Some(std::time::SystemTime::UNIX_EPOCH));
        told(&classify(&Refusal::new(Cognito, NOT_AUTHORIZED, words), &evidence))
    };
    let (issuer, unsupported) = (evidence().issuer, "Token is not from a supported provider of this identity pool.");
    let alice =
        |audience: &str| serde_json::json!({ "iss": issuer, "aud": audience, "name": "Alice Example", "sub": "00u1" });
    let right = refused(unsupported, "RS256", alice("0oaclient"));
    assert!(
        right.contains("is as configured (iss http://127.0.0.1:1/oauth2/default, aud 0oaclient, alg RS256, kid k1)"),
        "{right}"
    );
    let other = refused(unsupported, "RS256", alice("0oaother"));
    assert!(
        other.contains("the ID token has aud 0oaother, and not okta_client_id 0oaclient") && !other.contains("at AWS")
    );
    let unverified = refused("Invalid login token. Couldn't verify signed token.", "ES256", alice("0oaclient"));
    assert!(unverified.contains("is signed by ES256"), "{unverified}");
    let mut elsewhere = alice("0oaclient");
    elsewhere["iss"] = "http://127.0.0.1:1/oauth2/Default".into();
    let elsewhere = refused("Invalid login token. Issuer doesn't match providerName", "RS256", elsewhere);
    assert!(elsewhere.contains("from character 27 on it has \"Default\" in place of \"default\""), "{elsewhere}");
    for told in [right, other, unverified, elsewhere] {
        assert!(!told.contains("Alice") && !told.contains("00u1"), "{told}");
    }
}

#[test]
fn the_region_of_the_bucket_that_was_asked_for_is_told() {
    let redirect = |region: Option<&str>, evidence: Evidence| {
        let bucket_region = region.map(str::to_owned);
        classify(&Refusal { bucket_region, ..Refusal::new(S3, "PermanentRedirect", "") }, &evidence)
    };
    let error = redirect(Some("eu-west-1"), evidence());
    assert!(error.to_string().contains("bucket the-bucket is in eu-west-1, and was asked for in us-west-2"), "{error}");
    assert_eq!(error.hint().unwrap(), "Set Storage.AWSS3.region to eu-west-1.");
    assert!(redirect(None, evidence()).hint().unwrap().contains("S3 console > bucket > Properties"));
    // Another bucket than the configured one does not make the configured region wrong.
    for region in [Some("eu-west-1"), None] {
        let other = redirect(region, evidence().for_bucket("their-bucket"));
        assert!(other.to_string().contains("bucket their-bucket is in"), "{other}");
        let hint = other.hint().unwrap();
        assert!(hint.contains("List their-bucket with a copy of it") && !hint.starts_with("Set Storage"), "{hint}");
    }
    assert!(
        told(&redirect(Some("eu-west-1"), evidence().for_bucket("the-bucket"))).contains("Set Storage.AWSS3.region")
    );
}

#[test]
fn a_region_that_is_the_configured_one_is_no_wrong_region() {
    let refusal = Refusal {
        bucket_region: Some("us-west-2".to_owned()),
        endpoint: Some("s3.us-west-2.amazonaws.com".to_owned()),
        ..Refusal::new(S3, "PermanentRedirect", "")
    };
    let passing = classify(&refusal, &evidence());
    assert_eq!(passing.recovery(), Recovery::Retry, "{passing}");
    assert!(!told(&passing).contains("Set Storage"), "{}", told(&passing));
    let elsewhere = Evidence { s3_endpoint: Some("https://s3.example.com".to_owned()), ..evidence() };
    let error = classify(&refusal, &elsewhere);
    assert!(
        matches!(&error, SessionError::Misconfigured { setting, problem, hint }
            if setting == "Storage.AWSS3.endpoint" && problem.starts_with("https://s3.example.com does not lead")
                && hint.contains("S3 names s3.us-west-2.amazonaws.com")),
        "{error:?}"
    );
}

#[test]
fn a_refusal_without_a_word_is_told_by_its_status_and_what_stands_beside() {
    let bare = |status: u16, region: Option<&str>| {
        let bucket_region = region.map(str::to_owned);
        classify(&Refusal { bucket_region, ..Refusal::without_code(S3, status) }, &evidence())
    };
    assert!(told(&bare(400, Some("eu-west-1"))).contains("Set Storage.AWSS3.region to eu-west-1."));
    let unexplained = bare(400, Some("us-west-2"));
    assert_eq!(
        told(&unexplained),
        "request: S3 does not take this request (S3: HTTP status 400) Trying again does not help: change what is asked for."
    );
    for status in [302, 307, 408, 429, 500, 502, 503, 504] {
        assert_eq!(bare(status, None).recovery(), Recovery::Retry, "{status}");
    }
    assert_eq!(bare(404, None).kind(), "not_found");
    for status in [405, 409, 412, 501] {
        assert_eq!(bare(status, None).kind(), "misconfigured", "{status}");
    }
}

#[test]
fn a_bucket_that_somebody_named_is_told_by_its_name() {
    let missing = classify(&Refusal::new(S3, "NoSuchBucket", ""), &evidence().for_bucket("their-bucket"));
    assert_eq!(missing.to_string(), "not found: bucket their-bucket: check its name");
    let access_point = "arn:aws:s3:us-west-2:123456789012:accesspoint/reports";
    let denied = classify(&Refusal::new(S3, "AccessDenied", ""), &evidence().for_bucket(access_point));
    assert!(told(&denied).contains(&format!("s3:ListBucket on {access_point} and")), "{}", told(&denied));
    let express = evidence().for_bucket("fast--usw2-az1--x-s3");
    let denied = classify(&Refusal::new(S3, "AccessDenied", "Access Denied"), &express);
    assert!(told(&denied).contains("s3express:CreateSession on arn:aws:s3express:us-west-2:ACCOUNT:bucket/fast--usw2"));
    let by_access_point = evidence().for_bucket("reports--usw2-az1--xa-s3");
    let denied = classify(&Refusal::new(S3, "AccessDenied", "Access Denied"), &by_access_point);
    assert!(told(&denied).contains(":us-west-2:ACCOUNT:accesspoint/reports--usw2-az1--xa-s3"), "{}", told(&denied));
}

#[test]
fn a_refusal_at_an_object_names_it_and_the_permission_on_it() {
    let about = |action, key: &str| evidence().for_permission(Permission::on_object(action, "the-bucket", key));
    let reading = about("s3:GetObject", "reports/q1.pdf");
    let refused = |code: &str, message: &str, evidence: &Evidence| classify(&Refusal::new(S3, code, message), evidence);
    assert_eq!(
        refused("NoSuchKey", "", &reading).to_string(),
        "not found: object reports/q1.pdf in bucket the-bucket (S3: NoSuchKey)"
    );
    let denied = told(&refused("AccessDenied", "Access Denied", &reading));
    assert!(denied.contains("role needs s3:GetObject on arn:aws:s3:::the-bucket/reports/q1.pdf,"), "{denied}");
    assert!(
        denied.contains("Or there is no such object") && denied.contains("s3:ListBucket on arn:aws:s3:::the-bucket.")
    );
    let writing = told(&refused("AccessDenied", "Access Denied", &about("s3:PutObject", "reports/q1.pdf")));
    assert!(writing.contains("s3:PutObject on arn:") && !writing.contains("no such object"), "{writing}");
    let copying = Permission::on_object("s3:PutObject", "other-bucket", "copy");
    let copying = told(&refused("AccessDenied", "", &reading.clone().for_permission(copying)));
    assert!(copying.contains("q1.pdf and s3:PutObject on arn:aws:s3:::other-bucket/copy,"), "{copying}");
    let kms = "User: u is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext";
    let kms = told(&refused("AccessDenied", kms, &reading));
    assert!(kms.contains("must allow kms:Decrypt on that key") && !kms.contains("needs s3:GetObject"), "{kms}");
    // A key may hold anything.
    let strange = refused("NoSuchKey", "", &about("s3:GetObject", "a\u{1b}[2J\nb"));
    assert!(strange.to_string().contains(r#"object "a\u{1b}[2J\nb" in"#), "{strange}");
}

#[test]
fn what_is_to_be_pasted_fits_the_partition_of_its_region() {
    let elsewhere =
        Evidence { region: "us-gov-west-1".to_owned(), bucket_region: "cn-north-1".to_owned(), ..evidence() };
    let refused =
        |service, code: &str, evidence: &Evidence| told(&classify(&Refusal::new(service, code, ""), evidence));
    let listing = refused(S3, "AccessDenied", &elsewhere);
    assert!(
        listing.contains("arn:aws-cn:s3:::the-bucket (") && listing.contains("arn:aws-cn:s3:::the-bucket/*"),
        "{listing}"
    );
    let express = refused(S3, "AccessDenied", &elsewhere.clone().for_bucket("fast--cnn1-az1--x-s3"));
    assert!(express.contains("arn:aws-cn:s3express:cn-north-1:"), "{express}");
    let read = elsewhere.clone().for_permission(Permission::on_object("s3:GetObject", "the-bucket", "k"));
    let read = refused(S3, "AccessDenied", &read);
    assert!(read.contains("arn:aws-cn:s3:::the-bucket/k") && !read.contains("arn:aws:"), "{read}");
    let role = refused(Cognito, "InvalidIdentityPoolConfigurationException", &elsewhere);
    assert!(role.contains("cognito-identity-us-gov.amazonaws.com:aud = us-west-2:pool"), "{role}");
}

#[test]
fn a_condition_is_named_with_its_object() {
    let reading = evidence().for_permission(Permission::on_object("s3:GetObject", "the-bucket", "k"));
    let mut refusal = Refusal { status: Some(412), ..Refusal::new(S3, "PreconditionFailed", "") };
    refusal.condition = Some("If-Match".to_owned());
    let error = classify(&refusal, &reading);
    assert_eq!(error.kind(), "condition_not_met");
    assert!(error.to_string().contains("object k in bucket the-bucket is not as the request demands (If-Match, S3"));
    let error = classify(&Refusal { status: Some(304), ..Refusal::new(S3, "NotModified", "") }, &reading);
    assert!(error.to_string().ends_with("object k in bucket the-bucket was not modified (HTTP status 304)"), "{error}");
}

#[test]
fn claims_that_cannot_be_session_tags_come_before_the_trust_policy() {
    let refusal = Refusal::new(Cognito, "InvalidIdentityPoolConfigurationException", "Check assigned IAM roles.");
    let suspected = Evidence { untaggable_claims: vec!["department".to_owned()], ..evidence() };
    let SessionError::Misconfigured { problem, hint, .. } = classify(&refusal, &suspected) else { panic!() };
    assert!(problem.contains("cannot be session tags (department)"), "{problem}");
    let place = |words: &str| hint.find(words).unwrap_or_else(|| panic!("{words} is not in {hint}"));
    assert!(
        place("letters, digits, spaces and _.:/=+-@ only, 256 characters") < place("sts:AssumeRoleWithWebIdentity")
    );
}

#[test]
fn what_no_row_knows_is_sorted_by_its_status_and_quoted_safely() {
    let mut refusal = Refusal::new(S3, "Strange", "odd\u{1b}[31m words");
    assert!(
        matches!(classify(&refusal, &evidence()), SessionError::AccessDenied { hint, .. } if hint == "S3 says: odd[31m words")
    );
    for (service, code, status, kind) in [
        (S3, "Strange", 401, "access_denied"),
        (S3, "Strange", 403, "access_denied"),
        (Cognito, "NotAuthorizedException", 400, "access_denied"),
        (S3, "NotImplemented", 501, "misconfigured"),
        (S3, "MethodNotAllowed", 405, "misconfigured"),
        (S3, "InvalidRequest", 400, "misconfigured"),
        (S3, "EntityTooSmall", 400, "misconfigured"),
        (S3, "HTTP status 308", 308, "misconfigured"),
        (Cognito, "StrangeException", 400, "misconfigured"),
        (S3, "Strange", 404, "not_found"),
        (S3, "Strange", 502, "retryable"),
        (S3, "HTTP status 507", 507, "retryable"),
        (S3, "HTTP status 999", 999, "retryable"),
    ] {
        let refusal = Refusal { status: Some(status), ..Refusal::new(service, code, "odd words") };
        let error = classify(&refusal, &evidence());
        assert_eq!(error.kind(), kind, "{code} {status}: {error}");
        let told = format!("{error} {}", error.hint().unwrap_or_default());
        assert!(told.contains("odd words"), "{code} {status}: {told}");
    }
    // One object's refusal is no reason against the others.
    refusal.status = Some(400);
    let reading = evidence().for_permission(Permission::on_object("s3:GetObject", "the-bucket", "k"));
    assert!(classify(&refusal, &reading).is_about_one_object());
    assert!(!classify(&refusal, &evidence()).is_about_one_object());
}

#[test]
fn what_passes_by_itself_has_the_advice_of_its_cause() {
    let hint = |service, code| sorted(service, code, "").hint().unwrap();
    for (service, code) in [
        (Service::Okta, "E0000047"),
        (Service::Cognito, "TooManyRequestsException"),
        (Service::Cognito, "ThrottlingException"),
        (Service::S3, "SlowDown"),
        (Service::S3, "RequestLimitExceeded"),
    ] {
        assert!(hint(service, code).contains("fewer requests"), "{code}: {}", hint(service, code));
    }
    let senseless = crate::diagnosis::senseless(Service::S3, "it ends nowhere");
    let fresh_token = crate::diagnosis::cognito::fresh_id_token_expired();
    let of_servers = [
        senseless,
        fresh_token,
        sorted(Service::S3, "RequestTimeTooSkewed", ""),
        sorted(Service::S3, "ExpiredToken", ""),
    ];
    for error in of_servers {
        assert!(error.hint().unwrap().contains("ask who runs the server"), "{error}");
    }
}

#[test]
fn a_listing_that_is_denied_names_its_prefix_and_where_that_comes_from() {
    let refused = |prefix: &str, configured: Option<&str>, message: &str| {
        told(&classify(&Refusal::new(S3, "AccessDenied", message), &evidence().for_listing(prefix, configured)))
    };
    let set =
        "A listing of prefix \"a/\" was asked for, which is Storage.AWSS3.prefix: set that to what the role may list";
    for (prefix, configured, said) in [
        ("a/", Some("a/"), set),
        ("b/", Some("a/"), "A listing of prefix \"b/\" was asked for: list one that the role may"),
        ("", None, "A listing of the whole bucket was asked for, because Storage.AWSS3.prefix is not set: set it to"),
        ("", Some("a/"), "A listing of the whole bucket was asked for: list a prefix that the role may"),
        ("x\u{1b}[2J", None, "A listing of prefix \"x\\u{1b}[2J\" was asked for"),
    ] {
        let told = refused(prefix, configured, "Access Denied");
        assert!(told.contains(said) && told.find(said) < told.find("s3:ListBucket on"), "{told}");
    }
    // Who denies what the role is allowed is not moved by another prefix, or by more permissions.
    let elsewhere = refused("a/", Some("a/"), "with an explicit deny in a resource-based policy");
    assert!(!elsewhere.contains("Prefix") && !elsewhere.contains("role needs"), "{elsewhere}");
    let kms = "User: u is not authorized to perform: kms:Decrypt on resource: k because no resource-based policy allows the \
               kms:Decrypt action";
    assert!(refused("", None, kms).contains("the key's policy must allow kms:Decrypt"));
}
