//! Keys as the names of files, and back. A key may hold anything; a file's name may not. Every key has one path below a
//! folder, no two keys have the same, and none leads out of it: what cannot stand in a name is written as `%XX`, the bytes of
//! its UTF-8. All else stays, `%` too, unless it would be read as such an escape where it stands: `50%.txt` and
//! `my%20file.txt` are keys and files. So a path whose names can stand is the path of one key, which is that text unless it has
//! such an escape.
//!
//! What cannot stand in a name: control characters, a backslash, a dot or a space at its end (`.` and `..` among them), what
//! Windows keeps for devices (`CON`, `nul.txt`: its first letter is escaped), and there also `< > : " | ? *` (Microsoft, "Naming
//! Files, Paths, and Namespaces"). Where no name would stand between two slashes, or before the first or behind the last, the
//! slash is escaped. In a long name each `%` is escaped; one that is too long goes on in a folder, and all but its last piece
//! end in a single `%`, which no other long name does.

/// In bytes. File systems take 255 bytes (Linux: `NAME_MAX` of `linux/limits.h`; APFS) or 255 units of UTF-16 (NTFS: Microsoft,
/// "Naming Files, Paths, and Namespaces"), of which no name has more than bytes.
const LONGEST_NAME: usize = 255;
/// In bytes, of what was escaped: from here on a name is long. The pieces of one that goes on have more.
const LONG: usize = 240;
/// Microsoft, "Naming Files, Paths, and Namespaces"; with any ending, and in any case.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
const SLASH: &str = "%2F";

/// Whose rules hold for names. A folder is filled and sent by the same system: what another one would have escaped may be part
/// of a name here (`https%3A%2F%2Fexample.com`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Unix,
    Windows,
}

impl System {
    const THIS: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };
}

/// The path below a folder for a key that is not empty, with `/` between its names.
pub(crate) fn to_path(key: &str) -> String {
    path_on(System::THIS, key)
}

/// The key for a path below a folder: the one that [`to_path`] makes this path of.
pub(crate) fn to_key(path: &str) -> String {
    key_on(System::THIS, path)
}

/// The name for one file that nobody has named: of what stands behind the key's last slash. Each `%` stays: a file that is sent
/// by its name keeps that name. `None` if there is nothing, or too much for one name.
pub(crate) fn to_name(key: &str) -> Option<String> {
    let (_, last) = key.rsplit_once('/').unwrap_or(("", key));
    let name = Rules { system: System::THIS, percents: Percents::Stay, at: Position::ALONE }.escape(last);
    (1..=LONGEST_NAME).contains(&name.len()).then_some(name)
}

fn path_on(system: System, key: &str) -> String {
    let pieces: Vec<String> = names_of(key).flat_map(|name| split(&name.escape(system))).collect();
    pieces.join("/")
}

fn key_on(system: System, path: &str) -> String {
    let mut key = String::with_capacity(path.len());
    let mut name = String::new();
    let mut pieces = path.split('/').peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        match piece.strip_suffix('%') {
            Some(piece) if !is_last && piece.len() >= LONG => name.push_str(piece),
            _ => {
                name.push_str(piece);
                unescape_name(system, &name, is_last, &mut key);
                name.clear();
                if !is_last {
                    key.push('/');
                }
            }
        }
    }
    key
}

/// What of a key is one name: what stands between two slashes, with those that have none before them.
#[derive(Debug)]
struct Name<'a> {
    slashes_before: usize,
    text: &'a str,
    has_slash_behind: bool,
    is_last: bool,
}

/// Where a text is in its name, and the name in its key.
#[derive(Debug, Clone, Copy)]
struct Position {
    has_slash_before: bool,
    has_slash_behind: bool,
    is_last: bool,
}

impl Position {
    const ALONE: Self = Self { has_slash_before: false, has_slash_behind: false, is_last: true };
}

