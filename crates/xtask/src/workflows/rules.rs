//! The rules, each a pure function of the workflows' text.

use yaml_rust2::{Yaml, YamlLoader};

/// What recipes leave behind for others, by the beginning of its path. An artifact is made of nothing else.
const OUTPUTS: [(&str, &[&str]); 7] = [
    ("dist", &["target/dist"]),
    ("android-bundle", &["target/bundles/android"]),
    ("android-emulator", &["target/devices"]),
    ("ios-simulator", &["ios/App/build/pictures", "target/devices"]),
    ("ios-archive", &["ios/App/build/"]),
    ("xcframework", &["ios/build/JetbridgeFFI."]),
    ("release", &["target/release-files"]),
];

/// What else a step may be: it prepares the machine for the first recipe, or is the test command.
const OTHER_COMMANDS: [&str; 2] = ["rustup toolchain install --no-self-update", ".ci/run"];

/// One file.
#[derive(Debug)]
pub(crate) struct Workflow {
    pub(crate) name: String,
    text: String,
    content: Yaml,
}

/// A step, and the job that it is in.
struct Step<'a> {
    place: String,
    job: &'a Yaml,
    step: &'a Yaml,
}

impl Workflow {
    pub(crate) fn parse(name: String, text: String) -> Result<Self, String> {
        let content = YamlLoader::load_from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let [content] = <[Yaml; 1]>::try_from(content).map_err(|_| format!("{name} is not one document"))?;
        Ok(Self { name, text, content })
    }

    fn jobs(&self) -> Vec<(String, &Yaml)> {
        let jobs = self.content["jobs"].as_hash().map(|jobs| jobs.iter()).into_iter().flatten();
        jobs.map(|(name, job)| (format!("{} {}", self.name, name.as_str().unwrap_or_default()), job)).collect()
    }

    fn steps(&self) -> Vec<Step<'_>> {
        let mut found = Vec::new();
        for (place, job) in self.jobs() {
            let steps = job["steps"].as_vec().map(Vec::as_slice).unwrap_or_default();
            let steps = steps.iter().zip(1..);
            found.extend(steps.map(|(step, number)| Step { place: format!("{place}, step {number}"), job, step }));
        }
        found
    }

    fn is_release(&self) -> bool {
        !self.content["on"]["push"]["tags"].is_badvalue() || !self.content["on"]["release"].is_badvalue()
    }
}

impl Step<'_> {
    fn uses(&self) -> Option<&str> {
        self.step["uses"].as_str()
    }

    fn run(&self) -> Option<&str> {
        self.step["run"].as_str()
    }
}

/// Each rule with what breaks it.
pub(crate) fn check(workflows: &[Workflow], recipes: &[String]) -> [(&'static str, Vec<String>); 8] {
    let of_each = |rule: &dyn Fn(&Workflow) -> Vec<String>| workflows.iter().flat_map(rule).collect();
    [
        ("each action is one of GitHub's own, by its commit, with its version beside it", of_each(&pinned)),
        ("no permission but those that a job names", of_each(&permissions)),
        ("each job ends in time, and a workflow's older run makes way or is waited for", of_each(&limits)),
        ("no credentials are left behind by a checkout", of_each(&checkouts)),
        ("each step is one plain command, and gets what comes from outside as a variable", of_each(&commands)),
        ("each recipe is there", of_each(&|workflow| recipes_exist(workflow, recipes))),
        ("each artifact is what a recipe of its job leaves", of_each(&artifacts)),
        ("caches have a lock file in their key, and a release has none", of_each(&caches)),
    ]
}

/// The commands of `cargo xtask help`, as the source of `main.rs` has them.
pub(crate) fn recipes(source: &str) -> Result<Vec<String>, String> {
    let usage = source.split_once("const USAGE: &str = \"\\").and_then(|(_, rest)| rest.split_once("\n\";"));
    let (usage, _) = usage.ok_or("main.rs has no USAGE")?;
    let lines = usage.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let mut names: Vec<_> = lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.push("help".to_owned());
    Ok(names)
}

fn pinned(workflow: &Workflow) -> Vec<String> {
    let lines: Vec<&str> =
        workflow.text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses:")).collect();
    let is_pinned = |line: &&&str| {
        let Some((_, action)) = line.split_once("uses: actions/") else { return false };
        let Some((action, version)) = action.split_once(" # v") else { return false };
        let commit = action.split_once('@').map(|(_, commit)| commit).unwrap_or_default();
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_commit && version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok())
    };
    let mut broken: Vec<_> = lines
        .iter()
        .filter(|line| !is_pinned(line))
        .map(|line| format!("{}: {}", workflow.name, line.trim()))
        .collect();
    // What a line does not show, as in a flow mapping, is not looked at above.
    let number = workflow.steps().iter().filter(|step| step.uses().is_some()).count();
    let jobs = workflow.jobs().iter().filter(|(_, job)| !job["uses"].is_badvalue()).count();
    if number + jobs != lines.len() {
        broken.push(format!("{}: {} actions on {} lines", workflow.name, number + jobs, lines.len()));
    }
    broken
}

