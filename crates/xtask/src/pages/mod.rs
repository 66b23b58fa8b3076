//! Whether what the pages say is there is there: no relative link leads nowhere, and the pages that say how something is
//! proven name tests, files and commands that exist.

mod files;
mod links;
mod names;
#[cfg(test)]
mod tests;

use std::path::Path;

use files::Files;
use names::Known;

/// The pages whose every name is looked up.
const PROOFS: [&str; 2] = ["docs/verification.md", "docs/security.md"];

/// The rules, each with what breaks it.
pub(crate) fn check(root: &Path) -> Result<[(&'static str, Vec<String>); 2], String> {
    let files = Files::read(root)?;
    let known = Known::of(&files)?;
    let mut unknown = Vec::new();
    for page in PROOFS {
        let text = files.texts.get(page).ok_or_else(|| format!("{page} is missing"))?;
        unknown.extend(known.missing_in(page, text));
    }
    Ok([
        ("every relative link of the pages leads somewhere", links::broken(&files)),
        ("what verification.md and security.md name is there", unknown),
    ])
}
