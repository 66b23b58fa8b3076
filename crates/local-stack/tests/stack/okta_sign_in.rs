//! From the authorization request to the redirect URI: the page, the session, and who gets in.

use std::time::Duration;

use jetbridge_local_stack::{BrowserError, Fault, Options};

use crate::support::{ALICE, Answer, BOB, Bench, CAROL, REDIRECT_URI, STATE, query_value};

/// Loads the sign-in page and gives its form token and cookie.
async fn open_page(bench: &Bench, changes: &[(&str, &str)]) -> (String, String) {
    let page = bench.get(&bench.authorization_url(changes)).await;
    assert_eq!(page.status, 200);
    let token = page.text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let cookie = page.header("set-cookie").split(';').next().unwrap();
    (token.to_owned(), cookie.to_owned())
}

async fn submit(bench: &Bench, form_token: &str, cookie: &str, user: (&str, &str)) -> Answer {
    let form = [("form_token", form_token), ("username", user.0), ("password", user.1), ("action", "sign_in")];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    bench.send(bench.form_request("authorize/sign-in", &form).header("cookie", cookie)).await
}

#[tokio::test]
async fn signing_in_leads_back_to_the_app_with_code_state_and_issuer() {
    let bench = Bench::start().await;
    let target = bench.browser().sign_in(&bench.authorization_url(&[]), ALICE.0, ALICE.1).await.unwrap();
    assert!(target.starts_with(&format!("{REDIRECT_URI}?code=")));
    assert_eq!(query_value(&target, "state").as_deref(), Some(STATE));
    assert_eq!(query_value(&target, "iss"), Some(bench.stack.custom_issuer()));
    let code = query_value(&target, "code").unwrap();
    assert!(bench.stack.issued_secrets().all().contains(&code));
}

#[tokio::test]
async fn an_app_with_a_scheme_of_its_own_is_reached_too() {
    let bench = Bench::start().await;
    let url = bench.authorization_url(&[("redirect_uri", "com.okta.local-jetbridge:/callback")]);
    let target = bench.browser().sign_in(&url, ALICE.0, ALICE.1).await.unwrap();
    assert!(target.starts_with("com.okta.local-jetbridge:/callback?code="));
}

#[tokio::test]
async fn a_wrong_password_shows_the_page_again_with_the_username() {
    let bench = Bench::start().await;
    let outcome = bench.browser().sign_in(&bench.authorization_url(&[]), ALICE.0, "wrong").await;
    let Err(BrowserError::Page { status: 403, text }) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("password is wrong"), "{text}");

    let (token, cookie) = open_page(&bench, &[]).await;
    let page = submit(&bench, &token, &cookie, ("\"><b>x", "wrong")).await;
    assert!(page.text.contains("value=\"&quot;&gt;&lt;b&gt;x\""), "{}", page.text);
    // The page stays good for another attempt.
    assert_eq!(submit(&bench, &token, &cookie, ALICE).await.status, 303);
}

