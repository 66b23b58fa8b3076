//! Servers that mean no good, or are out of their mind. Here: a bucket whose listing does not end.

mod answers;
mod bounds;
mod cuts;
mod objects;
mod redirects;
mod renewals;
pub(crate) mod server;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jetbridge::ListObjects;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::{ALICE, Bench, config_of};

const GIB: usize = 1 << 30;
/// What the limits and the sockets' buffers may take together.
const ENOUGH: usize = 64 << 20;

/// Answers every request with a GiB of spaces; says how much of it was taken.
async fn endless_server(content_type: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let _ = connection.read(&mut [0; 4096]).await;
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {GIB}\r\n\r\n");
                let _ = connection.write_all(head.as_bytes()).await;
                let spaces = vec![b' '; 64 << 10];
                while connection.write_all(&spaces).await.is_ok() {
                    counter.fetch_add(spaces.len(), Ordering::Relaxed);
                }
            });
        }
    });
    (port, taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_listing_is_not_read_whole() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let (port, taken) = endless_server("application/xml").await;
    let config = config_of(&bench.stack, |_, aws| {
        aws["Storage"]["AWSS3"]["endpoint"] = format!("http://127.0.0.1:{port}").into();
    });
    let session = bench.session_with(config);
    let error = session.list_objects(ListObjects::default()).next_page().await.unwrap_err();
    assert_eq!(error.kind(), "retryable", "{error}");
    // The SDK may try again: each time no more than the limit.
    assert!(taken.load(Ordering::Relaxed) < 3 * ENOUGH);
}