fn names_of(key: &str) -> impl Iterator<Item = Name<'_>> {
    let mut rest = Some(key).filter(|key| !key.is_empty());
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let trimmed = whole.trim_start_matches('/');
        let (slashes_before, text) = (whole.len() - trimmed.len(), trimmed);
        Some(match text.split_once('/') {
            Some((text, "")) => Name { slashes_before, text, has_slash_behind: true, is_last: true },
            Some((text, behind)) => {
                rest = Some(behind);
                Name { slashes_before, text, has_slash_behind: false, is_last: false }
            }
            None => Name { slashes_before, text, has_slash_behind: false, is_last: true },
        })
    })
}

impl Name<'_> {
    fn escape(&self, system: System) -> String {
        let Self { slashes_before, text, has_slash_behind, is_last } = *self;
        let at = Position { has_slash_before: slashes_before > 0, has_slash_behind, is_last };
        let behind = if has_slash_behind { SLASH } else { "" };
        let escape = |percents| SLASH.repeat(slashes_before) + &Rules { system, percents, at }.escape(text) + behind;
        let name = escape(Percents::WhereRead);
        if name.len() < LONG { name } else { escape(Percents::Escaped) }
    }
}

/// Appends what a name of a path stands for.
fn unescape_name(system: System, name: &str, is_last: bool, key: &mut String) {
    let (mut text, mut has_slash_before) = (name, false);
    // The slash that ends a key has a name, or slashes, before it.
    while let Some(behind) = text.strip_prefix(SLASH).filter(|behind| is_last || !behind.is_empty()) {
        key.push('/');
        (text, has_slash_before) = (behind, true);
    }
    let (text, has_slash_behind) = match text.strip_suffix(SLASH) {
        Some(text) if is_last => (text, true),
        _ => (text, false),
    };
    let percents = if name.len() < LONG { Percents::WhereRead } else { Percents::Escaped };
    let at = Position { has_slash_before, has_slash_behind, is_last };
    key.push_str(&Rules { system, percents, at }.unescape(text));
    if has_slash_behind {
        key.push('/');
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Percents {
    Stay,
    /// Those are escaped that would be read as an escape.
    WhereRead,
    Escaped,
}

/// How the text between two slashes is escaped.
#[derive(Debug, Clone, Copy)]
struct Rules {
    system: System,
    percents: Percents,
    at: Position,
}

impl Rules {
    fn escape(self, text: &str) -> String {
        let mut characters = text.chars();
        match characters.next() {
            Some(first) => self.escape_one(first, characters.as_str(), true) + &self.escape_behind(characters.as_str()),
            None => String::new(),
        }
    }

    /// What stands behind the first character.
    fn escape_behind(self, text: &str) -> String {
        let escaped = |(start, character): (usize, char)| {
            self.escape_one(character, &text[start + character.len_utf8()..], false)
        };
        text.char_indices().map(escaped).collect()
    }

    fn escape_one(self, character: char, behind: &str, is_first: bool) -> String {
        if !self.cannot_stand(character, behind, is_first) {
            return character.to_string();
        }
        character.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    /// From the end, so that what stands behind an escape is known when it is read.
    fn unescape(self, escaped: &str) -> String {
        let mut text = String::with_capacity(escaped.len());
        for (start, character) in escaped.char_indices().rev() {
            let read = if character == '%' { self.read_escape(&text, start == 0) } else { None };
            match read {
                Some((stands_for, length)) => text.replace_range(..length, stands_for.encode_utf8(&mut [0; 4])),
                None => text.insert(0, character),
            }
        }
        text
    }

    /// Whether a character is escaped before such a text.
    fn cannot_stand(self, character: char, behind: &str, is_first: bool) -> bool {
        match character {
            '%' => match self.percents {
                Percents::Stay => false,
                Percents::WhereRead => self.read_escape(behind, is_first).is_some(),
                Percents::Escaped => true,
            },
            '.' | ' ' if behind.is_empty() => !self.at.has_slash_behind,
            '\\' => true,
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => self.system == System::Windows,
            // As all devices begin.
            'A' | 'a' | 'C' | 'c' | 'L' | 'l' | 'N' | 'n' | 'P' | 'p' if is_first && !self.at.has_slash_before => {
                let slash = if self.at.has_slash_behind { SLASH } else { "" };
                is_device(&format!("{character}{}{slash}", self.escape_behind(behind)))
            }
            _ => character.is_control(),
        }
    }

    /// What the text behind a `%` is an escape of, and how much of it. Behind that, the text is as the key has it.
    fn read_escape(self, text: &str, is_first: bool) -> Option<(char, usize)> {
        let (character, length) = match hex(text)? {
            byte @ ..0x80 => (char::from(byte), 2),
            // Of the characters of two bytes, only control characters are ever escaped: U+0080 to U+009F.
            0xC2 => match hex(text[2..].strip_prefix('%')?)? {
                byte @ 0x80..0xA0 => (char::from(byte), 5),
                _ => return None,
            },
            _ => return None,
        };
        let behind = &text[length..];
        let is_escaped = match character {
            // Where no name would stand before it, or behind it.
            '/' if is_first => self.at.is_last || !behind.is_empty(),
            '/' => behind.is_empty() && self.at.is_last && !self.at.has_slash_behind,
            _ => self.cannot_stand(character, behind, is_first),
        };
        is_escaped.then_some((character, length))
    }
}

/// The byte that two digits name, if they are those of an escape.
fn hex(text: &str) -> Option<u8> {
    let digits =
        text.get(..2).filter(|digits| digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F')))?;
    u8::from_str_radix(digits, 16).ok()
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    // The superscript digits are digits of the devices too.
    let is_port = |port: &str| {
        stem.strip_prefix(port).is_some_and(|number| {
            let mut digits = number.chars();
            matches!((digits.next(), digits.next()), (Some('1'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem.as_str()) || is_port("COM") || is_port("LPT")
}

/// A name in pieces of which each has room.
fn split(name: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while rest.len() > LONGEST_NAME {
        let mut ends = (0..LONGEST_NAME).rev().filter(|end| rest.is_char_boundary(*end));
        // Where what goes on looks like a device, one character earlier it does not.
        let end = ends.find(|end| !is_device(&rest[*end..])).unwrap_or(LONG);
        pieces.push(format!("{}%", &rest[..end]));
        rest = &rest[end..];
    }
    pieces.push(rest.to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_key_has_a_path_that_a_person_can_read() {
        let long = "k".repeat(900);
        let pieces = [&long[..254], "%/", &long[..254], "%/", &long[..254], "%/", &long[..138]].concat();
        for (key, path) in [
            ("photos/2026/birthday cake.jpg", "photos/2026/birthday cake.jpg"),
            ("awkward/100% sure.txt", "awkward/100% sure.txt"),
            ("50%.txt", "50%.txt"),
            ("100%", "100%"),
            ("100%/of it", "100%/of it"),
            ("my%20file.txt", "my%20file.txt"),
            ("already%2Fencoded", "already%2Fencoded"),
            ("https%3A%2F%2Fexample.com%2F.html", "https%3A%2F%2Fexample.com%2F.html"),
            ("50%25.txt", "50%25.txt"),
            // What would be read as an escape where it stands, and only there.
            ("line%0Abreak", "line%250Abreak"),
            ("line%250Abreak", "line%25250Abreak"),
            ("line%0abreak", "line%0abreak"),
            ("%2Fetc", "%252Fetc"),
            ("folder%2F", "folder%252F"),
            ("folder%2F/a", "folder%2F/a"),
            ("folder%2F/", "folder%2F%2F"),
            ("%2F/a", "%2F/a"),
            ("%2F/", "%252F%2F"),
            ("//%2Fa", "%2F%2F%252Fa"),
            ("a%2E", "a%252E"),
            ("a%2E%2F", "a%2E%252F"),
            ("a%2Eb%20", "a%2Eb%2520"),
            ("%43ON", "%2543ON"),
            ("%43ONE", "%43ONE"),
            ("//CON", "%2F%2FCON"),
            ("CON/", "CON%2F"),
            ("CON./", "%43ON.%2F"),
            ("CON.", "CON%2E"),
            ("../", "..%2F"),
            ("con ", "con%20"),
            ("%63on .x", "%2563on .x"),
            ("%C2%85, %C2%A0, %C3%85", "%25C2%85, %C2%A0, %C3%85"),
            ("line\nbreak", "line%0Abreak"),
            ("nul\0byte\u{7f}\u{85}", "nul%00byte%7F%C2%85"),
            ("back\\slash", "back%5Cslash"),
            ("..\\..\\windows", "..%5C..%5Cwindows"),
            ("../up.txt", ".%2E/up.txt"),
            ("a/../../b", "a/.%2E/.%2E/b"),
            ("./dot.txt", "%2E/dot.txt"),
            ("...", "..%2E"),
            (".hidden", ".hidden"),
            ("ends with a space ", "ends with a space%20"),
            (" begins with one", " begins with one"),
            ("ends with a dot.", "ends with a dot%2E"),
            ("a//b", "a/%2Fb"),
            ("a///b", "a/%2F%2Fb"),
            ("/etc/passwd", "%2Fetc/passwd"),
            ("/", "%2F"),
            ("folder/", "folder%2F"),
            ("folder//", "folder/%2F"),
            ("con", "%63on"),
            ("a/NUL.tar.gz/b", "a/%4EUL.tar.gz/b"),
            ("com1 .txt", "%63om1 .txt"),
            ("COM\u{b9}", "%43OM\u{b9}"),
            ("console, com10, lpt", "console, com10, lpt"),
            ("caf\u{e9}/cafe\u{301}", "caf\u{e9}/cafe\u{301}"),
            (&long, &pieces),
        ] {
            assert_eq!(path_on(System::Unix, key), path, "{key:?}");
            assert_eq!(to_key(path), key, "{path:?}");
        }
        for (key, path) in [("a:b/<c>|\"?*", "a%3Ab/%3Cc%3E%7C%22%3F%2A"), ("a%3Ab", "a%253Ab"), ("50%.txt", "50%.txt")]
        {
            assert_eq!(path_on(System::Windows, key), path, "{key:?}");
            assert_eq!(key_on(System::Windows, path), key, "{path:?}");
        }
    }

    #[test]
    fn a_long_name_goes_on_in_a_folder() {
        let (long, longer) = ("%".repeat(239), "%".repeat(240));
        for (key, names) in [
            (format!("{long}/a"), vec![239, 1]),
            // In a long name each is escaped.
            (format!("{longer}/a"), vec![255, 255, 212, 1]),
            // No piece looks like a device.
            (format!("{}CON", "k".repeat(254)), vec![254, 4]),
            (format!("{}NUL.{}", "k".repeat(254), "k".repeat(300)), vec![254, 255, 51]),
            ("é".repeat(200), vec![255, 146]),
            ("/".repeat(86), vec![255, 4]),
        ] {
            let path = path_on(System::Unix, &key);
            assert_eq!(path.split('/').map(str::len).collect::<Vec<_>>(), names, "{path}");
            assert!(!path.split('/').any(is_device), "{path}");
            assert_eq!(key_on(System::Unix, &path), key);
        }
    }

    /// They are left to whoever made them: two of them may stand for one key.
    #[test]
    fn a_name_that_no_key_gets_stands_for_itself() {
        for path in ["a.", "a /b", "nul.txt", "a:b", "line\nbreak", "%"] {
            assert_eq!(key_on(System::Unix, path), path);
        }
    }

    #[test]
    fn a_single_file_is_named_by_the_end_of_its_key() {
        assert_eq!(to_name("a/b/c.txt").as_deref(), Some("c.txt"));
        assert_eq!(to_name("c.txt").as_deref(), Some("c.txt"));
        assert_eq!(to_name("a/..").as_deref(), Some(".%2E"));
        assert_eq!(to_name("a/x%0Ay").as_deref(), Some("x%0Ay"));
        assert_eq!(to_name("a/"), None);
        assert_eq!(to_name(&"k".repeat(900)), None);
    }

    /// Keys out of what goes wrong, up to the length that S3 takes.
    fn keys() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "/",
            "//",
            ".",
            "..",
            "../",
            "/..",
            "%",
            "%2F",
            "%2",
            "%%",
            "25",
            "2F",
            "0A",
            "%C2",
            "%85",
            "%43ON",
            "%6Eul",
            "\\",
            "\0",
            "\n",
            " ",
            ". ",
            "CON",
            "nul",
            ".txt",
            "com9",
            "$",
            ":",
            "*",
            "é",
            "e\u{301}",
            "🚀",
            "\u{202e}",
            "\u{85}",
            "a",
            "K",
            "~",
            "-",
            "C:",
            "//?/",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ]);
        let of_words = prop::collection::vec(words, 1..60).prop_map(|words| words.concat());
        let of_anything = prop::collection::vec(any::<char>(), 1..300).prop_map(String::from_iter);
        prop_oneof![4 => of_words, 1 => of_anything].prop_filter("S3 takes 1,024 bytes", |key| key.len() <= 1024)
    }

    /// Paths of names that can stand, out of what looks like escapes. None is long.
    fn paths(system: System) -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "%", "%2F", "%25", "25", "2F", "0A", "%0A", "%2E", "%20", "%5C", "%3A", "%43ON", "%6Eul", "%C2", "%85",
            "%A0", "%FF", "%2", "%0a", "%63on", "ON", "CON", ".", " ", "é", "a", "C", "N", "/",
        ]);
        let can_stand = move |path: &String| {
            let rules = Rules { system, percents: Percents::Stay, at: Position::ALONE };
            path.split('/').all(|name| !name.is_empty() && name.len() < LONG && rules.escape(name) == name)
        };
        prop::collection::vec(words, 1..12)
            .prop_map(|words| words.concat())
            .prop_filter("names that can stand", can_stand)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_key_has_a_path_of_its_own_that_stays_below_its_folder(key in keys()) {
            for system in [System::Unix, System::Windows] {
                let path = path_on(system, &key);
                prop_assert_eq!(&key_on(system, &path), &key);
                for name in path.split('/') {
                    prop_assert!(!name.is_empty() && name != "." && name != ".." && name.len() <= LONGEST_NAME, "{}", path);
                    prop_assert!(!name.contains(['\\', '\0']) && !name.contains(char::is_control), "{}", path);
                    prop_assert!(!name.ends_with(['.', ' ']) && !is_device(name), "{}", path);
                    prop_assert!(system == System::Unix || !name.contains(['<', '>', ':', '"', '|', '?', '*']), "{}", path);
                }
                let mut components = std::path::Path::new(&path).components();
                prop_assert!(components.all(|part| matches!(part, std::path::Component::Normal(_))), "{}", path);
            }
        }

        #[test]
        fn every_unix_path_is_that_of_its_key(path in paths(System::Unix)) {
            prop_assert_eq!(path_on(System::Unix, &key_on(System::Unix, &path)), path);
        }

        #[test]
        fn every_windows_path_is_that_of_its_key(path in paths(System::Windows)) {
            prop_assert_eq!(path_on(System::Windows, &key_on(System::Windows, &path)), path);
        }

        #[test]
        fn every_path_has_a_key(path in keys()) {
            for system in [System::Unix, System::Windows] {
                let key = key_on(system, &path);
                prop_assert_eq!(key_on(system, &path_on(system, &key)), key);
            }
        }
    }
}
