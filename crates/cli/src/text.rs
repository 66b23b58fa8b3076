//! Text for a terminal: made harmless, measured in columns, shortened, wrapped; sizes and times as people read them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use indicatif::HumanCount;
use textwrap::core::Word;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Whether a character could steer a terminal or make text look like other text. Names in S3 and texts of servers are
/// chosen by others, so these never reach the terminal.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' // invisible marks
            | '\u{2028}'..='\u{202e}' // line separators, changes of direction
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text with unsafe characters written as escapes (`\n`, `\u{1b}`); a backslash is doubled, so that one can tell.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| is_unsafe(character) || character == '\\') {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\\' | '\n' | '\r' | '\t' => safe.extend(character.escape_default()),
            _ if is_unsafe(character) => safe.extend(character.escape_unicode()),
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

/// A path of this machine with unsafe characters written as escapes. On Windows a backslash divides names, and is not doubled: no
/// name there has a character that would be written with one.
pub(crate) fn escape_path(path: &Path) -> String {
    escape_here(&path.display().to_string())
}

/// The same for a text in which paths of this machine are.
pub(crate) fn escape_here(text: &str) -> String {
    if cfg!(windows) { escape_within_line(text) } else { escape(text).into_owned() }
}

fn escape_within_line(text: &str) -> String {
    escape_lines(text).replace('\n', r"\n")
}

/// Like [`escape`] for a text of several lines: line ends stay, and so do backslashes.
pub(crate) fn escape_lines(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push('\n'),
            _ if is_unsafe(character) => safe.extend(character.escape_default()),
            _ => safe.push(character),
        }
    }
    safe
}

/// Makes a line of JSON safe for a terminal. Unsafe characters can only be inside its strings, where `\u` says the same.
pub(crate) fn escape_json(line: &str) -> Cow<'_, str> {
    if !line.chars().any(is_unsafe) {
        return Cow::Borrowed(line);
    }
    let mut safe = String::with_capacity(line.len() + 16);
    for character in line.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// An address without the user and the password in it. What cannot be taken apart loses all before its last @.
pub(crate) fn without_password(address: &str) -> String {
    let Some((before, host)) = address.rsplit_once('@') else { return address.to_owned() };
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}…@{host}")
}

/// The same address for a command to copy, which means the same without them.
pub(crate) fn without_userinfo(address: &str) -> String {
    without_password(address).replacen("…@", "", usize::from(address.contains('@')))
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Whether each line takes so many columns at most; of colours one sees none.
pub(crate) fn fits(text: &str, width: usize) -> bool {
    text.lines().all(|line| textwrap::core::display_width(line) <= width)
}

/// The text, or its two ends with `…` between them when it is wider than `limit` columns.
pub(crate) fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if text.width() <= limit {
        return Cow::Borrowed(text);
    }
    let room = limit.saturating_sub(1);
    // The end of a key says more (its file name), so it gets the larger half.
    let head = take_columns(text.chars(), room / 2);
    let tail: Vec<char> = take_columns(text.chars().rev(), room - room / 2);
    let mut short: String = head.into_iter().collect();
    short.push('…');
    // An accent whose letter was cut off would sit on the ellipsis.
    short.extend(tail.into_iter().rev().skip_while(|character| character.width().unwrap_or(0) == 0));
    Cow::Owned(short)
}

fn take_columns(characters: impl Iterator<Item = char>, limit: usize) -> Vec<char> {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= limit
        })
        .collect()
}

/// Fills up with spaces on the right.
pub(crate) fn pad_right(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Fills up with spaces on the left.
pub(crate) fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// Breaks at spaces so that lines take at most `width` columns, `label` included, which stands before the first line;
/// the others are indented by as much. Line ends in the text stay. A longer word is not cut: one could not copy an
/// address any more. ARNs alone are, behind a slash or else a colon: a terminal would cut them anywhere.
pub(crate) fn wrap_beside(label: &str, text: &str, width: usize) -> String {
    let margin = " ".repeat(textwrap::core::display_width(label));
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = &*mark_seams(line, width.saturating_sub(margin.len()));
        let own_indent: String = line.chars().take_while(|character| *character == ' ').collect();
        let subsequent_indent = format!("{margin}{own_indent}");
        let options = textwrap::Options::new(width)
            .initial_indent(if index == 0 { label } else { &margin })
            .subsequent_indent(&subsequent_indent)
            .break_words(false)
            // Its default depends on what others in the build ask of the crate.
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
            .word_separator(textwrap::WordSeparator::Custom(separate_at_seams))
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        lines.extend(textwrap::wrap(line, options).into_iter().map(|line| line.trim_end().replace(SEAM, "")));
    }
    lines.join("\n")
}

