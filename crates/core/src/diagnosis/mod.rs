//! The one place where a failure gets its class: what the network did, what a service said, and what either means to the
//! app. Whoever is above says what happened and passes on what it gets; services' error codes are read nowhere else.

mod answer;
mod api;
mod certificate;
pub(crate) mod cognito;
mod denier;
mod device_clock;
mod error_page;
mod evidence;
mod id_token;
pub(crate) mod issuer;
mod obstacle;
pub(crate) mod okta;
mod partition;
mod place;
mod pool_part;
mod retries;
mod s3;
mod sdk;
mod session_tags;
mod table;
mod token_facts;
mod transport;
mod trust_policy;

pub(crate) use answer::{Blame, LONGEST_WORDS, Refusal, shorten};
pub(crate) use api::read_api_refusal;
pub(crate) use certificate::Refused;
pub(crate) use device_clock::{find_wrong_clock, side};
pub(crate) use error_page::read_error_page;
pub(crate) use evidence::{CalledApi, Evidence, Permission};
pub(crate) use id_token::{Rejected, Rule};
pub(crate) use obstacle::{NoTrust, Obstruction, Proxy, Way, unusable_proxy};
pub(crate) use place::{Foreign, Place};
pub(crate) use pool_part::{PoolPart, pool_part};
pub(crate) use retries::PassingFaults;
pub(crate) use sdk::{
    AwsFailure, UnusableAnswer, ended_credentials, is_out_of_order, is_taken_without_words, senseless, sort_sdk_error,
};
pub(crate) use table::row::Row;
pub(crate) use table::rows;
pub(crate) use transport::{HttpError, describe, is_unavailable};
pub(crate) use trust_policy::trust_policy;
