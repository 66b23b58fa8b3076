//! What is compared: the pieces of work that users wait for, who does them, what each has to ask for, and what is to be reached.

use super::world::Distance;

/// What a listing may take at most, whatever the number of objects.
pub(super) const MEMORY_LIMIT: u64 = 40 * 1024 * 1024;
/// The option of a listing that asks for several parts at once.
pub(super) const PARALLEL: &str = "--parallel";

pub(super) const NETWORKS: [Network; 4] = [
    Network { distance: Distance::Near, tls: false },
    Network { distance: Distance::Near, tls: true },
    Network { distance: Distance::Far, tls: false },
    Network { distance: Distance::Far, tls: true },
];
pub(super) const FAR_WITHOUT_TLS: usize = 2;
pub(super) const FAR_WITH_TLS: usize = 3;

#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) distance: Distance,
    pub(super) tls: bool,
}

impl Network {
    pub(super) fn name(self) -> &'static str {
        match (self.distance, self.tls) {
            (Distance::Near, false) => "0 ms",
            (Distance::Near, true) => "0 ms, TLS",
            (Distance::Far, false) => "50 ms",
            (Distance::Far, true) => "50 ms, TLS",
        }
    }
}

/// Who does it, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// An app that stands on the core.
    App(&'static [&'static str]),
    Node(&'static [&'static str]),
    Boto3(&'static [&'static str]),
    /// The whole life of a program.
    CommandLine(&'static [&'static str]),
    AwsCli(&'static [&'static str]),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) who: &'static str,
    pub(super) by: By,
    /// How many round trips it has to be, without and with TLS, or the figures are not what they are taken for.
    pub(super) trips: Option<[u64; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// In this order, on a device that is new in each round.
    Ordinary,
    /// When tokens and credentials have to be renewed.
    Due,
    /// It has nothing to do with the network.
    Alone,
    /// Once: it is so many requests that they are their own rounds.
    Long,
}

/// Something that users wait for. The first of its runs is this project's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) what: &'static str,
    pub(super) when: When,
    pub(super) runs: &'static [Run],
    /// What each run has to ask the services for, no more and no less: else two did not do the same.
    pub(super) requests: &'static [(&'static str, u64)],
    /// How many times as long the first of the others has to take, without and with TLS, far away.
    pub(super) aim: Option<[f64; 2]>,
    /// In the chart.
    pub(super) label: Option<&'static str>,
}

pub(super) const JETBRIDGE: &str = "**Jetbridge**";
pub(super) const GLUE: &str = "openid-client + AWS SDK for JS";
pub(super) const SDK: &str = "AWS SDK for JS";

