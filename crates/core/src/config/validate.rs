//! What makes a single value right. Each rule takes text as it stands in the file and gives the checked value, or a
//! [`Fault`] that says what is wrong and, where it is known, the exact fix.

use url::{Host, Url};

use super::problem::ConfigProblem;
use crate::loopback::is_loopback;

/// Longer than any real URL or name; keeps messages and requests bounded.
const MAX_TEXT_BYTES: usize = 2048;

/// What is wrong with a value; the key's own expectation is told unless the rule knows better.
#[derive(Debug)]
pub(super) struct Fault {
    problem: String,
    expectation: Option<String>,
}

impl Fault {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), expectation: None }
    }

    pub(super) fn expecting(self, expectation: impl Into<String>) -> Self {
        Self { expectation: Some(expectation.into()), ..self }
    }

    /// What is wrong, and what would be right where that is known exactly.
    pub(super) fn into_text(self) -> String {
        let expected = self.expectation.map(|expectation| format!("; expected: {expectation}"));
        format!("{}{}", self.problem, expected.unwrap_or_default())
    }

    pub(super) fn into_problem(self, file: &str, key: &str, expectation: &str) -> ConfigProblem {
        ConfigProblem {
            // Both come from outside: a control character would let them rewrite the terminal's lines.
            file: printable(file),
            key: printable(key),
            problem: self.problem,
            expectation: self.expectation.unwrap_or_else(|| expectation.to_owned()),
        }
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Text that somebody filled in: not empty, no white space at its ends, not the example's placeholder.
pub(super) fn plain_text(text: &str) -> Result<&str, Fault> {
    if text.is_empty() {
        return Err(Fault::new("is empty"));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Fault::new(format!("is longer than {MAX_TEXT_BYTES} bytes")));
    }
    if text.trim() != text {
        return Err(Fault::new("has white space at its beginning or end"));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::new("has a control character in it"));
    }
    if is_placeholder(text) {
        return Err(Fault::new("still has the example's placeholder"));
    }
    Ok(text)
}

/// The examples have `xxxxxxxx` or `<…>` where a real value belongs.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("xxxxxx") || lower.contains("dev-xxx") || (text.contains('<') && text.contains('>'))
}

/// The issuer identifier: OpenID Connect Discovery 1.0 §3 wants https without query and fragment. It is compared as a
/// string later, so nothing is changed here.
pub(super) fn issuer_url(text: &str) -> Result<String, Fault> {
    let url = web_url(text)?;
    if let Some(issuer) = text.strip_suffix("/.well-known/openid-configuration") {
        return Err(Fault::new("is the discovery document, not the issuer").expecting(issuer));
    }
    // Elsewhere a slash at the end may belong to the issuer: Discovery 1.0 §4.1 takes it away for the document's address only,
    // and everything else compares the text as it is.
    if text.ends_with('/') && url.host_str().is_some_and(is_okta_domain) {
        return Err(Fault::new("ends with a slash").expecting(text.trim_end_matches('/')));
    }
    let on_okta =
        url.host_str().and_then(|host| host.split_once("-admin.")).is_some_and(|(_, d)| d.starts_with("okta"));
    if on_okta && let Some(at) = text.to_ascii_lowercase().find("-admin.") {
        let fixed = format!("{}{}", &text[..at], &text[at + "-admin".len()..]);
        return Err(Fault::new("has the address of Okta's admin console").expecting(fixed));
    }
    Ok(text.to_owned())
}

/// The domains under which Okta runs its customers' servers. Custom domains are not known as such.
pub(super) fn is_okta_domain(host: &str) -> bool {
    const DOMAINS: [&str; 5] = [".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com", ".okta.mil"];
    DOMAINS.iter().any(|domain| host.ends_with(domain))
}

/// A client id travels in URLs and forms and is an audience of the token; Okta's have 20 letters and digits.
pub(super) fn client_id(text: &str) -> Result<String, Fault> {
    if text.len() > 255 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::new("is not a client id"));
    }
    Ok(text.to_owned())
}

/// A redirect URI of an app: a private-use scheme named after a domain (RFC 8252 §7.1), https (§7.2), or http on
/// loopback (§7.3).
pub(super) fn redirect_uri(text: &str) -> Result<String, Fault> {
    let url = parse_url(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(Fault::new("is plain http away from this machine")),
        scheme if !scheme.contains('.') => {
            return Err(Fault::new(format!("has the scheme {scheme:?}, which other apps may use too")).expecting(
                "a scheme in reversed domain form, such as com.okta.dev-12345678:/callback (RFC 8252 §7.1)",
            ));
        }
        _ if url.cannot_be_a_base() => return Err(Fault::new("has no slash after its scheme")),
        _ => {}
    }
    Ok(text.to_owned())
}

