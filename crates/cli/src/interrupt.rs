//! What asks this process to end: Ctrl-C, a service manager (SIGTERM), a terminal that closes (SIGHUP).

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// One wish may come as several signals: a terminal that closes makes the kernel and the shell hang up, and wrappers hand
/// on the Ctrl-C that the terminal has sent to this process too. What comes later is a second wish.
const ONE_WISH: Duration = Duration::from_millis(500);

/// Remembers that the user wants to stop: whoever asks later is told too.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    wish: watch::Receiver<Wish>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    GoOn,
    End,
    EndAtOnce,
}

impl Interrupt {
    /// Listens from now on, for the rest of the process.
    pub(crate) fn listen() -> Self {
        let (tell, wish) = watch::channel(Wish::GoOn);
        // Before anything else runs: until then a signal ends the process.
        let mut signals = Signals::listen();
        tokio::spawn(async move {
            signals.next().await;
            tell.send_replace(Wish::End);
            let first = Instant::now();
            while first.elapsed() < ONE_WISH {
                signals.next().await;
            }
            tell.send_replace(Wish::EndAtOnce);
        });
        Self { wish }
    }

    /// Returns when the process has been asked to end.
    pub(crate) async fn requested(&self) {
        self.reaches(Wish::End).await;
    }

    /// Returns when it has been asked a second time: not to wait for anything.
    pub(crate) async fn insisted(&self) {
        self.reaches(Wish::EndAtOnce).await;
    }

    async fn reaches(&self, wanted: Wish) {
        if self.wish.clone().wait_for(|wish| *wish >= wanted).await.is_err() {
            // The listener ends only with the runtime, or once it has said everything.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
use unix::Signals;
#[cfg(windows)]
use windows::Signals;

#[cfg(unix)]
mod unix {
    use std::io::IsTerminal as _;
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The same number on Linux and on Apple's systems.
    const SIGXFSZ: i32 = 25;

    pub(super) struct Signals(Vec<Signal>);

    impl Signals {
        pub(super) fn listen() -> Self {
            let hang_up = (!is_hang_up_ignored()).then(SignalKind::hangup);
            let kinds = [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hang_up);
            // A limit on the size of files (`ulimit -f`) is an error like a full disk, not the end of the process.
            let _ = signal(SignalKind::from_raw(SIGXFSZ));
            // What cannot be listened to ends the process as it ends any other.
            Self(kinds.filter_map(|kind| signal(kind).ok()).collect())
        }

        pub(super) async fn next(&mut self) {
            std::future::poll_fn(|context| {
                let has_come = |signal: &mut Signal| signal.poll_recv(context).is_ready();
                // All are asked, so that each wakes this task.
                let come = self.0.iter_mut().map(has_come).filter(|come| *come).count();
                if come > 0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    /// Whether whoever started this process wants it to outlive the terminal (`nohup`). Listening would undo that, and
    /// only the kernel can be asked; where it does not say, a process that is away from every terminal is taken for one.
    fn is_hang_up_ignored() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        match ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
            // Signal 1 is the lowest bit.
            Some(mask) => mask & 1 == 1,
            None => {
                !(std::io::stdin().is_terminal() || std::io::stdout().is_terminal() || std::io::stderr().is_terminal())
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

    /// Ctrl-C, Ctrl-Break, and the window that closes: Windows then leaves the process about five seconds.
    pub(super) struct Signals(Option<(CtrlC, CtrlBreak, CtrlClose)>);

    impl Signals {
        pub(super) fn listen() -> Self {
            let all = || Ok::<_, std::io::Error>((ctrl_c()?, ctrl_break()?, ctrl_close()?));
            Self(all().ok())
        }

        pub(super) async fn next(&mut self) {
            let Some((ctrl_c, ctrl_break, ctrl_close)) = &mut self.0 else {
                // Without a console nothing can interrupt.
                return std::future::pending().await;
            };
            tokio::select! {
                _ = ctrl_c.recv() => {}
                _ = ctrl_break.recv() => {}
                _ = ctrl_close.recv() => {}
            }
        }
    }
}
