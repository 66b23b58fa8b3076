//! What a schedule is made of, and how one is drawn.

use std::time::Duration;

use jetbridge::SignOutMode;
use jetbridge_local_stack::{Fault, Rotation};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::bench::{ALICE, BOB};

/// A story of one device.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// What a refresh does to the refresh token.
    pub(crate) rotation: Rotation,
    /// Whether somebody is signed in with another configuration over the same store.
    pub(crate) with_neighbour: bool,
    /// Who is signed in at the beginning.
    pub(crate) signed_in: Option<&'static str>,
    /// How wrong the device's clock is, in seconds.
    pub(crate) clock_is_wrong_by: i64,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// One of the app's two processes does something.
    Act {
        process: usize,
        action: Action,
        trouble: Option<Trouble>,
    },
    /// Two things happen at once, in one process or two; the trouble is the first one's.
    AtOnce {
        acts: [(usize, Action); 2],
        trouble: Option<Trouble>,
    },
    /// A program with another configuration does something, alone or while one of the app's processes does.
    Neighbour {
        errand: Errand,
        beside: Option<(usize, Action)>,
    },
    /// Time passes for everybody.
    Pass(Duration),
    /// The device's clock is so many seconds wrong from now on.
    SetClockWrong(i64),
    /// A process is killed while it does nothing.
    Kill(usize),
    /// The device's disk takes so many writes more, and then none; if it is read-only then, nothing is deleted either.
    DiskFillsUp {
        after: u32,
        becomes_read_only: bool,
    },
    DiskIsWell,
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

/// What the neighbour does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    SignIn,
    Ask,
    SignOut,
}

/// What goes wrong meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    Store(StoreTrouble),
    /// The services fail so many times.
    Network(Fault, u32),
    /// So many answers do not come in time.
    Delay(Delay, u32),
    /// The process is killed when the services have answered so many requests.
    DiesAtRequest(usize),
    /// The process is killed when a token is spent and the answer is on its way.
    DiesWaiting,
    /// The process is told to end: it leaves, and is killed then.
    Leaves(Moment),
    /// The device's clock is so many seconds wrong from the moment on that the services have answered so many requests.
    ClockJumps {
        at_request: usize,
        wrong_by: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    /// The token endpoint has done its work.
    AnswerHeld,
    /// The token endpoint does its work later, whether the client is still there or not.
    Slow,
    /// Okta's connections are dead, and nobody knows it.
    Silent,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    AtRequest(usize),
    After(Duration),
    /// A token is spent and the answer is on its way.
    Waiting,
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
            Self::Network(fault, _) => {
                matches!(fault, Fault::TokenResponseLost | Fault::TokenGatewayTimeout | Fault::RefreshTokenWithheld)
            }
            Self::Delay(..) | Self::DiesAtRequest(_) | Self::DiesWaiting => true,
            // Who leaves waits for what is spent.
            Self::Leaves(_) | Self::ClockJumps { .. } => false,
        }
    }
}

pub(crate) const ROTATIONS: [Rotation; 3] =
    [Rotation::Off, Rotation::WithGrace(Duration::ZERO), Rotation::WithGrace(Duration::from_secs(30))];

pub(crate) fn schedule() -> impl Strategy<Value = Schedule> {
    let rotation = prop_oneof![1 => Just(ROTATIONS[0]), 3 => Just(ROTATIONS[1]), 3 => Just(ROTATIONS[2])];
    (rotation, prop::bool::weighted(0.2), weighted(0.8, user()), wrong_clock(), vec(scene(), 1..4)).prop_map(
        |(rotation, with_neighbour, signed_in, clock_is_wrong_by, scenes)| Schedule {
            rotation,
            with_neighbour,
            signed_in,
            clock_is_wrong_by,
            steps: scenes.concat(),
        },
    )
}

