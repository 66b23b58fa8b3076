//! The checks on pages and sources of a few lines.

use super::files::Files;
use super::links;
use super::names::Known;

fn files(texts: &[(&str, &str)]) -> Files {
    let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let mut files = Files { texts: texts.collect(), ..Files::default() };
    files.paths = files.texts.keys().cloned().collect();
    files
}

const GUIDE: &str = "\
# The guide
## `ls`, and *what else*
## Twice
## Twice
### <a id=\"own\"></a>Éric's_key — 2
";

#[test]
fn a_link_leads_to_a_file_a_folder_or_a_heading() {
    for (link, problem) in [
        ("[a](docs/guide.md)", ""),
        ("[a](docs)", ""),
        ("[a](docs/)", ""),
        ("[a](./docs/../README.md#top)", ""),
        ("[a](#top)", ""),
        ("[a](https://example.com/x#y)", ""),
        ("[a](mailto:x@example.com)", ""),
        ("[a](docs/guide.md#ls-and-what-else)", ""),
        ("[a](docs/guide.md#twice)", ""),
        ("[a](docs/guide.md#twice-1)", ""),
        ("[a](docs/guide.md#own)", ""),
        ("[a](docs/guide.md#érics_key--2)", ""),
        ("![a](docs/guide.md)", ""),
        ("`[a](nowhere.md)`", ""),
        ("```\n[a](nowhere.md)\n```", ""),
        ("[a](nowhere.md)", "there is no such file"),
        ("[a][1]\n\n[1]: nowhere.md", "there is no such file"),
        ("| a |\n| - |\n| [a](nowhere.md) |", "there is no such file"),
        ("<img src=\"docs/none.png\">", "there is no such file"),
        ("<picture>\n <source srcset=\"docs/none.png\">\n</picture>", "there is no such file"),
        ("[a](doc)", "there is no such file"),
        ("[a](../README.md)", "it leads out of the repository"),
        ("[a](#bottom)", "the page has no such heading"),
        ("[a](docs/guide.md#Twice)", "the page has no such heading"),
        ("[a](docs/guide.md#twice-2)", "the page has no such heading"),
        ("[a](docs/code.rs#L3)", "only pages have headings"),
    ] {
        let page = format!("# Top\n\n{link}\n");
        let found = links::broken(&files(&[("README.md", &page), ("docs/guide.md", GUIDE), ("docs/code.rs", "")]));
        let expected = usize::from(!problem.is_empty());
        assert_eq!(found.len(), expected, "{link}: {found:?}");
        assert!(found.iter().all(|found| found.starts_with("README.md:") && found.ends_with(problem)), "{found:?}");
    }
}

#[test]
fn a_name_in_a_proof_is_a_test_or_a_file() {
    let rust = "\
mod tests {
    #[test]
    fn a_foreign_state_is_refused() {}

    fn a_helper() {}

    mod deeper {
        #[tokio::test(start_paused = true)]
        async fn slowly() {}
    }
}

proptest! {
    #[test]
    fn any_text(text in \".*\") {}
}
";
    let known = Known::of(&files(&[
        ("crates/core/src/oidc/redirect.rs", rust),
        ("crates/cli/tests/cli/main.rs", "#[test]\n#[cfg(unix)]\nfn starts() {}"),
        ("tests/e2e/field/mod.rs", "#[test]\nfn a1_the_scope() {}"),
        ("android/HomeTest.kt", "class HomeTest {\n    @Test\n    fun `the list stays where it is`() {}\n}"),
        ("ios/Tests/ObjectsTests.swift", "@Suite struct ObjectsTests {\n    @Test func givenUp() {}\n}"),
    ]));
    let known = known.unwrap();
    for there in [
        "cargo test -p jetbridge --lib redirect::tests::a_foreign",
        "cargo test -p jetbridge-cli --test cli starts",
        "cargo test -p jetbridge-e2e -- field:: --nocapture",
        "… field::a1",
        "… redirect::tests::deeper::slowly",
        "oidc::redirect::any_text",
        "a1_the_sco…",
        "HomeTest",
        "HomeTest.the list stays…",
        "… the list stays…",
        "ObjectsTests.givenUp",
        ".givenUp",
        "crates/core/src/oidc/redirect.rs",
        "crates/core/",
        "crates/core/src/oidc/re*.rs",
        "android/app/build/screenshots",
        "okta_issuer_url",
        "Session::leave",
        "--ca-file",
        "application/json",
        "… a_foreign_state_is_refused",
    ] {
        assert_eq!(known.missing_in("page", &format!("`{there}`")), [""; 0]);
    }
    for lost in [
        "cargo test -p jetbridge --lib redirect::tests::a_home",
        "cargo test ends",
        "… field::a2",
        "oidc::redirect::tests::a_helper",
        "oidc::redirect::deeper::slowly",
        "a2_the_sco…",
        "AwayTest",
        "HomeTest.the list goes…",
        "… the list goes…",
        "ObjectsTests.takenUp",
        ".takenUp",
        "crates/core/src/oidc/state.rs",
        "crates/core/src/oidc/st*.rs",
    ] {
        let found = known.missing_in("page", &format!("a\n\n| b |\n| - |\n| `{lost}` |\n"));
        assert!(found.len() == 1 && found[0].starts_with("page:5: "), "{lost}: {found:?}");
    }
}
