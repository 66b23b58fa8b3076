//! The two configuration files of an app, in the shape of the sample that this project replaces, filled in for a
//! running stack; and the stack's CA certificate when it serves https.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::shared::Shared;

/// The files as text.
#[derive(Debug, Clone)]
pub struct ConfigFiles {
    /// `okta-config.json`: issuer, client id and redirect URIs.
    pub okta_config: String,
    /// `aws-exports.json`: identity pool, bucket and where the stack's services listen.
    pub aws_exports: String,
    /// `ca.pem`: the certificate to trust, when the stack serves https.
    pub ca_pem: Option<String>,
}

/// By this name `infra` writes the API's address, too.
const API_NAME: &str = "JetbridgeApi";

/// The configuration was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteConfigError {
    /// A file with other content is there, and overwriting was not asked for. Nothing was written.
    #[error("{} exists with other content", path.display())]
    WouldOverwrite {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("failed to write {}: {source}", path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ConfigFiles {
    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("okta-config.json", self.okta_config.as_str()), ("aws-exports.json", self.aws_exports.as_str())]
            .into_iter()
            .chain(self.ca_pem.as_deref().map(|pem| ("ca.pem", pem)))
    }
}

pub(crate) fn render(shared: &Shared) -> ConfigFiles {
    let options = &shared.options;
    let endpoints = shared.endpoints();
    let is_web = |uri: &&String| uri.starts_with("http://") || uri.starts_with("https://");
    let mut okta = json!({
        "okta_issuer_url": shared.issuer(),
        "okta_client_id": options.client_id,
    });
    // Phones come back through their own scheme, a desktop through a loopback listener.
    if let Some(uri) = options.redirect_uris.iter().find(|uri| !is_web(uri)) {
        okta["okta_callback_url"] = json!(uri);
    }
    if let Some(uri) = options.redirect_uris.iter().find(is_web) {
        okta["okta_desktop_callback_url"] = json!(uri);
    }
    let mut aws = json!({
        "Auth": {
            "region": options.region,
            "identityPoolId": options.identity_pool_id,
            "identityPoolEndpoint": endpoints.cognito.as_str().trim_end_matches('/'),
        },
        "Storage": {
            "AWSS3": {
                "region": options.region,
                "bucket": options.bucket,
                "endpoint": endpoints.s3.as_str().trim_end_matches('/'),
            },
        },
    });
    // Every other service: the stack has STS, and refuses the rest by name.
    aws["Services"] = json!({ "endpoint": endpoints.sts.as_str().trim_end_matches('/') });
    if let Some(prefix) = shared.deployment().and_then(|deployment| deployment.start_prefix.as_deref()) {
        aws["Storage"]["AWSS3"]["prefix"] = json!(prefix);
    }
    // As `infra` writes it.
    if let Some(url) = shared.api_url() {
        aws["API"] = json!({ "endpoints": [{ "name": API_NAME, "endpoint": url, "region": options.region }] });
    }
    ConfigFiles { okta_config: to_text(&okta), aws_exports: to_text(&aws), ca_pem: shared.ca_pem().map(str::to_owned) }
}

fn to_text(value: &Value) -> String {
    format!("{value:#}\n")
}

pub(crate) fn write(files: &ConfigFiles, directory: &Path, overwrite: bool) -> Result<Vec<PathBuf>, WriteConfigError> {
    std::fs::create_dir_all(directory).map_err(|source| WriteConfigError::Io { path: directory.to_owned(), source })?;
    let mut to_write = Vec::new();
    let mut paths = Vec::new();
    for (name, content) in files.named() {
        let path = directory.join(name);
        match std::fs::read(&path) {
            Ok(existing) if existing == content.as_bytes() => {}
            Ok(_) if !overwrite => return Err(WriteConfigError::WouldOverwrite { path }),
            Ok(_) => to_write.push((path.clone(), content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => to_write.push((path.clone(), content)),
            Err(source) => return Err(WriteConfigError::Io { path, source }),
        }
        paths.push(path);
    }
    for (path, content) in to_write {
        write_whole(&path, content).map_err(|source| WriteConfigError::Io { path: path.clone(), source })?;
    }
    Ok(paths)
}

/// Writes beside the target and renames, so that a reader never sees half a file.
fn write_whole(path: &Path, content: &str) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    let written = file.write_all(content.as_bytes()).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The first failure is the one to report.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
