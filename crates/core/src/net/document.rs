//! Whether a document is whole, and what its text is. The AWS SDK's readers stop where a document stops and step over what
//! they do not know, so that half a listing passes for a short one; here a document counts when its root is closed and
//! nothing follows it.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use xmlparser::{ElementEnd, Token, Tokenizer};

use crate::diagnosis::UnusableAnswer;
use crate::error::Service;

/// The document that an operation answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// XML with this root, or with `Error`, by which S3 fails (also with status 200).
    Xml { root: &'static str },
    /// A JSON object.
    Json,
    /// Nothing at all, or XML with the root `Error`.
    Nothing,
}

impl Document {
    /// Who answers so.
    pub(super) fn service(self) -> Service {
        match self {
            Self::Json => Service::Cognito,
            Self::Xml { .. } | Self::Nothing => Service::S3,
        }
    }

    /// Refuses what is not whole. What is comes back as this SDK can read it: the same bytes, unless the text of an element
    /// is written in parts, which are then put together.
    pub(crate) fn read<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>, UnusableAnswer> {
        match self {
            Self::Xml { root } => Ok(match read_xml(body, root)? {
                Some(plain) => Cow::Owned(plain.into_bytes()),
                None => Cow::Borrowed(body),
            }),
            Self::Json => read_json(body).map(|()| Cow::Borrowed(body)),
            Self::Nothing if body.is_empty() => Ok(Cow::Borrowed(body)),
            Self::Nothing => Self::Xml { root: "Error" }.read(body),
        }
    }
}

fn read_json(body: &[u8]) -> Result<(), UnusableAnswer> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(UnusableAnswer::Damaged("it is empty")),
        Some(b'{') => match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(_) => Ok(()),
            Err(_) => Err(NOT_WHOLE),
        },
        Some(_) => Err(UnusableAnswer::Foreign),
    }
}

const NOT_WHOLE: UnusableAnswer = UnusableAnswer::Damaged("it is cut off or not well-formed");
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// An element that is open.
struct Open<'a> {
    name: (&'a str, &'a str),
    has_text: bool,
    has_elements: bool,
}

impl<'a> Open<'a> {
    fn new(name: (&'a str, &'a str)) -> Self {
        Self { name, has_text: false, has_elements: false }
    }

    /// Text between elements is in none of S3's documents. The SDK would take its first piece for all of it.
    fn check(&self) -> Result<(), UnusableAnswer> {
        let is_mixed = self.has_text && self.has_elements;
        if is_mixed { Err(UnusableAnswer::Damaged("it has text between elements")) } else { Ok(()) }
    }
}

