//! Redirects that do not belong to an open sign-in: nothing is exchanged, nothing is lost.

use jetbridge::{LoginOptions, Prompt, SessionState};
use url::Url;

use crate::bench::{ALICE, BOB, Bench};

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_another_install_signs_nobody_in() {
    let (mine, other) = (Bench::start().await, Bench::start().await);
    let attacker = mine.session();
    let of_attacker = mine.redirect_for(&attacker, BOB).await;
    // Another store: the victim's device.
    let victim = jetbridge::Session::open(mine.config.clone(), other.store.clone()).unwrap();
    let error = victim.complete_login(&of_attacker).await.unwrap_err();
    assert_eq!(error.kind(), "unexpected_redirect");
    assert_eq!(victim.state(), SessionState::SignedOut);
    assert_eq!(mine.count("token"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_authorization_request_is_pkce_with_fresh_secrets() {
    let bench = Bench::start().await;
    let session = bench.session();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let request = session
            .begin_login(LoginOptions {
                login_hint: Some(ALICE.to_owned()),
                prompt: Some(Prompt::Login),
                ..Default::default()
            })
            .await
            .unwrap();
        let url = Url::parse(&request.url).unwrap();
        let parameter = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned()).unwrap();
        assert_eq!(parameter("response_type"), "code");
        assert_eq!(parameter("code_challenge_method"), "S256");
        assert_eq!(parameter("scope"), "openid profile email offline_access");
        assert_eq!(parameter("redirect_uri"), request.redirect_uri);
        assert_eq!(parameter("login_hint"), ALICE);
        assert_eq!(parameter("prompt"), "login");
        for secret in ["state", "nonce", "code_challenge"] {
            let value = parameter(secret);
            assert!(value.len() >= 22, "{secret} has at least 128 bits");
            assert!(seen.insert(value), "{secret} is fresh");
        }
    }
}