#[tokio::test]
async fn the_page_is_locked_down() {
    let bench = Bench::start().await;
    let page = bench.get(&bench.authorization_url(&[("login_hint", "a\"<script>")])).await;
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self' http://127.0.0.1:8765;"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    assert!(page.header("access-control-allow-origin").is_empty());
    assert!(page.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{}", page.header("set-cookie"));
    assert!(page.text.contains("value=\"a&quot;&lt;script&gt;\"") && !page.text.contains("<script"));
}

#[tokio::test]
async fn over_tls_the_session_is_known_where_a_page_of_another_site_posts_to() {
    let bench = Bench::with(Options { tls: true, ..Options::default() }).await;
    let (token, cookie) = open_page(&bench, &[]).await;
    let answer = submit(&bench, &token, &cookie, ALICE).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("sid_") && cookie.ends_with("; HttpOnly; SameSite=None; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_form_is_good_once_in_its_own_browser_for_its_own_server_and_in_time() {
    let mut bench = Bench::start().await;
    let (token, cookie) = open_page(&bench, &[]).await;
    let (_, other_cookie) = open_page(&bench, &[]).await;
    for (token, cookie) in [(token.as_str(), ""), (&token, other_cookie.as_str()), ("guess", &cookie), ("", &cookie)] {
        assert_eq!(submit(&bench, token, cookie, ALICE).await.status, 400);
    }
    bench.use_org_server();
    assert_eq!(submit(&bench, &token, &cookie, ALICE).await.status, 400);
    bench.use_custom_server();
    assert_eq!(submit(&bench, &token, &cookie, ALICE).await.status, 303);
    let again = submit(&bench, &token, &cookie, ALICE).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("used before"));

    let (token, cookie) = open_page(&bench, &[]).await;
    bench.stack.clock().advance(Duration::from_secs(15 * 60));
    assert_eq!(submit(&bench, &token, &cookie, ALICE).await.status, 400);
}

#[tokio::test]
async fn the_page_works_under_every_name_of_the_stack() {
    let bench = Bench::start().await;
    let url = bench.authorization_url(&[]).replace("127.0.0.1:", "localhost:");
    // The redirect URI in the query keeps its address.
    let url = url.replace("localhost%3A8765", "127.0.0.1%3A8765");
    let target = bench.browser().sign_in(&url, ALICE.0, ALICE.1).await.unwrap();
    assert!(target.starts_with(&format!("{REDIRECT_URI}?code=")));
}

#[tokio::test]
async fn an_authorization_request_may_be_posted() {
    let bench = Bench::start().await;
    let page = bench.post("authorize", &bench.parameters(&[])).await;
    assert!(page.status == 200 && page.text.contains("form_token"), "{}", page.text);
    let refused = bench.post("authorize", &bench.parameters(&[("redirect_uri", "https://evil.example/")])).await;
    assert_eq!((refused.status, refused.header("location")), (400, ""));
    // What stands in the query of a POST does not count.
    let in_query = bench.send(bench.http.post(bench.authorization_url(&[]))).await;
    assert_eq!((in_query.status, in_query.header("location")), (400, ""));
}

#[tokio::test]
async fn cancel_is_told_to_the_app() {
    let bench = Bench::start().await;
    let target = bench.browser().deny(&bench.authorization_url(&[])).await.unwrap();
    assert_eq!(query_value(&target, "error").as_deref(), Some("access_denied"));
    assert_eq!(query_value(&target, "state").as_deref(), Some(STATE));
    assert_eq!(query_value(&target, "iss"), Some(bench.stack.custom_issuer()));
    assert_eq!(query_value(&target, "code"), None);
}

#[tokio::test]
async fn a_user_without_the_app_is_refused_and_stays_signed_in_in_the_browser() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    let target = browser.sign_in(&bench.authorization_url(&[]), CAROL.0, CAROL.1).await.unwrap();
    assert_eq!(query_value(&target, "error").as_deref(), Some("access_denied"));
    let description = query_value(&target, "error_description");
    assert_eq!(description.as_deref(), Some("User is not assigned to the client application."));
    // No page is shown: the session is the same user's, who still has no access.
    for prompt in ["", "none"] {
        let url = bench.authorization_url(&[("prompt", prompt)]);
        let target = browser.sign_in(&url, ALICE.0, ALICE.1).await.unwrap();
        assert_eq!(query_value(&target, "error_description"), description, "{prompt}");
    }
    let url = bench.authorization_url(&[("prompt", "login")]);
    let target = browser.sign_in(&url, ALICE.0, ALICE.1).await.unwrap();
    assert!(query_value(&target, "code").is_some());
}

#[tokio::test]
async fn a_policy_that_denies_leaves_the_session_too() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    bench.stack.faults().inject(Fault::NoMatchingPolicy, 1);
    let target = browser.sign_in(&bench.authorization_url(&[]), ALICE.0, ALICE.1).await.unwrap();
    assert_eq!(query_value(&target, "error").as_deref(), Some("access_denied"));
    let silent = bench.authorization_url(&[("prompt", "none")]);
    assert!(query_value(&browser.deny(&silent).await.unwrap(), "code").is_some());
}

