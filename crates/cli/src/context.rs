//! From the global flags to a session: configuration, trusted certificates, store, account.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jetbridge::storage::{
    EncryptedFileStore, FileStoreOptions, KeySource, KeyringPatience, MemoryStore, SecretStore, StorageErrorKind,
    absolute_path, default_directory,
};
use jetbridge::{
    Accounts, Config, ConfigError, OtherSession, RequestObserver, Session, SessionBuilder, SessionError, SessionState,
    SignInReason, User, quote_for_shell,
};
use tokio::sync::OnceCell;
use url::Url;

use crate::args::{GlobalArgs, Resolve, StoreChoice};
use crate::exit::{CliError, Exit, Failure, is_of_the_key};
use crate::interrupt::Interrupt;
use crate::invocation::{chosen_by, command, is_given};
use crate::leaving::Sessions;
use crate::output::Notes;
use crate::path::{UserPath, read_file};
use crate::text::{escape, without_userinfo};

/// The account of who never uses several.
pub(crate) const DEFAULT_ACCOUNT: &str = "default";
/// The configuration's folder, if none is named.
const DEFAULT_CONFIG: &str = "config";
/// No bundle of root certificates comes near this.
const LARGEST_CA_FILE: u64 = 4 * 1024 * 1024;

/// Accounts with somebody, where the one that was asked for has nobody.
pub(crate) struct OthersSignedIn {
    names: Vec<String>,
    /// The first of them, and what to run to be that one.
    pub way: String,
}

/// What every command starts from.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    pub(crate) patience: KeyringPatience,
    pub(crate) notes: Notes,
    pub(crate) interrupt: Interrupt,
    pub(crate) sessions: Sessions,
    /// Who makes the trace, if one was asked for.
    observer: Option<Arc<dyn RequestObserver>>,
    /// Read once: a pipe gives them no second time.
    certificates: Arc<OnceCell<Option<Vec<u8>>>>,
}

impl Context {
    pub(crate) fn new(global: GlobalArgs, patience: KeyringPatience, interrupt: Interrupt) -> Self {
        let notes = Notes::new(global.quiet);
        let (sessions, certificates) = (Sessions::default(), Arc::default());
        Self { global, patience, notes, interrupt, sessions, observer: None, certificates }
    }

    /// The same, whose sessions tell `observer` what they ask for.
    pub(crate) fn observed_by(self, observer: Option<Arc<dyn RequestObserver>>) -> Self {
        Self { observer, ..self }
    }

    pub(crate) fn config(&self) -> Result<Config, CliError> {
        Config::load(&self.config_directory()?).map_err(|error| self.explain_files(error))
    }

    /// What is wrong with the configuration's files.
    pub(crate) fn explain_files(&self, error: ConfigError) -> CliError {
        let variable = self.variable_to_blame(&error);
        match CliError::from(error) {
            CliError::Failed(failure) if variable.is_some() => Failure { hint: variable, ..failure }.into(),
            error => error,
        }
    }

    /// What to do where there is no configuration at all because a variable names another folder, perhaps by a slip. Nothing is to
    /// be written into that one.
    pub(crate) fn variable_to_blame(&self, error: &ConfigError) -> Option<String> {
        let is_chosen = self.global.config.is_some() && !is_given("--config");
        (is_chosen && is_without_files(error)).then(|| {
            "The variable JETBRIDGE_CONFIG names that folder: set it to the one of your configuration, or unset it."
                .to_owned()
        })
    }

    /// Where the configuration's files have to be.
    pub(crate) fn config_directory(&self) -> Result<PathBuf, CliError> {
        Ok(match &self.global.config {
            Some(named) => named.absolute()?,
            None => absolute_path(Path::new(DEFAULT_CONFIG)).map_err(|_| no_config())?,
        })
    }

    /// For a command that sends no ID token to Cognito: whatever endpoint the configuration has, it keeps nobody from signing
    /// out.
    pub(crate) fn permitting_endpoint(&self, config: &Config) -> Self {
        let mut context = self.clone();
        context.global.permit_endpoint = config.identity_pool_endpoint().map(Url::to_string);
        context
    }

    /// For a look at what needs no store, where that cannot be used.
    pub(crate) fn without_store(&self) -> Self {
        let mut context = self.clone();
        context.global.store = StoreChoice::Memory;
        context
    }

    /// The same without a name that no account can have.
    pub(crate) fn without_account(&self) -> Self {
        let mut context = self.clone();
        context.global.account = None;
        context
    }

