//! How many answers have to be waited for, one after the other, from the redirect to the first page. Counted in the
//! stack's log, with enough latency that requests at the same time overlap; no clock is asked.

use std::time::Duration;

use jetbridge::ListObjects;

use crate::bench::{ALICE, Bench, eventually};

const LATENCY: Duration = Duration::from_millis(60);

/// Finishes a sign-in and shows the first page; answers with the longest chain.
async fn from_redirect_to_first_page(bench: &Bench) -> Vec<&'static str> {
    let session = bench.session();
    bench.stack.log().clear();
    let redirect = bench.redirect_for(&session, ALICE).await;
    eventually("what is opened and fetched beside the browser", || bench.count("warm_up") == 2).await;
    session.settle().await;
    bench.stack.set_latency(LATENCY);
    bench.stack.log().clear();
    session.complete_login(&redirect).await.unwrap();
    let page = session.list_objects(ListObjects::default()).next_page().await.unwrap().unwrap();
    assert!(!page.objects.is_empty());
    bench.stack.set_latency(Duration::ZERO);
    bench.stack.log().sequential_round_trips().iter().map(|record| record.operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_waits_for_four_a_known_one_for_three() {
    let bench = Bench::start().await;
    let new_user = from_redirect_to_first_page(&bench).await;
    // token, GetId, GetCredentialsForIdentity, ListObjectsV2; userinfo runs beside the second and may stand in for it.
    assert_eq!(new_user.len(), 4, "{new_user:?}");
    assert_eq!(bench.count("warm_up"), 2, "connections to Cognito and S3 are opened again, should they be closed");
    let known_user = from_redirect_to_first_page(&bench).await;
    assert_eq!(known_user.len(), 3, "{known_user:?}");
    assert_eq!(bench.count("GetId"), 0, "the identity is remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_session_waits_for_one() {
    let bench = Bench::start().await;
    from_redirect_to_first_page(&bench).await;
    bench.stack.set_latency(LATENCY);
    bench.stack.log().clear();
    bench.session().list_objects(ListObjects::default()).next_page().await.unwrap().unwrap();
    let way: Vec<_> = bench.stack.log().sequential_round_trips().iter().map(|record| record.operation).collect();
    assert_eq!(way, ["ListObjectsV2"]);
}
