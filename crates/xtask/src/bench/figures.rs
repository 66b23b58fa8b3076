//! What is made of measured times: medians, round trips, ratios, and a table that a page can show as it stands.

use std::time::Duration;

use serde_json::Value;

/// What one run of one client came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) took: Duration,
    /// In bytes, where the system tells it.
    pub(super) peak_memory: Option<u64>,
}

/// Of a client's own words.
pub(super) fn sample(measured: &Value, name: &str) -> Result<Sample, String> {
    let milliseconds = measured[name].as_f64().ok_or("the client did not say how long it took")?;
    let peak_memory = measured["peak_kib"].as_u64().map(|kib| kib * 1024);
    Ok(Sample { took: Duration::from_secs_f64(milliseconds / 1e3), peak_memory })
}

/// The one in the middle; of an even number the faster of the two there.
pub(super) fn median(samples: &[Sample]) -> Option<Duration> {
    let mut times: Vec<Duration> = samples.iter().map(|sample| sample.took).collect();
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied()
}

pub(super) fn peak_memory<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Option<u64> {
    samples.into_iter().filter_map(|sample| sample.peak_memory).max()
}

/// How many round trips were waited for, by what distance costs.
pub(super) fn round_trips(near: Duration, far: Duration, round_trip: Duration) -> u64 {
    (far.saturating_sub(near).as_secs_f64() / round_trip.as_secs_f64()).round() as u64
}

pub(super) fn ratio(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64()
}

/// With as many digits as mean something.
pub(super) fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 9.95 {
        format!("{milliseconds:.1} ms")
    } else if milliseconds < 999.5 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{:.1} s", milliseconds / 1e3)
    }
}

pub(super) fn memory(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{:.0} MiB", bytes as f64 / 1_048_576.0))
}

/// A table in Markdown whose columns are also aligned for whoever reads it as text. All columns but the first `words` hold
/// numbers.
pub(super) fn table(head: &[&str], words: usize, rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count(), 3]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < words { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let rules: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| if column < words { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) })
        .collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let mut lines = vec![line(head), line(&rules)];
    lines.extend(rows.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(milliseconds: &[u64]) -> Vec<Sample> {
        let sample = |took: &u64| Sample { took: Duration::from_millis(*took), peak_memory: Some(took * 10) };
        milliseconds.iter().map(sample).collect()
    }

    #[test]
    fn the_median_is_a_time_that_was_measured() {
        assert_eq!(median(&milliseconds(&[9, 1, 5])), Some(Duration::from_millis(5)));
        assert_eq!(median(&milliseconds(&[9, 1, 5, 4])), Some(Duration::from_millis(4)));
        assert_eq!(median(&[]), None);
        assert_eq!(peak_memory(&milliseconds(&[9, 1])), Some(90));
    }

    #[test]
    fn round_trips_are_what_distance_costs() {
        let trips = |near, far| {
            round_trips(Duration::from_millis(near), Duration::from_millis(far), Duration::from_millis(100))
        };
        assert_eq!(trips(60, 763), 7);
        assert_eq!(trips(60, 709), 6);
        assert_eq!(trips(60, 55), 0, "noise");
    }

    #[test]
    fn times_have_as_many_digits_as_mean_something() {
        let told = [240, 9_940, 9_960, 436_400, 999_600, 11_340_000].map(|micros| time(Duration::from_micros(micros)));
        assert_eq!(told, ["0.2 ms", "9.9 ms", "10 ms", "436 ms", "1.0 s", "11.3 s"]);
    }

    #[test]
    fn a_table_is_markdown_and_aligned() {
        let rows = [vec!["sign-in".to_owned(), "7×".to_owned()], vec![String::new(), "–".to_owned()]];
        let expected = "| what    | ratio |\n| ------- | ----: |\n| sign-in |    7× |\n|         |     – |";
        assert_eq!(table(&["what", "ratio"], 1, &rows), expected);
    }
}