pub(super) const WORKS: [Work; 10] = [
    Work {
        what: "sign-in of a new user, from the redirect to the first page",
        when: When::Ordinary,
        runs: &[
            Run { who: JETBRIDGE, by: By::App(&["sign-in"]), trips: Some([4, 4]) },
            Run { who: GLUE, by: By::Node(&["sign-in"]), trips: Some([7, 9]) },
        ],
        requests: &[("token", 1), ("GetId", 1), ("GetCredentialsForIdentity", 1), ("ListObjectsV2", 1)],
        aim: Some([1.7, 2.0]),
        label: Some("sign-in, new user"),
    },
    Work {
        what: "… of a known user",
        when: When::Ordinary,
        runs: &[
            Run { who: JETBRIDGE, by: By::App(&["sign-in"]), trips: Some([3, 3]) },
            Run { who: GLUE, by: By::Node(&["sign-in"]), trips: Some([6, 8]) },
        ],
        requests: &[("token", 1), ("GetId", 0), ("GetCredentialsForIdentity", 1), ("ListObjectsV2", 1)],
        aim: Some([1.7, 2.0]),
        label: Some("sign-in, known user"),
    },
    Work {
        what: "restored session, to the first page",
        when: When::Ordinary,
        runs: &[
            Run { who: JETBRIDGE, by: By::App(&["restored"]), trips: Some([2, 3]) },
            Run { who: SDK, by: By::Node(&["restored"]), trips: Some([2, 3]) },
            Run { who: "boto3", by: By::Boto3(&["restored"]), trips: Some([2, 3]) },
        ],
        requests: &[("token", 0), ("GetCredentialsForIdentity", 0), ("ListObjectsV2", 1)],
        aim: None,
        label: Some("restored session"),
    },
    Work {
        what: "… after `prepare()`; others: over a connection they have used",
        when: When::Ordinary,
        runs: &[
            Run { who: JETBRIDGE, by: By::App(&["prepared"]), trips: Some([1, 1]) },
            Run { who: SDK, by: By::Node(&["warm"]), trips: Some([1, 1]) },
            Run { who: "boto3", by: By::Boto3(&["warm"]), trips: Some([1, 1]) },
        ],
        requests: &[("token", 0), ("GetCredentialsForIdentity", 0)],
        aim: None,
        label: None,
    },
    Work {
        what: "a page on the command line, from start to end",
        when: When::Ordinary,
        runs: &[
            Run { who: JETBRIDGE, by: By::CommandLine(&["ls", "--quiet"]), trips: None },
            Run { who: "AWS CLI", by: By::AwsCli(&["s3", "ls", "--recursive", "s3://jetbridge-demo"]), trips: None },
        ],
        requests: &[("token", 0), ("GetCredentialsForIdentity", 0), ("ListObjectsV2", 1)],
        aim: None,
        label: None,
    },
    Work {
        what: "start of the command line, `--version`",
        when: When::Alone,
        runs: &[
            Run { who: JETBRIDGE, by: By::CommandLine(&["--version"]), trips: None },
            Run { who: "AWS CLI", by: By::AwsCli(&["--version"]), trips: None },
        ],
        requests: &[],
        aim: None,
        label: None,
    },
    Work {
        what: "renewal of tokens and credentials in a new process",
        when: When::Due,
        runs: &[
            Run { who: JETBRIDGE, by: By::App(&["renewal"]), trips: None },
            Run { who: GLUE, by: By::Node(&["renewal"]), trips: None },
        ],
        requests: &[("token", 1), ("GetId", 0), ("GetCredentialsForIdentity", 1)],
        aim: None,
        label: Some("renewal"),
    },
    Work {
        what: "… after `prepare()`",
        when: When::Due,
        runs: &[Run { who: JETBRIDGE, by: By::App(&["prepared-renewal"]), trips: Some([2, 2]) }],
        requests: &[("token", 1), ("GetId", 0), ("GetCredentialsForIdentity", 1)],
        aim: None,
        label: None,
    },
    Work {
        what: "… for 50 callers at once",
        when: When::Due,
        runs: &[
            Run { who: JETBRIDGE, by: By::App(&["callers", "50"]), trips: None },
            Run { who: GLUE, by: By::Node(&["callers", "50"]), trips: None },
        ],
        requests: &[("token", 1), ("GetId", 0), ("GetCredentialsForIdentity", 1)],
        aim: None,
        label: None,
    },
    Work {
        what: "100,000 objects listed",
        when: When::Long,
        runs: &[
            Run { who: JETBRIDGE, by: By::CommandLine(&["ls", "--quiet", "--bucket", "scale-100000"]), trips: None },
            Run { who: SDK, by: By::Node(&["list", "scale-100000"]), trips: None },
            Run { who: "boto3", by: By::Boto3(&["list", "scale-100000"]), trips: None },
            Run { who: "AWS CLI", by: By::AwsCli(&["s3", "ls", "--recursive", "s3://scale-100000"]), trips: None },
            Run {
                who: "**Jetbridge**, `ls --parallel 8`",
                by: By::CommandLine(&["ls", "--quiet", "--bucket", "scale-100000", PARALLEL, "8"]),
                trips: None,
            },
        ],
        requests: &[("token", 0), ("GetCredentialsForIdentity", 0)],
        aim: None,
        label: None,
    },
];
