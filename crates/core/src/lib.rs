//! Sign in once with Okta, use AWS.
//!
//! A [`Session`] runs the authorization code flow with PKCE at Okta, turns the ID token into a Cognito identity and
//! temporary AWS credentials, and keeps both fresh for as long as Okta agrees. The shell (an iOS or Android app, a command
//! line) does two things only: it opens the browser, and it catches the redirect URI.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use jetbridge::{Config, ListObjects, LoginOptions, Session};
//! use jetbridge::storage::MemoryStore;
//!
//! let config = Config::load("config".as_ref())?;
//! let session = Session::open(config, Arc::new(MemoryStore::new()))?;
//! let request = session.begin_login(LoginOptions::default()).await?;
//! // The shell opens `request.url` in the system browser and waits for the redirect.
//! # let redirect = String::new();
//! session.complete_login(&redirect).await?;
//! let mut pages = session.list_objects(ListObjects::default());
//! while let Some(page) = pages.next_page().await? {
//!     for object in page.objects {
//!         println!("{} {}", object.size, object.key);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod aws;
mod clock;
mod cognito;
pub mod config;
mod diagnosis;
pub mod doctor;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod later;
mod life;
mod loopback;
mod mutex;
mod net;
mod observing;
mod oidc;
mod secret_text;
mod session;
mod shell;
pub mod storage;

pub use aws::api::{ApiRequest, ApiResponse, SignedHeaders};
pub use aws::objects::{
    Conditions, CopyObject, DeleteObject, DeleteObjects, DownloadedObject, GetObject, ObjectAddress, ObjectChecksum,
    ObjectDetails, ObjectHeaders, PresignObject, PresignedMethod, PresignedUrl, PutObject, TransferOptions,
    TransferProgress, UploadedObject,
};
pub use aws::s3::{ListObjects, ListedEntry, ListedObject, ObjectPage};
pub use clock::{Clock, SystemClock};
pub use cognito::AwsCredentials;
pub use config::{ApiEndpoint, Config, ConfigError, ConfigProblem};
pub use error::{Obstacle, Recovery, Service, SessionError, SignInReason};
pub use net::platform_trust::{Distrust, PlatformTrust, set_platform_trust};
pub use observing::{
    Observation, ObservedAnswer, ObservedConnection, ObservedEnd, ObservedRequest, ObservedWork, RequestObserver,
    WorkKind,
};
pub use oidc::authorization::Prompt;
pub use session::{
    AccessToken, Account, Accounts, ApiStream, AuthorizationRequest, BackgroundRenewal, IdTokenClaims, Leftovers,
    LoginOptions, ObjectBody, ObjectPages, OtherSession, Renewed, Session, SessionBuilder, SessionDetails,
    SessionEvent, SessionEvents, SessionState, SettingDifference, SignOut, SignOutMode, User,
};
pub use shell::{quote_for_posix_shell, quote_for_shell};
