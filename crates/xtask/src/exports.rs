//! Rules for what `crates/ffi` exports that no compiler checks: an async export without a runtime panics at its first
//! network call, a record prints its fields, and the local stack has no place in a library that is shipped.

use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, GenericArgument, ImplItem, Item, PathArguments, Signature, Token, TraitItem, Type};

/// Words that a field's name has when a secret may be in it. `url` and `uri`: those of a sign-in carry `state`, codes and
/// ID tokens. `value`: nobody knows of what.
const SECRET_WORDS: &[&str] = &[
    "assertion",
    "authorization",
    "bearer",
    "challenge",
    "code",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "nonce",
    "passphrase",
    "password",
    "pin",
    "private",
    "query",
    "secret",
    "signature",
    "state",
    "token",
    "tokens",
    "uri",
    "url",
    "value",
    "verifier",
];

/// Fields with such a word that hold no secret, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("AccessDenied.code", "the error code of a service's answer"),
    ("ApiHeader.value", "the app's own in a request; else what an accessor of `ApiResponse` or `SignedHeaders` gives"),
    ("ApiRequest.url", "the app's own: no record hands one out"),
    ("ConfigProblem.key", "the name of a key in a configuration file"),
    ("IdTokenRefused.code", "the error code of Cognito's answer"),
    ("InteractionRequired.code", "the error code of a redirect"),
    ("ListedObject.key", "the name of an S3 object"),
    ("LocalStackOptions.redirect_uri", "an address to register, without a query"),
    ("LoginOptions.redirect_uri", "an address that is registered in Okta, without a query"),
    ("ObjectAddress.key", "the name of an S3 object"),
    ("ObjectChecksum.value", "the checksum of an S3 object"),
    ("ObjectDetails.key", "the name of an S3 object"),
    ("RefreshTokenRefused.code", "the error code of Okta's answer"),
    ("UndeletedObject.key", "the name of an S3 object"),
    ("UploadedObject.key", "the name of an S3 object"),
];

/// What Kotlin's exceptions have already.
const TAKEN_IN_ERRORS: &[&str] = &["cause", "message"];

/// What is in a library's symbols or metadata when the local stack is.
const LOCAL_STACK_MARKS: &[&str] = &["jetbridge_local_stack", "localstack", "open_with_stack_clock"];

/// Which of the rules a finding breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Runtime,
    SecretField,
    ErrorField,
    LocalStack,
}

impl Rule {
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::Runtime, "every async export has a runtime"),
        (Self::SecretField, "no record holds a secret"),
        (Self::ErrorField, "no error field has a name that Kotlin's exceptions use"),
        (Self::LocalStack, "a library built without it has nothing of the local stack"),
    ];
}

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: Rule,
    pub(crate) text: String,
}

