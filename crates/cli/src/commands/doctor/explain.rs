//! `doctor --explain`: every setting, its value, and who said so: a file, a flag, a variable, or nobody. For whoever finds
//! that something counts which they did not write. Works with files that no other command takes, too.

use std::env;
use std::path::Path;

use jetbridge::config::{AWS_FILE, OKTA_FILE};
use jetbridge::storage::KeySource;
use jetbridge::{Accounts, ApiEndpoint, Config};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::StoreChoice;
use crate::context::{Context, DEFAULT_ACCOUNT};
use crate::exit::CliError;
use crate::invocation::is_given;
use crate::output::{BOLD, DIM, Output, styled, wrapped};
use crate::path::{hide_home, read_file};
use crate::text::{columns, escape, escape_here, pad_right, without_password};

/// As the core's: a file may have at most 1 MiB.
const LARGEST_FILE: u64 = 1024 * 1024;
const WIDTH: usize = 80;
const ENVIRONMENT: &str = "Environment";

/// A key of the files and the value that it comes to.
struct Key {
    name: &'static str,
    value: fn(&Config) -> Option<String>,
    /// What no value means.
    without: &'static str,
}

const OKTA_KEYS: [Key; 7] = [
    key("okta_issuer_url", |config| Some(config.issuer_url().to_owned()), ""),
    key("okta_client_id", |config| Some(config.client_id().to_owned()), ""),
    key("okta_callback_url", |config| Some(config.callback_url().to_owned()), ""),
    key("okta_desktop_callback_url", |config| Some(config.desktop_callback_url().to_owned()), ""),
    key("okta_scopes", |config| Some(config.scopes().join(" ")), ""),
    key("okta_logout_url", |config| config.logout_url().map(str::to_owned), "none"),
    key("okta_pushed_authorization_requests", |config| Some(config.pushes_authorization_requests().to_string()), ""),
];
const AWS_KEYS: [Key; 9] = [
    key("Auth.region", |config| Some(config.region().to_owned()), ""),
    key("Auth.identityPoolId", |config| Some(config.identity_pool_id().to_owned()), ""),
    key("Auth.identityPoolEndpoint", |config| config.identity_pool_endpoint().map(ToString::to_string), "AWS"),
    key("Storage.AWSS3.region", |config| Some(config.bucket_region().to_owned()), ""),
    key("Storage.AWSS3.bucket", |config| Some(config.bucket().to_owned()), ""),
    key("Storage.AWSS3.endpoint", |config| config.s3_endpoint().map(ToString::to_string), "AWS"),
    key("Storage.AWSS3.forcePathStyle", |config| Some(config.force_path_style().to_string()), ""),
    key("Storage.AWSS3.prefix", |config| config.listing_prefix().map(str::to_owned), "the whole bucket"),
    key("Services.endpoint", |config| config.services_endpoint().map(ToString::to_string), "AWS"),
];
const APIS: &str = "API.endpoints";
/// Of each entry.
const API_KEYS: [ApiKey; 4] = [
    ("name", |api| api.name.clone()),
    ("endpoint", |api| api.url.to_string()),
    ("region", |api| api.region.clone()),
    ("service", |api| api.service.clone()),
];

