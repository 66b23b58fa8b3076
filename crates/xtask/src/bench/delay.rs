//! A network that is far away: whatever goes through arrives later, in either direction, and a connection takes a round
//! trip to open. Nothing is lost and nothing narrower: what is measured is how often a client waits.

use std::io::{Read, Write};
use std::net::{Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// What may be on its way in one direction of one connection, in pieces of 64 KiB: more than any of the clients has.
const PIECES: usize = 1024;

/// Listens at the same port of `[::1]` and passes on to `127.0.0.1`: the stack answers for both names of its port, so that
/// signatures, which cover the name, hold. Works for as long as the process lives.
///
/// # Errors
/// If this machine has no IPv6 loopback address, or something listens there.
pub(super) fn open(port: u16, each_way: Duration) -> Result<String, String> {
    open_watched(port, each_way, Arc::new(|_| ()))
}

/// Whether [`open`] will work on this machine: containers often have no IPv6.
///
/// # Errors
/// What is missing.
pub(super) fn check() -> Result<(), String> {
    let has_address = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, 0)));
    has_address.map(drop).map_err(|error| {
        format!(
            "[::1] cannot be listened at ({error}). The servers that are far away are reached there: allow IPv6 on the loopback \
             interface (Docker: --sysctl net.ipv6.conf.lo.disable_ipv6=0)"
        )
    })
}

/// Is shown what a client sends, piece by piece; a small request comes in one.
pub(super) type Watch = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// The same, watched.
///
/// # Errors
/// As for [`open`].
pub(super) fn open_watched(port: u16, each_way: Duration, watch: Watch) -> Result<String, String> {
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).map_err(|error| format!("cannot listen at {address}: {error}"))?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let watch = Arc::clone(&watch);
            thread::spawn(move || pass_on(&client, port, each_way, watch));
        }
    });
    Ok(format!("http://{address}"))
}

fn pass_on(client: &TcpStream, port: u16, each_way: Duration, watch: Watch) {
    // The client's side was open at once: the round trip that it would have waited for comes before the first byte.
    thread::sleep(each_way * 2);
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let pairs = [(client, &server, watch), (&server, client, Arc::new(|_: &[u8]| ()) as Watch)];
    for (from, to, watch) in pairs {
        let _ = from.set_nodelay(true);
        let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { return };
        let (pieces, later) = sync_channel(PIECES);
        thread::spawn(move || read(from, &pieces, &watch));
        thread::spawn(move || write(to, &later, each_way));
    }
}

#[expect(clippy::disallowed_methods, reason = "this is a clock's work: bytes wait for their time")]
fn read(mut from: TcpStream, pieces: &SyncSender<(Instant, Vec<u8>)>, watch: &Watch) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        watch(&buffer[..length]);
        if pieces.send((Instant::now(), buffer[..length].to_vec())).is_err() {
            return;
        }
    }
}

fn write(mut to: TcpStream, later: &Receiver<(Instant, Vec<u8>)>, each_way: Duration) {
    for (came, bytes) in later {
        thread::sleep(each_way.saturating_sub(came.elapsed()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
