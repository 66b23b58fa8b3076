//! The one place where a failure gets its class.

mod answer;
mod evidence;
mod id_token;
pub(crate) mod issuer;
pub(crate) mod okta;
mod sdk;
mod table;
mod transport;

pub(crate) use answer::{Blame, LONGEST_WORDS, Refusal, shorten};
pub(crate) use evidence::Evidence;
pub(crate) use id_token::{Rejected, Rule};
pub(crate) use sdk::{AwsFailure, sort_sdk_error};
pub(crate) use transport::{HttpError, describe, is_unavailable, json_problem};
