//! What asks this process to end: Ctrl-C, a service manager (SIGTERM), a terminal that closes (SIGHUP).

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// One wish may come as several signals: a terminal that closes makes the kernel and the shell hang up, and wrappers hand
/// on the Ctrl-C that the terminal has sent to this process too. What comes later is a second wish.
const ONE_WISH: Duration = Duration::from_millis(500);
/// Linux could send a signal (prctl(2), PR_SET_PDEATHSIG), but does so when a thread of the parent ends.
#[cfg(unix)]
const PARENT_CHECK: Duration = Duration::from_millis(500);

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
        Self::listen_to(Signals::listen())
    }

    /// The same in a process that another program takes over: what was ignored stays so for that program, and a signal that
    /// is listened to would be none of these any more (execve(2)).
    pub(crate) fn listen_until_taken_over() -> Self {
        Self::listen_to(Signals::listen_but_to_ignored())
    }

    /// From before anything else runs: until then a signal ends the process.
    fn listen_to(mut signals: Signals) -> Self {
        let (tell, wish) = watch::channel(Wish::GoOn);
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

    /// Whether it has.
    pub(crate) fn is_requested(&self) -> bool {
        *self.wish.borrow() >= Wish::End
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

/// Returns when the process that started this one has ended, as far as the system tells: others then become its parent.
pub(crate) async fn parent_ended() {
    #[cfg(unix)]
    {
        let parent = rustix::process::getppid();
        while rustix::process::getppid() == parent {
            tokio::time::sleep(PARENT_CHECK).await;
        }
    }
    #[cfg(not(unix))]
    std::future::pending::<()>().await;
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
            Self::listen_unless(|kind| kind == SignalKind::hangup() && is_hang_up_ignored())
        }

        /// Where the kernel does not say what is ignored, as for [`listen`](Self::listen): a refresh token that is lost to a
        /// signal is worse than a command that is not deaf to it.
        pub(super) fn listen_but_to_ignored() -> Self {
            let ignored = ignored_signals();
            Self::listen_unless(|kind| match ignored {
                Some(mask) => has(mask, kind),
                None => kind == SignalKind::hangup() && is_hang_up_ignored(),
            })
        }

        fn listen_unless(is_ignored: impl Fn(SignalKind) -> bool) -> Self {
            // A limit on the size of files (`ulimit -f`) is an error like a full disk, not the end of the process.
            let file_size = SignalKind::from_raw(SIGXFSZ);
            if !is_ignored(file_size) {
                let _ = signal(file_size);
            }
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].into_iter();
            // What cannot be listened to ends the process as it ends any other.
            Self(kinds.filter(|kind| !is_ignored(*kind)).filter_map(|kind| signal(kind).ok()).collect())
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
        match ignored_signals() {
            Some(mask) => has(mask, SignalKind::hangup()),
            None => {
                !(std::io::stdin().is_terminal() || std::io::stdout().is_terminal() || std::io::stderr().is_terminal())
            }
        }
    }

    /// One bit for each (proc_pid_status(5)); nothing where there is no such file.
    fn ignored_signals() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    /// Signal 1 is the lowest bit.
    fn has(mask: u64, kind: SignalKind) -> bool {
        mask >> (kind.as_raw_value() - 1) & 1 == 1
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

        /// No program takes over here.
        pub(super) fn listen_but_to_ignored() -> Self {
            Self::listen()
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