    /// The same without the certificates that were given.
    pub(crate) fn without_ca_file(&self) -> Self {
        let mut context = self.clone();
        context.global.ca_file = None;
        context.certificates = Arc::default();
        context
    }

    /// The session as the store has it. Asks no server. The state says whether the store could be read.
    pub(crate) async fn restore(&self, config: Config) -> Result<(Session, SessionState), CliError> {
        let session = self.open_current(config).await?;
        let state = session.restore().await;
        Ok((session, state))
    }

    /// The same for an account that is named here.
    pub(crate) async fn restore_account(
        &self,
        config: Config,
        store: Arc<dyn SecretStore>,
        account: &str,
    ) -> Result<(Session, SessionState), CliError> {
        let session = self.open_account(config, store, account).await?;
        let state = session.restore().await;
        Ok((session, state))
    }

    async fn open_current(&self, config: Config) -> Result<Session, CliError> {
        let store = self.store()?;
        let account = match self.named_account() {
            Some(account) => account.to_owned(),
            None => current_account(&Accounts::new(config.clone(), Arc::clone(&store))).await?,
        };
        self.open_account(config, store, &account).await
    }

    async fn open_account(
        &self,
        config: Config,
        store: Arc<dyn SecretStore>,
        account: &str,
    ) -> Result<Session, CliError> {
        let mut builder = Session::builder(config, store).account(account);
        if let Some(pem) = self.certificates().await? {
            builder = builder.root_certificates(pem);
        }
        for Resolve { host, address } in &self.global.resolve {
            builder = builder.resolve(host, *address);
        }
        if let Some(endpoint) = self.global.permit_endpoint.as_deref() {
            builder = builder.permit_identity_pool_endpoint(endpoint);
        }
        self.open(builder).await
    }

    /// Opens a session. Each one of this process comes by here, so that none is forgotten when it ends.
    pub(crate) async fn open(&self, mut builder: SessionBuilder) -> Result<Session, CliError> {
        if let Some(observer) = &self.observer {
            builder = builder.observe_requests(Arc::clone(observer));
        }
        let session = builder.open().map_err(|error| self.explain_options(&error))?;
        self.sessions.remember(&session).await;
        Ok(session)
    }

    /// What the core says of an option, in the words of this program.
    fn explain_options(&self, error: &SessionError) -> Failure {
        match (error, &self.global.ca_file) {
            (SessionError::Misconfigured { setting, problem, .. }, Some(file)) if setting == "root certificates" => {
                bad_certificates(file.typed(), problem)
            }
            (SessionError::Misconfigured { setting, hint, .. }, _) if setting == "account" => {
                let by = chosen_by("--account", "JETBRIDGE_ACCOUNT");
                let name = self.named_account().unwrap_or_default();
                let problem = format!("{by}: {name:?} is not a usable name");
                Failure::new("misconfigured", Exit::Misconfigured, problem).hint(hint)
            }
            _ => explain_permission(error),
        }
    }

    /// Like [`restore`](Self::restore), for a command that is no use with a store that cannot be read.
    pub(crate) async fn session(&self) -> Result<(Session, SessionState), CliError> {
        let session = self.open_current(self.config()?).await?;
        let state = session.try_restore().await?;
        Ok((session, state))
    }

    /// A session with somebody in it, for a command that is no use without.
    pub(crate) async fn signed_in(&self) -> Result<(Session, User), CliError> {
        let (session, state) = self.session().await?;
        match state {
            SessionState::SignedIn { user } => Ok((session, user)),
            SessionState::SignInRequired { reason, .. } => Err(SessionError::SignInRequired { reason }.into()),
            _ => Err(self.nobody_signed_in(&session).await.into()),
        }
    }

    /// What to trust beside the platform's certificates. Elsewhere than on macOS and Windows these are already those that
    /// SSL_CERT_FILE names; and a file that somebody named for all programs keeps nobody from signing out.
    async fn certificates(&self) -> Result<Option<Vec<u8>>, CliError> {
        self.certificates.get_or_try_init(|| self.read_certificates()).await.cloned()
    }

