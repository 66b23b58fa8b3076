//! A network on which half of a round trip takes one step, however fast the machine is: what is sent arrives with the next step,
//! and the next step comes when nobody has anything more to say. So round trips are counted, the set-up of connections among them,
//! and no clock is asked.
//!
//! It lies between `localhost`, as a session's resolver is told, and the stack's ports on this machine.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Nobody here thinks for so many short whiles between what came and what goes. A machine that stands still for longer than
/// one of them takes time from everybody, so it counts as one.
const QUIET: u32 = 15;
const WHILE: Duration = Duration::from_millis(10);
/// Between what arrives in one step, so that its order is the one that is wanted.
const APART: Duration = Duration::from_millis(10);

/// Where the session's requests go instead.
pub(crate) const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);

/// In which order the connections get what arrives in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

#[derive(Debug)]
struct Piece {
    /// The step with which it arrives.
    arrives: usize,
    /// Nothing means the end.
    bytes: Vec<u8>,
}

/// One direction of one connection.
#[derive(Debug, Default)]
struct Lane {
    on_their_way: Mutex<VecDeque<Piece>>,
}

#[derive(Debug)]
struct Shared {
    order: Order,
    step: watch::Sender<usize>,
    /// Counts whatever happens.
    events: AtomicUsize,
    on_their_way: AtomicUsize,
    connections: AtomicUsize,
}

/// The network, until it is dropped.
#[derive(Debug)]
pub(crate) struct SlowNetwork {
    shared: Arc<Shared>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl SlowNetwork {
    /// Between 127.0.0.2 and 127.0.0.1, at these ports.
    pub(crate) async fn start(ports: &[u16], order: Order) -> Self {
        let shared = Arc::new(Shared {
            order,
            step: watch::Sender::new(0),
            events: AtomicUsize::new(0),
            on_their_way: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        });
        let mut tasks = vec![tokio::spawn(advance(Arc::clone(&shared)))];
        for port in ports {
            let listener = TcpListener::bind(SocketAddr::new(ADDRESS.ip(), *port)).await.unwrap();
            tasks.push(tokio::spawn(accept(Arc::clone(&shared), listener, *port)));
        }
        Self { shared, tasks }
    }

    /// How many steps were taken so far; two are a round trip.
    pub(crate) fn steps(&self) -> usize {
        *self.shared.step.borrow()
    }

    /// How many connections were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until nothing is on its way and nobody says anything more.
    pub(crate) async fn settled(&self) {
        loop {
            let before = self.shared.events.load(Ordering::SeqCst);
            pass(2 * QUIET).await;
            let is_quiet = self.shared.events.load(Ordering::SeqCst) == before;
            if is_quiet && self.shared.on_their_way.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    }
}

impl Drop for SlowNetwork {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn pass(whiles: u32) {
    for _ in 0..whiles {
        tokio::time::sleep(WHILE).await;
    }
}

/// Takes a step whenever all have said what they had to say, and something is on its way.
async fn advance(shared: Arc<Shared>) {
    loop {
        let before = shared.events.load(Ordering::SeqCst);
        pass(QUIET).await;
        if shared.on_their_way.load(Ordering::SeqCst) > 0 && shared.events.load(Ordering::SeqCst) == before {
            shared.step.send_modify(|step| *step += 1);
            shared.events.fetch_add(1, Ordering::SeqCst);
        }
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, port: u16) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        shared.events.fetch_add(1, Ordering::SeqCst);
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        // A connection is one round trip before the first byte (RFC 9293 §3.5).
        connections.spawn(carry(Arc::clone(&shared), number, 2, from_client, to_server));
        connections.spawn(carry(Arc::clone(&shared), number, 0, from_server, to_client));
    }
}

async fn carry(
    shared: Arc<Shared>,
    number: usize,
    head_start: usize,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) {
    let lane = Lane::default();
    let opened = *shared.step.borrow();
    let mut step = shared.step.subscribe();
    let reading = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut buffer).await.unwrap_or(0);
            let arrives = (*shared.step.borrow() + 1).max(opened + head_start + 1);
            shared.on_their_way.fetch_add(1, Ordering::SeqCst);
            shared.events.fetch_add(1, Ordering::SeqCst);
            let piece = Piece { arrives, bytes: buffer[..length].to_vec() };
            lane.on_their_way.lock().unwrap().push_back(piece);
            if length == 0 {
                return;
            }
        }
    };
    let writing = async {
        loop {
            let now = *step.borrow_and_update();
            let mut is_first = true;
            loop {
                let next = lane.on_their_way.lock().unwrap().pop_front_if(|piece| piece.arrives <= now);
                let Some(piece) = next else { break };
                if std::mem::take(&mut is_first) {
                    let turn = if shared.order == Order::OldestFirst { number } else { 8usize.saturating_sub(number) };
                    tokio::time::sleep(APART * u32::try_from(turn.min(8)).unwrap()).await;
                }
                let arrived =
                    if piece.bytes.is_empty() { to.shutdown().await } else { to.write_all(&piece.bytes).await };
                shared.on_their_way.fetch_sub(1, Ordering::SeqCst);
                shared.events.fetch_add(1, Ordering::SeqCst);
                if arrived.is_err() || piece.bytes.is_empty() {
                    return;
                }
            }
            if step.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}
