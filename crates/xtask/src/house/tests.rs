//! The check on crates of a few lines, each with one thing to find, or to leave alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::resolve::{Arrow, arrows};
use super::rules::{Findings, Known};
use super::sources::Crate;
use super::table::Page;

fn read(texts: &[(&str, &str)]) -> Result<Crate, String> {
    let at = |path: &str| Path::new("crates/a/src").join(path);
    let texts: BTreeMap<PathBuf, &str> = texts.iter().map(|(path, text)| (at(path), *text)).collect();
    Crate::read("a", &|path| texts.get(path).map(|text| (*text).to_owned()))
}

/// Each arrow as `from:line -> to (names)`.
fn arrows_of(texts: &[(&str, &str)]) -> Vec<String> {
    let source = read(texts).unwrap();
    let tell = |((from, to), arrow): (&(usize, usize), &Arrow)| {
        let names: Vec<_> = arrow.names.iter().map(String::as_str).collect();
        format!("{}:{} -> {} ({})", source.place(*from), arrow.line, source.place(*to), names.join(", "))
    };
    arrows(&source).iter().map(tell).collect()
}

/// `one` with this text beside `two` and the folder `three`, which re-exports what `four` defines.
fn arrows_of_one(one: &str) -> Vec<String> {
    arrows_of(&[
        ("lib.rs", "mod one; mod three; mod two; pub use two::Two;"),
        ("one.rs", one),
        (
            "two.rs",
            "pub struct Two; pub enum Kind { First } pub fn make() -> Two { Two } pub mod inside { pub struct In; }",
        ),
        ("three/mod.rs", "mod four; pub use four::Four; pub(crate) use self::four::helper as help; pub struct Three;"),
        ("three/four.rs", "pub struct Four; pub fn helper() {}"),
    ])
}

impl Findings {
    fn is_empty(&self) -> bool {
        let Self { file_circles, missing, forbidden, unused, circles } = self;
        [file_circles, missing, forbidden, unused, circles].iter().all(|found| found.is_empty())
    }
}

fn findings_of(texts: &[(&str, &str)], table: &str) -> Findings {
    let source = read(texts).unwrap();
    let page =
        Page::read(&format!("## `crates/a`\n\n| room | what it is for | may know |\n| --- | --- | --- |\n{table}"));
    assert_eq!(page.problems, [""; 0]);
    let mut findings = Findings::default();
    findings.of_rooms(&source, &arrows(&source), &page.rooms["a"]);
    findings
}

#[test]
fn whoever_names_what_another_file_defines_knows_it() {
    for (code, expected) in [
        ("use crate::two::Two;", "one:1 -> two (Two)"),
        ("\nuse super::two::{self, Two as Renamed};", "one:2 -> two (Two)"),
        ("use crate::two::Kind::First;", "one:1 -> two (Kind)"),
        ("use crate::two::*;", "one:1 -> two (two)"),
        ("use crate::two::inside::In;", "one:1 -> two (In)"),
        ("fn f() { use crate::two::make; }", "one:1 -> two (make)"),
        ("fn f() {\n    crate::two::make();\n}", "one:2 -> two (make)"),
        ("fn f(_: Option<super::two::Two>) {}", "one:1 -> two (Two)"),
        ("fn f(k: K) { match k { crate::two::Kind::First => {} } }", "one:1 -> two (Kind)"),
        ("impl Drop for crate::two::Two {}", "one:1 -> two (Two)"),
        ("use super::two; fn f() { two::make(); }", "one:1 -> two (make)"),
        ("fn f() { vec![0, crate::two::make()]; }", "one:1 -> two (make)"),
        ("macro_rules! m { ($x:expr) => { $crate::two::make($x) } }", "one:1 -> two (make)"),
        ("#[serde(with = \"crate::two\")] struct S;", "one:1 -> two (two)"),
        ("#[arg(value_parser = crate::two::make)] struct S;", "one:1 -> two (make)"),
        ("mod inner { use super::super::two::Two; }", "one:1 -> two (Two)"),
        ("use crate::two::MadeByAMacro;", "one:1 -> two (MadeByAMacro)"),
        ("#[cfg(any(test, unix))] use crate::two::Two;", "one:1 -> two (Two)"),
        ("#[cfg(not(test))] use crate::two::Two;", "one:1 -> two (Two)"),
    ] {
        assert_eq!(arrows_of_one(code), [expected], "{code}");
    }
}