/// A redirect URI on this machine: an address literal, because a name may be resolved elsewhere (RFC 8252 §8.3), and a
/// port, because Okta compares it.
pub(super) fn loopback_redirect_uri(text: &str) -> Result<String, Fault> {
    let url = parse_url(text)?;
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        Some(Host::Domain(_)) | None => false,
    };
    if url.scheme() != "http" || !address {
        return Err(Fault::new("is not http on 127.0.0.1 or [::1]"));
    }
    match url.port() {
        Some(1..) => {}
        // The parser leaves the scheme's own port out, as browsers do.
        None if authority(text).is_some_and(|authority| authority.ends_with(":80")) => {
            return Err(Fault::new(
                "has port 80, which browsers leave out of an address, so that Okta sees another one",
            )
            .expecting("a port above 1023, such as in http://127.0.0.1:8765/callback"));
        }
        Some(0) | None => return Err(Fault::new("has no port")),
    }
    if url.query().is_some() {
        return Err(Fault::new("has a query"));
    }
    Ok(text.to_owned())
}

/// Scope names (RFC 6749 §3.3), duplicates left out. Without `openid` there is no ID token.
pub(super) fn scopes(words: &[&str]) -> Result<Vec<String>, Fault> {
    let mut scopes: Vec<String> = Vec::new();
    for word in words {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if word.is_empty() || word.len() > 255 || !word.bytes().all(allowed) {
            return Err(Fault::new("has an entry that is not a scope name"));
        }
        if !scopes.iter().any(|scope| scope == word) {
            scopes.push((*word).to_owned());
        }
    }
    if scopes.len() > 100 {
        return Err(Fault::new("has more than 100 scopes"));
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        return Err(Fault::new("does not have openid, without which Okta gives no ID token"));
    }
    Ok(scopes)
}

/// An AWS region: lower-case words joined by hyphens and a number at the end (`us-west-2`, `us-gov-east-1`).
pub(super) fn region(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split('-').collect();
    let right = match parts.as_slice() {
        [area @ .., number] if area.len() >= 2 => {
            area.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    if !right || text.len() > 32 {
        return Err(Fault::new("is not an AWS region"));
    }
    Ok(text.to_owned())
}

/// `REGION:GUID`, as the API reference of GetId gives it (`[\w-]+:[0-9a-f-]+`, at most 55 characters).
pub(super) fn identity_pool_id(text: &str) -> Result<String, Fault> {
    let Some((pool_region, guid)) = text.split_once(':') else {
        return Err(Fault::new("has no region and colon before the GUID"));
    };
    if region(pool_region).is_err() {
        return Err(Fault::new("does not begin with an AWS region"));
    }
    let groups: Vec<&str> = guid.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    let hex = |group: &&str| group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !lengths.eq([8, 4, 4, 4, 12]) || !groups.iter().all(hex) {
        return Err(Fault::new("does not end with a GUID in lower case"));
    }
    Ok(text.to_owned())
}

/// The name of a bucket, or the ARN of an access point. The rules of creation have become stricter over the years and do
/// not hold for buckets that are there (S3 user guide, "General purpose bucket naming rules": until March 2018 names in
/// us-east-1 had up to 255 characters, capital letters and underscores; reserved prefixes are younger than some names). So
/// this refuses only what no bucket ever had, as botocore's `VALID_BUCKET` does.
pub(super) fn bucket(text: &str) -> Result<String, Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let problem = if text.starts_with("arn:") {
        return access_point(text);
    } else if text.is_empty() {
        "is empty"
    } else if text.len() > 8 && text.bytes().all(|byte| byte == b'x') {
        "still has the example's placeholder"
    } else if text.trim() != text {
        "has white space at its beginning or end"
    } else if let Some(name) = bucket_in(text).filter(|name| bucket(name).is_ok()) {
        let fault = Fault::new("is an address, not the bucket's name alone");
        return Err(fault.expecting(expected_of_address(text, name)));
    } else if !text.bytes().all(allowed) {
        "has a character that is not a letter, a digit, a dot, a hyphen or an underscore"
    } else if !(3..=255).contains(&text.len()) {
        "does not have 3 to 255 characters"
    } else if text.parse::<std::net::Ipv4Addr>().is_ok() {
        "looks like an IP address"
    } else {
        return Ok(text.to_owned());
    };
    Err(Fault::new(problem))
}

/// The name in an address: `s3://name/…`, `name/…`, `https://name.s3.us-west-2.amazonaws.com/…` or
/// `https://s3.us-west-2.amazonaws.com/name/…` (S3 user guide, "Virtual hosting of general purpose buckets").
fn bucket_in(text: &str) -> Option<&str> {
    let first = |path: &str| path.find('/').unwrap_or(path.len());
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.contains('/').then(|| &text[..first(text)]);
    };
    let (host, path) = rest.split_at(first(rest));
    match scheme {
        "s3" | "s3a" | "s3n" => Some(host),
        "http" | "https" if host.starts_with("s3.") || host.starts_with("s3-") => {
            let path = path.strip_prefix('/')?;
            Some(&path[..first(path)])
        }
        "http" | "https" => host.rsplit_once(".s3").map(|(name, _)| name),
        _ => None,
    }
}

