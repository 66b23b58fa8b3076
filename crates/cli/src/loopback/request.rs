//! One request of a browser, as far as this program looks at it. Any page in any browser here can send some, so the
//! rules that are the same for every address of ours are here: our own host name, GET, and a person who waits.

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    BadRequest,
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
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::WrongHost => "421 Misdirected Request",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Prefetch => "503 Service Unavailable",
        }
    }
}

/// Path and query of a GET that a person waits for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) path_and_query: String,
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
        Ok(Self { path_and_query: path_and_query.to_owned() })
    }
}