/// Anything may happen at any time, but what this is about happens often: something goes wrong while a token is spent.
fn scene() -> impl Strategy<Value = Vec<Step>> {
    let process = 0..2_usize;
    let renews = (process.clone(), select(vec![3300, 3600, 3600, 8000]), renewing(), weighted(0.8, trouble()));
    // Whoever asks next may have to make up for it.
    let asks_again = weighted(0.4, (process.clone(), renewing()));
    let renewal = (renews, asks_again).prop_map(|((process, seconds, action, trouble), asks_again)| {
        let mut steps = vec![Step::Pass(Duration::from_secs(seconds)), Step::Act { process, action, trouble }];
        steps.extend(asks_again.map(|(process, action)| Step::Act { process, action, trouble: None }));
        steps
    });
    let sign_in = (process.clone(), process, user(), any::<bool>(), weighted(0.8, trouble())).prop_map(
        |(begins, finishes, user, impatient, trouble)| {
            vec![
                Step::Act { process: begins, action: Action::Begin(user), trouble: None },
                Step::Act { process: finishes, action: Action::Finish { redirect: 0, impatient }, trouble },
            ]
        },
    );
    let disk = (0..4_u32, any::<bool>(), 0..2_usize, renewing(), weighted(0.3, trouble()), vec(step(), 0..2)).prop_map(
        |(after, becomes_read_only, process, action, trouble, others)| {
            let mut steps = vec![
                Step::DiskFillsUp { after, becomes_read_only },
                Step::Pass(Duration::from_secs(3300)),
                Step::Act { process, action, trouble },
            ];
            steps.extend(others);
            steps.push(Step::DiskIsWell);
            steps
        },
    );
    prop_oneof![5 => renewal, 2 => sign_in, 1 => disk, 8 => step().prop_map(|step| vec![step])]
}

fn renewing() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (1..3_usize, 0..2_usize).prop_map(|(callers, leavers)| Action::Ask { callers, leavers }),
        1 => Just(Action::AskForAccessToken),
        1 => Just(Action::ReadProfile),
    ]
}

fn user() -> impl Strategy<Value = &'static str> {
    select(vec![ALICE, ALICE, BOB])
}

fn wrong_clock() -> impl Strategy<Value = i64> {
    let (minutes, hours, days) = (10 * 60, 3 * 3600, 10 * 24 * 3600);
    select(vec![0, 0, 0, -minutes, minutes, -hours, hours, -days, days])
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
        1 => (0..4_u32, any::<bool>()).prop_map(|(after, becomes_read_only)| Step::DiskFillsUp { after, becomes_read_only }),
        1 => Just(Step::DiskIsWell),
        1 => (select(vec![Errand::SignIn, Errand::Ask, Errand::Ask, Errand::SignOut]), weighted(0.5, (0..2_usize, action())))
            .prop_map(|(errand, beside)| Step::Neighbour { errand, beside }),
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
        12 => select(vec![
            Fault::TokenResponseLost,
            Fault::TokenGatewayTimeout,
            Fault::RefreshTokenWithheld,
            Fault::TokenUnavailable,
            Fault::TokenRateLimited,
            Fault::JwksUnavailable,
        ]),
        1 => select(vec![Fault::CognitoThrottled, Fault::CognitoUnavailable, Fault::NetworkDown]),
    ];
    prop_oneof![
        2 => reading.prop_map(store),
        4 => writing.prop_map(store),
        2 => (fault, 1..4_u32).prop_map(|(fault, times)| Trouble::Network(fault, times)),
        1 => (select(vec![Delay::AnswerHeld, Delay::AnswerHeld, Delay::Slow, Delay::Silent]), 1..3_u32)
            .prop_map(|(delay, times)| Trouble::Delay(delay, times)),
        2 => (0..4_usize).prop_map(Trouble::DiesAtRequest),
        1 => Just(Trouble::DiesWaiting),
        2 => moment().prop_map(Trouble::Leaves),
        1 => (0..4_usize, wrong_clock())
            .prop_map(|(at_request, wrong_by)| Trouble::ClockJumps { at_request, wrong_by }),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        2 => (0..4_usize).prop_map(Moment::AtRequest),
        2 => (0..30_u64).prop_map(|milliseconds| Moment::After(Duration::from_millis(milliseconds))),
        3 => Just(Moment::Waiting),
    ]
}