    async fn read_certificates(&self) -> Result<Option<Vec<u8>>, CliError> {
        if let Some(path) = &self.global.ca_file {
            return read_certificates(&path.absolute()?, self.notes).await.map(Some);
        }
        if !cfg!(any(target_os = "macos", windows)) {
            return Ok(None);
        }
        let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else { return Ok(None) };
        let pem = read_certificates(Path::new(&path), self.notes).await.ok();
        let pem = pem.filter(|pem| String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----"));
        if pem.is_none() {
            self.notes
                .say("No certificate can be read from the file that SSL_CERT_FILE names: the system's count alone.");
        }
        Ok(pem)
    }

    /// A page's address for a browser, which knows nothing of `--resolve`: the stack answers by its own address too, and
    /// the browser then warns of the certificate.
    pub(crate) fn browser_address(&self, page: &str) -> String {
        let find = |url: &Url| self.global.resolve.iter().find(|known| url.host_str() == Some(&known.host));
        let Some(mut url) = Url::parse(page).ok().filter(|url| url.port().is_none()) else { return page.to_owned() };
        let Some(Resolve { address, .. }) = find(&url).cloned() else { return page.to_owned() };
        if url.set_ip_host(address.ip()).is_ok() && url.set_port(Some(address.port())).is_ok() {
            url.into()
        } else {
            page.to_owned()
        }
    }

    /// The account that the command line or the environment names; an empty variable names none.
    pub(crate) fn named_account(&self) -> Option<&str> {
        self.global.account.as_deref().filter(|account| !account.is_empty())
    }

    pub(crate) fn accounts(&self, config: Config) -> Result<Accounts, CliError> {
        Ok(Accounts::new(config, self.store()?))
    }

    /// Perhaps somebody is, under another account.
    async fn nobody_signed_in(&self, session: &Session) -> Failure {
        let error = SessionError::SignInRequired { reason: SignInReason::SignedOut };
        let mut failure = Failure::from_session(&error);
        let account = session.details().account;
        if account != DEFAULT_ACCOUNT || self.named_account().is_some() {
            failure.message.push_str(&format!(" under account {account}"));
            if self.named_account().is_some() && !is_given("--account") {
                failure.message.push_str(" (JETBRIDGE_ACCOUNT)");
            }
        }
        if let Some(hint) = self.forgetful_store_hint() {
            failure.hint = Some(hint);
            return failure;
        }
        let mut hints = Vec::from_iter(failure.hint.take());
        if let Some(others) = self.find_others_signed_in(session, Vec::new()).await {
            hints.push(format!("{}; to use {}", who_is_signed_in(&others.names), others.way));
        }
        // Whoever has changed a setting wonders where their session is: of several the one that differs least.
        let elsewhere = self.sessions_elsewhere(session).await;
        if let Some(nearest) = elsewhere.iter().min_by_key(|other| other.differences.len()) {
            let differences = describe_differences(nearest);
            hints.push(format!(
                "A session of another configuration is stored here ({differences}). It works with that one only."
            ));
        }
        if elsewhere.len() > 1 {
            hints.push(format!("To see that and {} more: {}", elsewhere.len() - 1, command(&["accounts"])));
        }
        failure.hint = Some(hints.join("\n"));
        failure
    }

    /// Who chose a store that forgets everything when the command ends.
    pub(crate) fn forgetful_store(&self) -> Option<&'static str> {
        let is_forgetful = matches!(self.global.store, StoreChoice::Memory);
        is_forgetful.then(|| if is_given("--store") { "--store memory" } else { "JETBRIDGE_STORE=memory" })
    }

    /// What to do where nobody is signed in because nothing is kept: another sign-in would not help.
    pub(crate) fn forgetful_store_hint(&self) -> Option<String> {
        let chosen = self.forgetful_store()?;
        let (way_out, login) = match is_given("--store") {
            true => ("Leave that out", command(&["--store", "auto", "login"])),
            false => ("Unset that variable", command(&["login"])),
        };
        Some(format!(
            "{chosen} keeps nothing from one command to the next. {way_out}, and run: {login}\nTo sign in and list in one command: {}",
            command(&["login", "--list"])
        ))
    }

    /// Those of the same account that belong to other settings.
    pub(crate) async fn sessions_elsewhere(&self, session: &Session) -> Vec<OtherSession> {
        let Ok(accounts) = self.accounts(session.config().clone()) else { return Vec::new() };
        let (account, mut others) = (session.details().account, accounts.list_others().await.unwrap_or_default());
        others.retain(|other| other.account == account && !other.differences.is_empty());
        others
    }

    /// Where nobody is signed in, perhaps because the account's name is a slip: who is, and how to be the first of them, in a
    /// command of these words if there are any.
    pub(crate) async fn find_others_signed_in(&self, session: &Session, words: Vec<&str>) -> Option<OthersSignedIn> {
        if session.details().user.is_some() {
            return None;
        }
        let others = self.accounts(session.config().clone()).ok()?.list().await.unwrap_or_default();
        let others = others.into_iter().filter(|other| matches!(other.state, SessionState::SignedIn { .. }));
        let names: Vec<_> = others.map(|other| other.name).collect();
        let first = names.first()?.as_str();
        // Whoever names an account is not served by another choice of `switch`.
        let way = match self.named_account() {
            _ if !words.is_empty() => command(&[&words[..], &["--account", first]].concat()),
            Some(_) => format!("--account {}", quote_for_shell(first)),
            None => command(&["switch", first]),
        };
        let way = format!("{first}: {way}");
        Some(OthersSignedIn { names, way })
    }

