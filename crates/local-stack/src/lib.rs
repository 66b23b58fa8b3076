//! A strict stand-in for Okta, Cognito identity pools and S3 on loopback.

mod clock;
mod cognito;
mod credentials;
mod faults;
mod issued;
mod jws;
mod options;
mod random_ids;
mod request_log;
mod s3;
mod shared;
mod sigv4;

pub use clock::StackClock;
pub use faults::{Fault, Faults};
pub use issued::IssuedSecrets;
pub use options::{DemoUser, Options};
pub use request_log::{RequestLog, RequestRecord, Service};
pub use shared::Endpoints;
