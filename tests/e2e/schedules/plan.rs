//! What a schedule is made of, and how one is drawn.

use std::time::Duration;

use jetbridge::SignOutMode;
use jetbridge_local_stack::Fault;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::bench::{ALICE, BOB};

/// A story of one device.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Whether a rotated refresh token works for a while longer.
    pub(crate) with_grace: bool,
    /// Who is signed in at the beginning.
    pub(crate) signed_in: Option<&'static str>,
    /// How wrong the device's clock is, in seconds.
    pub(crate) clock_is_wrong_by: i64,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// One of the app's two processes does something.
    Act { process: usize, action: Action, trouble: Option<Trouble> },
    /// Two things happen at once, in one process or two; the trouble is the first one's.
    AtOnce { acts: [(usize, Action); 2], trouble: Option<Trouble> },
    /// Time passes for everybody.
    Pass(Duration),
    /// The device's clock is so many seconds wrong from now on.
    SetClockWrong(i64),
    /// A process is killed while it does nothing.
    Kill(usize),
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Begins a sign-in, and the person signs in in the browser. The redirect is kept for later.
    Begin(&'static str),
    /// Gives the redirect (0: the newest) to the app; if impatient, first with a caller that goes away.
    Finish {
        redirect: usize,
        impatient: bool,
    },
    /// So many callers ask for AWS credentials, and so many more go away while they wait.
    Ask {
        callers: usize,
        leavers: usize,
    },
    AskForAccessToken,
    ReadProfile,
    SignOut(SignOutMode),
    Restore,
}

/// What goes wrong meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    Store(StoreTrouble),
    /// The services fail so many times.
    Network(Fault, u32),
    /// The process is killed when the services have answered so many requests.
    DiesAtRequest(usize),
}

/// The store fails at a call, after some that go well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreTrouble {
    pub(crate) call: StoreCall,
    pub(crate) after: u32,
    pub(crate) mishap: Mishap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreCall {
    Load,
    Save,
    Delete,
    Lock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    Slow,
    FailsOnce,
    FailsFromNowOn,
    /// It works, and says that it failed.
    FailsAfterwards,
    DiesBefore,
    DiesAfterwards,
}

impl Trouble {
    /// Whether a token that the server has handed out may fail to reach the store.
    pub(crate) fn may_lose_tokens(self) -> bool {
        match self {
            Self::Store(trouble) => trouble.mishap != Mishap::Slow,
            Self::Network(fault, _) => fault == Fault::TokenResponseLost,
            Self::DiesAtRequest(_) => true,
        }
    }
}

pub(crate) fn schedule() -> impl Strategy<Value = Schedule> {
    (any::<bool>(), weighted(0.6, user()), wrong_clock(), vec(step(), 1..6)).prop_map(
        |(with_grace, signed_in, clock_is_wrong_by, steps)| Schedule {
            with_grace,
            signed_in,
            clock_is_wrong_by,
            steps,
        },
    )
}

fn user() -> impl Strategy<Value = &'static str> {
    select(vec![ALICE, ALICE, BOB])
}

fn wrong_clock() -> impl Strategy<Value = i64> {
    select(vec![0, 0, 0, -3 * 3600, 3 * 3600])
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = select(vec![20, 240, 600, 3300, 3600, 8000]);
    prop_oneof![
        9 => (0..2_usize, action(), weighted(0.4, trouble()))
            .prop_map(|(process, action, trouble)| Step::Act { process, action, trouble }),
        3 => ([(0..2_usize, action()), (0..2_usize, action())], weighted(0.3, trouble()))
            .prop_map(|(acts, trouble)| Step::AtOnce { acts, trouble }),
        4 => seconds.prop_map(|seconds| Step::Pass(Duration::from_secs(seconds))),
        1 => wrong_clock().prop_map(Step::SetClockWrong),
        1 => (0..2_usize).prop_map(Step::Kill),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => user().prop_map(Action::Begin),
        5 => (0..3_usize, prop::bool::weighted(0.2)).prop_map(|(redirect, impatient)| Action::Finish { redirect, impatient }),
        6 => (1..4_usize, 0..3_usize).prop_map(|(callers, leavers)| Action::Ask { callers, leavers }),
        1 => Just(Action::AskForAccessToken),
        1 => Just(Action::ReadProfile),
        1 => select(vec![SignOutMode::Local, SignOutMode::Revoke]).prop_map(Action::SignOut),
        1 => Just(Action::Restore),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    use Mishap::{DiesAfterwards, DiesBefore, FailsAfterwards, FailsFromNowOn, FailsOnce, Slow};
    let reading = (
        select(vec![StoreCall::Load, StoreCall::Lock]),
        0..5_u32,
        select(vec![Slow, FailsOnce, FailsFromNowOn, DiesBefore]),
    );
    let writing = (
        select(vec![StoreCall::Save, StoreCall::Save, StoreCall::Save, StoreCall::Delete]),
        0..3_u32,
        select(vec![Slow, FailsOnce, FailsFromNowOn, FailsAfterwards, DiesBefore, DiesAfterwards]),
    );
    let store = |(call, after, mishap)| Trouble::Store(StoreTrouble { call, after, mishap });
    // Where Cognito fails, its client waits before it tries again: rarely, so that the whole takes little time.
    let fault = prop_oneof![
        12 => select(vec![Fault::TokenResponseLost, Fault::TokenUnavailable, Fault::TokenRateLimited, Fault::JwksUnavailable]),
        1 => select(vec![Fault::CognitoThrottled, Fault::CognitoUnavailable]),
    ];
    prop_oneof![
        2 => reading.prop_map(store),
        4 => writing.prop_map(store),
        2 => (fault, 1..4_u32).prop_map(|(fault, times)| Trouble::Network(fault, times)),
        2 => (0..4_usize).prop_map(Trouble::DiesAtRequest),
    ]
}