    /// The folder of the sessions, which is the user's alone. There is one for every store that outlives a process.
    pub(crate) fn directory(&self) -> Result<PathBuf, CliError> {
        match &self.global.store {
            StoreChoice::File(directory) => Ok(directory.absolute()?),
            StoreChoice::Auto | StoreChoice::Keyring | StoreChoice::Memory => usual_directory(),
        }
    }

    /// The file of `--ca-file`, for other programs, which read names as text.
    pub(crate) fn ca_file(&self) -> Result<Option<String>, CliError> {
        Ok(self.global.ca_file.as_ref().map(to_text).transpose()?)
    }

    /// The options that mean `session` to another process of this program, wherever and whenever it runs.
    pub(crate) fn words_for(&self, session: &Session) -> Result<Vec<String>, CliError> {
        let store = match &self.global.store {
            StoreChoice::Auto => "auto".to_owned(),
            StoreChoice::Keyring => "keyring".to_owned(),
            StoreChoice::Memory => "memory".to_owned(),
            StoreChoice::File(directory) => format!("file:{}", to_text(directory)?),
        };
        let config = match &self.global.config {
            Some(named) => to_text(named)?,
            None => to_text(&UserPath::new(DEFAULT_CONFIG).map_err(Failure::internal)?)?,
        };
        let account = session.details().account;
        let mut words: Vec<_> =
            ["--config", &config, "--store", &store, "--account", &account].map(str::to_owned).into();
        if let Some(ca_file) = self.ca_file()? {
            words.extend(["--ca-file".to_owned(), ca_file]);
        }
        for resolve in &self.global.resolve {
            words.extend(["--resolve".to_owned(), resolve.to_string()]);
        }
        if let Some(endpoint) = &self.global.permit_endpoint {
            words.extend(["--permit-endpoint".to_owned(), without_userinfo(endpoint)]);
        }
        Ok(words)
    }

    /// Where the key of what is stored is, if anything is.
    pub(crate) fn key_source(&self) -> Result<Option<KeySource>, CliError> {
        Ok(EncryptedFileStore::open_auto(&self.directory()?)?.key_source()?)
    }

    pub(crate) fn store(&self) -> Result<Arc<dyn SecretStore>, CliError> {
        let (directory, key_source) = match &self.global.store {
            StoreChoice::Memory => return Ok(Arc::new(MemoryStore::new())),
            StoreChoice::Auto => (usual_directory()?, None),
            StoreChoice::Keyring => (usual_directory()?, Some(KeySource::Keyring)),
            StoreChoice::File(directory) => (directory.absolute()?, Some(KeySource::KeyFile)),
        };
        let place = directory.display().to_string();
        let options = FileStoreOptions { key_source, ..FileStoreOptions::new(directory) };
        let store = EncryptedFileStore::open(options)?.with_keyring_patience(self.patience);
        check_key_place(&store, key_source, &place)?;
        Ok(Arc::new(store))
    }
}

/// Whether there is no configuration at all.
pub(crate) fn is_without_files(error: &ConfigError) -> bool {
    error.problems.iter().all(|problem| problem.key.is_empty() && problem.problem == "is missing")
}

/// In what the configuration of that session differs from this one.
pub(crate) fn describe_differences(other: &OtherSession) -> String {
    let differences: Vec<_> = other.differences.iter().map(ToString::to_string).collect();
    escape(&differences.join("; ")).into_owned()
}

/// `Account a is signed in`, `Accounts a, b and c are signed in`.
fn who_is_signed_in(accounts: &[String]) -> String {
    let names = name_all(&accounts.iter().map(String::as_str).collect::<Vec<_>>());
    if accounts.len() == 1 {
        format!("Account {names} is signed in")
    } else {
        format!("Accounts {names} are signed in")
    }
}

