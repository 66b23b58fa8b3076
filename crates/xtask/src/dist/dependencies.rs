//! The packages that are compiled into a program for one system, and what they say of themselves: for their licences and for
//! the bill of materials. Cargo is asked twice: `cargo tree` chooses features as a build of that package does, and
//! `cargo metadata` knows licences and folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cargo::cargo;

/// Name and version.
pub(super) type Id = (String, String);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// In SPDX's words.
    pub(super) licence: String,
    pub(super) description: String,
    pub(super) repository: String,
    pub(super) folder: PathBuf,
    /// SHA-256 of the file that the registry has; none of our own.
    pub(super) checksum: Option<String>,
    /// What it is compiled with.
    pub(super) uses: BTreeSet<Id>,
}

impl Package {
    pub(super) fn id(&self) -> Id {
        (self.name.clone(), self.version.clone())
    }

    pub(super) fn is_ours(&self) -> bool {
        self.checksum.is_none()
    }
}

/// All that is linked into `package` for `target`, itself included. What runs at compile time only, as procedural macros
/// and build scripts do, is not in it.
pub(super) fn read(root: &Path, package: &str, target: &str) -> Result<BTreeMap<Id, Package>, String> {
    let tree = ["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let mut tree = cargo(root, &tree);
    tree.args(["--package", package, "--target", target]);
    let wanted = parse_tree(&text(tree)?);
    let metadata = cargo(root, &["metadata", "--format-version", "1", "--locked", "--filter-platform", target]);
    let metadata: Value = serde_json::from_str(&text(metadata)?).map_err(|error| format!("cargo metadata: {error}"))?;
    let lock = root.join("Cargo.lock");
    let lock = std::fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    choose(&metadata, &wanted, &parse_checksums(&lock))
}

fn text(mut command: Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cargo did not start: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("cargo failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Lines as `serde v1.0.229` or `jetbridge v0.1.0 (/path) (*)`.
fn parse_tree(tree: &str) -> BTreeSet<Id> {
    let id = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    tree.lines().filter_map(id).collect()
}

/// The checksums of Cargo.lock, which is written by cargo alone and has each field on a line of its own.
fn parse_checksums(lock: &str) -> BTreeMap<Id, String> {
    let field = |text: &str, name: &str| -> Option<String> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
        Some(line.trim_matches('"').to_owned())
    };
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|text| Some(((field(text, "name")?, field(text, "version")?), field(text, "checksum")?)))
        .collect()
}

fn choose(
    metadata: &Value,
    wanted: &BTreeSet<Id>,
    checksums: &BTreeMap<Id, String>,
) -> Result<BTreeMap<Id, Package>, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut by_cargo_id = BTreeMap::new();
    let mut packages = BTreeMap::new();
    for found in list(&metadata["packages"]) {
        let field = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        let id = (field("name"), field("version"));
        by_cargo_id.insert(field("id"), id.clone());
        if !wanted.contains(&id) {
            continue;
        }
        let checksum = checksums.get(&id).cloned();
        if checksum.is_none() && !found["source"].is_null() {
            return Err(format!("Cargo.lock has no checksum of {} {}", id.0, id.1));
        }
        let folder = Path::new(&field("manifest_path")).parent().unwrap_or(Path::new("")).to_path_buf();
        let package = Package {
            name: id.0.clone(),
            version: id.1.clone(),
            licence: spdx(&field("license")),
            description: field("description").split_whitespace().collect::<Vec<_>>().join(" "),
            repository: field("repository"),
            folder,
            checksum,
            uses: BTreeSet::new(),
        };
        packages.insert(id, package);
    }
    for node in list(&metadata["resolve"]["nodes"]) {
        let Some(id) = node["id"].as_str().and_then(|id| by_cargo_id.get(id)) else { continue };
        let Some(package) = packages.get_mut(id) else { continue };
        for dependency in list(&node["deps"]) {
            // Neither what only tests use nor what only a build script uses.
            let is_linked = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let used = dependency["pkg"].as_str().and_then(|id| by_cargo_id.get(id));
            package.uses.extend(used.filter(|used| is_linked && wanted.contains(*used)).cloned());
        }
    }
    match wanted.iter().find(|id| !packages.contains_key(*id)) {
        Some((name, version)) => Err(format!("cargo metadata does not know {name} {version}")),
        None if packages.is_empty() => Err("cargo tree named no package".to_owned()),
        None => Ok(packages),
    }
}

/// Before there were expressions, a slash meant "or".
fn spdx(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Id {
        (name.to_owned(), "1.0.0".to_owned())
    }

    #[test]
    fn what_is_linked_is_told_from_what_is_not() {
        let tree = "app v1.0.0 (/here/app)\nserde v1.0.0\n\nlog v1.0.0 (*)\n";
        let lock = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n\n\
                    [[package]]\nname = \"log\"\nversion = \"1.0.0\"\nchecksum = \"cd\"\n\n\
                    [[package]]\nname = \"app\"\nversion = \"1.0.0\"\n";
        let package = |name: &str, licence: &str, source: Value| {
            serde_json::json!({
                "id": format!("{name}@1"), "name": name, "version": "1.0.0", "license": licence,
                "description": "two\nlines", "manifest_path": format!("/registry/{name}/Cargo.toml"), "source": source,
            })
        };
        let dependency = |name: &str, kind: Value| serde_json::json!({ "pkg": format!("{name}@1"), "dep_kinds": [{ "kind": kind }] });
        let metadata = serde_json::json!({
            "packages": [
                package("app", "MIT", Value::Null),
                package("serde", "MIT/Apache-2.0", "registry".into()),
                package("log", "MIT OR Apache-2.0", "registry".into()),
                package("proptest", "MIT", "registry".into()),
            ],
            "resolve": { "nodes": [
                { "id": "app@1", "deps": [
                    dependency("serde", Value::Null), dependency("proptest", "dev".into()), dependency("log", "build".into()),
                ] },
                { "id": "serde@1", "deps": [dependency("log", Value::Null)] },
            ] },
        });
        let packages = choose(&metadata, &parse_tree(tree), &parse_checksums(lock)).unwrap();
        assert_eq!(packages.keys().cloned().collect::<Vec<_>>(), [id("app"), id("log"), id("serde")]);
        assert_eq!(packages[&id("app")].uses, BTreeSet::from([id("serde")]));
        assert_eq!(packages[&id("serde")].uses, BTreeSet::from([id("log")]));
        let serde = &packages[&id("serde")];
        assert_eq!((serde.licence.as_str(), serde.description.as_str()), ("MIT OR Apache-2.0", "two lines"));
        assert_eq!((serde.folder.as_path(), serde.is_ours()), (Path::new("/registry/serde"), false));
        assert!(packages[&id("app")].is_ours());
        let unknown = BTreeSet::from([id("nobody")]);
        assert!(choose(&metadata, &unknown, &BTreeMap::new()).unwrap_err().contains("nobody"));
        assert!(choose(&metadata, &BTreeSet::from([id("log")]), &BTreeMap::new()).unwrap_err().contains("checksum"));
    }
}
