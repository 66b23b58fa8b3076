//! The servers, and a person at the sign-in page: one process that does what it is told on stdin, until that ends.
//!
//! Everything calls itself `localhost`, so that a client can be told that `localhost` is further away.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jetbridge_local_stack::{HostOverride, LocalStack, Options, ScriptedBrowser};
use serde_json::{Value, json};
use url::Url;

use crate::{Failure, next_line, tell};

pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut options = Options { okta_host: "localhost".to_owned(), ..Options::default() };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match (*argument, arguments.as_slice()) {
            ("--tls", _) => options.tls = true,
            ("--lives", [seconds, ..]) => {
                let life = Duration::from_secs(seconds.parse()?);
                (options.id_token_lifetime, options.access_token_lifetime) = (life, life);
                options.credentials_lifetime = life;
                arguments.next();
            }
            _ => return Err(format!("`{argument}` means nothing here").into()),
        }
    }
    let stack = LocalStack::start(options).await?;
    let facts = write_config(&stack, folder)?;
    tell(&facts)?;
    while let Some(line) = next_line().await? {
        let answer = match line.split_once(' ') {
            Some(("sign-in", url)) => json!({ "redirect": browse(&stack, url).await? }),
            _ if line == "requests" => take_requests(&stack),
            _ => return Err(format!("`{line}` is no command").into()),
        };
        tell(&answer)?;
    }
    Ok(())
}

/// The two files of an app, and what another client needs to know.
fn write_config(stack: &LocalStack, folder: &Path) -> Result<Value, Failure> {
    let by_name = |text: &str| text.replace("//127.0.0.1:", "//localhost:");
    let mut files = stack.config_files();
    files.aws_exports = by_name(&files.aws_exports);
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("okta-config.json"), &files.okta_config)?;
    std::fs::write(folder.join("aws-exports.json"), &files.aws_exports)?;
    let ca = folder.join("ca.pem");
    if let Some(pem) = &files.ca_pem {
        std::fs::write(&ca, pem)?;
    }
    let (options, endpoints) = (stack.options(), stack.endpoints());
    let ports = [&endpoints.okta, &endpoints.cognito, &endpoints.s3].map(Url::port);
    Ok(json!({
        "config": folder,
        "ca": files.ca_pem.map(|_| ca),
        "issuer": stack.issuer(),
        "client_id": options.client_id,
        "redirect_uri": options.redirect_uris[0],
        "region": options.region,
        "pool": options.identity_pool_id,
        "bucket": options.bucket,
        "cognito": by_name(endpoints.cognito.as_str()).trim_end_matches('/'),
        "s3": by_name(endpoints.s3.as_str()).trim_end_matches('/'),
        "ports": ports,
    }))
}

/// A person whose browser is near the servers, whatever lies between them and the app.
async fn browse(stack: &LocalStack, url: &str) -> Result<String, Failure> {
    let port = stack.endpoints().okta.port().ok_or("Okta has no port")?;
    let near = HostOverride { host: "localhost".to_owned(), address: ([127, 0, 0, 1], port).into() };
    let user = &stack.options().users[0];
    let mut browser = ScriptedBrowser::with_override(stack.ca_pem().as_deref(), Some(&near))?;
    Ok(browser.sign_in(url, &user.login, &user.password).await?)
}

/// How often each operation was asked for since this was asked last.
fn take_requests(stack: &LocalStack) -> Value {
    let mut requests: BTreeMap<&str, usize> = BTreeMap::new();
    for record in stack.log().records() {
        *requests.entry(record.operation).or_default() += 1;
    }
    stack.log().clear();
    json!(requests)
}
