//! Set-ups with one fault each (`tests/broken`), and `doctor --sign-in` on each: it has to name the link, the setting and the
//! fix. The folders say all; here is how they are brought about.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jetbridge_local_stack::{Fault, Template};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::support::{ALICE, Bench, Outcome, Running, parse_event};

/// Set-ups that the doctor does not see through yet. None, in the end.
const NOT_YET: [&str; 0] = [];
/// More requests than any report makes.
const ALWAYS: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Setup {
    /// A deployment of `infra`: `demo`, `guest`, `api`, `admin`.
    template: Option<String>,
    template_patch: Value,
    tls: bool,
    /// The name by which the stack's Okta calls itself.
    okta_host: Option<String>,
    redirect_uris: Option<Vec<String>>,
    /// Departments of users, by their login.
    departments: BTreeMap<String, String>,
    faults: Vec<String>,
    /// How far the servers' clocks are ahead of the device's.
    clock_offset_seconds: i64,
    okta: Value,
    aws: Value,
    /// Who signs in.
    user: String,
    trusts_ca: bool,
    /// Variables of the program.
    env: BTreeMap<String, String>,
    /// What the template that is compared with the configuration has otherwise than the one that was deployed.
    compared_patch: Option<Value>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            template: None,
            template_patch: json!({}),
            tls: false,
            okta_host: None,
            redirect_uris: None,
            departments: BTreeMap::new(),
            faults: Vec::new(),
            clock_offset_seconds: 0,
            okta: json!({}),
            aws: json!({}),
            user: ALICE.to_owned(),
            trusts_ca: true,
            env: BTreeMap::new(),
            compared_patch: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    exit: i32,
    /// The link that is broken.
    broken: Option<String>,
    setting: Option<String>,
    /// Words of the fix.
    #[serde(default)]
    fix: Vec<String>,
    /// Words of the text to paste.
    #[serde(default)]
    paste: Vec<String>,
    /// Words of what is said of the broken link, or of the one `at` which something is to be said.
    #[serde(default)]
    says: Vec<String>,
    at: Option<String>,
    /// The comparison with the template that differs.
    check: Option<String>,
    #[serde(default)]
    all_hold: bool,
    /// What is broken hides nothing: all others were looked at.
    #[serde(default)]
    hides_nothing: bool,
}

#[test]
fn every_broken_set_up_is_named_with_its_fix() {
    let folders = folders();
    assert!(folders.len() > 28, "{folders:?}");
    let mut failures = Vec::new();
    for folder in &folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        if NOT_YET.contains(&name) {
            continue;
        }
        let setup: Setup = read(folder, "setup.json");
        let expected: Expected = read(folder, "expected.json");
        let about = fs::read_to_string(folder.join("about.md")).unwrap();
        let link = expected.broken.as_ref().or(expected.at.as_ref());
        if about.lines().count() != 2 || link.is_some_and(|link| !about.contains(&format!("`{link}`"))) {
            failures.push(format!("{name}: about.md has two lines and names the link: {about}"));
        }
        let bench = start(&setup);
        let outcome = run(&bench, &setup);
        if let Err(problem) = check(&bench, &outcome, &expected) {
            failures.push(format!("{name}: {problem}\n{}{}", outcome.stdout, outcome.stderr));
        }
    }
    assert!(failures.is_empty(), "{} of {} failed\n{}", failures.len(), folders.len(), failures.join("\n"));
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/broken");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn read<T: for<'de> Deserialize<'de>>(folder: &Path, file: &str) -> T {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn start(setup: &Setup) -> Bench {
    let template = setup.template.as_deref().map(|name| patched_template(name, &setup.template_patch));
    let bench = Bench::start_with(|options| {
        options.tls = setup.tls;
        if let Some(host) = &setup.okta_host {
            options.okta_host.clone_from(host);
        }
        if let Some(uris) = &setup.redirect_uris {
            options.redirect_uris.clone_from(uris);
        }
        for user in &mut options.users {
            if let Some(department) = setup.departments.get(&user.login) {
                user.department = Some(department.clone());
            }
        }
        options.template = template.map(|text| Template::parse(&text.to_string(), "JetbridgeStack").unwrap());
    });
    for name in &setup.faults {
        let fault = Fault::ALL.iter().find(|fault| fault.name() == name).unwrap_or_else(|| panic!("no fault {name}"));
        bench.stack.faults().inject(*fault, ALWAYS);
    }
    bench.stack.clock().set_offset_seconds(setup.clock_offset_seconds);
    for (file, patch) in [("okta-config.json", &setup.okta), ("aws-exports.json", &setup.aws)] {
        let patch = filled_in(patch, &bench);
        bench.edit_config(file, |config| merge(config, &patch));
    }
    bench
}

fn patched_template(name: &str, patch: &Value) -> Value {
    let file = format!("../../tests/e2e/template/infra-{name}.template.json");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut template = serde_json::from_str(&text).unwrap();
    merge(&mut template, patch);
    template
}

/// RFC 7396: objects are merged, null removes, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// What only a running stack knows.
fn filled_in(value: &Value, bench: &Bench) -> Value {
    serde_json::from_str(&fill_in(&value.to_string(), bench)).unwrap()
}

