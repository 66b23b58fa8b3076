//! The bill of materials of a program: what is in it, from where, under which licence, and what uses what. CycloneDX 1.6
//! (ECMA-424; cyclonedx.org/docs/1.6/json), which CycloneDX's own library holds against its schema in the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::dependencies::{Id, Package};
use super::facts::{CommitDate, VERSION};
use super::sums;
use crate::cargo::target_directory;
use crate::tools;

pub(super) const ENDING: &str = ".cdx.json";

/// Of the program or library that `package` is, for this target. `runtimes`: what the linker puts in beside Rust's own.
pub(super) fn document(
    (package, kind): (&str, &str),
    target: &str,
    packages: &BTreeMap<Id, Package>,
    runtimes: &[&str],
    (date, rust): (&CommitDate, &str),
) -> Result<String, String> {
    let main = packages.values().find(|found| found.name == package).ok_or("the program is not among its packages")?;
    let others = packages.values().filter(|found| found.id() != main.id());
    let mut components: Vec<Value> = others.map(|found| component(found, "library")).collect();
    let standard_library = format!("std@{rust}");
    components.push(json!({
        "type": "library", "bom-ref": standard_library, "name": "std", "version": rust,
        "description": "The standard library of Rust", "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    }));
    // Their versions are those of the machine that builds, and their licences are in the document of licences.
    components.extend(runtimes.iter().map(|name| json!({ "type": "library", "bom-ref": name, "name": name })));
    let uses = |found: &Package| {
        let mut used: Vec<_> = found.uses.iter().map(reference).collect();
        if found.id() == main.id() {
            used.push(standard_library.clone());
            used.extend(runtimes.iter().map(|name| (*name).to_owned()));
        }
        json!({ "ref": reference(&found.id()), "dependsOn": used })
    };
    let mut bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": date.iso,
            "lifecycles": [{ "phase": "build" }],
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist", "version": VERSION }] },
            "component": component(main, kind),
            "supplier": { "name": "The Jetbridge authors" },
            // cyclonedx.org/docs: names below `cdx:` are those of its property taxonomy.
            "properties": [{ "name": "cdx:rustc:sbom:target:triple", "value": target }],
        },
        "components": components,
        "dependencies": packages.values().map(uses).collect::<Vec<_>>(),
    });
    // The same content has the same number: version 8 of RFC 9562, the digest's first bits.
    let digest = Sha256::digest(bom.to_string());
    let hex = sums::hex(&digest[..16]);
    let uuid = format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]);
    bom["serialNumber"] = format!("urn:uuid:{uuid}").into();
    serde_json::to_string_pretty(&bom).map(|text| text + "\n").map_err(|error| error.to_string())
}

fn reference((name, version): &Id) -> String {
    format!("{name}@{version}")
}

fn component(package: &Package, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": reference(&package.id()),
        "name": package.name,
        "version": package.version,
        "licenses": [{ "expression": package.licence }],
    });
    if !package.description.is_empty() {
        component["description"] = package.description.clone().into();
    }
    if let Some(checksum) = &package.checksum {
        // github.com/package-url/purl-spec: the registry's, so none of our own has one before it is there.
        component["purl"] = format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B")).into();
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if !package.repository.is_empty() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": package.repository }]);
    }
    component
}

/// Holds bills of materials against CycloneDX's schema.
#[derive(Debug)]
pub(super) struct Validator {
    python: PathBuf,
}

impl Validator {
    /// CycloneDX's library for Python, which has the schemas in it. The error is the reason to skip.
    pub(super) fn install(root: &Path) -> Result<Self, String> {
        const LIBRARY: &str = "cyclonedx-python-lib[json-validation]==11.12.0";
        let folder = target_directory(root).join("tools/cyclonedx");
        let python = folder.join("bin/python");
        let is_there = || {
            let import = "import cyclonedx.validation.json as v; v.JsonStrictValidator; import jsonschema";
            let mut ask = Command::new(&python);
            ask.args(["-c", import]).stdout(Stdio::null()).stderr(Stdio::null());
            ask.status().is_ok_and(|status| status.success())
        };
        if !is_there() {
            let system = tools::python().ok_or("Python 3.9 or newer is not installed")?;
            let steps: [(&Path, Vec<&str>); 2] = [
                (Path::new(system), vec!["-m", "venv", "--clear"]),
                (&python, vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", LIBRARY]),
            ];
            for (program, arguments) in steps {
                let mut step = Command::new(program);
                step.args(&arguments);
                if arguments.contains(&"venv") {
                    step.arg(&folder);
                }
                if !step.status().is_ok_and(|status| status.success()) {
                    return Err(format!("{LIBRARY} could not be installed"));
                }
            }
        }
        if is_there() { Ok(Self { python }) } else { Err(format!("{LIBRARY} does not start")) }
    }

    pub(super) fn validate(&self, bom: &str) -> Result<(), String> {
        const ASK: &str = "\
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
if problem:
    sys.exit(repr(problem)[:2000])
";
        let mut ask = Command::new(&self.python);
        let mut ask = ask
            .args(["-c", ASK])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.python.display()))?;
        if let Some(mut stdin) = ask.stdin.take() {
            std::io::Write::write_all(&mut stdin, bom.as_bytes()).map_err(|error| error.to_string())?;
        }
        let output = ask.wait_with_output().map_err(|error| error.to_string())?;
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_says_what_is_in_it_from_where_and_is_always_the_same() {
        let ours = Package {
            name: "app".to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            uses: [("toml".to_owned(), "1.2.1+spec-1.1.0".to_owned())].into(),
            ..Package::default()
        };
        let toml = Package {
            name: "toml".to_owned(),
            version: "1.2.1+spec-1.1.0".to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            checksum: Some("ab".repeat(32)),
            ..Package::default()
        };
        let packages = [ours, toml].into_iter().map(|package| (package.id(), package)).collect();
        let iso = "2026-11-28T14:30:00Z".to_owned();
        let date = CommitDate { epoch: 1_795_876_200, iso, rfc2822: String::new() };
        let text =
            document(("app", "application"), "x86_64-unknown-linux-musl", &packages, &["musl"], (&date, "1.95.0"))
                .unwrap();
        assert_eq!(
            text,
            document(("app", "application"), "x86_64-unknown-linux-musl", &packages, &["musl"], (&date, "1.95.0"))
                .unwrap()
        );
        let bom: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bom["components"][0]["purl"], "pkg:cargo/toml@1.2.1%2Bspec-1.1.0");
        assert_eq!(bom["components"][0]["hashes"][0]["content"], "ab".repeat(32));
        assert_eq!(bom["metadata"]["component"]["name"], "app");
        assert_eq!(bom["metadata"]["component"]["purl"], Value::Null, "not in the registry");
        assert_eq!(bom["metadata"]["timestamp"], "2026-11-28T14:30:00Z");
        assert_eq!(bom["dependencies"][0]["dependsOn"], json!(["toml@1.2.1+spec-1.1.0", "std@1.95.0", "musl"]));
        let other =
            document(("app", "application"), "x86_64-pc-windows-gnu", &packages, &["musl"], (&date, "1.95.0")).unwrap();
        let serial = |text: &str| serde_json::from_str::<Value>(text).unwrap()["serialNumber"].clone();
        assert_ne!(serial(&text), serial(&other));
        assert!(document(("nobody", "library"), "", &packages, &[], (&date, "1.95.0")).is_err());
    }
}
