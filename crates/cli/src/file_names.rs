//! Keys as the names of files, and back. A key may hold anything; a file's name may not. Every key has one path below a
//! folder, no two keys have the same, and none leads out of it: what cannot stand in a name is written as `%XX`, the bytes of
//! its UTF-8, and so is `%` itself.
//!
//! What cannot stand in a name: control characters, a backslash, a dot or a space at its end (`.` and `..` among them), what
//! Windows keeps for devices (`CON`, `nul.txt`: its first letter is escaped), and there also `< > : " | ? *` (Microsoft, "Naming
//! Files, Paths, and Namespaces"). Where no name would stand between two slashes, or before the first or behind the last, the
//! slash is escaped. A name that is too long goes on in a folder: all but its last piece end in a single `%`, which no other
//! name does.

use percent_encoding::percent_decode_str;

/// In bytes. File systems take 255 bytes (Linux: `NAME_MAX` of `linux/limits.h`; APFS) or 255 units of UTF-16 (NTFS: Microsoft,
/// "Naming Files, Paths, and Namespaces"), of which no name has more than bytes.
const LONGEST_NAME: usize = 255;
/// Microsoft, "Naming Files, Paths, and Namespaces"; with any ending, and in any case.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Whose rules hold for names.
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

/// The key for a path below a folder: what [`to_path`] makes a path of, on whichever system. A name that it never makes, such
/// as `my%20file.txt` of a browser, stands for itself.
pub(crate) fn to_key(path: &str) -> String {
    let is_made_of = |key: &str| [System::Unix, System::Windows].iter().any(|system| path_on(*system, key) == path);
    match unescape(path) {
        Some(key) if is_made_of(&key) => key,
        _ => path.to_owned(),
    }
}

/// The name for a file in whatever folder: of what stands behind the last slash. `None` if that is nothing, or too long for
/// one name.
pub(crate) fn to_name(key: &str) -> Option<String> {
    let (_, last) = key.rsplit_once('/').unwrap_or(("", key));
    Some(to_path(last)).filter(|path| !path.is_empty() && !path.contains('/'))
}

fn path_on(system: System, key: &str) -> String {
    let pieces: Vec<String> = names_of(system, key).iter().flat_map(|name| split(name)).collect();
    pieces.join("/")
}

/// The names between the slashes; where there would be none, the slash goes into the next one, or the last into the one before.
fn names_of(system: System, key: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut slashes = String::new();
    let mut segments = key.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match (segment.is_empty(), is_last) {
            (true, false) => slashes.push_str("%2F"),
            (true, true) if slashes.is_empty() => {
                if let Some(before) = names.last_mut() {
                    before.push_str("%2F");
                }
            }
            _ => names.push(format!("{}{}", std::mem::take(&mut slashes), escape(system, segment))),
        }
    }
    names
}

fn escape(system: System, name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    let is_device = is_device(name);
    for (start, character) in name.char_indices() {
        let is_first = start == 0;
        let is_last = start + character.len_utf8() == name.len();
        let cannot_stand = character.is_control()
            || matches!(character, '%' | '\\')
            || (is_last && matches!(character, '.' | ' '))
            || (is_first && is_device)
            || (system == System::Windows && matches!(character, '<' | '>' | ':' | '"' | '|' | '?' | '*'));
        if cannot_stand {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
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
        let bytes = rest.as_bytes();
        let mut end = LONGEST_NAME - 1;
        // Neither within a character nor within an escape.
        while !rest.is_char_boundary(end) || bytes[end - 1] == b'%' || bytes[end - 2] == b'%' {
            end -= 1;
        }
        pieces.push(format!("{}%", &rest[..end]));
        rest = &rest[end..];
    }
    // Of a longer name, what is left may look like a device.
    pieces.push(if is_device(rest) { format!("%{:02X}{}", rest.as_bytes()[0], &rest[1..]) } else { rest.to_owned() });
    pieces
}

/// The text that the escapes stand for; `None` if they stand for no text.
fn unescape(path: &str) -> Option<String> {
    let mut key = Vec::with_capacity(path.len());
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        let (name, goes_on) = match name.strip_suffix('%') {
            Some(piece) if names.peek().is_some() => (piece, true),
            _ => (name, false),
        };
        key.extend(percent_decode_str(name));
        if names.peek().is_some() && !goes_on {
            key.push(b'/');
        }
    }
    String::from_utf8(key).ok()
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
            ("awkward/100% sure.txt", "awkward/100%25 sure.txt"),
            ("already%2Fencoded", "already%252Fencoded"),
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
        assert_eq!(path_on(System::Windows, "a:b/<c>|\"?*"), "a%3Ab/%3Cc%3E%7C%22%3F%2A");
        // On whichever system the folder was filled.
        assert_eq!(to_key("a%3Ab"), "a:b");
    }

    #[test]
    fn a_name_that_no_key_gets_stands_for_itself() {
        for path in ["my%20file.txt", "100% sure.txt", "a%2fb", "%FF", "50%/off", "a.", "a /b", "%41", "a%2Fb", "%"] {
            assert_eq!(to_key(path), path);
        }
    }

    #[test]
    fn a_single_file_is_named_by_the_end_of_its_key() {
        assert_eq!(to_name("a/b/c.txt").as_deref(), Some("c.txt"));
        assert_eq!(to_name("c.txt").as_deref(), Some("c.txt"));
        assert_eq!(to_name("a/..").as_deref(), Some(".%2E"));
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_key_has_a_path_of_its_own_that_stays_below_its_folder(key in keys()) {
            for system in [System::Unix, System::Windows] {
                let path = path_on(system, &key);
                prop_assert_eq!(&to_key(&path), &key);
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
        fn every_name_has_a_key(path in keys()) {
            let key = to_key(&path);
            prop_assert!(key == path || path_on(System::Unix, &key) == path || path_on(System::Windows, &key) == path);
        }
    }
}