#[test]
fn a_re_export_leads_to_the_file_that_defines() {
    for (code, expected) in [
        ("use crate::three::Four;", "one:1 -> three/four (Four)"),
        ("use crate::three::help;", "one:1 -> three/four (helper)"),
        ("fn f() { crate::three::help() }", "one:1 -> three/four (helper)"),
        ("use crate::Two;", "one:1 -> two (Two)"),
        ("use super::Two;", "one:1 -> two (Two)"),
        ("pub use super::two::Two; fn f(_: Two) {}", "one:1 -> two (Two)"),
    ] {
        assert_eq!(arrows_of_one(code), [expected], "{code}");
    }
    let through_a_private_use = arrows_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod child; use crate::b::B;"),
        ("a/child.rs", "use super::B;"),
        ("b.rs", "pub struct B;"),
    ]);
    assert_eq!(through_a_private_use, ["a:1 -> b (B)", "a/child:1 -> b (B)"]);
}

#[test]
fn modules_re_exports_tests_and_other_crates_are_no_arrows() {
    for code in [
        "pub use crate::two::Two;",
        "pub(crate) use crate::two::*;",
        "pub(in crate) use crate::two::{Kind, make};",
        "use crate::two;",
        "use std::fmt::Debug; fn f() { serde_json::two::make(); ::two::make(); }",
        "#[cfg(test)] mod tests { use crate::two::Two; }",
        "#[cfg(all(test, unix))] use crate::two::Two;",
        "#[test] fn f() { crate::two::make(); }",
        "impl S { #[cfg(test)] fn f() { crate::two::make(); } }",
        "mod tests;",
        "//! [`crate::two::Two`]\n/// [`crate::two::Two`]\nstruct S;",
        "struct Two; mod two { pub struct Two; } use self::two::Two as T; fn f() { two.make(self.two.x); }",
        "use one::one; fn f() { one(); }",
    ] {
        assert_eq!(arrows_of_one(code), [""; 0], "{code}");
    }
}

#[test]
fn files_are_found_as_the_compiler_finds_them() {
    let source = read(&[
        ("main.rs", "mod a; #[path = \"else/where.rs\"] mod b; mod c { mod d; } #[cfg(test)] mod only_for_tests;"),
        ("a/mod.rs", "mod deep;"),
        ("a/deep.rs", "#[cfg(unix)] mod deeper; #[cfg(not(unix))] mod deeper;"),
        ("a/deep/deeper.rs", ""),
        ("else/where.rs", "mod beside;"),
        ("else/beside.rs", "#![cfg(test)] mod nowhere;"),
        ("c/d.rs", ""),
    ]);
    let source = source.unwrap();
    let places: Vec<_> = (0..source.files.len()).map(|file| source.place(file)).collect();
    assert_eq!(places, ["main", "a", "a/deep", "a/deep/deeper", "else/where", "c/d"]);
    for (texts, problem) in [
        (&[("lib.rs", "\nmod a;")][..], "crates/a/src/lib.rs: there is no file for `mod a`"),
        (&[("lib.rs", "\n\nfn {")], "crates/a/src/lib.rs: "),
        (&[("other.rs", "")], "neither lib.rs nor main.rs"),
    ] {
        assert!(read(texts).unwrap_err().contains(problem), "{problem}");
    }
}

const HOUSE: &[(&str, &str)] = &[
    ("lib.rs", "mod top; mod ground; pub use top::Top;"),
    ("top/mod.rs", "mod near; pub struct Top; fn f() { near::near(); }"),
    ("top/near.rs", "use crate::ground::Ground; pub fn near() {}"),
    ("ground.rs", "pub struct Ground;"),
];

const TABLE: &str = "| `lib` | names | – |\n| `top` | rules | `ground` |\n| `ground` | facts | – |\n";

