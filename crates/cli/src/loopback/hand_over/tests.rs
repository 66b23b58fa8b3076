//! Who gets what the browser is to have, how often, and that nothing of it is in the address.

use super::*;

const PAGE: &str = "https://acme.okta.com/oauth2/default/v1/authorize?state=s3cret&nonce=n0nce";
const END: &str = "https://acme.okta.com/oauth2/default/v1/logout?id_token_hint=ey.a%2Bb.c\
    &post_logout_redirect_uri=com.okta.dev-1%3A%2Flogout&state=%22%3E%3Cb";

/// Sends a request, and gives all that comes back.
async fn send(hand_over: &HandOver, change: impl Fn(String) -> String) -> String {
    let url = Url::parse(hand_over.address()).unwrap();
    let port = url.port().unwrap();
    let request = change(format!("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n", url.path()));
    super::super::tests::send(port, &request).await
}

async fn get(hand_over: &HandOver) -> String {
    send(hand_over, |request| request).await
}

#[tokio::test]
async fn the_address_says_nothing_and_no_two_are_alike() {
    let errand = Errand::visit(PAGE).unwrap();
    let (one, two) = (HandOver::start(errand.clone()).unwrap(), HandOver::start(errand).unwrap());
    let path = |hand_over: &HandOver| Url::parse(hand_over.address()).unwrap().path().to_owned();
    assert_ne!(path(&one), path(&two));
    // A hexadecimal digit is 4 bits.
    assert!(path(&one).len() > 128 / 4 && path(&one)[1..].bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(get(&one).await.contains(&format!("Location: {PAGE}\r\n")));
}

#[tokio::test]
async fn where_it_is_told_who_asks_the_same_user_may_ask_again() {
    let hand_over = HandOver::start_as(Errand::visit(PAGE).unwrap(), true).unwrap();
    for _ in 0..3 {
        let answer = get(&hand_over).await;
        if cfg!(target_os = "linux") {
            assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        } else {
            assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("s3cret"), "{answer}");
        }
    }
}

#[tokio::test]
async fn whoever_only_looks_or_asks_wrongly_gets_nothing_and_uses_nothing_up() {
    let hand_over = HandOver::start_as(Errand::visit(PAGE).unwrap(), false).unwrap();
    type Change = fn(String) -> String;
    let wrong: [(&str, Change); 7] = [
        ("405", |request| request.replace("GET", "HEAD")),
        ("405", |request| request.replace("GET", "POST")),
        ("421", |request| request.replace("127.0.0.1", "rebound.example")),
        ("421", |request| request.replace("Host: 127.0.0.1", "Host: localhost")),
        ("503", |request| request.replace("\r\n\r\n", "\r\nSec-Purpose: prefetch;prerender\r\n\r\n")),
        ("404", |request| request.replace(" HTTP/1.1", "0 HTTP/1.1")),
        ("404", |request| request.replace(" HTTP/1.1", "?x HTTP/1.1")),
    ];
    for (status, change) in wrong {
        let answer = send(&hand_over, change).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(!answer.contains("s3cret"), "{answer}");
    }
    assert!(get(&hand_over).await.starts_with("HTTP/1.1 303 "));
    hand_over.taken().await;
}

#[test]
fn whom_nobody_knows_gets_it_once_or_never() {
    // No connection comes from this address, so nobody made it.
    let stranger = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let desk = |is_maker_told| Desk {
        errand: Errand::visit(PAGE).unwrap(),
        ours: (Ipv4Addr::LOCALHOST, 1).into(),
        path: "/p".to_owned(),
        is_maker_told,
        is_given: AtomicBool::new(false),
        has_warned: AtomicBool::new(false),
        taken: Arc::default(),
    };
    let elsewhere = desk(false);
    assert_eq!([(); 3].map(|()| elsewhere.refuse(stranger)), [None, Some(Page::Gone), Some(Page::Gone)]);
    let linux = desk(true);
    assert_eq!([(); 2].map(|()| linux.refuse(stranger)), [Some(Page::NotYours); 2]);
}

#[tokio::test]
async fn the_end_of_a_session_is_a_form_that_needs_no_script() {
    let hand_over = HandOver::start_as(Errand::post(END).unwrap(), false).unwrap();
    let page = get(&hand_over).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(
        page.contains("<form method=\"post\" action=\"https://acme.okta.com/oauth2/default/v1/logout\">"),
        "{page}"
    );
    for field in ["name=\"id_token_hint\" value=\"ey.a+b.c\">", "name=\"state\" value=\"&quot;&gt;&lt;b\">"] {
        assert!(page.contains(&format!("<input type=\"hidden\" {field}")), "{page}");
    }
    assert!(page.contains("<button type=\"submit\">"), "{page}");
    let policy = page.lines().find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap();
    let nonce = page.split("<script nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(nonce.len() > 32 && policy.contains(&format!("script-src 'nonce-{nonce}';")), "{policy}");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action https: com.okta.dev-1:;"),
        "{policy}"
    );
    let again = HandOver::start_as(Errand::post(END).unwrap(), false).unwrap();
    assert!(!get(&again).await.contains(nonce));
}

#[test]
fn an_endpoint_keeps_a_query_of_its_own() {
    let Kind::Post(form) = Errand::post("http://127.0.0.1:1/end?a=1&id_token_hint=t&state=s").unwrap().0 else {
        panic!()
    };
    assert_eq!(form.action.as_str(), "http://127.0.0.1:1/end?a=1");
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(form.fields, [field("id_token_hint", "t"), field("state", "s")]);
    for wrong in ["", "javascript:alert(1)", "com.okta.dev-1:/callback", "file:///etc/passwd"] {
        assert!(Errand::visit(wrong).is_err() && Errand::post(wrong).is_err(), "{wrong}");
    }
}