fn fill_in(text: &str, bench: &Bench) -> String {
    let endpoints = bench.stack.endpoints();
    let without_slash = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
    text.replace("{okta_port}", &endpoints.okta.port_or_known_default().unwrap().to_string())
        .replace("{okta}", &without_slash(&endpoints.okta))
        .replace("{cognito}", &without_slash(&endpoints.cognito))
        .replace("{s3}", &without_slash(&endpoints.s3))
        .replace("{sts}", &without_slash(&endpoints.sts))
        .replace("{api}", endpoints.api.as_str())
        .replace("{redirect_uri}", &bench.redirect_uri)
}

/// `doctor --sign-in`, with a person who signs in if asked to.
fn run(bench: &Bench, setup: &Setup) -> Outcome {
    let mut arguments = ["doctor", "--sign-in", "--no-browser", "--json"].map(str::to_owned).to_vec();
    if let Some(known) = bench.stack.host_override() {
        arguments.extend(["--resolve".to_owned(), format!("{}:443:{}", known.host, known.address)]);
    }
    if setup.trusts_ca && bench.stack.ca_pem().is_some() {
        arguments.extend(["--ca-file".to_owned(), bench.path("config/ca.pem").display().to_string()]);
    }
    if let (Some(name), Some(patch)) = (&setup.template, &setup.compared_patch) {
        let mut template = patched_template(name, &setup.template_patch);
        merge(&mut template, patch);
        let file = bench.path("compared.template.json");
        fs::write(&file, template.to_string()).unwrap();
        arguments.extend(["--template".to_owned(), file.display().to_string()]);
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut running = Running::start(bench.command(&arguments).envs(&setup.env));
    let first = parse_event(&running.line());
    // Whoever sees an error of Okta in place of the sign-in page gives up.
    if let Some(url) = first["url"].as_str()
        && let Ok(redirect) = bench.try_visit(url, &setup.user)
    {
        running.answer(&redirect);
    }
    running.finish()
}

fn check(bench: &Bench, outcome: &Outcome, expected: &Expected) -> Result<(), String> {
    let findings = outcome.events_named("finding");
    let marks: BTreeMap<_, _> = findings.iter().map(|finding| (text(finding, "link"), text(finding, "mark"))).collect();
    let broken = findings.iter().find(|finding| finding["mark"] == "broken");
    let check = outcome.events_named("check").into_iter().find(|check| check["outcome"] == "differs");
    if outcome.code != expected.exit {
        return Err(format!("ends with {}, not {}", outcome.code, expected.exit));
    }
    if broken.map(|finding| text(finding, "link")) != expected.broken.as_deref() {
        return Err(format!("{:?} is to be broken: {marks:?}", expected.broken));
    }
    if check.as_ref().map(|check| text(check, "name")) != expected.check.as_deref() {
        return Err(format!("{:?} is to differ: {check:?}", expected.check));
    }
    if expected.all_hold && marks.values().any(|mark| *mark != "ok") {
        return Err(format!("all is to hold: {marks:?}"));
    }
    if expected.hides_nothing && marks.values().any(|mark| *mark == "not_reached") {
        return Err(format!("all others are to be looked at: {marks:?}"));
    }
    let told = broken.cloned().or(check).unwrap_or_default();
    if expected.setting.as_deref().is_some_and(|setting| told["setting"] != setting) {
        return Err(format!("{:?} is the setting: {told}", expected.setting));
    }
    let advice = format!("{}{}", text(&told, "fix"), text(&told, "hint"));
    let said = match &expected.at {
        Some(link) => findings.iter().find(|finding| finding["link"] == *link).cloned().unwrap_or_default(),
        None => told.clone(),
    };
    let wanted = [("fix", &advice[..], &expected.fix), ("paste", text(&told, "paste"), &expected.paste)];
    for (what, text, words) in wanted.into_iter().chain([("detail", text(&said, "detail"), &expected.says)]) {
        if let Some(word) = words.iter().map(|word| fill_in(word, bench)).find(|word| !text.contains(word)) {
            return Err(format!("{word:?} is not in the {what}: {text}"));
        }
    }
    // A pool that is not there is found before anybody signs in.
    let is_for_nobody = marks.get("sign_in") == Some(&"unknown") && broken.is_some();
    let comes_to_sign_in =
        marks.get("sign_in") != Some(&"not_reached") && marks.contains_key("sign_in") && !is_for_nobody;
    if comes_to_sign_in == outcome.events_named("authorization_url").is_empty() {
        return Err("nobody is asked to sign in for a chain that is broken before".to_owned());
    }
    // It can be pasted into a ticket.
    let report: String = findings.iter().map(ToString::to_string).collect();
    let users = bench.stack.options().users.iter().flat_map(|user| [&user.login, &user.name, &user.id]);
    let secrets = bench.stack.issued_secrets().all();
    match users.chain(&secrets).find(|secret| report.contains(*secret)) {
        Some(_) => Err("something secret or personal is in it".to_owned()),
        None => Ok(()),
    }
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}