#[tokio::test]
async fn a_session_makes_the_page_unnecessary_until_it_ends() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    let silent = bench.authorization_url(&[("prompt", "none")]);
    let refused = browser.deny(&silent).await.unwrap();
    assert_eq!(query_value(&refused, "error").as_deref(), Some("login_required"));

    browser.sign_in(&bench.authorization_url(&[]), ALICE.0, ALICE.1).await.unwrap();
    // `deny` would press Cancel if there were a page.
    for url in [bench.authorization_url(&[]), silent.clone()] {
        assert!(query_value(&browser.deny(&url).await.unwrap(), "code").is_some());
    }
    for changes in [[("prompt", "login")], [("max_age", "0")]] {
        let target = browser.deny(&bench.authorization_url(&changes)).await.unwrap();
        assert_eq!(query_value(&target, "error").as_deref(), Some("access_denied"), "{changes:?}");
    }
    bench.stack.clock().advance(Duration::from_secs(2 * 3600));
    let refused = browser.deny(&silent).await.unwrap();
    assert_eq!(query_value(&refused, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn another_user_can_take_over_the_session() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    browser.sign_in(&bench.authorization_url(&[]), ALICE.0, ALICE.1).await.unwrap();
    browser.sign_in(&bench.authorization_url(&[("prompt", "login")]), BOB.0, BOB.1).await.unwrap();
    let target = browser.deny(&bench.authorization_url(&[])).await.unwrap();
    let form = bench.exchange_form(&query_value(&target, "code").unwrap(), &[]);
    let tokens = bench.post("token", &form).await.json();
    let profile = bench.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(profile["email"], BOB.0);
}

#[tokio::test]
async fn an_unregistered_redirect_uri_is_shown_and_never_followed() {
    let bench = Bench::start().await;
    for uri in ["http://127.0.0.1:9999/callback", "http://127.0.0.1:8765/other", "https://evil.example/<x>"] {
        let page = bench.get(&bench.authorization_url(&[("redirect_uri", uri)])).await;
        assert_eq!((page.status, page.header("location")), (400, ""));
        let outcome =
            bench.browser().sign_in(&bench.authorization_url(&[("redirect_uri", uri)]), ALICE.0, ALICE.1).await;
        let Err(BrowserError::Page { status: 400, text }) = outcome else { panic!("{outcome:?}") };
        let said = "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.";
        assert!(text.replace("&#39;", "'").contains(said) && !text.contains(uri), "{text}");
    }
    let page = bench.get(&bench.authorization_url(&[("client_id", "0oaunknown")])).await;
    assert_eq!((page.status, page.header("location")), (400, ""));
}

#[tokio::test]
async fn a_wrong_request_goes_back_to_the_app_with_state_and_issuer() {
    let bench = Bench::start().await;
    let answer = bench.get(&bench.authorization_url(&[("code_challenge_method", "plain")])).await;
    assert_eq!(answer.status, 303);
    let target = answer.header("location");
    assert!(target.starts_with(REDIRECT_URI));
    assert_eq!(query_value(target, "error").as_deref(), Some("invalid_request"));
    assert_eq!(query_value(target, "state").as_deref(), Some(STATE));
    assert_eq!(query_value(target, "iss"), Some(bench.stack.custom_issuer()));
}

#[tokio::test]
async fn a_request_can_be_pushed_ahead_and_used_once() {
    let mut bench = Bench::start().await;
    let pushed = bench.post("par", &bench.parameters(&[])).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let client_id = bench.stack.options().client_id.clone();
    let open = |bench: &Bench| format!("{}/authorize?client_id={client_id}&request_uri={request_uri}", bench.base);
    let target = bench.browser().sign_in(&open(&bench), ALICE.0, ALICE.1).await.unwrap();
    assert_eq!(query_value(&target, "state").as_deref(), Some(STATE));
    assert_eq!(bench.get(&open(&bench)).await.status, 400);

    let refused = bench.post("par", &bench.parameters(&[("redirect_uri", "https://evil.example/")])).await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    let unknown = bench.post("par", &bench.parameters(&[("client_id", "0oaunknown")])).await;
    assert_eq!(unknown.error(), (401, "invalid_client".to_owned()));

    let pushed = bench.post("par", &bench.parameters(&[])).await.json();
    let request_uri = pushed["request_uri"].as_str().unwrap();
    bench.use_org_server();
    let other = bench.get(&format!("{}/authorize?client_id={client_id}&request_uri={request_uri}", bench.base)).await;
    assert_eq!(other.status, 400);
}

#[tokio::test]
async fn the_scripted_browser_stays_on_this_machine() {
    let bench = Bench::start().await;
    for url in ["https://example.com/authorize", "not a url", "file:///etc/passwd"] {
        assert!(matches!(bench.browser().deny(url).await, Err(BrowserError::NotLocal)), "{url}");
    }
}
