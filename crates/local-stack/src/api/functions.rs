//! The functions behind the routes: each gets an event and answers as the real one would.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::answer::{FunctionAnswer, Refusal};
use crate::template::Function;

/// "Maximum integration timeout: 30 seconds".
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// For the request log.
pub(super) fn name(function: &Function) -> &'static str {
    match function {
        Function::Whoami => "whoami",
        Function::Echo => "echo",
        Function::Status => "status",
        Function::Slow => "slow",
        Function::Unknown { .. } | Function::Forbidden => "unsupported",
    }
}

pub(super) async fn run(function: &Function, event: &Value) -> Result<FunctionAnswer, Refusal> {
    match function {
        Function::Whoami => whoami(event),
        Function::Echo => Ok(FunctionAnswer::json(StatusCode::OK, event)),
        Function::Status => status(event),
        Function::Slow => slow(event).await,
        Function::Unknown { name } => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("The local stack does not imitate the function {name}."),
        )),
        Function::Forbidden => Err(failed()),
    }
}

/// What API Gateway makes of a function that fails, or that it may not call.
fn failed() -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// As `infra/lib/whoami.js`: who called, as API Gateway learnt it from the signature.
fn whoami(event: &Value) -> Result<FunctionAnswer, Refusal> {
    let caller = event.pointer("/requestContext/authorizer/iam").filter(|caller| caller.is_object());
    let caller = caller.ok_or_else(failed)?;
    let identity = caller.pointer("/cognitoIdentity/identityId").unwrap_or(&Value::Null);
    let body = json!({ "identityId": identity, "userArn": caller["userArn"] });
    let mut answer = FunctionAnswer::json(StatusCode::OK, &body);
    answer.headers.push((header::CACHE_CONTROL, "no-store"));
    Ok(answer)
}

fn status(event: &Value) -> Result<FunctionAnswer, Refusal> {
    let code: u16 = parameter(event, "code")?;
    // Statuses that have no body, or are no answer, are none that a function can be asked for.
    match StatusCode::from_u16(code) {
        Ok(status) if (200..600).contains(&code) && ![204, 205, 304].contains(&code) => {
            Ok(FunctionAnswer::json(status, &json!({ "status": code })))
        }
        _ => Err(failed()),
    }
}

async fn slow(event: &Value) -> Result<FunctionAnswer, Refusal> {
    let (wait, answer) = plan_slowness(parameter(event, "milliseconds")?);
    tokio::time::sleep(wait).await;
    answer
}

/// How long it takes until there is an answer, and which.
pub(super) fn plan_slowness(milliseconds: u64) -> (Duration, Result<FunctionAnswer, Refusal>) {
    let wait = Duration::from_millis(milliseconds);
    if wait < INTEGRATION_TIMEOUT {
        (wait, Ok(FunctionAnswer::json(StatusCode::OK, &json!({ "milliseconds": milliseconds }))))
    } else {
        (INTEGRATION_TIMEOUT, Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")))
    }
}

fn parameter<T: std::str::FromStr>(event: &Value, name: &str) -> Result<T, Refusal> {
    event["pathParameters"][name].as_str().and_then(|text| text.parse().ok()).ok_or_else(failed)
}