/// Where a line may end within a word. It takes no column, and is in no text: [`escape`] leaves no control character.
const SEAM: char = '\u{2}';

/// The line with seams in the ARNs that are wider than `room` columns.
fn mark_seams(line: &str, room: usize) -> Cow<'_, str> {
    if !line.contains("arn:") {
        return Cow::Borrowed(line);
    }
    let mark = |word: &str| {
        let ending = if word.contains('/') { "/" } else { ":" };
        word.replace(ending, &format!("{ending}{SEAM}"))
    };
    let words = line.split(' ').map(|word| {
        let is_divided = word.contains("arn:") && word.width() > room;
        if is_divided { Cow::Owned(mark(word)) } else { Cow::Borrowed(word) }
    });
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

fn separate_at_seams(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(textwrap::WordSeparator::AsciiSpace.find_words(line).flat_map(|word| {
        let mut pieces: Vec<_> = word.word.split_inclusive(SEAM).map(Word::from).collect();
        match pieces.last_mut() {
            Some(last) => last.whitespace = word.whitespace,
            // Spaces at the beginning.
            None => pieces.push(word),
        }
        pieces
    }))
}

/// A size in bytes as a person reads it: `0 B`, `999 B`, `1.5 KiB`.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be printed as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `1 object`, `2,000 objects`.
pub(crate) fn count_of(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", HumanCount(number), if number == 1 { "" } else { "s" })
}

/// A time for a table, in UTC: `2026-03-01 09:30`.
pub(crate) fn short_time(time: SystemTime) -> String {
    OffsetDateTime::from(time)
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]"))
        .unwrap_or_else(|_| "?".to_owned())
}

/// A time for machines, RFC 3339 in UTC, whole seconds: `2026-03-01T09:30:00Z`.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_else(|_| "?".to_owned())
}

/// A span of time, two units at most: `42 min`, `1 h 5 min`, `3 d 4 h`. From a minute on, to the nearest minute.
pub(crate) fn human_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let seconds = if seconds < 60 { seconds } else { seconds + 30 };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// When something happens, seen from `now`: `in 42 min`, `3 min ago`.
pub(crate) fn relative(time: SystemTime, now: SystemTime) -> String {
    match time.duration_since(now) {
        Ok(left) => format!("in {}", human_span(left)),
        Err(passed) => format!("{} ago", human_span(passed.duration())),
    }
}

