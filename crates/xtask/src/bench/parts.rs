//! The parts of `cargo xtask bench`, and what each says of itself: what it measures, needs, writes, and when it fails.

use super::needs::{NODE, PYTHON};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The one without a name.
    Compare,
    Growth,
    Transfer,
    Listing,
    Endurance,
    Soak,
}

const NAMED: [(&str, Part); 5] = [
    ("growth", Part::Growth),
    ("transfer", Part::Transfer),
    ("listing", Part::Listing),
    ("endurance", Part::Endurance),
    ("soak", Part::Soak),
];

/// A part with its arguments, or its help.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    Run(Part, &'a [String]),
    Help(Part),
}

impl<'a> Request<'a> {
    /// Of what comes after `bench`.
    pub(super) fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let named = arguments.split_first().and_then(|(first, rest)| {
            let (_, part) = NAMED.iter().find(|(name, _)| name == first)?;
            Some((*part, rest))
        });
        let (part, rest) = named.unwrap_or((Part::Compare, arguments));
        let asks_for_help = |argument: &String| argument == "--help" || argument == "-h";
        if rest.iter().any(asks_for_help) || rest.first().is_some_and(|first| first == "help") {
            return Ok(Self::Help(part));
        }
        match rest {
            [first, ..] if !matches!(part, Part::Compare | Part::Transfer) => {
                let name = part.name();
                Err(format!(
                    "bench {name} takes no arguments, not `{first}`; cargo xtask bench {name} --help says more"
                ))
            }
            _ => Ok(Self::Run(part, rest)),
        }
    }
}

impl Part {
    fn name(self) -> &'static str {
        NAMED.iter().find(|(_, part)| *part == self).map_or("", |(name, _)| name)
    }

    pub(super) fn help(self) -> String {
        let text = match self {
            Self::Compare => COMPARE,
            Self::Growth => GROWTH,
            Self::Transfer => TRANSFER,
            Self::Listing => LISTING,
            Self::Endurance => ENDURANCE,
            Self::Soak => SOAK,
        };
        text.replace("{node}", NODE.name()).replace("{python}", PYTHON.name())
    }
}

const COMPARE: &str = "\
Usage: cargo xtask bench [--rounds N] [--svg [PREFIX]]
       cargo xtask bench growth|transfer|listing|endurance|soak [--help]

Measures a release of Jetbridge beside openid-client with the AWS SDK for JavaScript, boto3 and the AWS CLI:
sign-in, restored sessions, renewal, start and listings, near and at a round trip of 100 ms (50 ms each way),
without and with TLS. Prints the table of the README and its footnote.

  --rounds N       how often all but the long listings are measured, 5 if not given; the table has medians
  --svg [PREFIX]   draws the charts, too, and prints their alt text: overwrites docs/images/speed.svg and
                   speed-dark.svg, or writes PREFIX.svg and PREFIX-dark.svg

Needs, and looks for it before anything is built:
  {node} with npm; {python} with venv; the loopback addresses 127.0.0.1 and [::1];
  once, the npm registry and PyPI, whose packages stay in target/tmp
Linux or macOS. The servers are the local stack, on this machine: no account and no network after that.

Takes a quarter of an hour after the release build. Nothing else should be busy on the machine. Writes only below
the target folder, but for --svg.

