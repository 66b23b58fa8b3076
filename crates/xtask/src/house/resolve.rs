//! Which file a path leads to: through modules, imports and re-exports to where the item is defined.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Kind, Name};
use super::sources::Crate;

/// From one file to another: the first line that says so, and what is known there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) line: usize,
    pub(super) names: BTreeSet<String>,
}

/// By the numbers of the files that know and are known.
pub(super) type Arrows = BTreeMap<(usize, usize), Arrow>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(usize),
    Item { file: usize, name: String },
}

type Targets = BTreeSet<Target>;

/// All arrows between the files of a crate.
pub(super) fn arrows(source: &Crate) -> Arrows {
    let mut arrows = Arrows::new();
    for (module, content) in source.modules.iter().enumerate() {
        for mention in &content.names.mentions {
            for target in source.resolve(module, &mention.path, &mut Vec::new()) {
                let (file, name) = match target {
                    Target::Item { file, name } => (file, name),
                    Target::Module(_) if mention.kind == Kind::Item => continue,
                    Target::Module(id) => (source.modules[id].file, mention.path.last().cloned().unwrap_or_default()),
                };
                if file != content.file {
                    let line = source.files[content.file].line_of(&mention.path);
                    let new = || Arrow { line, names: BTreeSet::new() };
                    let arrow = arrows.entry((content.file, file)).or_insert_with(new);
                    arrow.line = arrow.line.min(line);
                    arrow.names.insert(name);
                }
            }
        }
    }
    arrows
}

/// The names that are being looked for: an import can lead to itself.
type Open = Vec<(usize, String)>;

impl Crate {
    /// What a path written in a module means. Nothing: it is of another crate.
    fn resolve(&self, module: usize, path: &[String], open: &mut Open) -> Targets {
        let Some((first, rest)) = path.split_first() else { return Targets::new() };
        let mut found = match first.as_str() {
            "crate" => Targets::from([Target::Module(self.root_of(module))]),
            "self" => Targets::from([Target::Module(module)]),
            "super" => self.parent_of(module),
            name => self.look_up(module, name, open).unwrap_or_default(),
        };
        for name in rest {
            found = found.into_iter().flat_map(|target| self.step(target, name, open)).collect();
        }
        found
    }

    /// One name further. What stands behind an item, a variant or a function of a type, is the item's.
    fn step(&self, target: Target, name: &str, open: &mut Open) -> Targets {
        match target {
            Target::Module(module) if name == "super" => self.parent_of(module),
            Target::Module(module) => self.look_up(module, name, open).unwrap_or_else(|| {
                // Some macro makes it there.
                Targets::from([Target::Item { file: self.modules[module].file, name: name.to_owned() }])
            }),
            Target::Item { .. } => Targets::from([target]),
        }
    }

    /// What a module calls by a name. None: it does not know the name.
    fn look_up(&self, module: usize, name: &str, open: &mut Open) -> Option<Targets> {
        let key = (module, name.to_owned());
        if open.contains(&key) {
            return None;
        }
        open.push(key);
        let names = &self.modules[module].names;
        let found = match names.get(name) {
            Some(declared) => Some(declared.iter().flat_map(|what| self.follow(module, name, what, open)).collect()),
            None => {
                let globs = names.globs.iter().flat_map(|path| self.resolve(module, path, open)).collect::<Targets>();
                globs.into_iter().find_map(|target| match target {
                    Target::Module(from) if from != module => self.look_up(from, name, open),
                    _ => None,
                })
            }
        };
        open.pop();
        found
    }

    fn follow(&self, module: usize, name: &str, what: &Name, open: &mut Open) -> Targets {
        match what {
            Name::Item => Targets::from([Target::Item { file: self.modules[module].file, name: name.to_owned() }]),
            Name::Module(id) => Targets::from([Target::Module(*id)]),
            Name::Import(path) => self.resolve(module, path, open),
        }
    }

    fn parent_of(&self, module: usize) -> Targets {
        self.modules[module].parent.map(Target::Module).into_iter().collect()
    }

    fn root_of(&self, module: usize) -> usize {
        self.modules[module].parent.map_or(module, |parent| self.root_of(parent))
    }
}
