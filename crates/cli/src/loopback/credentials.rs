//! A container's credentials endpoint: AWS's SDKs ask it for credentials, and again when those are about to expire.
//! AWS SDKs and Tools Reference Guide, "Container credential provider"; what goes over the wire is written nowhere but in the
//! SDKs: botocore 1.43 `ContainerMetadataFetcher`, aws-sdk-js-v3 `credential-provider-http`, aws-config 1.13 (Rust)
//! `ecs.rs` and `json_credentials.rs`, aws-sdk-java-v2 `ContainerCredentialsProvider`.
//!
//! All of them go to a loopback address over plain http, without the proxy that a variable names. Any program of any user
//! here can reach it, so a request has to bring the token, which is in a file of the user's own.

use std::net::{Ipv4Addr, SocketAddr};

use jetbridge::Session;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::answer::json;
use super::random;
use super::request::{Request, Status};
use super::server::{Answer, Service, Visitor, listen, serve};
use crate::exit::{Exit, Failure};
use crate::text::{escape_json, rfc3339};

const PATH: &str = "/credentials";

/// Serves until it is dropped.
pub(crate) struct CredentialsEndpoint {
    uri: String,
    token: String,
    serving: JoinHandle<()>,
}

impl CredentialsEndpoint {
    /// Port 0 takes any free port.
    pub(crate) fn start(session: Session, port: u16) -> Result<Self, Failure> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (listener, ours) = listen(wanted).map_err(|error| {
            let problem = format!("cannot serve at {wanted}: {error}");
            Failure::new("port_in_use", Exit::Temporary, problem).hint("--port 0 takes any port that is free.")
        })?;
        let token = random().map_err(|error| Failure::internal(format!("no token for the endpoint: {error}")))?;
        let desk = Desk { session, token: token.clone() };
        let serving = serve(listener, ours.to_string(), desk);
        Ok(Self { uri: format!("http://{ours}{PATH}"), token, serving })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// What a request has to have as `Authorization`, whole.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl Drop for CredentialsEndpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Desk {
    session: Session,
    token: String,
}

impl Service for Desk {
    async fn answer(&self, request: Request, visitor: &Visitor) -> Result<Answer, Status> {
        if request.path_and_query != PATH {
            return Err(Status::NotFound);
        }
        if !request.authorization.is(&self.token) {
            return Err(Status::Forbidden);
        }
        // To renew them takes a while.
        visitor.welcome();
        // Whoever signed out, in another process, has not meant keys to be handed out any more.
        self.session.restore().await;
        let text = match self.session.aws_credentials_to_hand_on().await {
            Ok(credentials) => document(
                "200 OK",
                "",
                &Credentials {
                    access_key_id: credentials.access_key_id(),
                    secret_access_key: credentials.secret_access_key(),
                    token: credentials.session_token(),
                    expiration: rfc3339(credentials.expires_at()),
                },
            ),
            Err(error) => {
                let failure = Failure::from_session(&error);
                // SDKs ask again after a 5xx, and take a 4xx for an answer (aws-sdk-java-v2 and aws-config do).
                let status = match failure.exit {
                    Exit::SignInRequired | Exit::AccessDenied => "403 Forbidden",
                    Exit::Temporary => "503 Service Unavailable",
                    _ => "500 Internal Server Error",
                };
                let hint = failure.hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                refuse(status, "", failure.kind, &format!("{}.{hint}", failure.message))
            }
        };
        Ok(Answer { text, on_delivery: None })
    }

    fn refuse(&self, status: Status) -> String {
        let allowed = if status == Status::MethodNotAllowed { "Allow: GET\r\n" } else { "" };
        let message = match status {
            Status::Forbidden => "the Authorization header is not the token of this endpoint",
            Status::WrongHost => "the Host header is not this endpoint's",
            Status::NotFound => "there is nothing but credentials here",
            Status::MethodNotAllowed => "there is nothing but GET here",
            Status::BadRequest | Status::TooLarge | Status::Prefetch => "this is no request of an AWS SDK",
        };
        refuse(status.line(), allowed, "refused", message)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    token: &'a str,
    expiration: String,
}

fn refuse(status: &str, more: &str, code: &str, message: &str) -> String {
    // aws-config documents the small names; aws-sdk-js-v3 reads the others.
    let error = serde_json::json!({ "code": code, "message": message, "Code": code, "Message": message });
    document(status, more, &error)
}

fn document(status: &str, more: &str, content: &impl Serialize) -> String {
    // Text and numbers always have a form.
    let content = serde_json::to_string(content).unwrap_or_default();
    json(status, more, &escape_json(&content))
}
