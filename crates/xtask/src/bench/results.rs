//! What was measured, as a table and as charts, and what of it is not as it should be.

use std::path::Path;
use std::time::Duration;

use super::chart::{self, Bars};
use super::figures::{Sample, median, memory, peak_memory, ratio, round_trips, table, time};
use super::works::{
    By, FAR_WITH_TLS, FAR_WITHOUT_TLS, GLUE, MEMORY_LIMIT, NETWORKS, Network, PARALLEL, Run, WORKS, When, Work,
};
use super::world::FAR;
use crate::files;
use crate::report::say;

/// Of the chart.
const TITLE: &str = "Time to wait at a round trip of 100 ms, with TLS";

/// One row of the table.
pub(super) struct Line {
    pub(super) work: Work,
    pub(super) run: Run,
    pub(super) samples: [Vec<Sample>; 4],
    /// How many pages each run asked for, by the servers' log.
    pub(super) pages: Vec<u64>,
}

/// What varies by more than half a round trip on a busy machine. Whoever takes so long without any distance, and is not known for
/// its round trips, has none by the clock.
const HIDES_ROUND_TRIPS: Duration = Duration::from_millis(500);

impl Line {
    fn time(&self, network: usize) -> Option<Duration> {
        median(&self.samples[network])
    }

    /// Without and with TLS. A long listing has too much work of its own for the clock to tell.
    fn trips(&self) -> Option<[u64; 2]> {
        let own_work = self.time(0).max(self.time(1))?;
        if self.work.when == When::Long || (self.run.trips.is_none() && own_work >= HIDES_ROUND_TRIPS) {
            return None;
        }
        let trips = |near, far| Some(round_trips(self.time(near)?, self.time(far)?, FAR * 2));
        Some([trips(0, FAR_WITHOUT_TLS)?, trips(1, FAR_WITH_TLS)?])
    }

    /// What was waited for.
    fn waits(&self) -> String {
        let trips = self.trips().map(|[without, with]| format!("{without}, {with}"));
        trips.or_else(|| self.requests()).unwrap_or_else(|| "–".to_owned())
    }

    /// Of a long listing, if the servers' log has them; the fewest and the most.
    fn requests(&self) -> Option<String> {
        let (fewest, most) = (self.pages.iter().min()?, self.pages.iter().max()?);
        match self.work.when == When::Long && *fewest > 0 {
            true if fewest == most => Some(format!("{most} requests")),
            true => Some(format!("{fewest}–{most} requests")),
            false => None,
        }
    }

    /// How many times as long as `ours`, far away if it has to do with a network.
    fn ratios(&self, ours: &Self) -> Vec<f64> {
        let ratio = |network: &usize| Some(ratio(self.time(*network)?, ours.time(*network)?));
        let far: Vec<f64> = [FAR_WITHOUT_TLS, FAR_WITH_TLS].iter().filter_map(ratio).collect();
        if far.is_empty() { [0].iter().filter_map(ratio).collect() } else { far }
    }
}

pub(super) struct Results {
    pub(super) lines: Vec<Line>,
}

impl Results {
    pub(super) fn new(has_parallel: bool) -> Self {
        let needs_parallel = |run: &Run| matches!(run.by, By::CommandLine(arguments) if arguments.contains(&PARALLEL));
        let lines = WORKS.iter().flat_map(|work| work.runs.iter().map(move |run| (*work, *run)));
        let lines = lines.filter(|(_, run)| has_parallel || !needs_parallel(run));
        Self {
            lines: lines
                .map(|(work, run)| Line { work, run, samples: Default::default(), pages: Vec::new() })
                .collect(),
        }
    }

    /// This project's run of each work, and the others'.
    fn works(&self) -> impl Iterator<Item = (&Line, &[Line])> {
        self.lines.chunk_by(|one, next| one.work.what == next.work.what).filter_map(|lines| lines.split_first())
    }