/// Looks through all sources below `folder`.
pub(crate) fn check_sources(folder: &Path) -> Result<Vec<Finding>, String> {
    let mut sources = Vec::new();
    collect(folder, &mut sources)?;
    let mut check = Check::default();
    for path in &sources {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        check.source(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if !check.has_exports {
        return Err(format!("no export was found in {}", folder.display()));
    }
    Ok(check.finish())
}

/// Looks for the local stack in a library's bytes: symbols, UniFFI's metadata, texts.
pub(crate) fn check_library(bytes: &[u8]) -> Vec<Finding> {
    let mut found: Vec<&str> = Vec::new();
    // One pass over what may be hundreds of megabytes.
    for (at, first) in bytes.iter().enumerate() {
        if !matches!(first.to_ascii_lowercase(), b'j' | b'l' | b'o') {
            continue;
        }
        for mark in LOCAL_STACK_MARKS {
            let is_here = bytes[at..].get(..mark.len()).is_some_and(|text| text.eq_ignore_ascii_case(mark.as_bytes()));
            if is_here && !found.contains(mark) {
                found.push(mark);
            }
        }
    }
    let finding = |mark| Finding { rule: Rule::LocalStack, text: format!("the library contains `{mark}`") };
    found.into_iter().map(finding).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

#[derive(Default)]
struct Check {
    findings: Vec<Finding>,
    used: Vec<&'static str>,
    has_exports: bool,
}

impl Check {
    fn source(&mut self, text: &str) -> syn::Result<()> {
        syn::parse_file(text)?.items.iter().for_each(|item| self.item(item));
        Ok(())
    }

    /// An exception that nothing needs any more would one day hide a secret of the same name.
    fn finish(mut self) -> Vec<Finding> {
        for (field, _) in ALLOWED.iter().filter(|(field, _)| !self.used.contains(field)) {
            let text = format!("the exception for `{field}` is not needed: take it out of the list");
            self.findings.push(Finding { rule: Rule::SecretField, text });
        }
        self.findings
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Mod(module) => {
                for inner in module.content.iter().flat_map(|(_, items)| items) {
                    self.item(inner);
                }
            }
            Item::Fn(function) => self.functions(&function.attrs, [(&function.sig, &function.attrs[..])]),
            Item::Impl(block) => {
                let methods = block.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(method) => Some((&method.sig, &method.attrs[..])),
                    _ => None,
                });
                self.functions(&block.attrs, methods);
            }
            Item::Trait(definition) => {
                let methods = definition.items.iter().filter_map(|item| match item {
                    TraitItem::Fn(method) => Some((&method.sig, &method.attrs[..])),
                    _ => None,
                });
                self.functions(&definition.attrs, methods);
            }
            Item::Struct(record) if derives(&record.attrs, "Record") => {
                self.fields(&record.ident.to_string(), &record.fields, false);
            }
            Item::Enum(choice) => {
                let is_error = derives(&choice.attrs, "Error");
                if is_error || derives(&choice.attrs, "Enum") {
                    for variant in &choice.variants {
                        self.fields(&variant.ident.to_string(), &variant.fields, is_error);
                    }
                }
            }
            _ => {}
        }
    }

    fn functions<'a>(
        &mut self,
        attributes: &[Attribute],
        functions: impl IntoIterator<Item = (&'a Signature, &'a [Attribute])>,
    ) {
        let Some(export) = attributes.iter().find(|attribute| names(attribute, "export")) else { return };
        self.has_exports = true;
        for (signature, own) in functions {
            let has_runtime = has_tokio(export) || own.iter().any(has_tokio);
            if signature.asyncness.is_some() && !has_runtime {
                let text = format!("`{}` is async and exported without `async_runtime = \"tokio\"`", signature.ident);
                self.findings.push(Finding { rule: Rule::Runtime, text });
            }
        }
    }

    fn fields(&mut self, owner: &str, fields: &Fields, is_error: bool) {
        for (index, field) in fields.iter().enumerate() {
            let name = field.ident.as_ref().map_or_else(|| format!("v{index}"), ToString::to_string);
            let place = format!("{owner}.{name}");
            if is_error && TAKEN_IN_ERRORS.contains(&name.as_str()) {
                let text = format!("`{place}`: Kotlin's exceptions have a member of this name");
                self.findings.push(Finding { rule: Rule::ErrorField, text });
            }
            let sounds_secret = name.split('_').any(|word| SECRET_WORDS.contains(&word));
            if !sounds_secret || !holds_text(&field.ty) {
                continue;
            }
            match ALLOWED.iter().find(|(allowed, _)| *allowed == place) {
                Some((allowed, _)) => self.used.push(allowed),
                None => {
                    let text = format!("`{place}` may hold a secret: make it an accessor of an object");
                    self.findings.push(Finding { rule: Rule::SecretField, text });
                }
            }
        }
    }
}

/// Whether the attribute is `#[name]` or `#[path::name]`, perhaps inside a `cfg_attr`.
fn names(attribute: &Attribute, name: &str) -> bool {
    if attribute.path().is_ident("cfg_attr") {
        return tokens(attribute).contains(&format!(":: {name}"));
    }
    attribute.path().segments.last().is_some_and(|segment| segment.ident == name)
}

fn has_tokio(attribute: &Attribute) -> bool {
    tokens(attribute).replace(' ', "").contains("async_runtime=\"tokio\"")
}

fn tokens(attribute: &Attribute) -> String {
    attribute.meta.require_list().map_or_else(|_| String::new(), |list| list.tokens.to_string())
}

/// Whether UniFFI's derive of this name is among the item's derives.
fn derives(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| {
        if attribute.path().is_ident("cfg_attr") {
            return tokens(attribute).contains(&format!("uniffi :: {name}"));
        }
        let paths = attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated);
        attribute.path().is_ident("derive")
            && paths.is_ok_and(|paths| {
                paths.iter().any(|path| {
                    let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
                    names.next().as_deref() == Some("uniffi") && names.next().as_deref() == Some(name)
                })
            })
    })
}

