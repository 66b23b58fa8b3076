//! HAR 1.2, the format that browsers and most viewers of HTTP take ("HTTP Archive (HAR) format", W3C Web Performance Working
//! Group, historical draft of 2012-08-14; the same as <http://www.softwareishard.com/blog/har-12-spec/>). What it has no
//! place for is in fields that begin with an underscore, which it leaves to everybody ("Custom Fields").

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use jetbridge::{ObservedAnswer, ObservedEnd, ObservedRequest};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::recording::{Recording, Step, What, short};

pub(super) fn render(recording: &Recording) -> String {
    let (mut entries, mut work) = (Vec::new(), Vec::new());
    for step in &recording.steps {
        match &step.what {
            What::Request(request) => entries.push(entry(request, step, recording.begun_at + step.begins)),
            What::Work(observed) => work.push(json!({
                "startedDateTime": iso8601(recording.begun_at + step.begins),
                "time": to_ms(step.lasted),
                "isOver": step.is_over,
                "kind": observed.kind.to_string(),
                "failure": observed.failure,
            })),
        }
    }
    let page = json!({
        "startedDateTime": iso8601(recording.begun_at),
        "id": "command",
        "title": format!("jetbridge {}", recording.command),
        "pageTimings": { "onContentLoad": -1, "onLoad": to_ms(recording.end) },
    });
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": "jetbridge", "version": env!("CARGO_PKG_VERSION") },
        "pages": [page],
        "entries": entries,
        "_work": work,
        "_ended": recording.ended.as_deref().unwrap_or("done"),
        "_leftOut": recording.left_out,
    } });
    format!("{archive:#}\n")
}

fn entry(request: &ObservedRequest, step: &Step, begun_at: SystemTime) -> Value {
    let answer = request.answer.as_ref();
    let total = step.lasted;
    let wait = answer.map_or(total, |answer| answer.after.min(total));
    let version = answer.map_or("", |answer| answer.version.as_str());
    let mut entry = json!({
        "pageref": "command",
        "startedDateTime": iso8601(begun_at),
        // "time is the sum of all timings available in the timings object".
        "time": to_ms(wait) + to_ms(total - wait),
        "request": {
            "method": request.method,
            "url": url_of(request),
            "httpVersion": version,
            "cookies": [],
            "headers": pairs(&request.headers),
            "queryString": pairs(&request.query),
            "headersSize": -1,
            "bodySize": request.body_bytes.map_or(-1, to_signed),
        },
        "response": response(answer, version),
        "cache": {},
        // Looking the name up, connecting and TLS are part of waiting: they are not measured one by one.
        "timings": { "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": to_ms(wait), "receive": to_ms(total - wait) },
        "comment": comment(request, step),
        // Chromium's developer tools take what has no type for a page and its scripts.
        "_resourceType": "fetch",
        "_number": request.number,
        "_service": request.service,
        "_operation": request.operation,
        "_attempt": request.attempt,
        "_end": match &request.end {
            Some(ObservedEnd::Complete) => "complete",
            Some(ObservedEnd::Abandoned) => "abandoned",
            Some(ObservedEnd::Failed(_)) => "failed",
            _ => "under way",
        },
    });
    if let Some(connection) = answer.and_then(|answer| answer.connection) {
        entry["serverIPAddress"] = json!(connection.remote.ip().to_string());
        // "Can be the client or server port number". Browsers write the server's, and their tools read it as the port of the
        // address above; which connection it was they read from the field below.
        entry["connection"] = json!(connection.remote.port().to_string());
        entry["_connectionId"] = json!(connection.local.port().to_string());
        entry["_connectionIsNew"] = json!(connection.is_new);
    }
    if let Some(number) = request.repeats {
        entry["_repeats"] = json!(number);
    }
    if let Some(code) = answer.and_then(|answer| answer.error_code.as_ref()) {
        entry["_errorCode"] = json!(code);
    }
    if let Some(ObservedEnd::Failed(why)) = &request.end {
        // Where Chromium's developer tools write it.
        entry["response"]["_error"] = json!(why);
    }
    entry
}

/// What viewers show of a request beside its address.
fn comment(request: &ObservedRequest, step: &Step) -> String {
    let mut comment = format!("{} {}, attempt {}", request.service, request.operation, request.attempt);
    if let Some(pause) = step.pause() {
        let _ = write!(comment, ", {} after the one before", short(pause));
    }
    if let Some(code) = request.answer.as_ref().and_then(|answer| answer.error_code.as_ref()) {
        let _ = write!(comment, ": {code}");
    }
    comment
}

fn response(answer: Option<&ObservedAnswer>, version: &str) -> Value {
    let status = answer.map_or(0, |answer| answer.status);
    let headers: &[_] = answer.map_or(&[], |answer| &answer.headers);
    let mime_type = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
    let size = answer.map_or(-1, |answer| to_signed(answer.body_bytes));
    json!({
        "status": status,
        "statusText": "",
        "httpVersion": version,
        "cookies": [],
        "headers": pairs(headers),
        // The content's own size is not known where there was no answer.
        "content": { "size": size.max(0), "mimeType": mime_type },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": size,
        // Else Chromium's developer tools add the sizes up, the unknown one as -1.
        "_transferSize": size.max(0),
    })
}

/// With the query as far as it is told: viewers show this, and not always `queryString`.
fn url_of(request: &ObservedRequest) -> String {
    if request.query.is_empty() {
        return request.url.clone();
    }
    let parameters = request.query.iter().map(|(name, value)| {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        if value.is_empty() { encode(name) } else { format!("{}={}", encode(name), encode(value)) }
    });
    format!("{}?{}", request.url, parameters.collect::<Vec<_>>().join("&"))
}

fn pairs(pairs: &[(String, String)]) -> Vec<Value> {
    pairs.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// In milliseconds, to the microsecond.
fn to_ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

fn to_signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// With microseconds, as the times beside it have, in UTC: "ISO 8601 - YYYY-MM-DDThh:mm:ss.sTZD".
fn iso8601(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (hour, minute, second, microsecond) = time.to_hms_micro();
    format!("{}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}Z", time.date())
}