type ApiKey = (&'static str, fn(&ApiEndpoint) -> String);

/// Variables that change what this program does, beside those that stand for a flag; the ones about a proxy may have a
/// password in them.
const VARIABLES: &[&str] = &[
    "JETBRIDGE_CONFIG",
    "JETBRIDGE_STORE",
    "JETBRIDGE_ACCOUNT",
    "JETBRIDGE_PERMIT_ENDPOINT",
    "JETBRIDGE_HOME",
    #[cfg(windows)]
    "LOCALAPPDATA",
    #[cfg(all(unix, not(target_os = "macos")))]
    "XDG_STATE_HOME",
    "SSL_CERT_FILE",
    #[cfg(all(unix, not(target_os = "macos")))]
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
    "BROWSER",
    #[cfg(all(unix, not(target_os = "macos")))]
    "DBUS_SESSION_BUS_ADDRESS",
];

const fn key(name: &'static str, value: fn(&Config) -> Option<String>, without: &'static str) -> Key {
    Key { name, value, without }
}

/// Who said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "source", content = "from", rename_all = "snake_case")]
enum Source {
    File(String),
    Flag(&'static str),
    Environment(&'static str),
    /// `jetbridge switch`.
    Switch,
    Default,
}

impl Source {
    /// Of an option that has a variable, too.
    fn of_option(flag: &'static str, variable: &'static str) -> Self {
        match env::var_os(variable) {
            _ if is_given(flag) => Self::Flag(flag),
            Some(_) => Self::Environment(variable),
            None => Self::Default,
        }
    }

    fn describe(&self) -> &str {
        match self {
            Self::File(_) => "file",
            Self::Flag(name) | Self::Environment(name) => name,
            Self::Switch => "switch",
            Self::Default => "default",
        }
    }
}

#[derive(Debug, Serialize)]
struct SettingEvent<'a> {
    event: &'static str,
    name: &'a str,
    value: Option<&'a str>,
    #[serde(flatten)]
    source: &'a Source,
}

/// A setting as it is told.
struct Setting {
    name: String,
    /// None is what `without` says.
    value: Option<String>,
    without: &'static str,
    source: Source,
}

pub(super) async fn run(context: &Context, output: &mut Output) -> Result<(), CliError> {
    let directory = context.config_directory()?;
    let loaded = Config::load(&directory);
    let config = loaded.as_ref().ok();
    for (file, keys) in [(OKTA_FILE, &OKTA_KEYS[..]), (AWS_FILE, &AWS_KEYS[..])] {
        let path = directory.join(file);
        let written = read_object(&path, context).await;
        let shown = path.display().to_string();
        let mut settings: Vec<_> = keys.iter().map(|key| of_file(key, config, &written, &shown)).collect();
        if file == AWS_FILE {
            settings.extend(apis(config, &written, &shown));
        }
        let known: Vec<_> = keys.iter().map(|key| key.name).chain([APIS]).collect();
        settings.extend(find_unread(&written, &known, "").into_iter().map(|name| unread(name, &shown)));
        say(&shown, &settings, output)?;
    }
    say("Options", &options(context, config, &directory).await, output)?;
    say(ENVIRONMENT, &variables(), output)?;
    // What is wrong with the files comes last, as of any command.
    loaded.map(drop).map_err(|error| context.explain_files(error))
}

fn say(title: &str, settings: &[Setting], output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        for Setting { name, value, source, .. } in settings {
            output.event(&SettingEvent { event: "setting", name, value: value.as_deref(), source })?;
        }
        return Ok(());
    }
    if settings.is_empty() {
        return Ok(());
    }
    output.line(styled(BOLD, hide_home(&escape_here(title))))?;
    let width = settings.iter().map(|setting| columns(&setting.name)).max().unwrap_or(0);
    let room = WIDTH.min(output.width());
    for Setting { name, value, without, source } in settings {
        let name = styled(DIM, pad_right(&escape(name), width));
        let value = hide_home(&escape_here(value.as_deref().unwrap_or(without)));
        let longest_word = value.split(' ').map(columns).max().unwrap_or(0);
        // Of a variable, the name says it.
        let text = match title {
            ENVIRONMENT => value,
            _ => format!("{value} {}", styled(DIM, format_args!("({})", source.describe()))),
        };
        if 2 + width + 2 + longest_word > room {
            // Nobody can copy an address that a terminal cuts.
            output.line(format_args!("  {}", name.trim_end()))?;
            output.line(wrapped("      ", &text, room))?;
        } else {
            output.line(wrapped(&format!("  {name}  "), &text, room))?;
        }
    }
    Ok(output.line("")?)
}

/// What the file says, whether any command takes it or not; nothing if it is no JSON object.
async fn read_object(path: &Path, context: &Context) -> Map<String, Value> {
    let bytes = read_file(path, LARGEST_FILE, context.notes).await.unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn of_file(key: &Key, config: Option<&Config>, written: &Map<String, Value>, file: &str) -> Setting {
    let found = find(written, key.name);
    let value = match config {
        Some(config) => (key.value)(config),
        None => found.map(|found| to_text(key.name, found)),
    };
    let source = if found.is_some() { Source::File(file.to_owned()) } else { Source::Default };
    let without = if key.without.is_empty() { "not there" } else { key.without };
    Setting { name: key.name.to_owned(), value, without, source }
}

/// The value behind `Storage.AWSS3.bucket`.
fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match name.split_once('.') {
        Some((first, rest)) => find(object.get(first)?.as_object()?, rest),
        None => object.get(name).filter(|value| !value.is_null()),
    }
}

/// The keys that nobody reads: another tool's, or a slip.
fn find_unread(object: &Map<String, Value>, known: &[&str], path: &str) -> Vec<String> {
    let mut unread = Vec::new();
    for (key, value) in object {
        let path = format!("{path}{key}");
        let inside = format!("{path}.");
        match value {
            Value::Array(entries) if path == APIS => {
                let entries = entries.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.as_object()?)));
                let keys = entries.flat_map(|(index, entry)| entry.keys().map(move |key| (index, key)));
                let others = keys.filter(|(_, key)| !API_KEYS.iter().any(|(name, _)| name == key));
                unread.extend(others.map(|(index, key)| format!("{APIS}[{index}].{key}")));
            }
            _ if known.contains(&path.as_str()) => {}
            Value::Object(section) if known.iter().any(|name| name.starts_with(&inside)) => {
                unread.extend(find_unread(section, known, &inside));
            }
            _ => unread.push(path),
        }
    }
    unread
}