/// The tokenizer is the SDK's own, so that both see the same document. Gives another one where the SDK would not see all of
/// the text: it takes one run of plain characters for the whole.
fn read_xml(body: &[u8], expected_root: &str) -> Result<Option<String>, UnusableAnswer> {
    let start = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(UnusableAnswer::Damaged("it is empty")),
        Some(b'<') => {}
        Some(_) if BYTE_ORDER_MARK.starts_with(body) => return Err(NOT_WHOLE),
        Some(_) => return Err(UnusableAnswer::Foreign),
    }
    let text = std::str::from_utf8(body).map_err(|_| UnusableAnswer::Damaged("it is not in UTF-8"))?;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut has_root = false;
    let mut plain = Rewriting { original: text, written: String::new(), taken: 0 };
    for token in Tokenizer::from(text) {
        match token.map_err(|_| NOT_WHOLE)? {
            Token::Declaration { encoding: Some(encoding), .. }
                if !is_unicode(encoding.as_str()) && !text.is_ascii() =>
            {
                return Err(UnusableAnswer::Damaged("it is not in UTF-8"));
            }
            // Web pages have one, S3's documents have none.
            Token::DtdStart { .. } | Token::EmptyDtd { .. } => return Err(UnusableAnswer::Foreign),
            Token::ElementStart { prefix, local, span } => {
                match open.last_mut() {
                    Some(parent) => {
                        parent.has_elements = true;
                        parent.check()?;
                    }
                    None if local.as_str() == expected_root || local.as_str() == "Error" => has_root = true,
                    // Of a name at the very end the rest may be missing.
                    None if span.end() == text.len() => return Err(NOT_WHOLE),
                    None => return Err(UnusableAnswer::Foreign),
                }
                open.push(Open::new((prefix.as_str(), local.as_str())));
            }
            Token::ElementEnd { end: ElementEnd::Empty, .. } => {
                open.pop();
            }
            Token::ElementEnd { end: ElementEnd::Close(prefix, local), .. } => {
                let closed = open.pop().map(|open| open.name);
                if closed != Some((prefix.as_str(), local.as_str())) {
                    return Err(NOT_WHOLE);
                }
            }
            Token::Text { text } => {
                if let Some(parent) = open.last_mut().filter(|_| !is_blank(text.as_str())) {
                    parent.has_text = true;
                    parent.check()?;
                }
                if text.as_str().contains('\r') {
                    plain.replace(text.range(), &with_line_feeds(text.as_str()));
                }
            }
            Token::Cdata { text, span } => {
                if let Some(parent) = open.last_mut() {
                    parent.has_text = true;
                    parent.check()?;
                }
                plain.replace(span.range(), &escape(&with_line_feeds(text.as_str())));
            }
            // Outside of the root they are in nobody's way.
            Token::Comment { span, .. } | Token::ProcessingInstruction { span, .. } if !open.is_empty() => {
                plain.replace(span.range(), "");
            }
            _ => {}
        }
    }
    if has_root && open.is_empty() { Ok(plain.finish()) } else { Err(NOT_WHOLE) }
}

/// Copies a document, with some of its parts replaced. Costs nothing before the first one is.
struct Rewriting<'a> {
    original: &'a str,
    written: String,
    taken: usize,
}

impl Rewriting<'_> {
    fn replace(&mut self, part: std::ops::Range<usize>, by: &str) {
        self.written.push_str(self.original.get(self.taken..part.start).unwrap_or_default());
        self.written.push_str(by);
        self.taken = part.end;
    }

    fn finish(mut self) -> Option<String> {
        if self.taken == 0 {
            return None;
        }
        self.written.push_str(self.original.get(self.taken..).unwrap_or_default());
        Some(self.written)
    }
}

fn is_unicode(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
}

