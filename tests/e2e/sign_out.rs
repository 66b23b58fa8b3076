//! Signing out: what is on the device always goes; what Okta holds goes if it can be reached.

use jetbridge::{SessionState, SignOutMode};

use crate::bench::{ALICE, Bench};

#[tokio::test(flavor = "multi_thread")]
async fn each_strength_erases_the_device_and_does_its_part_at_okta() {
    for (mode, revoked, has_url) in
        [(SignOutMode::Local, 0, false), (SignOutMode::Revoke, 1, false), (SignOutMode::EndSession, 1, true)]
    {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        session.user_info().await.unwrap();
        session.aws_credentials().await.unwrap();
        let outcome = session.sign_out(mode).await.unwrap();
        assert_eq!(bench.count("revoke"), revoked, "{mode:?}");
        assert_eq!(outcome.revocation.is_some_and(|result| result.is_ok()), revoked == 1);
        assert_eq!(outcome.end_session_url.is_some_and(|url| url.is_ok()), has_url);
        for session in [session, bench.session()] {
            assert_eq!(session.restore().await, SessionState::SignedOut);
            assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
            assert_eq!(session.details().user, None);
            assert_eq!(session.details().identity_id, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_the_device_is_erased_all_the_same() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let session = bench.session();
    let after = bench.session();
    std::sync::Arc::into_inner(bench.stack).unwrap().shutdown().await;
    let outcome = session.sign_out(SignOutMode::EndSession).await.unwrap();
    assert!(outcome.revocation.unwrap().is_err());
    assert!(outcome.end_session_url.unwrap().is_err());
    assert_eq!(after.restore().await, SessionState::SignedOut);
}
