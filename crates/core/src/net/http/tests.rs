use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn plain_http_is_for_loopback_only() {
    for allowed in ["https://a.example", "http://127.0.0.1:1", "http://localhost", "http://[::1]:80/x"] {
        assert_eq!(ensure_secure(&url(allowed)), Ok(()), "{allowed}");
    }
    for refused in ["http://a.example", "http://10.0.0.1", "http://localhost.example", "ftp://127.0.0.1"] {
        assert_eq!(ensure_secure(&url(refused)), Err(HttpError::Insecure), "{refused}");
    }
}

#[test]
fn a_requested_wait_is_read_in_every_form_and_never_longer_than_ten_minutes() {
    #[derive(Debug)]
    struct Fixed;
    impl crate::clock::Clock for Fixed {
        fn now(&self) -> SystemTime {
            from_unix(1_800_000_000)
        }
    }
    let http = Http::new(CorrectedClock::new(Arc::new(Fixed)), None, None, HostOverrides::new()).unwrap();
    let wait = |name: &'static str, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        http.requested_wait(&headers).map(|wait| wait.as_secs())
    };
    assert_eq!(wait("retry-after", "7"), Some(7));
    assert_eq!(wait("retry-after", &httpdate::fmt_http_date(from_unix(1_800_000_030))), Some(30));
    assert_eq!(wait("x-rate-limit-reset", "1800000042"), Some(42));
    assert_eq!(wait("x-rate-limit-reset", "1700000000"), Some(0));
    assert_eq!(wait("retry-after", "86400"), Some(600));
    assert_eq!(wait("x-rate-limit-reset", "9999999999999"), Some(600));
    assert_eq!(wait("x-rate-limit-reset", "soon"), None);
    assert_eq!(wait("date", "7"), None);
}

#[test]
fn only_okta_aws_and_this_machine_tell_the_time() {
    let clock = CorrectedClock::new(Arc::new(crate::clock::SystemClock));
    let http =
        Http::new(clock, Some(&url("https://dev-1.okta.com/oauth2/default")), None, HostOverrides::new()).unwrap();
    let http = http.believing(Later::new(|| vec!["amazonaws.com".to_owned(), "amazonaws.eu".to_owned()]));
    for believed in [
        "https://dev-1.okta.com/oauth2/default/v1/token",
        "https://cognito-identity.us-west-2.amazonaws.com/",
        "https://b.s3.eusc-de-east-1.amazonaws.eu/",
        "http://127.0.0.1:4580/",
    ] {
        assert!(http.is_time_server(&url(believed)), "{believed}");
    }
    for other in [
        "https://minio.example.com/",
        "https://amazonaws.com.example.com/",
        "https://evilamazonaws.com/",
        "https://okta.com/",
    ] {
        assert!(!http.is_time_server(&url(other)), "{other}");
    }
}

#[test]
fn cache_control_is_read() {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, "public, max-age=120".parse().unwrap());
    let answer = Answer { status: 200, headers, body: Vec::new() };
    assert_eq!(answer.max_age(), Some(Duration::from_secs(120)));
}

/// Answers one request, and gives the port of that.
fn serve(answer: impl FnOnce(TcpStream) -> std::io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept()?;
        let _ = connection.read(&mut [0; 4096])?;
        answer(connection)
    });
    port
}

async fn get(url_text: &str, patience: Patience) -> Result<Answer, HttpError> {
    let clock = CorrectedClock::new(Arc::new(crate::clock::SystemClock));
    let http = Http::with_patience(clock, None, None, HostOverrides::new(), patience).unwrap();
    http.send_bounded(reqwest::Request::new(reqwest::Method::GET, url(url_text))).await
}

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn an_answer_that_trickles_in_is_given_up_as_a_whole() {
    let port = serve(|mut connection| {
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")?;
        (0..100).try_for_each(|_| {
            std::thread::sleep(Duration::from_millis(20));
            connection.write_all(b" ")
        })
    });
    let outcome = get(&format!("http://127.0.0.1:{port}"), Patience { answer: SHORT, ..PATIENCE }).await;
    assert_eq!(outcome.map(|answer| answer.body.len()), Err(HttpError::Timeout));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_not_waited_for() {
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"] {
        let port = serve(|mut connection| {
            connection.write_all(begun.as_bytes())?;
            // Until the client hangs up, and not for ever.
            connection.set_read_timeout(Some(Duration::from_secs(5)))?;
            connection.read(&mut [0; 1]).map(|_| ())
        });
        let outcome = get(&format!("http://127.0.0.1:{port}"), Patience { answer: SHORT, ..PATIENCE }).await;
        assert_eq!(outcome.map(|answer| answer.status), Err(HttpError::Timeout), "{begun:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_has_sent_nothing() {
    let port = serve(|mut connection| {
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        connection.read(&mut [0; 1]).map(|_| ())
    });
    let outcome = get(&format!("https://127.0.0.1:{port}"), Patience { connect: SHORT, ..PATIENCE }).await;
    // Not `Timeout`, after which a refresh token would be sent once more.
    assert!(matches!(outcome.map(|answer| answer.status), Err(HttpError::Connect(_))));
}

/// A second try must not go where the first answer was swallowed.
#[tokio::test]
async fn a_client_without_connections_opens_one_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = url(&format!("http://{}", listener.local_addr().unwrap()));
    let connections = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            std::thread::spawn(move || {
                let mut connection = connection?;
                while connection.read(&mut [0; 4096])? > 0 {
                    connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    let clock = CorrectedClock::new(Arc::new(crate::clock::SystemClock));
    let http = Http::new(clock, None, None, HostOverrides::new()).unwrap();
    let fresh = http.without_connections();
    assert!(!http.has_made_clients(), "nobody was asked yet");
    for (client, expected) in [(&http, 1), (&http, 1), (&fresh, 2), (&fresh, 2), (&http, 2)] {
        client.send_single_use(reqwest::Request::new(reqwest::Method::GET, address.clone())).await.unwrap();
        assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), expected);
        assert!(http.has_made_clients() && fresh.has_made_clients(), "one recipe");
    }
}

/// The runtime's thread sleeps, as a process does that was stopped: the answer comes meanwhile, and so does its time.
#[tokio::test]
async fn an_answer_that_came_while_the_process_was_stopped_counts() {
    let port = serve(|mut connection| {
        std::thread::sleep(Duration::from_millis(50));
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")?;
        connection.read(&mut [0; 1]).map(|_| ())
    });
    let asking =
        tokio::spawn(
            async move { get(&format!("http://127.0.0.1:{port}"), Patience { answer: SHORT, ..PATIENCE }).await },
        );
    // Until the request is out.
    tokio::time::sleep(Duration::from_millis(20)).await;
    std::thread::sleep(2 * SHORT);
    assert_eq!(asking.await.unwrap().map(|answer| answer.body), Ok(b"{}".to_vec()));
}