    pub(super) fn table(&self) -> String {
        let mut head = vec!["what", "by"];
        head.extend(NETWORKS.map(Network::name));
        head.extend(["times as long", "round trips", "peak memory"]);
        let mut rows = Vec::new();
        for (ours, others) in self.works() {
            rows.push(row(ours, ours.work.what, String::new()));
            for line in others {
                let ratios: Vec<String> = line.ratios(ours).iter().map(|ratio| format!("{ratio:.1}×")).collect();
                rows.push(row(line, "", ratios.join(", ")));
            }
        }
        table(&head, 2, &rows)
    }

    /// What the figures do not show that they should.
    pub(super) fn unmet(&self) -> Vec<String> {
        let mut unmet = Vec::new();
        for line in &self.lines {
            if let (Some(expected), Some(trips)) = (line.run.trips, line.trips())
                && expected != trips
            {
                unmet.push(format!(
                    "{}, {}: {} and {} round trips instead of {} and {}",
                    line.work.what, line.run.who, trips[0], trips[1], expected[0], expected[1]
                ));
            }
        }
        for (ours, others) in self.works() {
            if let (Some(aim), Some(first)) = (ours.work.aim, others.first()) {
                let ratios = first.ratios(ours);
                if ratios.iter().zip(aim).any(|(ratio, aim)| *ratio < aim) {
                    unmet.push(format!("{}: {ratios:.2?} times as long, the aim is {aim:?}", ours.work.what));
                }
            }
            if ours.work.when == When::Long && peak_memory(ours.samples.iter().flatten()) > Some(MEMORY_LIMIT) {
                unmet.push(format!("{}: more than 40 MiB", ours.work.what));
            }
        }
        unmet
    }

    /// What the chart shows.
    fn bars(&self) -> Vec<Bars> {
        let bars = self.works().filter_map(|(ours, others)| {
            let theirs = others.first()?.time(FAR_WITH_TLS)?;
            Some(Bars { what: ours.work.label?.to_owned(), ours: ours.time(FAR_WITH_TLS)?, theirs })
        });
        bars.collect()
    }

    /// For those who do not see the chart.
    fn alt_text(&self) -> String {
        let bars = self.bars();
        let bars = bars.iter().map(|bars| format!("{} {} and {}", bars.what, time(bars.ours), time(bars.theirs)));
        format!("{TITLE}, Jetbridge beside {GLUE}: {}", bars.collect::<Vec<_>>().join("; "))
    }

    pub(super) fn draw(&self, prefix: &Path) -> Result<(), String> {
        let bars = self.bars();
        for (ending, colours) in [("", chart::LIGHT), ("-dark", chart::DARK)] {
            let file = format!("{}{ending}.svg", prefix.display());
            files::write(file.as_ref(), chart::draw(TITLE, GLUE, &bars, colours))?;
            say(&format!("wrote {file}"));
        }
        say(&format!("their alt text: {}", self.alt_text()));
        Ok(())
    }
}

fn row(line: &Line, what: &str, ratios: String) -> Vec<String> {
    let mut cells = vec![what.to_owned(), line.run.who.to_owned()];
    cells.extend((0..NETWORKS.len()).map(|network| line.time(network).map_or_else(|| "–".to_owned(), time)));
    cells.extend([ratios, line.waits(), memory(peak_memory(line.samples.iter().flatten()))]);
    cells
}

#[cfg(test)]
mod tests {
    use super::super::works::JETBRIDGE;
    use super::*;

    fn results(times: impl Fn(&Run) -> [u64; 4]) -> Results {
        let mut results = Results::new(true);
        for line in &mut results.lines {
            let networks = if line.work.when == When::Alone { 1 } else { 4 };
            for (samples, milliseconds) in line.samples.iter_mut().zip(times(&line.run)).take(networks) {
                let took = Duration::from_millis(milliseconds);
                samples.push(Sample { took, peak_memory: Some(10 * 1024 * 1024) });
                line.pages.push(1);
            }
        }
        results
    }

