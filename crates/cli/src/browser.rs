//! Opens the user's browser.

use crate::exit::Failure;

/// Opens `url` in the default browser. The error does not repeat the URL: it may hold a token.
pub(crate) async fn open(url: &str) -> Result<(), Failure> {
    let url = url.to_owned();
    // It starts another program and may wait for it.
    let opened = tokio::task::spawn_blocking(move || webbrowser::open(&url)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        _ => Err(Failure::internal("no browser could be opened")),
    }
}