/// A measured time: `4 ms`, `1.27 s`.
pub(crate) fn human_elapsed(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => "<1 ms".to_owned(),
        ms @ 1..1000 => format!("{ms} ms"),
        _ => format!("{:.2} s", elapsed.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        for (raw, safe) in [
            ("photos/2026 été.jpg", "photos/2026 été.jpg"),
            ("line\nbreak\ttab\rreturn", r"line\nbreak\ttab\rreturn"),
            ("\u{1b}[2Jgone", r"\u{1b}[2Jgone"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("\u{7f}", r"\u{7f}"),
            ("invoice\u{202e}fdp.exe", r"invoice\u{202e}fdp.exe"),
            (r"C:\n", r"C:\\n"),
        ] {
            assert_eq!(escape(raw), safe);
        }
    }

    #[test]
    fn a_path_of_windows_is_shown_as_it_is_typed() {
        assert_eq!(escape_within_line(r"C:\Users\Ann\new"), r"C:\Users\Ann\new");
        assert_eq!(escape_within_line("a\nb\u{1b}[2J"), r"a\nb\u{1b}[2J");
    }

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        for (address, shown) in [
            ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
            ("http://user:pass@proxy:3128", "http://…@proxy:3128"),
            ("user:p@ss@proxy:3128", "…@proxy:3128"),
            ("http://us/er:p:/@proxy", "http://…@proxy"),
            ("localhost,.example.com", "localhost,.example.com"),
        ] {
            assert_eq!(without_password(address), shown);
            assert_eq!(without_userinfo(address), shown.replace("…@", ""));
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({ "key": "a\u{9b}b\u{202e}c\u{e0041}\n\"\\" });
        let line = value.to_string();
        let safe = escape_json(&line);
        assert!(!safe.chars().any(is_unsafe), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("photos/2026/holiday.jpg", 13), "photos…ay.jpg");
        for limit in 1..30 {
            assert!(columns(&shorten("写真/二〇二六年/休暇の写真.jpg e\u{301}", limit)) <= limit);
        }
        assert_eq!(shorten("abcdefe\u{301}g", 4), "a…e\u{301}g");
    }

    #[test]
    fn padding_counts_columns() {
        assert_eq!(pad_right("写真", 6), "写真  ");
        assert_eq!(pad_left("7 B", 6), "   7 B");
        assert_eq!(pad_right("too wide", 3), "too wide");
    }

    #[test]
    fn wrapping_keeps_words_and_indents() {
        assert_eq!(wrap_beside("", "one two three", 7), "one two\nthree");
        assert_eq!(wrap_beside("a: ", "b\n  indented words here", 15), "a: b\n     indented\n     words here");
        assert_eq!(
            wrap_beside("", "to https://example.com/a/long/address", 10),
            "to\nhttps://example.com/a/long/address"
        );
        assert_eq!(wrap_beside("", "us-west-2:6f2b4c1e-0d5a", 10), "us-west-2:6f2b4c1e-0d5a");
        let arn = "arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/CognitoIdentityCredentials";
        assert_eq!(
            wrap_beside("help: ", &format!("User: {arn} may not"), 80),
            "help: User: arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/\n      \
             CognitoIdentityCredentials may not"
        );
        assert_eq!(wrap_beside("", "in arn:aws:sts::123456789012", 20), "in arn:aws:sts::\n123456789012");
        assert_eq!(wrap_beside("", &format!("User: {arn}"), 90), format!("User:\n{arn}"), "whole where there is room");
        assert_eq!(wrap_beside("", "写真 写真 写真", 9), "写真 写真\n写真");
    }

    #[test]
    fn a_coloured_label_takes_only_the_columns_one_sees() {
        let label = crate::output::styled(crate::output::BAD, "error: ");
        assert_eq!(wrap_beside(&label, "one two", 10), format!("{label}one\n       two"));
    }

    #[test]
    fn sizes_and_counts_read_well() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (1_572_864, "1.5 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(human_size(bytes), text);
        }
        assert_eq!(count_of(1, "object"), "1 object");
        assert_eq!(count_of(999, "object"), "999 objects");
        assert_eq!(count_of(100_000, "object"), "100,000 objects");
        assert_eq!(count_of(1_234, "object"), "1,234 objects");
    }

    #[test]
    fn times_read_well() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(short_time(at(1_772_357_400)), "2026-03-01 09:30");
        assert_eq!(rfc3339(at(1_772_357_400) + Duration::from_nanos(1)), "2026-03-01T09:30:00Z");
        assert_eq!(relative(at(3_600), at(0)), "in 1 h");
        assert_eq!(relative(at(0), at(65)), "1 min ago");
        assert_eq!(human_span(Duration::from_secs(3_900)), "1 h 5 min");
        assert_eq!(human_span(Duration::from_secs(100_000)), "1 d 3 h");
        assert_eq!(human_span(Duration::from_secs(59)), "59 s");
        assert_eq!(human_span(Duration::from_secs(3_599)), "1 h");
        assert_eq!(human_elapsed(Duration::from_micros(300)), "<1 ms");
        assert_eq!(human_elapsed(Duration::from_millis(42)), "42 ms");
        assert_eq!(human_elapsed(Duration::from_millis(1_274)), "1.27 s");
    }
}
