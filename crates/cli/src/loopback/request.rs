//! One request, as far as this program looks at it. Any page in any browser here can send some, so the rules that are the
//! same for every address of ours are here: our own host name, GET, and nobody who only looks ahead.

use std::fmt;

use subtle::ConstantTimeEq as _;

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    BadRequest,
    /// Nothing shows that it comes from somebody who may ask.
    Forbidden,
    NotFound,
    MethodNotAllowed,
    WrongHost,
    TooLarge,
    /// Nobody has asked for the page yet.
    Prefetch,
}

impl Status {
    pub(super) fn line(self) -> &'static str {
        match self {
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::WrongHost => "421 Misdirected Request",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Prefetch => "503 Service Unavailable",
        }
    }
}

/// A GET for one of our addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) path_and_query: String,
    pub(super) authorization: Authorization,
}

/// What stands in the header of that name, which may be a secret.
#[derive(PartialEq, Eq)]
pub(super) struct Authorization(Option<String>);

impl Authorization {
    /// Compares without telling by the time it takes where the two begin to differ.
    pub(super) fn is(&self, token: &str) -> bool {
        self.0.as_ref().is_some_and(|given| given.as_bytes().ct_eq(token.as_bytes()).into())
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Authorization(..)" } else { "Authorization(none)" })
    }
}

impl Request {
    /// Reads a request's head. `authority` is what a browser that was sent here has as `Host`.
    pub(super) fn read(head: &[u8], authority: &str) -> Result<Self, Status> {
        let head = std::str::from_utf8(head).map_err(|_| Status::BadRequest)?;
        let mut lines = head.split("\r\n");
        let request: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let &[method, path_and_query, "HTTP/1.1" | "HTTP/1.0"] = request.as_slice() else {
            return Err(Status::BadRequest);
        };
        let fields: Vec<(&str, &str)> =
            lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect();
        let values = |wanted: &str| {
            let found = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| *value).collect::<Vec<_>>()
        };
        // A page elsewhere can point its own host name at 127.0.0.1 (DNS rebinding); its requests carry that name.
        if values("host") != [authority] {
            return Err(Status::WrongHost);
        }
        // HEAD too: what only looks must not use up what works once.
        if method != "GET" {
            return Err(Status::MethodNotAllowed);
        }
        // "Sec-Purpose: prefetch" (Fetch, section "Sec-Purpose"; HTML, section "Speculative loading"), and the names that it
        // replaced. The browser forgets an answer that is no success and asks again when the person goes there.
        let is_ahead = |value: &&str| value.split([';', ',']).any(|word| word.trim().eq_ignore_ascii_case("prefetch"));
        if ["sec-purpose", "purpose", "x-moz"].iter().any(|name| values(name).iter().any(is_ahead)) {
            return Err(Status::Prefetch);
        }
        let authorization = match values("authorization").as_slice() {
            &[only] => Some(only.to_owned()),
            _ => None,
        };
        Ok(Self { path_and_query: path_and_query.to_owned(), authorization: Authorization(authorization) })
    }
}