fn permissions(workflow: &Workflow) -> Vec<String> {
    let mut broken = Vec::new();
    if !workflow.content["permissions"].as_hash().is_some_and(|permissions| permissions.is_empty()) {
        broken.push(format!("{} does not begin with `permissions: {{}}`", workflow.name));
    }
    for (place, job) in workflow.jobs() {
        if job["permissions"].as_hash().is_none() {
            broken.push(format!("{place} names no permissions"));
        }
    }
    broken
}

fn limits(workflow: &Workflow) -> Vec<String> {
    let mut broken = Vec::new();
    if workflow.content["concurrency"]["group"].as_str().is_none() {
        broken.push(format!("{} has no concurrency group", workflow.name));
    }
    for (place, job) in workflow.jobs() {
        if !job["timeout-minutes"].as_i64().is_some_and(|minutes| (1..=180).contains(&minutes)) {
            broken.push(format!("{place} has no timeout of at most 180 minutes"));
        }
    }
    broken
}

fn checkouts(workflow: &Workflow) -> Vec<String> {
    let steps = workflow.steps();
    let checkouts =
        steps.iter().filter(|step| step.uses().is_some_and(|action| action.starts_with("actions/checkout@")));
    let keeps = checkouts.filter(|step| step.step["with"]["persist-credentials"].as_bool() != Some(false));
    keeps.map(|step| format!("{} keeps its credentials", step.place)).collect()
}

fn commands(workflow: &Workflow) -> Vec<String> {
    let mut broken = Vec::new();
    for step in workflow.steps() {
        let Some(run) = step.run() else { continue };
        if !is_plain(run) {
            broken.push(format!("{}: `{}` is more than one plain command: make it a recipe", step.place, run.trim()));
        } else if !run.starts_with("cargo xtask ") && !OTHER_COMMANDS.contains(&run) {
            broken.push(format!("{}: `{run}` is no recipe", step.place));
        }
    }
    broken
}

/// One program with its arguments: words, and variables in quotes.
fn is_plain(run: &str) -> bool {
    run.split(' ').all(|word| {
        let variable = word.strip_prefix("\"$").and_then(|rest| rest.strip_suffix('"'));
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=,".contains(&byte))
        };
        variable.map_or_else(|| is_word(word), is_name)
    })
}

fn recipe(run: &str) -> Option<&str> {
    run.strip_prefix("cargo xtask ")?.split(' ').next()
}

fn recipes_exist(workflow: &Workflow, recipes: &[String]) -> Vec<String> {
    let steps = workflow.steps();
    let called = steps.iter().filter_map(|step| Some((&step.place, recipe(step.run()?)?)));
    called
        .filter(|(_, name)| !recipes.iter().any(|recipe| recipe == name))
        .map(|(place, name)| format!("{place}: there is no `cargo xtask {name}`"))
        .collect()
}

fn artifacts(workflow: &Workflow) -> Vec<String> {
    let mut broken = Vec::new();
    for step in workflow.steps() {
        if !step.uses().is_some_and(|action| action.starts_with("actions/upload-artifact@")) {
            continue;
        }
        let with = &step.step["with"];
        if with["if-no-files-found"].as_str() != Some("error") {
            broken.push(format!("{} does not fail if there is nothing", step.place));
        }
        let steps = step.job["steps"].as_vec().map(Vec::as_slice).unwrap_or_default();
        let called: Vec<_> = steps.iter().filter_map(|step| recipe(step["run"].as_str()?)).collect();
        let outputs =
            OUTPUTS.iter().filter(|(recipe, _)| called.contains(recipe)).flat_map(|(_, outputs)| outputs.iter());
        let outputs: Vec<_> = outputs.collect();
        for path in with["path"].as_str().unwrap_or_default().lines() {
            if !outputs.iter().any(|output| path.starts_with(**output)) {
                broken.push(format!("{}: no recipe of this job leaves {path}", step.place));
            }
        }
    }
    broken
}

