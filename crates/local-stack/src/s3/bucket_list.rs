//! ListBuckets: a page of the account's buckets.
//!
//! Source: "ListBuckets" and "Bucket", S3 API reference; how S3 refuses parameters is as brekkylab/backlot noted it in
//! September 2026.

use super::error::Refusal;
use super::listing::{Listing, Position, TokenSealer};
use super::listing_parameters::read_number;
use super::operations::Asked;

/// "Amazon S3 applies a default page size of 10,000" (`ContinuationToken`), which is also the largest.
const MAX_BUCKETS: i32 = 10_000;
/// Any of these makes the answer say of each bucket where it is (`BucketRegion`).
const PARAMETERS: [&str; 4] = ["max-buckets", "prefix", "continuation-token", "bucket-region"];

pub(super) struct BucketPage {
    pub names: Vec<String>,
    pub has_regions: bool,
    pub prefix: Option<String>,
    /// For the next page; none on the last.
    pub next: Option<String>,
}

/// Lists some of `names`, which are in no order.
pub(super) fn list<'n>(
    asked: &Asked,
    region: &str,
    names: impl Iterator<Item = &'n str>,
    tokens: &TokenSealer,
) -> Result<BucketPage, Refusal> {
    let most = read_number(asked, "max-buckets")?.unwrap_or(MAX_BUCKETS);
    if !(1..=MAX_BUCKETS).contains(&most) {
        let message = format!("Argument max-buckets must be an integer between 1 and {MAX_BUCKETS}");
        return Err(Refusal::invalid_argument(message, "max-buckets", most));
    }
    if let Some(other) = asked.parameter("bucket-region").filter(|name| !name.eq_ignore_ascii_case(region)) {
        // S3 tells a region elsewhere from what is no region at all, of which the stack has no list.
        let message = format!("Argument value {other} is not a valid AWS Region");
        return Err(Refusal::invalid_argument_without_value(message, "bucket-region"));
    }
    let prefix = asked.parameter("prefix");
    let listing =
        Listing { prefix: prefix.unwrap_or_default(), delimiter: None, max_keys: 0, start: Position::Beginning };
    let after = match asked.parameter("continuation-token").filter(|token| !token.is_empty()) {
        None => Position::Beginning,
        Some(token) => tokens.open("", &listing, token).ok_or_else(|| {
            let message = "The continuation token provided is incorrect";
            Refusal::invalid_argument_without_value(message, "continuation-token")
        })?,
    };
    let mut names: Vec<String> =
        names.filter(|name| name.starts_with(listing.prefix) && *name > after.text()).map(str::to_owned).collect();
    names.sort_unstable();
    let most = usize::try_from(most).unwrap_or(0);
    let is_truncated = names.len() > most;
    names.truncate(most);
    let last = names.last().filter(|_| is_truncated).cloned();
    Ok(BucketPage {
        next: last.map(|name| tokens.seal("", &listing, &Position::AfterKey(name))),
        has_regions: PARAMETERS.iter().any(|name| asked.parameter(name).is_some()),
        prefix: prefix.map(str::to_owned),
        names,
    })
}