/// Its value may be anything.
fn unread(name: String, file: &str) -> Setting {
    Setting { name, value: None, without: "not read by this program", source: Source::File(file.to_owned()) }
}

/// No command takes an address with a password in it, and so it is told, but for that. In a prefix an `@` is nobody's.
fn to_text(name: &str, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if name.ends_with("prefix") && !text.contains("://") { text } else { without_password(&text) }
}

fn apis(config: Option<&Config>, written: &Map<String, Value>, file: &str) -> Vec<Setting> {
    let entries = find(written, APIS).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let source = |is_there: bool| if is_there { Source::File(file.to_owned()) } else { Source::Default };
    let mut settings = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let api = config.and_then(|config| config.api_endpoints().get(index));
        for (name, value_of) in API_KEYS {
            let found = entry.get(name);
            let value = api.map(value_of).or_else(|| found.map(|found| to_text(name, found)));
            let name = format!("{APIS}[{index}].{name}");
            settings.push(Setting { name, value, without: "not there", source: source(found.is_some()) });
        }
    }
    if settings.is_empty() {
        settings.push(Setting { name: APIS.to_owned(), value: None, without: "none", source: source(false) });
    }
    settings
}

async fn options(context: &Context, config: Option<&Config>, directory: &Path) -> Vec<Setting> {
    let global = &context.global;
    let setting =
        |name: &str, value: Option<String>, without, source| Setting { name: name.to_owned(), value, without, source };
    let (account, account_source) = account(context, config).await;
    let ca_file = global.ca_file.as_ref().map(|file| {
        file.absolute().map_or_else(|_| file.typed().display().to_string(), |file| file.display().to_string())
    });
    let ca_source = if ca_file.is_some() { Source::Flag("--ca-file") } else { Source::Default };
    let mut settings = vec![
        setting("config", Some(directory.display().to_string()), "", Source::of_option("--config", "JETBRIDGE_CONFIG")),
        setting("store", Some(store(context)), "", Source::of_option("--store", "JETBRIDGE_STORE")),
        setting("account", Some(account), "", account_source),
        setting("ca-file", ca_file, "no certificates beside the system's", ca_source),
        setting(
            "permit-endpoint",
            global.permit_endpoint.as_deref().map(without_password),
            "none",
            Source::of_option("--permit-endpoint", "JETBRIDGE_PERMIT_ENDPOINT"),
        ),
    ];
    settings.extend(
        global.resolve.iter().map(|known| setting("resolve", Some(known.to_string()), "", Source::Flag("--resolve"))),
    );
    settings
}