/// XML 1.0 §2.3.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Line ends as a reader has to pass them on (XML 1.0 §2.11). A carriage return that is meant is written `&#13;`.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// A CDATA section's text, as plain characters (XML 1.0 §2.4, §2.7).
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: Document = Document::Xml { root: "ListBucketResult" };

    fn read(document: Document, body: &str) -> Result<String, UnusableAnswer> {
        document.read(body.as_bytes()).map(|read| String::from_utf8(read.into_owned()).unwrap())
    }

    fn is_damaged(document: Document, body: &[u8]) -> bool {
        matches!(document.read(body), Err(UnusableAnswer::Damaged(_)))
    }

    #[test]
    fn a_whole_document_stays_as_it_is() {
        for whole in [
            "<ListBucketResult/>",
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a --><ListBucketResult xmlns='http://s3'> \n<a/></ListBucketResult>\r\n<!-- b -->\n",
            "<?xml version='1.0' encoding='ISO-8859-1'?><s3:ListBucketResult xmlns:s3='x'><Key>a&amp;b</Key></s3:ListBucketResult>",
            "<Error><Code>SlowDown</Code></Error>",
        ] {
            assert!(matches!(LISTING.read(whole.as_bytes()), Ok(Cow::Borrowed(_))), "{whole}");
        }
        assert!(Document::Json.read(b" {\"a\": [1, \"{\"]} \n").is_ok());
    }

    #[test]
    fn no_beginning_of_a_document_passes_for_a_whole_one() {
        let whole = "\u{feff}<?xml version=\"1.0\"?>\n<!-- <a> --><ListBucketResult xmlns=\"http://s3\"><Key>\u{e9}&amp;<![CDATA[<>]]></Key><a \
                     b='1'/></ListBucketResult>";
        for end in 0..whole.len() {
            assert!(is_damaged(LISTING, &whole.as_bytes()[..end]), "{:?}", &whole.as_bytes()[..end]);
        }
        let whole = "{\"IdentityId\": \"\u{e9}\", \"n\": {\"Expiration\": 1.7E9}}";
        for end in 0..whole.len() {
            assert!(is_damaged(Document::Json, &whole.as_bytes()[..end]), "{end}");
        }
    }

    #[test]
    fn what_follows_a_document_or_breaks_its_form_is_refused() {
        for damaged in [
            "<ListBucketResult/><ListBucketResult/>",
            "<ListBucketResult/>x",
            "<ListBucketResult/>\0",
            "<ListBucketResult></Other>",
            "<ListBucketResult><a></b></ListBucketResult>",
            "<ListBucketResult><a></ListBucketResult></a>",
            "<ListBucketResult><a b=c/></ListBucketResult>",
            "<ListBucketResult><Key>a\u{1}</Key></ListBucketResult>",
            "<ListBucketResult><!-- ></ListBucketResult>",
            "<ListBucketResult><Key><![CDATA[a</Key></ListBucketResult>",
            // The SDK would take "ab" for the key.
            "<ListBucketResult><Key>ab<i/>cd</Key></ListBucketResult>",
            "<ListBucketResult><Key><![CDATA[ab]]><i/></Key></ListBucketResult>",
            "<ListBucketResult><Key><i/>ab</Key></ListBucketResult>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><ListBucketResult><Key>\u{e9}</Key></ListBucketResult>",
        ] {
            assert!(is_damaged(LISTING, damaged.as_bytes()), "{damaged}");
        }
        assert!(is_damaged(LISTING, b"<ListBucketResult><Key>\xe9</Key></ListBucketResult>"));
        for damaged in ["{} {}", "{}x", "{\"a\": 1,}", "{'a': 1}"] {
            assert!(is_damaged(Document::Json, damaged.as_bytes()), "{damaged}");
        }
    }

    #[test]
    fn what_is_no_document_of_the_service_is_told_from_one_that_is_damaged() {
        for foreign in [
            "<!DOCTYPE html><html><p>Sign in<br></html>",
            "<HTML><BODY bgcolor=white>",
            "<WISPAccessGatewayParam/>",
            "{\"error\": \"blocked\"}",
            "upstream connect error",
            "\u{1f}\u{8b}\u{8}",
        ] {
            assert_eq!(read(LISTING, foreign), Err(UnusableAnswer::Foreign), "{foreign}");
        }
        for foreign in ["<html></html>", "[]", "null", "blocked"] {
            assert_eq!(read(Document::Json, foreign), Err(UnusableAnswer::Foreign), "{foreign}");
        }
    }

    /// XML 1.0 §2.5, §2.6, §2.7 and §2.11.
    #[test]
    fn text_that_is_written_in_parts_is_put_together() {
        for (written, meant) in [
            ("<![CDATA[a&b]]>", "a&amp;b"),
            ("ab<![CDATA[<cd>]]>ef", "ab&lt;cd&gt;ef"),
            ("ab<!-- not this -->cd", "abcd"),
            ("ab<?nor this?>cd<![CDATA[]]>", "abcd"),
            ("<![CDATA[]]]]><![CDATA[>]]>", "]]&gt;"),
            ("a\r\nb\rc&#13;", "a\nb\nc&#13;"),
            ("<!-- <Key>x</Key> -->a", "a"),
        ] {
            let around = |key: &str| format!("<ListBucketResult><Key>{key}</Key><b/>\n</ListBucketResult><!-- z -->");
            assert_eq!(read(LISTING, &around(written)).unwrap(), around(meant), "{written}");
        }
    }
}