/// `a`, `a and b`, `a, b and c`; of many the first ones.
pub(crate) fn name_all(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first} and {second}"),
        [first, second, third] => format!("{first}, {second} and {third}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

/// A session whose key is elsewhere than was asked for is not damaged: another choice of store finds it. Told before any
/// command can take it for lost, `logout` above all. What cannot be found out here, the store says.
fn check_key_place(store: &EncryptedFileStore, wanted: Option<KeySource>, place: &str) -> Result<(), Failure> {
    let is = store.key_source().ok().flatten();
    let (Some(wanted), Some(is)) = (wanted, is) else { return Ok(()) };
    if wanted == is || store.list().is_ok_and(|names| names.is_empty()) {
        return Ok(());
    }
    let problem = match is {
        KeySource::Keyring => format!("the key of the session stored in {place} is in the keyring, not in a file"),
        KeySource::KeyFile => format!("the key of the session stored in {place} is in a file, not in the keyring"),
    };
    let way_out = match wanted {
        KeySource::Keyring => {
            "Leave --store and JETBRIDGE_STORE out, or use --store auto: it finds the key.".to_owned()
        }
        KeySource::KeyFile => {
            format!("Use --store auto with JETBRIDGE_HOME={}: it finds the key.", quote_for_shell(place))
        }
    };
    Err(Failure::new("secure_storage", Exit::SecureStorage, problem).hint(way_out))
}

/// A whole path as text.
fn to_text(path: &UserPath) -> Result<String, Failure> {
    let path = path.absolute()?.into_os_string();
    path.into_string().map_err(|path| {
        let problem = format!("{} is not UTF-8 text", path.display());
        Failure::new("misconfigured", Exit::Misconfigured, problem)
            .hint("AWS's tools cannot read such a path: move it, or give it another name.")
    })
}

/// Nobody named a folder, so that none is to blame.
fn no_config() -> Failure {
    let problem = "no configuration: it is looked for below the current directory, which is not there any more";
    Failure::new("usage", Exit::Usage, problem)
        .hint("Change to another folder (cd), or name the configuration's with --config DIR or JETBRIDGE_CONFIG.")
}

fn usual_directory() -> Result<PathBuf, CliError> {
    default_directory().map_err(|error| {
        let way_out = "Set JETBRIDGE_HOME to the whole path of a folder of your own, or use --store file:PATH.";
        Failure::from_session(&error.into()).hint(way_out).into()
    })
}

/// The choice of `switch`. One that is lost for good must not lock anybody out.
async fn current_account(accounts: &Accounts) -> Result<String, CliError> {
    accounts.current().await.map_err(|error| {
        let mut failure = Failure::from_session(&error);
        if matches!(
            error,
            SessionError::SecureStorage { kind: StorageErrorKind::Corrupt | StorageErrorKind::KeyMissing, ref detail }
                // Where the key is away, no other choice helps.
                if !is_of_the_key(detail)
        ) {
            let switch = command(&["switch", "default"]);
            failure.hint =
                Some(format!("Name the account with --account (without `switch`: default), or run: {switch}"));
        }
        failure.into()
    })
}

/// How a server that is to get ID tokens is permitted here; the core can only tell programs.
fn explain_permission(error: &SessionError) -> Failure {
    let mut failure = Failure::from_session(error);
    if matches!(error, SessionError::Misconfigured { setting, .. } if setting == "Auth.identityPoolEndpoint") {
        failure.hint = Some(
            "If that server is yours, say so here, not in the file: --permit-endpoint URL, or JETBRIDGE_PERMIT_ENDPOINT. If \
             somebody else wrote aws-exports.json, take care: an ID token is worth your AWS credentials."
                .to_owned(),
        );
    }
    failure
}

async fn read_certificates(path: &Path, notes: Notes) -> Result<Vec<u8>, CliError> {
    let pem = read_file(path, LARGEST_CA_FILE + 1, notes).await;
    let pem = pem.map_err(|error| bad_certificates(path, &error.to_string()))?;
    if pem.len() as u64 > LARGEST_CA_FILE {
        return Err(bad_certificates(path, "the file is larger than 4 MiB").into());
    }
    Ok(pem)
}

fn bad_certificates(path: &Path, problem: &str) -> Failure {
    Failure::new("misconfigured", Exit::Misconfigured, format!("the certificates in {}: {problem}", path.display()))
        .hint("--ca-file names a PEM file with a CA's certificate (-----BEGIN CERTIFICATE-----).")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_signed_in_and_several_are() {
        for (accounts, said) in [
            (&["a"][..], "Account a is signed in"),
            (&["a", "b"], "Accounts a and b are signed in"),
            (&["a", "b", "c"], "Accounts a, b and c are signed in"),
            (&["a", "b", "c", "d", "e"], "Accounts a, b and 3 more are signed in"),
        ] {
            let accounts: Vec<_> = accounts.iter().map(ToString::to_string).collect();
            assert_eq!(who_is_signed_in(&accounts), said);
        }
    }
}