Fails at once when a client asks the servers for something else than it has to; after the table and the charts
when an aim is missed (of a sign-in that openid-client with the AWS SDK takes 1.7 times as long, with TLS 2 times;
of Jetbridge's listings 40 MiB), or when a client waits for other round trips than it is known for.
";

const GROWTH: &str = "\
Usage: cargo xtask bench growth

Measures what more costs: 1 to 100 accounts on a device, listings of 1,000 to 1,000,000 objects, 1 to 1,000 callers
at once. Prints the table of docs/verification.md: time, requests, reads of the store, peak memory.

Takes no arguments. Needs the loopback addresses 127.0.0.1 and [::1]; no other clients. Linux or macOS; memory is told
on Linux. Takes some minutes after the release build. Writes only below the target folder.

Fails when one of the most costs more than twice as much as one of the second most, and when a listing takes more
than 40 MiB.
";

const TRANSFER: &str = "\
Usage: cargo xtask bench transfer [--rounds N]

Moves 256 MB and 1,000 times 10 KB, up and down, near and at a round trip of 100 ms (50 ms each way), by Jetbridge, the
AWS CLI and boto3. Prints time, processor and memory of each.

  --rounds N       how often, 3 if not given; medians are printed

Needs {python} with venv; the loopback addresses 127.0.0.1 and [::1]; PyPI once. Linux or macOS;
memory is told on Linux. Takes some minutes after the release build. Writes only below the target folder.

Fails when bytes arrive that were not sent. An aim that is missed is named in its row.
";

const LISTING: &str = "\
Usage: cargo xtask bench listing

Lists 100,000 keys of three shapes (UUIDs, dates, one deep folder) at a round trip of 100 ms (50 ms each way), with one
request after the other and with eight at a time; and 1,000,000 keys. Prints time, requests and memory.

Takes no arguments. Needs the loopback addresses 127.0.0.1 and [::1]; no other clients. Linux or macOS.
Takes some minutes after the release build. Writes only below the target folder.

Fails when keys are missing or in another order; after all is printed when eight at a time are not 5 times as fast
(UUIDs) or 3 times (the others), send more than 1.3 times the requests, or take more than 1.2 times the memory for ten
times the keys.
";

const ENDURANCE: &str = "\
Usage: cargo xtask bench endurance

Moves 1 GB up and down by a program that is killed three times on each way. Prints what is sent again, and the memory
that it takes. JETBRIDGE_ENDURANCE_MIB sets another size.

Takes no arguments and needs no other clients. Linux or macOS. Takes some minutes after the release build.
Writes only below the target folder and the system's folder for temporary files.

Fails when what had arrived is asked for again, when bytes differ, and above 64 MiB of memory.
";

const SOAK: &str = "\
Usage: cargo xtask bench soak

Renews 500 times for each kind of app that Okta knows, with lost answers and other faults in between. Prints a line for
each. JETBRIDGE_SOAK sets another number.

Takes no arguments and needs no other clients. Takes a minute after the release build.

Fails when a session has ended, or memory has grown.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn help_is_given_wherever_it_is_asked_for() {
        for wish in [&["--help"][..], &["-h"], &["help"], &["--rounds", "3", "--help"], &["--svg", "-h"]] {
            assert_eq!(Request::parse(&words(wish)), Ok(Request::Help(Part::Compare)), "{wish:?}");
        }
        for (name, part) in NAMED {
            for help in ["--help", "-h", "help"] {
                assert_eq!(Request::parse(&words(&[name, help])), Ok(Request::Help(part)));
            }
        }
    }

    #[test]
    fn what_is_no_part_is_an_argument() {
        let rounds = words(&["--rounds", "2"]);
        assert_eq!(Request::parse(&rounds), Ok(Request::Run(Part::Compare, &rounds)));
        let transfer = words(&["transfer", "--rounds", "2"]);
        assert_eq!(Request::parse(&transfer), Ok(Request::Run(Part::Transfer, &transfer[1..])));
        assert_eq!(Request::parse(&words(&["growth"])), Ok(Request::Run(Part::Growth, &[])));
        let refused = Request::parse(&words(&["growth", "--rounds"])).unwrap_err();
        assert_eq!(
            refused,
            "bench growth takes no arguments, not `--rounds`; cargo xtask bench growth --help says more"
        );
    }

    #[test]
    fn each_part_says_how_it_is_called_what_it_needs_and_when_it_fails() {
        for part in NAMED.into_iter().map(|(_, part)| part).chain([Part::Compare]) {
            let help = part.help();
            assert!(help.starts_with(format!("Usage: cargo xtask bench {}", part.name()).trim_end()), "{help}");
            for told in ["Takes ", "eeds ", "\nFails when "] {
                assert!(help.contains(told) || part == Part::Compare, "{told}: {help}");
            }
            assert!(!help.contains('{'), "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 120), "{help}");
            let (_, usage) = include_str!("../main.rs").split_once("const USAGE").unwrap();
            assert!(usage.contains(format!("\n  bench {}", part.name()).trim_end()));
        }
        let help = Part::Compare.help();
        for told in ["--rounds N ", "--svg [PREFIX] ", "Node.js 20 or newer with npm; Python 3.10 or newer", "[::1]"] {
            assert!(help.contains(told), "{told}: {help}");
        }
        for told in ["npm registry and PyPI", "quarter of an hour", "overwrites docs/images/speed.svg", "Fails"] {
            assert!(help.contains(told), "{told}: {help}");
        }
    }
}
