//! What the code of a module declares and which paths it writes, in `use`s, in types and expressions, in the arguments of
//! macros and attributes. Read as text: what each path means is found by `resolve`.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItem, Item, ItemUse, Macro, Meta, Token, TraitItem, UseTree, Visibility};

/// What a module declares under a name. There can be several: of another namespace, or for another platform.
#[derive(Debug)]
pub(super) enum Name {
    Item,
    /// The module's number in the crate.
    Module(usize),
    Import(Vec<String>),
}

/// A path as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A module alone is no item: whoever brings one in uses it by longer paths.
    Item,
    /// `use path::*`, or a path in an attribute's text, as serde's `with`: a module there stands for what is in it.
    Contents,
}

#[derive(Debug, Default)]
pub(super) struct Names {
    declared: BTreeMap<String, Vec<Name>>,
    pub(super) globs: Vec<Vec<String>>,
    pub(super) mentions: Vec<Mention>,
}

impl Names {
    /// Reads a module's items, but not its modules.
    pub(super) fn of(items: &[Item]) -> Self {
        let mut names = Self::default();
        for item in items {
            if let Some(name) = name_of(item).filter(|_| !is_test(attributes_of(item))) {
                names.declare(&name.to_string(), Name::Item);
            }
            names.visit_item(item);
        }
        names
    }

    pub(super) fn declare(&mut self, name: &str, what: Name) {
        self.declared.entry(name.to_owned()).or_default().push(what);
    }

    pub(super) fn get(&self, name: &str) -> Option<&[Name]> {
        self.declared.get(name).map(Vec::as_slice)
    }

    fn mention(&mut self, path: Vec<String>, kind: Kind) {
        self.mentions.push(Mention { path, kind });
    }

    /// A re-export declares its names and is no arrow: whoever uses them knows the file that defines them.
    fn import(&mut self, tree: &UseTree, before: &[String], is_re_export: bool) {
        let with = |name: &Ident| {
            let mut path = before.to_vec();
            // `use a::{self}` is `use a`.
            if name != "self" || before.is_empty() {
                path.push(name.to_string());
            }
            path
        };
        let (path, name) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident), is_re_export),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, before, is_re_export));
            }
            UseTree::Glob(_) => {
                if !is_re_export {
                    self.mention(before.to_vec(), Kind::Contents);
                }
                return self.globs.push(before.to_vec());
            }
            UseTree::Name(name) => (with(&name.ident), None),
            UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
        };
        if let Some(name) = name.or_else(|| path.last().cloned()).filter(|name| name != "_") {
            self.declare(&name, Name::Import(path.clone()));
        }
        if !is_re_export {
            self.mention(path, Kind::Item);
        }
    }

    /// Paths among tokens, which are all there is of a macro's arguments.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is = |at: Option<usize>, sign| at.and_then(|at| tokens.get(at)).is_some_and(|token| is_sign(token, sign));
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let (before, before_that) = (at.checked_sub(1), at.checked_sub(2));
            at += 1;
            match token {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(ident) => {
                    let mut path = vec![ident.to_string()];
                    while let (true, true, Some(TokenTree::Ident(next))) =
                        (is(Some(at), ':'), is(Some(at + 1), ':'), tokens.get(at + 2))
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    let goes_on = is(before, ':') && is(before_that, ':');
                    let is_member = is(before, '.') && !is(before_that, '.');
                    let is_variable = is(before, '$') && path[0] != "crate" || is(before, '\'');
                    if !goes_on && !is_member && !is_variable {
                        self.mention(path, Kind::Item);
                    }
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    /// Paths in an attribute's texts: `#[serde(with = "crate::secret_text")]`.
    fn scan_texts(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.scan_texts(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let path = syn::parse_str::<syn::Path>(text.trim_matches('"'));
                    if let Some(path) = path.ok().filter(|path| path.segments.len() > 1) {
                        self.mention(segments(&path), Kind::Contents);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes_of(item)) && !matches!(item, Item::Mod(_)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => return,
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            _ => return,
        };
        if !is_test(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_re_export = match &item.vis {
            Visibility::Inherited => false,
            Visibility::Restricted(restricted) => !restricted.path.is_ident("self"),
            Visibility::Public(_) => true,
        };
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[], is_re_export);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // One that begins with `::` is of another crate, or goes on after `<Type>`.
        if path.leading_colon.is_none() {
            self.mention(segments(path), Kind::Item);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        self.scan(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
            self.scan_texts(list.tokens.clone());
        }
    }
}

/// Whether what has these attributes is compiled for tests only. A platform or a feature is code.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        is_cfg && attribute.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
            || attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
    })
}

fn needs_test(condition: &Meta) -> bool {
    let parts = |list: &syn::MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default()
    };
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => parts(list).iter().all(needs_test),
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn name_of(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
