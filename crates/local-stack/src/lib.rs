//! A strict stand-in for Okta, Cognito identity pools, S3, STS and an HTTP API on loopback.
//!
//! Real clients talk to it over real HTTP: it shows a sign-in page, signs tokens, verifies them as Cognito does and
//! checks every signature, so that whatever works here has a fair chance against the real services.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use jetbridge_local_stack::{LocalStack, Options};
//!
//! let stack = LocalStack::start(Options::default()).await?;
//! stack.write_config("config".as_ref(), false)?;
//! stack.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod api;
mod browser;
mod clock;
mod cognito;
mod config_files;
mod credentials;
mod faults;
mod hex;
mod html;
mod iam;
mod identification;
mod issued;
mod issuer_keys;
mod jws;
mod okta;
mod options;
mod random_ids;
mod request_log;
mod role_session;
mod s3;
mod server;
mod shared;
mod sigv4;
mod stack;
mod sts;
mod template;
#[cfg(test)]
mod test_http;
mod tls;

pub use browser::{BrowserError, ScriptedBrowser};
pub use clock::StackClock;
pub use config_files::{ConfigFiles, WriteConfigError};
pub use faults::{Fault, FaultAnswer, Faults};
pub use issued::IssuedSecrets;
pub use options::{DemoUser, Options, Rotation};
pub use request_log::{RequestLog, RequestRecord, Service};
pub use shared::{Endpoints, HostOverride};
pub use stack::{LocalStack, RotateKeyError, StartError};
pub use template::{Template, TemplateError};
