use serde_json::{Value, json};

use super::functions::{plan_slowness, run};
use super::*;

fn event(authorizer: &Value, parameters: &Value) -> Value {
    json!({ "requestContext": { "authorizer": authorizer }, "pathParameters": parameters })
}

#[tokio::test]
async fn whoami_answers_as_infra_s_function() {
    let of_pool = json!({ "iam": { "cognitoIdentity": { "identityId": "us-west-2:1" }, "userArn": "arn:x" } });
    let Ok(answer) = run(&Function::Whoami, &event(&of_pool, &json!({}))).await else { panic!("it answers") };
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, r#"{"identityId":"us-west-2:1","userArn":"arn:x"}"#)
    );
    assert!(answer.headers.contains(&(header::CACHE_CONTROL, "no-store")));
    let other = json!({ "iam": { "cognitoIdentity": null, "userArn": "arn:x" } });
    let Ok(answer) = run(&Function::Whoami, &event(&other, &json!({}))).await else { panic!("it answers") };
    assert_eq!(answer.body, r#"{"identityId":null,"userArn":"arn:x"}"#);
    // Without a signature there is no caller, and the function fails.
    let refusal = run(&Function::Whoami, &event(&Value::Null, &json!({}))).await.err().unwrap();
    assert_eq!((refusal.status.as_u16(), refusal.message.as_str()), (500, "Internal Server Error"));
}

#[test]
fn a_slow_function_is_given_up_after_thirty_seconds() {
    let slow = |milliseconds| {
        let (wait, answer) = plan_slowness(milliseconds);
        (wait.as_millis(), answer.map_or_else(|refusal| refusal.status.as_u16(), |answer| answer.status.as_u16()))
    };
    assert_eq!(slow(250), (250, 200));
    assert_eq!(slow(29_999), (29_999, 200));
    assert_eq!(slow(30_000), (30_000, 503));
    assert_eq!(slow(u64::MAX), (30_000, 503));
}

#[tokio::test]
async fn a_status_is_one_that_has_a_body() {
    for (code, wanted) in [("503", 503), ("200", 200), ("599", 599), ("204", 500), ("199", 500), ("600", 500)] {
        let found = match run(&Function::Status, &event(&Value::Null, &json!({ "code": code }))).await {
            Ok(answer) => answer.status.as_u16(),
            Err(refusal) => refusal.status.as_u16(),
        };
        assert_eq!(found, wanted, "{code}");
    }
}

#[tokio::test]
async fn a_function_that_is_not_imitated_is_named() {
    let unknown = Function::Unknown { name: "arn:aws:lambda:x".to_owned() };
    let refusal = run(&unknown, &json!({})).await.err().unwrap();
    assert!(refusal.status == 501 && refusal.message.contains("arn:aws:lambda:x"));
    assert_eq!(run(&Function::Forbidden, &json!({})).await.err().unwrap().status, 500);
}