/// What is before a bucket's name and after it goes elsewhere, or nowhere.
fn expected_of_address(text: &str, name: &str) -> String {
    let scheme = text.split_once("://").filter(|(scheme, _)| scheme.starts_with("s3")).map(|(scheme, _)| scheme);
    let without = scheme.map(|scheme| format!(", without {scheme}://")).unwrap_or_default();
    let path = text.split_once(name).and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    let path = path.filter(|path| !path.is_empty());
    let prefix = path.map(|path| format!("; where listings start is Storage.AWSS3.prefix: {path}")).unwrap_or_default();
    format!("{name}{without}{prefix}")
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:accesspoint/NAME` (S3 user guide, "Referencing access points"); access points of
/// Outposts and Object Lambda are named alike. The rest is for the SDK's endpoint rules.
fn access_point(text: &str) -> Result<String, Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'-' | b'_');
    if text.len() > MAX_TEXT_BYTES || !text.bytes().all(allowed) {
        return Err(Fault::new("is not an ARN"));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, "s3", "", "", bucket] => Err(Fault::new("is the ARN of a bucket").expecting(*bucket)),
        [_, _, "s3" | "s3-object-lambda", "", _, resource] if resource.starts_with("accesspoint") => {
            Err(Fault::new("is a Multi-Region Access Point, whose signatures (SigV4A) this program cannot make")
                .expecting("the access point of one region, or the bucket's name"))
        }
        [_, _, "s3" | "s3-object-lambda", _, _, resource] if resource.starts_with("accesspoint") => Ok(text.to_owned()),
        [_, _, "s3-outposts", _, _, resource] if resource.starts_with("outpost") => Ok(text.to_owned()),
        _ => Err(Fault::new("is not the ARN of an access point")),
    }
}

/// A server to use in place of AWS. A path is refused: it would have to be part of what is signed.
pub(super) fn endpoint(text: &str) -> Result<Url, Fault> {
    let url = web_url(text)?;
    if url.path() != "/" {
        return Err(Fault::new("has a path"));
    }
    Ok(url)
}

/// Where an API begins. Its path is part of what is signed, so it is one that no HTTP client changes (RFC 3986 §5.2.4).
pub(super) fn base_url(text: &str) -> Result<Url, Fault> {
    let url = web_url(text)?;
    let written = text.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
    if url.path() != written {
        return Err(Fault::new("has a path with `.` or `..` in it").expecting(url.as_str()));
    }
    Ok(url)
}

/// The name of a service as signatures have it (IAM user guide, "Elements of an AWS API request signature": the credential
/// scope, in lower case).
pub(super) fn service(text: &str) -> Result<String, Fault> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=64).contains(&text.len()) || !text.bytes().all(allowed) {
        return Err(Fault::new("is not the name of an AWS service in signatures"));
    }
    Ok(text.to_owned())
}

/// The beginning of object keys, any text: S3 keys have at most 1,024 bytes, and no character is forbidden.
pub(super) fn key_prefix(text: &str) -> Result<String, Fault> {
    if text.len() > 1024 {
        return Err(Fault::new("is longer than 1024 bytes"));
    }
    Ok(text.to_owned())
}

/// An https URL with a host, or http on loopback, without query.
fn web_url(text: &str) -> Result<Url, Fault> {
    let url = parse_url(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(Fault::new("is plain http, which only loopback may be")),
        _ => return Err(Fault::new("is not an https URL")),
    }
    if url.query().is_some() {
        return Err(Fault::new("has a query"));
    }
    Ok(url)
}

/// An absolute URI that means the same to every parser: the `url` crate forgives spaces and backslashes, others do not.
fn parse_url(text: &str) -> Result<Url, Fault> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'`' | b'{' | b'}' | b'|')) {
        return Err(Fault::new("has a character that a URL may not have"));
    }
    // The parser takes what is before such a character for a path, and says that the scheme is missing.
    let is_in_schemes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if let Some((scheme, _)) = text.split_once(':')
        && !scheme.contains(['/', '?', '#'])
        && let Some(wrong) = scheme.chars().find(|c| !is_in_schemes(*c))
    {
        return Err(Fault::new(format!("has {wrong:?} in its scheme")).expecting(
            "a scheme of letters, digits, `+`, `-` and `.` only (RFC 3986 §3.1); change it in Okta and the app too",
        ));
    }
    let url = Url::parse(text).map_err(|error| Fault::new(format!("is not a URL ({error})")))?;
    // Looked for in the text, because the parsed URL does not tell `https://@host` from `https://host`.
    let authority = authority(text);
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(Fault::new("has a user name or password in it"));
    }
    if url.fragment().is_some() {
        return Err(Fault::new("has a fragment (the part after #)"));
    }
    // The parser adds missing slashes and drops superfluous ones; what is contacted should be what is written.
    if matches!(url.scheme(), "http" | "https") && authority.is_none_or(str::is_empty) {
        return Err(Fault::new("does not have two slashes and a host after its scheme"));
    }
    Ok(url)
}

/// Host and port as they are written.
fn authority(text: &str) -> Option<&str> {
    text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default())
}
