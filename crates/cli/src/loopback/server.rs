//! The smallest server that browsers and AWS's SDKs understand: one request for each connection, bounded in size, time and number,
//! so that whoever connects and stays silent keeps nobody waiting.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

use super::answer::refusal;
use super::request::{Request, Status};

/// Larger than any redirect that the core accepts (8 KiB), with room for a browser's headers and cookies.
pub(super) const HEAD_LIMIT: usize = 32 * 1024;
/// A browser on the same machine sends its request at once.
pub(super) const READ_LIMIT: Duration = Duration::from_secs(10);
/// How long a browser may take to close a connection that is done with.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// Browsers open a few connections ahead; more than this is somebody else.
pub(super) const CONNECTION_LIMIT: usize = 16;
/// With that many open, so long may a connection be silent while others wait.
const CROWDED_READ_LIMIT: Duration = Duration::from_millis(500);

/// Who answers the requests for one address.
pub(super) trait Service: Send + Sync + 'static {
    /// Answers a request that came from `visitor`, or says why not.
    fn answer(&self, request: Request, visitor: &Visitor) -> impl Future<Output = Result<Answer, Status>> + Send;

    /// The whole HTTP answer to a request that is not answered.
    fn refuse(&self, status: Status) -> String {
        refusal(status)
    }
}

/// The other end of a connection.
pub(super) struct Visitor {
    pub(super) address: SocketAddr,
    is_welcome: Arc<AtomicBool>,
}

impl Visitor {
    /// The answer takes a while: this one is not shown out with those who are silent.
    pub(super) fn welcome(&self) {
        self.is_welcome.store(true, Ordering::Relaxed);
    }
}

/// A whole HTTP answer; an empty one closes the connection without a word.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Called when the browser has it all; dropped if it never gets there.
    pub(super) on_delivery: Option<Box<dyn FnOnce() + Send>>,
}

/// Binds without SO_REUSEADDR and SO_REUSEPORT: with either, some systems let a second process share the address and
/// receive the code.
pub(super) fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(address)?;
    let listener = socket.listen(CONNECTION_LIMIT as u32)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until the task is aborted. `authority` is the `Host` of requests that are meant for this address.
pub(super) fn serve(listener: TcpListener, authority: String, service: impl Service) -> JoinHandle<()> {
    tokio::spawn(accept(listener, authority.into(), Arc::new(service)))
}

/// A connection that has been accepted.
struct Guest {
    task: AbortHandle,
    /// Whether it has brought what was waited for, and waits for the page.
    is_welcome: Arc<AtomicBool>,
}

async fn accept(listener: TcpListener, authority: Arc<str>, service: Arc<impl Service>) {
    let connections = Arc::new(Semaphore::new(CONNECTION_LIMIT));
    let mut guests: Vec<Guest> = Vec::new();
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            // Out of file descriptors or the like: give the machine a moment instead of spinning.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let room = || Arc::clone(&connections).acquire_owned();
        let permit = match timeout(CROWDED_READ_LIMIT, room()).await {
            Ok(permit) => permit,
            Err(_) => {
                // All of them had time enough to send something: who did not must not keep the browser waiting.
                guests
                    .iter()
                    .filter(|guest| !guest.is_welcome.load(Ordering::Relaxed))
                    .for_each(|guest| guest.task.abort());
                room().await
            }
        };
        let Ok(permit) = permit else { return };
        let is_welcome = Arc::<AtomicBool>::default();
        let visitor = Visitor { address, is_welcome: Arc::clone(&is_welcome) };
        let (authority, service) = (Arc::clone(&authority), Arc::clone(&service));
        let task = tokio::spawn(async move {
            if let Err(error) = serve_one(stream, &visitor, &authority, &*service).await {
                tracing::debug!(%error, "a connection of a browser broke");
            }
            drop(permit);
        });
        guests.retain(|guest| !guest.task.is_finished());
        guests.push(Guest { task: task.abort_handle(), is_welcome });
    }
}

/// Answers one request.
async fn serve_one(
    mut stream: TcpStream,
    visitor: &Visitor,
    authority: &str,
    service: &impl Service,
) -> io::Result<()> {
    // Without SO_REUSEADDR a port is blocked for a minute if we close a connection first. So the browser closes first,
    // and what is left open at the end is reset.
    stream.set_zero_linger()?;
    let Ok(head) = timeout(READ_LIMIT, read_head(&mut stream)).await else { return Ok(()) };
    let request = head?.ok_or(Status::TooLarge).and_then(|head| Request::read(&head, authority));
    let answer = match request {
        Ok(request) => service.answer(request, visitor).await,
        Err(status) => Err(status),
    };
    let Answer { text, on_delivery } = answer.unwrap_or_else(|status| {
        tracing::info!(status = status.line(), "ignored a request that was not expected");
        Answer { text: service.refuse(status), on_delivery: None }
    });
    if text.is_empty() {
        return Ok(());
    }
    stream.write_all(text.as_bytes()).await?;
    // The answer says `Connection: close`; wait for the browser to do so.
    let closed = async {
        let mut rest = [0; 1024];
        while let Ok(1..) = stream.read(&mut rest).await {}
    };
    let _ = timeout(CLOSE_LIMIT, closed).await;
    if let Some(tell) = on_delivery {
        tell();
    }
    Ok(())
}

/// Reads up to the empty line; `None` if that does not come within the limit.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(4096);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() >= HEAD_LIMIT {
            return Ok(None);
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
    Ok(Some(head))
}
