//! IAM's decisions: who may do what. Policies are read strictly, because an element that is passed over would make the
//! stack grant what AWS refuses, or the other way round: what is not known here is named and refused when it is loaded.
//! Source of the rules: "Policy evaluation logic" and "IAM JSON policy elements reference", IAM user guide.

mod conditions;
mod context;
mod evaluate;
mod pattern;
mod policy;
#[cfg(test)]
mod tests;

pub(crate) use context::{Context, s3_actions_with, s3_keys_of};
pub(crate) use evaluate::{Call, Caller, Refusal, evaluate, trusts};
pub(crate) use pattern::fits_wildcards;
pub(crate) use policy::{Policy, PolicyKind};
