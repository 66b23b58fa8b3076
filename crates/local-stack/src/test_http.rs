//! A place for tests to serve a router over real HTTP.

use tokio::net::TcpListener;
use url::Url;

/// A free port and its origin.
pub(crate) async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}
