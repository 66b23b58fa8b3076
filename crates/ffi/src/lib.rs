//! The core for other languages: Swift, Kotlin and Python, by UniFFI.
//!
//! Everything in here is a translation. No rule about tokens, storage or errors may live in this crate: it would be a rule
//! that the command line does not have. What crosses the border follows three habits:
//!
//! - **No secret in a record.** A record is copied text, and Kotlin prints every field of it. Tokens, keys and URLs that
//!   carry secrets come as objects with accessors.
//! - **Every async export runs on tokio** (`async_runtime = "tokio"`); without, it panics at the first network call.
//! - **Foreign code may throw.** Its traits answer with errors, are called from threads that may block, and never while a
//!   lock is held.
//!
//! `cargo xtask test check-exports` checks the first two.
#![warn(missing_docs)]

mod accounts;
#[cfg(any(target_os = "android", feature = "jvm", test))]
mod android;
mod api;
mod cancellation;
mod claims;
mod config;
mod credentials;
mod diagnosis;
mod error;
mod events;
mod facts;
mod listing;
#[cfg(feature = "local-stack")]
mod local_stack;
mod log;
mod login;
mod objects;
mod runtime;
mod session;
mod sign_out;
mod storage;
#[cfg(test)]
mod tests;

pub use accounts::{CoreAccounts, JetbridgeAccount};
pub use api::{ApiHeader, ApiRequest, ApiResponse, SignedHeaders};
pub use cancellation::Cancellation;
pub use claims::IdTokenClaims;
pub use config::{ConfigError, ConfigProblem, JetbridgeConfig};
pub use credentials::{AccessToken, AwsCredentials};
pub use diagnosis::{DiagnosisFinding, DiagnosisLink, DiagnosisMark, DiagnosisReport};
pub use error::{ListenerError, Obstacle, Recovery, RemoteService, SessionError};
pub use events::{Renewed, SessionEvent, SessionObservation, SessionObserver};
pub use facts::{JetbridgeUser, SessionDetails, SessionState, SignInReason, describe_reason};
pub use listing::{ListedObject, ListingRequest, ObjectPage, ObjectPages};
#[cfg(feature = "local-stack")]
pub use local_stack::{LocalStack, LocalStackError, LocalStackOptions};
pub use log::{LogLevel, LogSink, set_log_sink};
pub use login::{AuthorizationRequest, LoginOptions, LoginParameter, LoginPrompt};
pub use objects::{
    DownloadedObject, Leftovers, ObjectAddress, ObjectChecksum, ObjectConditions, ObjectDetails, ObjectHeaders,
    PresignRequest, PresignedMethod, PresignedUrl, TransferObserver, TransferOptions, UndeletedObject, UploadedObject,
};
pub use session::{BackgroundRenewal, CoreSession, SessionOptions};
pub use sign_out::{SignOut, SignOutMode};
pub use storage::{SecretStore, StorageError, keychain_store, memory_store};

uniffi::setup_scaffolding!();

/// The version of this library, as in its changelog.
#[uniffi::export]
pub fn library_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