fn caches(workflow: &Workflow) -> Vec<String> {
    let mut broken = Vec::new();
    for step in workflow.steps() {
        if !step.uses().is_some_and(|action| action.starts_with("actions/cache")) {
            continue;
        }
        if workflow.is_release() {
            broken.push(format!("{}: what another run has left would get into a release", step.place));
        }
        if !step.step["with"]["key"].as_str().is_some_and(|key| key.contains("hashFiles('Cargo.lock'")) {
            broken.push(format!("{}: its key does not change with Cargo.lock", step.place));
        }
        // An older state under another key would be taken for this one's.
        if !step.step["with"]["restore-keys"].is_badvalue() {
            broken.push(format!("{} takes another key's state", step.place));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
on:
  push:
    branches: [main]
permissions: {}
concurrency:
  group: ci
jobs:
  linux:
    timeout-minutes: 20
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5
        with:
          key: cargo-${{ hashFiles('Cargo.lock') }}
          path: ~/.cargo/registry
      - run: rustup toolchain install --no-self-update
      - run: cargo xtask android-emulator --api \"$API\"
      - uses: actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0
        with:
          if-no-files-found: error
          path: target/devices
";

    fn broken(text: &str) -> Vec<String> {
        let workflow = Workflow::parse("ci.yml".to_owned(), text.to_owned()).unwrap();
        check(&[workflow], &["android-emulator".to_owned()]).into_iter().flat_map(|(_, broken)| broken).collect()
    }

    #[test]
    fn a_workflow_that_keeps_the_rules_is_let_be() {
        assert_eq!(broken(GOOD), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_broken_by_what_it_forbids() {
        for (good, bad, told) in [
            ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "actions/checkout@v7"),
            (" # v7.0.1", "", "uses: actions/checkout"),
            ("uses: actions/checkout@", "uses: somebody/checkout@", "somebody/checkout"),
            (
                "- uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5\n        with",
                "- \"uses\": actions/cache@v5\n        with",
                "3 actions on 2 lines",
            ),
            ("permissions: {}", "permissions: read-all", "does not begin with"),
            ("    permissions:\n      contents: read\n", "", "ci.yml linux names no permissions"),
            ("    timeout-minutes: 20\n", "", "no timeout"),
            ("concurrency:\n  group: ci\n", "", "no concurrency group"),
            ("persist-credentials: false", "persist-credentials: true", "step 1 keeps its credentials"),
            ("--api \"$API\"", "--api ${{ matrix.api }}", "more than one plain command"),
            ("--api \"$API\"", "--api 28 && true", "more than one plain command"),
            (
                "cargo xtask android-emulator --api \"$API\"",
                "|\n          cargo xtask a\n          cargo xtask b",
                "more than one plain command",
            ),
            ("cargo xtask android-emulator --api \"$API\"", "make all", "`make all` is no recipe"),
            ("android-emulator", "android-emulation", "there is no `cargo xtask android-emulation`"),
            ("path: target/devices", "path: target/debug", "no recipe of this job leaves target/debug"),
            ("if-no-files-found: error", "if-no-files-found: warn", "does not fail if there is nothing"),
            ("hashFiles('Cargo.lock')", "github.ref", "does not change with Cargo.lock"),
            ("    branches: [main]", "    tags: [v1]", "would get into a release"),
            (
                "          path: ~/.cargo/registry",
                "          path: ~/.cargo/registry\n          restore-keys: cargo-",
                "takes another key's state",
            ),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let told_all = broken(&GOOD.replacen(good, bad, 1));
            assert!(told_all.iter().any(|line| line.contains(told)), "{bad}: {told_all:?}");
        }
    }

    #[test]
    fn the_recipes_are_those_of_the_help() {
        let recipes = recipes(include_str!("../main.rs")).unwrap();
        for name in ["test", "android-emulator", "ios-archive", "check-alignment", "release", "help"] {
            assert!(recipes.iter().any(|recipe| recipe == name), "{name}: {recipes:?}");
        }
        assert!(!recipes.iter().any(|recipe| recipe.starts_with("--")));
        assert!(super::recipes("fn main() {}").is_err());
        assert!(
            is_plain("cargo xtask help")
                && !is_plain("cargo  xtask")
                && !is_plain("a; b")
                && !is_plain("$HOME/x")
                && !is_plain("\"$\"")
        );
    }
}
