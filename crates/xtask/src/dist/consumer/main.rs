//! A program that knows nothing of Jetbridge but its crate: signs in, lists the bucket. The browser is whoever reads stdout.

use std::io::Write;
use std::sync::Arc;

use jetbridge::storage::MemoryStore;
use jetbridge::{Config, ListObjects, LoginOptions, Session};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("which configuration?")?;
    let config = Config::load(folder.as_ref())?;
    let session = Session::open(config, Arc::new(MemoryStore::new()))?;
    let request = session.begin_login(LoginOptions::default()).await?;
    println!("{{\"url\": {:?}}}", request.url.to_string());
    std::io::stdout().flush()?;
    let mut redirect = String::new();
    std::io::stdin().read_line(&mut redirect)?;
    session.complete_login(redirect.trim()).await?;
    let mut pages = session.list_objects(ListObjects::default());
    while let Some(page) = pages.next_page().await? {
        for object in page.objects {
            // A key may have line ends in it.
            print!("{}\0", object.key);
        }
    }
    Ok(())
}