    /// As if each took 20 ms and its round trips.
    fn as_expected(run: &Run) -> [u64; 4] {
        let [without, with] = run.trips.unwrap_or([5, 7]);
        [20, 20, 20 + without * 100, 20 + with * 100]
    }

    #[test]
    fn figures_as_expected_meet_the_aims_and_others_are_named() {
        assert_eq!(results(as_expected).unmet(), Vec::<String>::new());

        let slow = |run: &Run| if run.trips == Some([4, 4]) { [20, 20, 520, 520] } else { as_expected(run) };
        let unmet = results(slow).unmet();
        assert_eq!(unmet.len(), 2, "{unmet:?}");
        assert!(unmet[0].contains("5 and 5 round trips instead of 4 and 4"), "{unmet:?}");
        assert!(unmet[1].contains("the aim is"), "{unmet:?}");

        let other_peer = |run: &Run| if run.trips == Some([7, 9]) { [20, 20, 920, 920] } else { as_expected(run) };
        let unmet = results(other_peer).unmet();
        assert_eq!(unmet.len(), 1, "not what it is compared with: {unmet:?}");
    }

    #[test]
    fn each_run_has_a_row_and_each_other_client_a_ratio() {
        let results = results(as_expected);
        let table = results.table();
        let rows: Vec<Vec<&str>> =
            table.lines().skip(2).map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
        assert_eq!(rows.len(), WORKS.iter().map(|work| work.runs.len()).sum::<usize>());
        for row in &rows {
            assert_eq!(row.len(), 9, "{row:?}");
            assert_eq!(row[6].is_empty(), !row[0].is_empty(), "ours is what others are compared with: {row:?}");
        }
        assert_eq!(rows[1][1..], [GLUE, "20 ms", "20 ms", "720 ms", "920 ms", "1.7×, 2.2×", "7, 9", "10 MiB"]);
        let start = rows.iter().position(|row| row[0].starts_with("start")).unwrap();
        assert_eq!(rows[start + 1][2..8], ["20 ms", "–", "–", "–", "1.0×", "–"], "it has no network");
    }

    fn cells(results: &Results, what: &str, who: &str) -> Vec<String> {
        let line = results.lines.iter().find(|line| line.work.what == what && line.run.who == who).unwrap();
        row(line, "", String::new())
    }

    #[test]
    fn a_long_listing_has_the_requests_that_the_servers_saw() {
        let what = WORKS.iter().find(|work| work.when == When::Long).unwrap().what;
        let trips = |pages: [u64; 4]| {
            let mut results = results(|_| [1_100, 1_200, 6_400, 11_500]);
            results.lines.iter_mut().for_each(|line| line.pages = pages.to_vec());
            cells(&results, what, "boto3").swap_remove(7)
        };
        assert_eq!(trips([100; 4]), "100 requests");
        assert_eq!(trips([104, 107, 103, 103]), "103–107 requests");
        assert_eq!(trips([0; 4]), "–", "not by the clock");
    }

    #[test]
    fn round_trips_that_its_own_work_hides_are_not_made_up() {
        let what = "a page on the command line, from start to end";
        let slow = results(|_| [1_100, 870, 1_200, 1_300]);
        assert_eq!(cells(&slow, what, "AWS CLI")[7], "–");
        let quick = results(|_| [13, 21, 216, 323]);
        assert_eq!(cells(&quick, what, JETBRIDGE)[7], "2, 3");
        let first = WORKS[0];
        assert_eq!(cells(&slow, first.what, GLUE)[7], "1, 4", "what is expected is looked at on a slow machine, too");
    }

    #[test]
    fn the_chart_is_told_in_words() {
        assert!(TITLE.contains(&format!("round trip of {} ms", (FAR * 2).as_millis())));
        let alt = results(as_expected).alt_text();
        let start =
            format!("{TITLE}, Jetbridge beside {GLUE}: sign-in, new user 420 ms and 920 ms; sign-in, known user ");
        assert!(alt.starts_with(&start), "{alt}");
        assert!(alt.contains("; restored session ") && alt.contains("; renewal "), "{alt}");
    }
}
