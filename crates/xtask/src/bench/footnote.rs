//! What stands below the table of the README: how it was measured, and what each column means, for somebody who reads
//! nothing else. In Markdown, with links as the README has them.

use super::world::FAR;

pub(super) fn footnote(rounds: usize, machine: &str, versions: &str) -> String {
    let (each_way, round_trip) = (FAR.as_millis(), (FAR * 2).as_millis());
    format!(
        "Median of {rounds} rounds (of the listing, one), each in a process of its own, by turns; {machine}, on which the servers \
         run too. {each_way} ms: each way, so a round trip takes {round_trip} ms, and opening a connection takes one. Times as \
         long: as Jetbridge's row above, at {each_way} ms, without and with TLS. Round trips: what the distance costs, by the \
         clock, without and with TLS; – where nothing goes over the network, or where a client's own work takes so long that the \
         clock cannot tell. A long listing has the requests that the servers saw instead. `ls --parallel 8` is compared with \
         Jetbridge's own listing, one request after the other; the keys are evenly numbered here, and others \
         [gain more or less](docs/aws.md#objects). A renewal after `prepare()` has no row of another client, because the others have \
         nothing like it. Each client asked for the same, by the servers' log; a renewal, for 50 callers too, is one refresh and \
         one GetCredentialsForIdentity. A person takes a second at the sign-in page, which is not counted for any client. \
         {versions}."
    )
}

#[cfg(test)]
mod tests {
    use super::super::works::{By, PARALLEL, WORKS};
    use super::*;

    #[test]
    fn a_distance_is_told_as_a_round_trip() {
        let footnote = footnote(5, "linux x86_64 with 2 cores", "boto3 1.2.3");
        assert!(footnote.contains("50 ms: each way, so a round trip takes 100 ms"), "{footnote}");
        assert!(footnote.starts_with("Median of 5 rounds") && footnote.ends_with("boto3 1.2.3."), "{footnote}");
        assert!(footnote.contains("linux x86_64 with 2 cores, on which"), "{footnote}");
        assert!(!footnote.contains("  ") && !footnote.contains('\n'), "{footnote}");
    }

    #[test]
    fn what_it_says_of_rows_is_so() {
        let footnote = footnote(5, "", "");
        let alone: Vec<&str> = WORKS.iter().filter(|work| work.runs.len() == 1).map(|work| work.what).collect();
        assert_eq!(alone, ["… after `prepare()`"], "{footnote}");
        assert!(footnote.contains("A renewal after `prepare()` has no row of another client"), "{footnote}");
        let runs = WORKS.iter().flat_map(|work| work.runs);
        let parallel = |run: &&super::super::works::Run| matches!(run.by, By::CommandLine(arguments) if arguments.ends_with(&[PARALLEL, "8"]));
        assert_eq!(runs.filter(parallel).count(), 1);
        assert!(footnote.contains(&format!("`ls {PARALLEL} 8` is compared with Jetbridge's own")), "{footnote}");
        let page = include_str!("../../../../docs/aws.md");
        assert!(footnote.contains("(docs/aws.md#objects)") && page.contains("\n## Objects\n"), "{footnote}");
    }
}
