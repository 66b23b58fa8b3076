//! What tests need to talk to a router over real HTTP on loopback.

use std::sync::Arc;

use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use url::Url;

/// A free port and its origin.
pub(crate) async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

/// A client for plain HTTP that follows no redirect and asks no proxy.
pub(crate) fn client() -> Client {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).no_proxy().redirect(Policy::none()).build().unwrap()
}
