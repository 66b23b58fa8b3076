//! What a browser sends and what anybody else may send, who can reach the listener at all, and what its answers say.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::answer::refusal;
use super::server::{HEAD_LIMIT, READ_LIMIT};
use super::*;

fn target() -> Target {
    Target::parse("http://127.0.0.1:8765/callback").unwrap()
}

fn judge(head: &[u8]) -> Result<String, Status> {
    let request = Request::read(head, &target().authority)?;
    find_redirect(&request, &target()).map(str::to_owned)
}

fn judge_text(head: &str) -> Result<String, Status> {
    judge(head.as_bytes())
}

#[test]
fn only_loopback_addresses_can_be_listened_on() {
    assert_eq!(target().address, "127.0.0.1:8765".parse().unwrap());
    assert_eq!(Target::parse("http://[::1]:9/cb").unwrap().authority, "[::1]:9");
    assert_eq!(Target::parse("http://127.0.0.1/cb").unwrap().authority, "127.0.0.1");
    assert_eq!(Target::parse("http://127.0.0.1:0/cb").unwrap().on_port(99).uri("/cb?x"), "http://127.0.0.1:99/cb?x");
    for wrong in [
        "https://127.0.0.1:8765/callback",
        "http://localhost:8765/callback",
        "http://192.0.2.1:8765/callback",
        "http://0.0.0.0:8765/callback",
        "http://127.0.0.1:8765/callback?x=1",
        "http://127.0.0.1:8765/callback#x",
        "http://user@127.0.0.1:8765/callback",
        "com.okta.dev-1:/callback",
        "",
    ] {
        assert_eq!(Target::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn the_redirect_is_taken_whole() {
    let verdict = judge_text("GET /callback?code=a%2Bb&state=s HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n\r\n");
    assert_eq!(verdict, Ok("/callback?code=a%2Bb&state=s".to_owned()));
    // A denial is an answer as well.
    let denied = judge_text("GET /callback?error=access_denied&state=s HTTP/1.1\r\nhost: 127.0.0.1:8765\r\n\r\n");
    assert!(denied.is_ok());
}

#[test]
fn everything_else_is_refused() {
    for (request_line, host, status) in [
        ("GET /callback?code=a&state=s HTTP/1.1", "evil.example:8765", Status::WrongHost),
        ("GET /callback?code=a&state=s HTTP/1.1", "localhost:8765", Status::WrongHost),
        ("GET /callback?code=a&state=s HTTP/1.1", "127.0.0.1:8765\r\nHost: 127.0.0.1:8765", Status::WrongHost),
        ("POST /callback?code=a&state=s HTTP/1.1", "127.0.0.1:8765", Status::MethodNotAllowed),
        ("GET /favicon.ico HTTP/1.1", "127.0.0.1:8765", Status::NotFound),
        ("GET /callback/?code=a&state=s HTTP/1.1", "127.0.0.1:8765", Status::NotFound),
        ("GET http://127.0.0.1:8765/callback?state=s HTTP/1.1", "127.0.0.1:8765", Status::NotFound),
        ("GET /callback HTTP/1.1", "127.0.0.1:8765", Status::BadRequest),
        ("GET /callback?code=a HTTP/1.1", "127.0.0.1:8765", Status::BadRequest),
        ("GET /callback?code=a&state= HTTP/1.1", "127.0.0.1:8765", Status::BadRequest),
        ("GET /callback?code=é&state=s HTTP/1.1", "127.0.0.1:8765", Status::BadRequest),
        ("GET /callback?code=a&state=s HTTP/2", "127.0.0.1:8765", Status::BadRequest),
        ("GET /callback?code=a &state=s HTTP/1.1", "127.0.0.1:8765", Status::BadRequest),
        ("", "127.0.0.1:8765", Status::BadRequest),
    ] {
        let head = format!("{request_line}\r\nHost: {host}\r\n\r\n");
        assert_eq!(judge_text(&head), Err(status), "{request_line} {host}");
    }
    assert_eq!(judge_text("GET /callback?state=s HTTP/1.1\r\n\r\n"), Err(Status::WrongHost));
    assert_eq!(judge(b"GET /\xff HTTP/1.1\r\n\r\n"), Err(Status::BadRequest));
}

#[test]
fn a_head_that_only_looks_right_is_refused() {
    let right = "GET /callback?code=a&state=s HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n\r\n";
    assert!(judge_text(right).is_ok());
    for (from, to) in [
        ("Host: 127.0.0.1:8765", "Host: 127.0.0.1:8765.evil.example"),
        ("Host: 127.0.0.1:8765", "Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1:8765"),
        ("Host: 127.0.0.1:8765", "Host: 127.0.0.1"),
        ("Host: 127.0.0.1:8765", "Host: 127.0.0.2:8765"),
        ("Host: 127.0.0.1:8765", "Host: [::1]:8765"),
        ("Host: 127.0.0.1:8765", "Host: 127.0.0.1:8765, evil.example"),
        ("Host: 127.0.0.1:8765", "Host : evil.example\r\nXHost: 127.0.0.1:8765"),
        ("GET ", "get "),
        ("GET ", "HEAD "),
        ("GET ", "OPTIONS "),
        ("GET ", "CONNECT "),
        ("/callback", "//callback"),
        ("/callback", "/Callback"),
        ("/callback", "/./callback"),
        ("/callback", "/x/../callback"),
        ("/callback", "/%63allback"),
        ("/callback", "\\callback"),
        ("?", "#"),
        ("?", "%3f"),
        ("state", "State"),
        ("state=s", "state=s\u{1b}[2J"),
        ("state=s", "state=s\u{0}"),
        ("\r\nHost", "\nHost"),
    ] {
        let head = right.replacen(from, to, 1);
        assert_ne!(head, right);
        assert!(judge_text(&head).is_err(), "{head:?}");
    }
}

#[test]
fn a_request_that_nobody_waits_for_is_not_taken() {
    let right = "GET /callback?code=a&state=s HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n";
    for ahead in ["Sec-Purpose: prefetch", "sec-purpose: prefetch;prerender", "Purpose: prefetch", "X-moz: prefetch"] {
        assert_eq!(judge_text(&format!("{right}{ahead}\r\n\r\n")), Err(Status::Prefetch), "{ahead}");
    }
    for other in ["Sec-Purpose: other", "Sec-Fetch-Dest: prefetch", "X-Purpose:", "Accept: prefetch"] {
        assert!(judge_text(&format!("{right}{other}\r\n\r\n")).is_ok(), "{other}");
    }
}

#[test]
fn every_answer_says_that_it_is_not_to_be_kept_nor_told() {
    use Status::{BadRequest, MethodNotAllowed, NotFound, Prefetch, TooLarge, WrongHost};
    let refusals = [BadRequest, NotFound, MethodNotAllowed, WrongHost, TooLarge, Prefetch].map(refusal);
    let pages = [Page::SignedIn, Page::NotSignedIn, Page::Unexpected, Page::NotYours, Page::Gone].map(page);
    for answer in refusals.into_iter().chain(pages) {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        for header in [
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
            "X-Frame-Options: DENY",
            "Connection: close",
            &format!("Content-Length: {}", body.len()),
        ] {
            assert!(head.lines().any(|line| line == header), "{header} is not in {head}");
        }
        assert!(head.contains("default-src 'none'") && head.contains("frame-ancestors 'none'"), "{head}");
        // No page elsewhere may read an answer, and no preflight is agreed to.
        assert!(!head.to_ascii_lowercase().contains("access-control"), "{head}");
        assert!(!body.contains("<script") && !body.contains("src=") && !body.contains("href="), "{body}");
    }
}

fn bind() -> (Loopback, u16) {
    let loopback = Loopback::bind("http://127.0.0.1:0/callback", "jetbridge login --no-browser").unwrap();
    let port = Url::parse(loopback.redirect_uri()).unwrap().port().unwrap();
    (loopback, port)
}

/// Sends these bytes, and gives all that comes back.
pub(super) async fn send(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The listener waits until the other side closes, so the end of the page is the end.
    while !(answer.ends_with(b"</html>\n") || answer.ends_with(b"Content-Length: 0\r\n\r\n")) {
        if stream.read_buf(&mut answer).await.unwrap_or(0) == 0 {
            break;
        }
    }
    String::from_utf8(answer).unwrap()
}

fn redirect_request(port: u16, state: &str) -> String {
    format!("GET /callback?code=c&state={state} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
}

#[tokio::test]
async fn the_address_is_taken_for_this_process_alone() {
    let (_loopback, port) = bind();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let again =
        Loopback::bind(&format!("http://127.0.0.1:{port}/callback"), "jetbridge login --no-browser").unwrap_err();
    assert_eq!(again.kind, "port_in_use");
    let share = |address: SocketAddr| {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        #[cfg(unix)]
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        socket.listen(1)
    };
    assert_eq!(share(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    // Other systems let a program listen on all addresses but those that are taken; requests to 127.0.0.1 come here.
    if cfg!(target_os = "linux") {
        assert_eq!(share(([0, 0, 0, 0], port).into()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}

#[tokio::test]
async fn no_other_address_of_this_machine_leads_here() {
    let (_loopback, port) = bind();
    for other in ["127.0.0.2", "::1"] {
        let address = SocketAddr::new(other.parse().unwrap(), port);
        assert!(TcpStream::connect(address).await.is_err(), "{address}");
    }
}

/// Twice as many connections as there may be, none of which ends its request.
async fn crowd(port: u16) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for begun in ["", "GET /callback?code=c&state="].repeat(CONNECTION_LIMIT) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        crowd.push(stream);
    }
    crowd
}

#[tokio::test]
async fn connections_that_send_nothing_or_no_end_keep_nobody_waiting() {
    let (mut loopback, port) = bind();
    let _crowd = crowd(port).await;
    let browser = tokio::spawn(async move { send(port, &redirect_request(port, "right")).await });
    // Sooner than any of them is given up for its silence alone.
    let redirect = timeout(READ_LIMIT / 2, loopback.next()).await.unwrap().unwrap();
    assert!(redirect.uri().ends_with("state=right"));
    redirect.answer(Page::SignedIn);
    assert!(browser.await.unwrap().contains("You are signed in"));
}

#[tokio::test]
async fn whoever_waits_for_the_page_is_not_shown_out_with_the_others() {
    let (mut loopback, port) = bind();
    let browser = tokio::spawn(async move { send(port, &redirect_request(port, "right")).await });
    let redirect = loopback.next().await.unwrap();
    let _crowd = crowd(port).await;
    let wrong = timeout(READ_LIMIT / 2, send(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert!(wrong.unwrap().starts_with("HTTP/1.1 421 "), "there was room for one more");
    redirect.answer(Page::SignedIn);
    assert!(browser.await.unwrap().contains("You are signed in"));
}

#[tokio::test]
async fn many_redirects_at_once_are_all_answered() {
    let (mut loopback, port) = bind();
    let mut browsers = tokio::task::JoinSet::new();
    for number in 0..4 * CONNECTION_LIMIT {
        browsers.spawn(async move { send(port, &redirect_request(port, &number.to_string())).await });
    }
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..4 * CONNECTION_LIMIT {
        let redirect = loopback.next().await.unwrap();
        states.insert(redirect.uri().to_owned());
        redirect.answer(Page::Unexpected);
    }
    assert_eq!(states.len(), 4 * CONNECTION_LIMIT);
    while let Some(answer) = browsers.join_next().await {
        assert!(answer.unwrap().starts_with("HTTP/1.1 400 "));
    }
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let (_loopback, port) = bind();
    for line in ["X: y\r\n", "x"] {
        let mut endless = format!("GET /callback?code=c&state=s HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
        while endless.len() < HEAD_LIMIT + 4096 {
            endless.push_str(line);
        }
        assert!(send(port, &endless).await.starts_with("HTTP/1.1 431 "), "{line}");
    }
}
