//! 14: a bucket with more objects than one page holds.

use std::collections::BTreeSet;

use jetbridge::ListObjects;

use crate::bench::{ALICE, Bench, list};

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_14_thousands_of_objects_are_all_listed_once() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let request = ListObjects { bucket: Some("scale-2500".to_owned()), ..ListObjects::default() };
    let objects = list(&session, request).await.unwrap();
    let distinct: BTreeSet<_> = objects.iter().map(|object| &object.key).collect();
    assert_eq!((objects.len(), distinct.len()), (2500, 2500));
    assert_eq!(bench.count("ListObjectsV2"), 3);
}