#[test]
fn a_house_as_its_table_says_has_no_findings() {
    let findings = findings_of(HOUSE, TABLE);
    assert!(findings.is_empty(), "{findings:?}");
    // A folder's files can be a room of their own.
    let table = TABLE.replace("`ground` |\n", "`top/near` |\n| `top/near` | | `ground` |\n");
    let findings = findings_of(HOUSE, &table);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn an_arrow_turned_by_hand_is_a_circle_and_forbidden() {
    let mut house = HOUSE.to_vec();
    house[3].1 = "pub struct Ground;\nuse crate::top::near;\nfn f() { near::near() }";
    let Findings { file_circles, forbidden, missing, unused, circles } = findings_of(&house, TABLE);
    assert_eq!(
        file_circles,
        ["crates/a/src/top/near.rs:1 -> crates/a/src/ground.rs (Ground)\n    \
          and crates/a/src/ground.rs:3 -> crates/a/src/top/near.rs (near): turn or remove one of them"]
    );
    assert_eq!(
        forbidden,
        [
            "crates/a/src/ground.rs:3 -> crates/a/src/top/near.rs (near): room `ground` may not know `top`: turn the arrow, \
          or change ARCHITECTURE.md first"
        ]
    );
    assert_eq!([missing, unused, circles], [[""; 0]; 3]);
}

#[test]
fn a_table_that_permits_both_ways_is_a_circle_itself() {
    let table = TABLE.replace("| facts | – |", "| facts | `top` |");
    let findings = findings_of(HOUSE, &table);
    assert_eq!(findings.circles, ["ARCHITECTURE.md:7: ground -> top -> ground: one of these arrows goes back"]);
    assert_eq!(findings.unused, ["ARCHITECTURE.md:7: `ground` knows nothing of `top`: take it out"]);
    assert_eq!([findings.forbidden, findings.file_circles], [[""; 0]; 2]);
}

#[test]
fn every_file_has_a_room_and_every_room_a_file() {
    let table = TABLE.replace("| `ground` | facts | – |", "| `groun` | facts | – |").replace("`ground`", "–");
    let findings = findings_of(HOUSE, &table);
    assert_eq!(
        findings.missing,
        [
            "crates/a: `ground` is in no room of the table",
            "ARCHITECTURE.md:7: no file is in `groun`: take out the room"
        ]
    );
    assert_eq!(findings.forbidden, [""; 0], "a file without a room is told once");
}

#[test]
fn crates_depend_on_whom_their_table_names() {
    let known = |pairs: &[(&str, &str)]| -> Known {
        let one = |(from, to): &(&str, &str)| {
            ((from.to_string(), to.to_string()), vec![format!("crates/{from}/Cargo.toml -> crates/{to}")])
        };
        pairs.iter().map(one).collect()
    };
    let page = Page::read(
        "| crate | may depend on |\n| - | - |\n| `cli` | `core`, `stack` |\n| `core` | – |\n| `stack` | – |",
    );
    assert_eq!(page.problems, [""; 0]);
    let names = ["cli", "core", "stack"].map(str::to_owned);
    let mut findings = Findings::default();
    findings.of_crates(&names, &known(&[("cli", "core"), ("cli", "stack")]), &page.crates);
    assert!(findings.is_empty(), "{findings:?}");

    let names = ["cli", "core", "new"].map(str::to_owned);
    findings.of_crates(&names, &known(&[("cli", "core"), ("core", "new")]), &page.crates);
    assert_eq!(
        findings.forbidden,
        ["crates/core/Cargo.toml -> crates/new: crate `core` may not know `new`: turn the arrow, or change \
          ARCHITECTURE.md first"]
    );
    assert_eq!(findings.unused, ["ARCHITECTURE.md:3: `cli` knows nothing of `stack`: take it out"]);
    assert_eq!(
        findings.missing,
        ["crates/new: no row of the crates' table", "ARCHITECTURE.md:5: there is no crates/stack: take out the row"]
    );
}

#[test]
fn what_is_not_understood_of_a_table_is_told() {
    let rooms =
        |heading: &str, rows: &str| format!("{heading}\n| room | what it is for | may know |\n|-|-|-|\n{rows}\n");
    let good = rooms("# Inside `crates/a`", "| `x` | | – |");
    for (text, problem) in [
        (good.clone(), ""),
        (
            rooms("# `crates/a`", "| `x` | | everything below |"),
            "4: 'everything below' is no name, as `clock`; nobody is –",
        ),
        (rooms("# `crates/a`", "| `x` | | |"), "4: '' is no name"),
        (rooms("# `crates/a`", "| x | | – |"), "4: 'x' is no name"),
        (rooms("# `crates/a`", "| `x` | – |"), "4: 2 cells, not 3"),
        (rooms("# `crates/a`", "| `x` | | `x` |"), "4: `x` may know `x`, which is no other row"),
        (rooms("# `crates/a`", "| `x` | | `y` |"), "4: `x` may know `y`, which is no other row"),
        (rooms("# `crates/a`", "| `x` | | – |\n| `x` | | – |"), "5: `x` is there twice"),
        (rooms("# `crates/a`", "| `x` | | `y`, `y` |\n| `y` | | – |"), "4: `x` may know `y` twice"),
        (rooms("# Rooms", "| `x` | | – |"), "2: the heading above names no crate"),
        (format!("{good}{good}"), "6: the same table is there twice"),
    ] {
        let problems = Page::read(&text).problems;
        if problem.is_empty() {
            assert_eq!(problems, [""; 0], "{text}");
        } else {
            assert_eq!(problems.len(), 1, "{text}{problems:?}");
            assert!(problems[0].starts_with(&format!("ARCHITECTURE.md:{problem}")), "{text}{problems:?}");
        }
    }
}
