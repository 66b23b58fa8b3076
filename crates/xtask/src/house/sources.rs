//! A crate as its compiler sees it: its files, the modules in them, what each declares and which paths it writes. Tests are
//! left out: what they know is no arrow of the house.

use std::path::{Path, PathBuf};

use syn::{Expr, ExprLit, Item, ItemMod, Lit, Meta};

use super::imports::{Name, Names, is_test};

/// Reads a file, or says that there is none.
pub(super) type Load<'a> = &'a dyn Fn(&Path) -> Option<String>;

#[derive(Debug, Default)]
pub(super) struct Crate {
    /// The folder under `crates`.
    pub(super) name: String,
    pub(super) files: Vec<File>,
    pub(super) modules: Vec<Module>,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    text: String,
}

#[derive(Debug)]
pub(super) struct Module {
    pub(super) parent: Option<usize>,
    pub(super) file: usize,
    pub(super) names: Names,
}

impl Crate {
    /// Follows the modules from `src/lib.rs` and `src/main.rs` on.
    pub(super) fn read(name: &str, load: Load<'_>) -> Result<Self, String> {
        let mut reader = Reader { load, source: Self { name: name.to_owned(), ..Self::default() } };
        let folder = Path::new("crates").join(name).join("src");
        for root in ["lib.rs", "main.rs"] {
            reader.file(folder.join(root), &folder, None)?;
        }
        if reader.source.files.is_empty() {
            return Err(format!("{} has neither lib.rs nor main.rs", folder.display()));
        }
        Ok(reader.source)
    }

    /// A file below `src` without what Rust makes of its name: `session/vault`, `session` for its `mod.rs`.
    pub(super) fn place(&self, file: usize) -> String {
        let path = self.files[file].path.with_extension("");
        let place: Vec<_> = path.iter().skip(3).map(|part| part.to_string_lossy()).collect();
        match place.split_last() {
            Some((last, folder)) if last == "mod" => folder.join("/"),
            _ => place.join("/"),
        }
    }
}

impl File {
    /// The first line of code that writes this path, or, in a list of imports, its last name. It is looked for in the text:
    /// for spans of its own, every crate that reads Rust would be compiled a second time in this workspace.
    pub(super) fn line_of(&self, path: &[String]) -> usize {
        let find = |written: &str| {
            let has_it = |line: &str| !line.trim_start().starts_with("//") && has_word(line, written);
            self.text.lines().position(has_it)
        };
        let together = path[path.len().saturating_sub(2)..].join("::");
        find(&together).or_else(|| find(path.last()?)).map_or(1, |line| line + 1)
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}

/// Where a module's own modules are looked for.
struct Folders {
    children: PathBuf,
    /// What a `#[path]` starts from.
    paths: PathBuf,
}

struct Reader<'a> {
    load: Load<'a>,
    source: Crate,
}

impl Reader<'_> {
    /// Reads a file and all below it; whether it was there.
    fn file(&mut self, path: PathBuf, children: &Path, parent: Option<(usize, &str)>) -> Result<bool, String> {
        let Some(text) = (self.load)(&path) else { return Ok(false) };
        let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        if is_test(&parsed.attrs) {
            return Ok(true);
        }
        let paths = path.parent().unwrap_or(children).to_path_buf();
        // Two modules can be one file, each for a platform of its own.
        let known = self.source.files.iter().position(|file| file.path == path);
        let file = known.unwrap_or_else(|| {
            self.source.files.push(File { path, text });
            self.source.files.len() - 1
        });
        self.module(&parsed.items, file, &Folders { children: children.to_path_buf(), paths }, parent)?;
        Ok(true)
    }

    fn module(
        &mut self,
        items: &[Item],
        file: usize,
        folders: &Folders,
        parent: Option<(usize, &str)>,
    ) -> Result<(), String> {
        let id = self.source.modules.len();
        self.source.modules.push(Module { parent: parent.map(|(id, _)| id), file, names: Names::of(items) });
        if let Some((parent, name)) = parent {
            self.source.modules[parent].names.declare(name, Name::Module(id));
        }
        for item in items {
            match item {
                // Files named `tests` are tests wherever they are reached from.
                Item::Mod(child) if !is_test(&child.attrs) && child.ident != "tests" => {
                    self.child(child, id, file, folders)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn child(&mut self, child: &ItemMod, parent: usize, file: usize, folders: &Folders) -> Result<(), String> {
        let name = child.ident.to_string();
        let below = folders.children.join(&name);
        if let Some((_, items)) = &child.content {
            let inside = Folders { children: below.clone(), paths: below };
            return self.module(items, file, &inside, Some((parent, &name)));
        }
        let parent = Some((parent, name.as_str()));
        let found = match written_path(child) {
            Some(path) => {
                let path = folders.paths.join(path);
                let beside = path.parent().unwrap_or(&below).to_path_buf();
                self.file(path, &beside, parent)?
            }
            None => {
                self.file(below.with_extension("rs"), &below, parent)?
                    || self.file(below.join("mod.rs"), &below, parent)?
            }
        };
        if found {
            return Ok(());
        }
        Err(format!("{}: there is no file for `mod {name}`", self.source.files[file].path.display()))
    }
}

fn written_path(child: &ItemMod) -> Option<String> {
    child.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}
