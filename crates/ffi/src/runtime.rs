//! The tokio runtime that UniFFI runs async exports on, for the few synchronous exports that have to start a task.

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;
use uniffi::deps::async_compat::Compat;

/// The runtime's handle. The adapter that UniFFI uses does not give it away, but whoever is polled inside it can ask.
pub(crate) fn handle() -> Handle {
    static HANDLE: LazyLock<Handle> = LazyLock::new(|| {
        let mut asking = pin!(Compat::new(async { Handle::current() }));
        loop {
            // Ready at the first poll: there is nothing in it to wait for.
            if let Poll::Ready(handle) = asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return handle;
            }
        }
    });
    HANDLE.clone()
}
