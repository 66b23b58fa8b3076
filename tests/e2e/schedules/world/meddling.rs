//! What goes wrong while something is done: it is set up before and put an end to afterwards.

use std::sync::Arc;
use std::time::Duration;

use jetbridge_local_stack::{Fault, LocalStack};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::super::plan::{Delay, Moment, Trouble};
use super::super::process::Handle;
use super::World;

/// Longer than a request waits for an answer that holds what was spent.
const TOO_LONG: Duration = Duration::from_millis(10_100);
/// Long enough for whoever waits for it to be killed, or to be told to leave.
const HELD: Duration = Duration::from_millis(300);
const SLOW: Duration = Duration::from_millis(60);
const TICK: Duration = Duration::from_millis(25);

/// Somebody who spoils what is done.
pub(super) struct Meddler {
    task: JoinHandle<()>,
    act_is_over: Arc<Notify>,
    /// Whether it has to be waited for: what it has begun must not end half-way.
    finishes: bool,
    leaves_requests_behind: bool,
}

impl Meddler {
    pub(super) fn act_is_over(&self) {
        self.act_is_over.notify_one();
    }

    /// From here on nobody is killed any more, and no time is lost.
    pub(super) async fn stop(self) {
        if !self.finishes {
            self.task.abort();
        }
        let _ = self.task.await;
        if self.leaves_requests_behind {
            tokio::time::sleep(SLOW + TICK).await;
        }
    }
}

impl World<'_> {
    /// The trouble is that of process `first`, or everybody's.
    pub(super) fn make_trouble(&self, first: usize, trouble: Option<Trouble>) -> Option<Meddler> {
        let process = self.processes[first].as_ref()?;
        let (stack, handle) = (Arc::clone(&self.site.stack), process.handle().clone());
        let everybody: Vec<_> = self.processes.iter().flatten().map(|process| process.handle().clone()).collect();
        let act_is_over = Arc::new(Notify::new());
        let over = Arc::clone(&act_is_over);
        let faults = self.site.stack.faults();
        let task = match trouble? {
            Trouble::Store(trouble) => {
                process.plan(trouble);
                return None;
            }
            Trouble::Network(fault, times) => {
                faults.inject(fault, times);
                return None;
            }
            Trouble::Delay(Delay::AnswerHeld, times) => {
                faults.inject(Fault::TokenAnswerHeld, times);
                let clock = self.device.clock.clone();
                tokio::spawn(async move {
                    for nth in 1..=times {
                        until(|| stack.log().count("token") >= nth as usize).await;
                        // These seconds count for the grace.
                        stack.clock().advance(TOO_LONG);
                        clock.advance(TOO_LONG);
                        lose_time(&everybody).await;
                    }
                })
            }
            Trouble::Delay(delay, times) => {
                match delay {
                    Delay::Slow => faults.inject_wait(Fault::TokenSlow, times, SLOW),
                    _ => faults.inject(Fault::OktaSilent, times),
                }
                tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(TICK).await;
                        lose_time(&everybody).await;
                    }
                })
            }
            Trouble::DiesAtRequest(number) => tokio::spawn(async move {
                until(|| stack.log().records().len() > number).await;
                handle.kill();
            }),
            Trouble::DiesWaiting => {
                faults.inject_wait(Fault::TokenAnswerHeld, 1, HELD);
                tokio::spawn(async move {
                    until(|| stack.log().count("token") > 0).await;
                    handle.kill();
                })
            }
            Trouble::Leaves(moment) => {
                if matches!(moment, Moment::Waiting) {
                    faults.inject_wait(Fault::TokenAnswerHeld, 1, TICK);
                }
                tokio::spawn(async move {
                    tokio::select! {
                        () = wait_for(moment, &stack) => {}
                        () = over.notified() => {}
                    }
                    handle.call(|session| async move { session.leave().await }).await;
                    handle.kill();
                })
            }
            Trouble::ClockJumps { at_request, wrong_by } => {
                let (clock, wrong_by) = (self.device.clock.clone(), self.seconds_ahead() + wrong_by);
                tokio::spawn(async move {
                    until(|| stack.log().records().len() > at_request).await;
                    clock.set_wrong_by(wrong_by);
                })
            }
        };
        Some(Meddler {
            task,
            act_is_over,
            finishes: matches!(trouble, Some(Trouble::Leaves(_))),
            leaves_requests_behind: matches!(trouble, Some(Trouble::Delay(Delay::Slow, _))),
        })
    }
}

async fn wait_for(moment: Moment, stack: &LocalStack) {
    match moment {
        Moment::AtRequest(number) => until(|| stack.log().records().len() > number).await,
        Moment::After(time) => tokio::time::sleep(time).await,
        Moment::Waiting => until(|| stack.log().count("token") > 0).await,
    }
}

async fn lose_time(processes: &[Handle]) {
    for process in processes {
        process.lose_time(TOO_LONG).await;
    }
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
