//! From the global flags to a session: configuration, trusted certificates, store, account.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use jetbridge::storage::{
    EncryptedFileStore, FileStoreOptions, KeySource, MemoryStore, SecretStore, default_directory,
};
use jetbridge::{Config, Session, SessionState};

use crate::args::{GlobalArgs, StoreChoice};
use crate::exit::{CliError, Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::Notes;

/// No bundle of root certificates comes near this.
const LARGEST_CA_FILE: u64 = 4 * 1024 * 1024;

/// What every command starts from.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    pub(crate) notes: Notes,
    pub(crate) interrupt: Interrupt,
}

impl Context {
    pub(crate) fn new(global: GlobalArgs, interrupt: Interrupt) -> Self {
        let notes = Notes::new(global.quiet);
        Self { global, notes, interrupt }
    }

    pub(crate) fn config(&self) -> Result<Config, CliError> {
        Ok(Config::load(&self.global.config)?)
    }

    /// The session as the store has it. Asks no server. The state says whether the store could be read.
    pub(crate) async fn restore(&self, config: Config) -> Result<(Session, SessionState), CliError> {
        let mut builder = Session::builder(config, self.store()?);
        if let Some(account) = &self.global.account {
            builder = builder.account(account);
        }
        if let Some(path) = self.global.ca_file.as_deref().filter(|path| !path.as_os_str().is_empty()) {
            builder = builder.root_certificates(read_certificates(path)?);
        }
        let session = builder.open()?;
        let state = session.restore().await;
        Ok((session, state))
    }

    /// Like [`restore`](Self::restore), for a command that is no use with a store that cannot be read.
    pub(crate) async fn session(&self) -> Result<(Session, SessionState), CliError> {
        let (session, state) = self.restore(self.config()?).await?;
        match state {
            SessionState::StorageUnavailable { detail } => {
                Err(Failure::new("secure_storage", Exit::SecureStorage, detail).into())
            }
            state => Ok((session, state)),
        }
    }

    fn store(&self) -> Result<Arc<dyn SecretStore>, CliError> {
        let (directory, key_source) = match &self.global.store {
            StoreChoice::Memory => return Ok(Arc::new(MemoryStore::new())),
            StoreChoice::Auto => (default_directory()?, None),
            StoreChoice::Keyring => (default_directory()?, Some(KeySource::Keyring)),
            StoreChoice::File(directory) => (directory.clone(), Some(KeySource::KeyFile)),
        };
        let options = FileStoreOptions { key_source, ..FileStoreOptions::new(directory) };
        Ok(Arc::new(EncryptedFileStore::open(options)?))
    }
}

fn read_certificates(path: &Path) -> Result<Vec<u8>, CliError> {
    let problem = |detail: String| {
        Failure::new("misconfigured", Exit::Misconfigured, format!("the certificates in {}: {detail}", path.display()))
            .hint("--ca-file and SSL_CERT_FILE name a file with certificates in PEM form.")
    };
    let mut pem = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_CA_FILE + 1).read_to_end(&mut pem))
        .map_err(|error| problem(error.to_string()))?;
    if pem.len() as u64 > LARGEST_CA_FILE {
        return Err(problem("the file is larger than 4 MiB".to_owned()).into());
    }
    Ok(pem)
}