/// Whether text or bytes can be in it, themselves or in a list, a map or an option. Types of ours are looked at where they
/// are defined.
fn holds_text(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.iter().any(|segment| {
            let inside = match &segment.arguments {
                PathArguments::AngleBracketed(arguments) => arguments
                    .args
                    .iter()
                    .any(|argument| matches!(argument, GenericArgument::Type(inner) if holds_text(inner))),
                _ => false,
            };
            inside || segment.ident == "String" || segment.ident == "u8"
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_of(source: &str) -> Vec<Finding> {
        let mut check = Check::default();
        check.source(source).unwrap();
        check.findings
    }

    fn broken_by(source: &str) -> Vec<Rule> {
        findings_of(source).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn an_async_export_without_a_runtime_is_found_wherever_it_is() {
        for bad in [
            "#[uniffi::export] pub async fn ask() {}",
            "#[uniffi::export] impl Session { pub fn state(&self) {} pub async fn restore(&self) {} }",
            "#[uniffi::export(foreign)] pub trait Browser { async fn visit(&self); }",
            "mod inner { #[cfg_attr(feature = \"x\", uniffi::export)] impl A { async fn b(&self) {} } }",
            "#[export] impl Session { #[uniffi::constructor] pub async fn start() {} }",
        ] {
            assert_eq!(broken_by(bad), [Rule::Runtime], "{bad}");
        }
        for good in [
            "#[uniffi::export(async_runtime = \"tokio\")] impl Session { pub async fn restore(&self) {} }",
            "#[uniffi::export] pub fn version() {}",
            "impl Session { async fn inner(&self) {} }",
        ] {
            assert_eq!(broken_by(good), [], "{good}");
        }
    }

    #[test]
    fn a_field_that_may_hold_a_secret_is_found() {
        for bad in [
            "#[derive(Debug, uniffi::Record)] pub struct Keys { pub session_token: String }",
            "#[derive(uniffi::Record)] struct Keys { secret: Option<String> }",
            "#[derive(uniffi::Record)] struct Keys { private_key: Vec<u8> }",
            "#[derive(uniffi::Record)] struct Login { authorize_url: String }",
            "#[derive(uniffi::Record)] struct Parameter { name: String, value: String }",
            "#[derive(uniffi::Enum)] enum State { Waiting { nonce: String } }",
            "#[derive(Debug, thiserror::Error, uniffi::Error)] enum Bad { Refused { passwords_tried: Vec<String>, password: String } }",
            "#[cfg_attr(x, derive(uniffi::Record))] struct Keys { verifier: std::string::String }",
        ] {
            assert_eq!(broken_by(bad), [Rule::SecretField], "{bad}");
        }
        for good in [
            "#[derive(uniffi::Record)] struct Details { id_token_expires_at: Option<SystemTime>, has_refresh_token: bool }",
            "#[derive(uniffi::Record)] struct ListedObject { key: String, size: u64 }",
            "struct Inside { token: String }",
            "#[derive(uniffi::Object)] struct AccessToken { token: String }",
        ] {
            assert_eq!(broken_by(good), [], "{good}");
        }
    }

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        let mut check = Check::default();
        check.source("#[derive(uniffi::Record)] struct ListedObject { key: String }").unwrap();
        let left = check.finish();
        assert_eq!(left.len(), ALLOWED.len() - 1);
        assert!(left.iter().all(|finding| !finding.text.contains("ListedObject")));
    }

    #[test]
    fn an_error_field_that_kotlin_has_already_is_found() {
        for name in TAKEN_IN_ERRORS {
            let bad = format!("#[derive(uniffi::Error)] enum Bad {{ Broken {{ {name}: String }} }}");
            assert_eq!(broken_by(&bad), [Rule::ErrorField]);
            let fact = format!("#[derive(uniffi::Enum)] enum Fact {{ Broken {{ {name}: String }} }}");
            assert_eq!(broken_by(&fact), []);
        }
    }

    #[test]
    fn the_local_stack_is_found_in_a_library() {
        let every_mark_begins_as_the_search_does = |mark: &&str| mark.starts_with(['j', 'l', 'o']);
        assert!(LOCAL_STACK_MARKS.iter().all(every_mark_begins_as_the_search_does));
        for bad in ["\0_ZN21jetbridge_local_stack5stack\0", "\0uniffi_fn_constructor_localstack_start", "LocalStack"] {
            assert!(!check_library(bad.as_bytes()).is_empty(), "{bad}");
        }
        assert_eq!(check_library(b"\0jetbridge_ffi: start the local stack first\0"), []);
    }

    #[test]
    fn the_sources_of_this_repository_keep_the_rules() {
        let ffi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ffi/src");
        assert_eq!(check_sources(&ffi), Ok(Vec::new()));
        let none = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(check_sources(&none).is_err(), "a folder without exports is no proof");
    }
}