/// Which store, and where it keeps what it keeps.
fn store(context: &Context) -> String {
    let kind = match &context.global.store {
        StoreChoice::Memory => return "memory: nothing is kept".to_owned(),
        StoreChoice::Auto => "auto",
        StoreChoice::Keyring => "keyring",
        StoreChoice::File(_) => "file",
    };
    match (context.directory(), context.key_source()) {
        (Ok(directory), Ok(key)) => {
            let key = match key {
                None => "nothing is kept there yet",
                Some(KeySource::Keyring) => "its key is in the keyring",
                Some(KeySource::KeyFile) => "its key is in a file beside it",
            };
            format!("{kind}: {}; {key}", directory.display())
        }
        (Ok(directory), Err(CliError::Failed(failure))) => {
            format!("{kind}: {}; {}", directory.display(), failure.message)
        }
        (Err(CliError::Failed(failure)), _) => format!("{kind}: {}", failure.message),
        _ => kind.to_owned(),
    }
}

async fn account(context: &Context, config: Option<&Config>) -> (String, Source) {
    if let Some(account) = context.named_account() {
        return (account.to_owned(), Source::of_option("--account", "JETBRIDGE_ACCOUNT"));
    }
    let default = (DEFAULT_ACCOUNT.to_owned(), Source::Default);
    let (Some(config), Ok(store)) = (config, context.store()) else { return default };
    match Accounts::new(config.clone(), store).current().await {
        Ok(account) if account != DEFAULT_ACCOUNT => (account, Source::Switch),
        _ => default,
    }
}

/// Those that are set. One that begins like ours and is none is a slip, and may be told; its value may be anything.
fn variables() -> Vec<Setting> {
    let setting = |name: String, value, without| Setting { name, value, without, source: Source::Default };
    let of_variable = |name: &&'static str| {
        let value = env::var_os(name)?.to_string_lossy().into_owned();
        Some(Setting {
            source: Source::Environment(name),
            ..setting((*name).to_owned(), Some(without_password(&value)), "")
        })
    };
    let mut settings: Vec<_> = VARIABLES.iter().filter_map(of_variable).collect();
    let others = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = others.filter(|name| name.starts_with("JETBRIDGE_") && !VARIABLES.contains(&name.as_str()));
    settings.extend(unknown.map(|name| setting(name, None, "no variable of this program")));
    settings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The core compares its own keys with that page, too.
    #[test]
    fn every_key_of_the_configuration_s_page_is_explained() {
        let page = include_str!("../../../../../config/README.md");
        let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let documented: BTreeSet<_> = cells.map(|(key, _)| key.to_owned()).filter(|key| key != APIS).collect();
        let keys = OKTA_KEYS.iter().chain(&AWS_KEYS).map(|key| key.name.to_owned());
        let of_apis = API_KEYS.iter().map(|(name, _)| format!("{APIS}[].{name}"));
        assert_eq!(keys.chain(of_apis).collect::<BTreeSet<_>>(), documented);
    }

    #[test]
    fn a_key_that_nobody_reads_is_found_wherever_it_is() {
        let file = serde_json::json!({
            "aws_project_region": "us-west-2",
            "Auth": { "region": "us-west-2", "endpoint_url": "http://127.0.0.1:1", "Cognito": { "region": "x" } },
            "Storage": { "AWSS3": { "bucket": "b", "Prefix": "photos/" } },
            "API": { "endpoints": [{ "name": "a", "endpoint": "https://a.example", "url": "x" }], "graphql": [] },
        });
        let known: Vec<_> = AWS_KEYS.iter().map(|key| key.name).chain([APIS]).collect();
        let mut unread = find_unread(file.as_object().unwrap(), &known, "");
        unread.sort();
        let expected = [
            "API.endpoints[0].url",
            "API.graphql",
            "Auth.Cognito",
            "Auth.endpoint_url",
            "Storage.AWSS3.Prefix",
            "aws_project_region",
        ];
        assert_eq!(unread, expected);
    }

    #[test]
    fn a_value_is_found_where_it_is_written() {
        let file = serde_json::json!({ "Auth": { "region": "us-west-2", "x": null }, "API": [] });
        let file = file.as_object().unwrap();
        assert_eq!(find(file, "Auth.region").and_then(Value::as_str), Some("us-west-2"));
        for missing in ["Auth.x", "Auth.region.y", "API.endpoints", "Storage"] {
            assert_eq!(find(file, missing), None, "{missing}");
        }
    }
}
