//! Uploads as they go over a connection: when the body is asked for, when it is not, and what becomes of what is left.

use aws_sigv4::http_request::PayloadChecksumKind;
use aws_sigv4::sign::v4::sign_chunk;
use axum::body::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// More than the buffers of a connection hold.
const LARGE: usize = 8 * 1024 * 1024;

struct Connection {
    stream: TcpStream,
    host: String,
}

impl Connection {
    async fn open(bench: &Bench) -> Self {
        let host = bench.origin.strip_prefix("http://").unwrap().to_owned();
        Self { stream: TcpStream::connect(&host).await.unwrap(), host }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn send_head(&mut self, target: &str, headers: &[(&str, &str)]) {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.send(format!("PUT {target} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host).as_bytes()).await;
    }

    /// The next status line's code and the body after it.
    async fn receive(&mut self) -> (String, String) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(char::from(self.stream.read_u8().await.unwrap()));
        }
        let length =
            head.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        (head[9..12].to_owned(), String::from_utf8(body).unwrap())
    }

    async fn receive_error(&mut self) -> (String, String) {
        let (status, xml) = self.receive().await;
        (status, element(&xml, "Code").unwrap_or_default().to_owned())
    }

    /// Whether another request is answered here.
    async fn is_usable(&mut self) -> bool {
        self.send_head("/jetbridge-demo/other", &[("content-length", "0")]).await;
        self.receive().await.0 == "403"
    }
}

fn refused(code: &str) -> (String, String) {
    let status = if code == "BadDigest" { "400" } else { "403" };
    (status.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_body_that_waits_is_asked_for_once_its_head_is_accepted() {
    let bench = Bench::start().await;
    let url = bench.presign(&Method::PUT, "/jetbridge-demo/new");
    let target = &url.as_str()[bench.origin.len()..];
    // Another digest than the content's, which only shows when that is there.
    let headers = [("expect", "100-continue"), ("content-length", "9"), ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
    let mut connection = Connection::open(&bench).await;
    connection.send_head(target, &headers).await;
    assert_eq!(connection.receive().await.0, "100");
    connection.send(b"123456789").await;
    assert_eq!(connection.receive_error().await, refused("BadDigest"));
    assert!(connection.is_usable().await);
}

#[tokio::test]
async fn a_body_that_waits_is_not_asked_for_when_its_head_is_refused() {
    let bench = Bench::start().await;
    let mut connection = Connection::open(&bench).await;
    connection.send_head("/jetbridge-demo/new", &[("expect", "100-continue"), ("content-length", "9")]).await;
    assert_eq!(connection.receive_error().await, refused("AccessDenied"));
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_the_body_and_is_seen_by_who_sends_it_all() {
    let bench = Bench::start().await;
    let length = LARGE.to_string();
    let mut connection = Connection::open(&bench).await;
    connection.send_head("/jetbridge-demo/new", &[("content-length", &length)]).await;
    // Nothing of the body was sent.
    assert_eq!(connection.receive_error().await, refused("AccessDenied"));
    connection.send(&vec![0; LARGE]).await;
    assert!(connection.is_usable().await);
    // All of it before the answer is looked at, as blocking clients do.
    connection.send_head("/jetbridge-demo/new", &[("content-length", &length)]).await;
    connection.send(&vec![0; LARGE]).await;
    assert_eq!(connection.receive_error().await, refused("AccessDenied"));
    assert!(connection.is_usable().await);
}

#[tokio::test]
async fn chunks_are_held_against_the_signature_of_their_request() {
    let bench = Bench::start().await;
    let content = vec![b'a'; LARGE];
    let identity = Credentials::from_keys(
        bench.signer.access_key_id.as_str(),
        bench.signer.secret_access_key.as_str(),
        Some(bench.signer.session_token.clone()),
    )
    .into();
    for is_right in [true, false] {
        let now = bench.shared.clock.now();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-west-2")
            .name("s3")
            .time(now)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let chunk_params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-west-2")
            .name("s3")
            .time(now)
            .settings(())
            .build()
            .unwrap();
        let url = format!("{}/jetbridge-demo/new", bench.origin);
        let length = LARGE.to_string();
        // The wrong digest tells a body whose chunks were all accepted.
        let headers = [
            ("content-encoding", "aws-chunked"),
            ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
            ("x-amz-decoded-content-length", length.as_str()),
        ];
        let body = SignableBody::Precomputed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned());
        let signable = SignableRequest::new("PUT", &url, headers.into_iter(), body).unwrap();
        let (instructions, seed) = sign(signable, &params).unwrap().into_parts();
        let mut request = http::Request::put(&url).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        let mut signature = if is_right { seed } else { "0".repeat(64) };
        let mut framed = Vec::new();
        for chunk in [Bytes::from(content.clone()), Bytes::new()] {
            signature = sign_chunk(&chunk, &signature, &chunk_params).unwrap().signature().to_owned();
            framed.extend_from_slice(format!("{:x};chunk-signature={signature}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(&chunk);
            framed.extend_from_slice(b"\r\n");
        }
        let framed_length = framed.len().to_string();
        let signed = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let headers: Vec<_> =
            headers.into_iter().chain(signed).chain([("content-length", framed_length.as_str())]).collect();
        let mut connection = Connection::open(&bench).await;
        connection.send_head("/jetbridge-demo/new", &headers).await;
        connection.send(&framed).await;
        let code = if is_right { "BadDigest" } else { "SignatureDoesNotMatch" };
        assert_eq!(connection.receive_error().await, refused(code));
        assert!(connection.is_usable().await);
    }
}
