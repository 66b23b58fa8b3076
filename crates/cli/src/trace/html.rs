//! A page that can be read anywhere, and sent to somebody: one file, no script, nothing that is loaded.

use std::fmt::Write as _;
use std::time::Duration;

use jetbridge::{ObservedAnswer, ObservedEnd, ObservedRequest, ObservedWork};

use super::axis::{Axis, Fold, Label};
use super::recording::{Recording, Step, What, short};
use crate::text::{self, count_of, human_size, rfc3339};

const STYLE: &str = include_str!("page.css");
/// What the note under the table says of what can be read from a page, and what cannot.
const NOTE: &str = "Times are measured where the core sends and reads. Waiting for the first byte includes looking the name up, \
    connecting and TLS where the connection is new. No tokens, keys, codes of sign-ins or cookies are in this file, of bodies \
    only the error codes of services, and values of headers and queries only where they are known to be harmless; … stands for \
    all others. Paths are whole: keys of objects and paths of APIs are your users' data.";

pub(super) fn render(recording: &Recording) -> String {
    let axis = Axis::new(recording.steps.iter().map(|step| (step.begins, step.ends())));
    let title = format!("jetbridge {}", recording.command);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}: trace</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n<main>\n",
        background(&axis)
    );
    add_head(&mut page, recording, &title);
    if recording.steps.is_empty() {
        page.push_str("<p class=\"note\">No request was sent.</p>\n");
    } else {
        add_table(&mut page, recording, &axis);
        add_legend(&mut page, recording);
    }
    let _ = write!(page, "<p class=\"note\">{NOTE}</p>\n</main>\n</body>\n</html>\n");
    page
}

fn add_head(page: &mut String, recording: &Recording, title: &str) {
    let count = |is_meant: &dyn Fn(&ObservedRequest) -> bool| recording.requests().filter(|one| is_meant(one)).count();
    let connection = |one: &ObservedRequest| one.answer.as_ref().and_then(|answer| answer.connection);
    let sent: u64 = recording.requests().filter_map(|one| one.body_bytes).sum();
    let received: u64 = recording.requests().filter_map(|one| Some(one.answer.as_ref()?.body_bytes)).sum();
    let (requests, new) = (count(&|_| true), count(&|one| connection(one).is_some_and(|one| one.is_new)));
    let mut facts = vec![
        (if requests == 1 { "request" } else { "requests" }, requests.to_string(), false),
        (if new == 1 { "new connection" } else { "new connections" }, new.to_string(), false),
        ("sent", human_size(sent), false),
        ("received", human_size(received), false),
        ("with requests under way", short(busy(recording)), false),
        ("from first to last", short(recording.end), false),
    ];
    let repeated = count(&|one| one.attempt > 1);
    if repeated > 0 {
        facts.insert(1, ("sent again", repeated.to_string(), false));
    }
    let failed = count(&|one| has_failed(one));
    if failed > 0 {
        facts.insert(1, ("without a good answer", failed.to_string(), true));
    }
    let ended = recording.ended.as_deref().map_or("done".to_owned(), |kind| format!("ended with {kind}"));
    let _ = write!(
        page,
        "<h1>{}</h1>\n<p class=\"when\">{}, {}, jetbridge {}</p>\n<dl class=\"facts\">\n",
        escape(title),
        rfc3339(recording.begun_at),
        escape(&ended),
        env!("CARGO_PKG_VERSION"),
    );
    for (name, value, is_bad) in facts {
        let class = if is_bad { " class=\"bad\"" } else { "" };
        let _ = writeln!(page, "<div{class}><dt>{name}</dt><dd>{value}</dd></div>");
    }
    page.push_str("</dl>\n");
    if recording.left_out > 0 {
        let _ =
            writeln!(page, "<p class=\"note\">{} more are not shown.</p>", count_of(recording.left_out as u64, "step"));
    }
}

/// How long at least one request was under way.
fn busy(recording: &Recording) -> Duration {
    let mut reached = Duration::ZERO;
    let requests = recording.steps.iter().filter(|step| matches!(step.what, What::Request(_)));
    requests
        .map(|step| {
            let (from, to) = (step.begins.max(reached), step.ends());
            reached = reached.max(to);
            to.saturating_sub(from)
        })
        .sum()
}

fn add_table(page: &mut String, recording: &Recording, axis: &Axis) {
    page.push_str(
        "<table role=\"table\">\n<caption>Requests, renewals and waits in the order in which they began</caption>\n\
         <thead role=\"rowgroup\"><tr role=\"row\">",
    );
    for (class, name) in [("", "Request"), ("", "Connection"), ("", "Status"), ("n", "First byte"), ("n", "Total")] {
        let _ = write!(page, "<th role=\"columnheader\" scope=\"col\" class=\"{class}\">{name}</th>");
    }
    page.push_str("<th role=\"columnheader\" scope=\"col\" class=\"w\" aria-label=\"Waterfall\"><div class=\"axis\" aria-hidden=\"true\">");
    for line in axis.lines() {
        let class = match line.label {
            Label::Always => "",
            Label::IfWide => " class=\"if-wide\"",
            Label::Never => continue,
        };
        let _ = write!(page, "<span{class} style=\"left:{:.2}%\">{}</span>", line.at, label(line.time));
    }
    page.push_str("</div></th></tr></thead>\n<tbody role=\"rowgroup\">\n");
    let mut folds = axis.folds().into_iter().peekable();
    for step in &recording.steps {
        while let Some(fold) = folds.next_if(|fold| has_passed(fold, step)) {
            let why = if step.pause().is_some() { "before the next attempt" } else { "with nothing under way" };
            let _ = writeln!(
                page,
                "<tr role=\"row\" class=\"pause\"><td role=\"cell\" colspan=\"6\">{} {why}</td></tr>",
                short(fold.lasts)
            );
        }
        add_row(page, step, axis);
    }
    page.push_str("</tbody>\n</table>\n");
}

fn has_passed(fold: &Fold, step: &Step) -> bool {
    fold.ends.saturating_sub(step.begins) <= Duration::from_micros(1)
}

fn add_row(page: &mut String, step: &Step, axis: &Axis) {
    // What was not over then took longer than is known.
    let total = if step.is_over { short(step.lasted) } else { format!("over {}", short(step.lasted)) };
    let (class, name, connection, status, first_byte) = match &step.what {
        What::Request(request) => (
            format!("{}{}", class_of(&request.service), if has_failed(request) { " failed" } else { "" }),
            name_of_request(request, step, &total),
            connection_of(request),
            status_of(request),
            request.answer.as_ref().map_or(String::new(), |answer| short(answer.after)),
        ),
        What::Work(work) => {
            ("work".to_owned(), name_of_work(work), String::new(), outcome_of(work, step), String::new())
        }
    };
    let _ = writeln!(
        page,
        "<tr role=\"row\" class=\"{class}\"><th role=\"rowheader\" scope=\"row\">{name}</th>\
         <td role=\"cell\" class=\"c\">{connection}</td><td role=\"cell\" class=\"s\">{status}</td>\
         <td role=\"cell\" class=\"n first\">{first_byte}</td><td role=\"cell\" class=\"n total\">{total}</td>\
         <td role=\"cell\" class=\"w\"><span class=\"unseen\">begins after {}</span>{}</td></tr>",
        short(step.begins),
        lane(step, axis)
    );
}

fn lane(step: &Step, axis: &Axis) -> String {
    let (from, to) = (axis.position(step.begins), axis.position(step.ends()));
    let width = (to - from).max(0.0);
    let (mut before, mut inner, mut dot) = (String::new(), String::new(), String::new());
    if let Some(repeated_after) = step.repeated_after {
        let since = axis.position(repeated_after.min(step.begins));
        before = format!("<span class=\"since\" style=\"left:{since:.2}%;width:{:.2}%\"></span>", from - since);
    }
    if let What::Request(request) = &step.what
        && let Some(answer) = &request.answer
    {
        let first_byte = axis.position(step.begins + answer.after);
        let received = if width > 0.0 { ((to - first_byte) / width * 100.0).clamp(0.0, 100.0) } else { 100.0 };
        inner = format!("<i style=\"width:{received:.1}%\"></i>");
        if answer.connection.is_some_and(|connection| connection.is_new) {
            dot = format!("<span class=\"dot\" style=\"left:{from:.2}%\"></span>");
        }
    }
    format!(
        "<div class=\"lane\" aria-hidden=\"true\">{before}<span class=\"bar\" style=\"left:min({from:.2}%,calc(100% - 4px));width:{width:.2}%\">{inner}</span>{dot}</div>"
    )
}

fn name_of_request(request: &ObservedRequest, step: &Step, total: &str) -> String {
    let mut name = format!(
        "<details><summary><span class=\"svc\">{}</span> <span class=\"name\">{}</span>",
        escape(&request.service),
        escape(&request.operation)
    );
    if request.attempt > 1 {
        let pause = step.pause().map_or(String::new(), |pause| format!(" after {}", short(pause)));
        let _ = write!(name, "<span class=\"tag\">attempt {}{pause}</span>", request.attempt);
    }
    name.push_str("</summary>");
    let _ = write!(name, "<div class=\"more\"><p>{} {}</p>", escape(&request.method), escape(&request.url));
    let first_byte = request.answer.as_ref().map_or("none".to_owned(), |answer| short(answer.after));
    let mut facts = vec![
        ("begins after".to_owned(), short(step.begins)),
        ("first byte after".to_owned(), first_byte),
        ("in all".to_owned(), total.to_owned()),
    ];
    if let Some(bytes) = request.body_bytes.filter(|bytes| *bytes > 0) {
        facts.push(("body sent".to_owned(), human_size(bytes)));
    }
    if let Some(answer) = &request.answer {
        facts.push(("body received".to_owned(), human_size(answer.body_bytes)));
        facts.push(("version".to_owned(), answer.version.clone()));
        if let Some(connection) = answer.connection {
            facts.push(("connection".to_owned(), format!("{} → {}", connection.local, connection.remote)));
        }
    }
    add_list(&mut name, "", &facts);
    add_list(&mut name, "Query", &request.query);
    add_list(&mut name, "Request headers", &request.headers);
    add_list(&mut name, "Response headers", request.answer.as_ref().map_or(&[], |answer| &answer.headers));
    name.push_str("</div></details>");
    if let Some(code) = request.answer.as_ref().and_then(|answer| answer.error_code.as_ref()) {
        let _ = write!(name, "<div class=\"why\">{}</div>", escape(code));
    }
    if let Some(ObservedEnd::Failed(why)) = &request.end {
        let _ = write!(name, "<div class=\"why\">{}</div>", escape(why));
    }
    name
}

fn add_list(text: &mut String, title: &str, pairs: &[(String, String)]) {
    if pairs.is_empty() {
        return;
    }
    if !title.is_empty() {
        let _ = write!(text, "<h2>{title}</h2>");
    }
    text.push_str("<dl>");
    for (name, value) in pairs {
        let _ = write!(text, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
    }
    text.push_str("</dl>");
}

fn name_of_work(work: &ObservedWork) -> String {
    format!("<span class=\"name\">{}</span>", work.kind)
}

fn outcome_of(work: &ObservedWork, step: &Step) -> String {
    match &work.failure {
        Some(kind) => format!("<span class=\"bad\">{}</span>", escape(kind)),
        None if !step.is_over => "under way".to_owned(),
        None => String::new(),
    }
}

fn connection_of(request: &ObservedRequest) -> String {
    match request.answer.as_ref().and_then(|answer| answer.connection) {
        Some(connection) if connection.is_new => "new".to_owned(),
        Some(_) => "reused".to_owned(),
        None => String::new(),
    }
}

fn status_of(request: &ObservedRequest) -> String {
    let note = match (&request.end, &request.answer) {
        (Some(ObservedEnd::Failed(_)), Some(_)) => " broken off",
        (Some(ObservedEnd::Abandoned), Some(_)) => " not read to its end",
        (Some(ObservedEnd::Failed(_)), None) => "no answer",
        (Some(ObservedEnd::Abandoned), None) => "given up",
        (None, None) => "under way",
        (None, Some(_)) => " under way",
        (_, Some(answer)) if answer.status >= 400 && takes_any_answer(request) => " <small>any will do</small>",
        _ => "",
    };
    let status = request.answer.as_ref().map_or(String::new(), |answer| answer.status.to_string());
    let class = if has_failed(request) { " class=\"bad\"" } else { "" };
    format!("<span{class}>{status}{note}</span>")
}

/// Whether it brought no good answer. Where a connection is opened, any will do.
fn has_failed(request: &ObservedRequest) -> bool {
    let is_refused = |answer: &ObservedAnswer| answer.status >= 400 && !takes_any_answer(request);
    match (&request.answer, &request.end) {
        (_, Some(ObservedEnd::Failed(_))) | (None, Some(_)) => true,
        (Some(answer), _) => is_refused(answer) || answer.error_code.is_some(),
        (None, None) => false,
    }
}

/// Whether a connection is opened, or the time is asked.
fn takes_any_answer(request: &ObservedRequest) -> bool {
    request.method == "HEAD" && ["connection", "time"].contains(&request.operation.as_str())
}

fn class_of(service: &str) -> &'static str {
    match service {
        "Okta" => "okta",
        "Cognito" => "cognito",
        "S3" => "s3",
        "API" => "api",
        _ => "other",
    }
}

fn add_legend(page: &mut String, recording: &Recording) {
    page.push_str("<ul class=\"legend\" aria-label=\"Legend\">\n");
    let mut services: Vec<&str> = Vec::new();
    for request in recording.requests() {
        if !services.contains(&request.service.as_str()) {
            services.push(&request.service);
        }
    }
    for service in services {
        let _ = writeln!(
            page,
            "<li class=\"{}\"><span class=\"lane\"><span class=\"bar\"><i style=\"width:45%\"></i></span></span>{}: waiting, then receiving</li>",
            class_of(service),
            escape(service)
        );
    }
    page.push_str("<li><span class=\"lane mark\"><span class=\"dot\"></span></span>a new connection</li>\n");
    if recording.steps.iter().any(|step| matches!(step.what, What::Work(_))) {
        page.push_str("<li class=\"work\"><span class=\"lane\"><span class=\"bar\"></span></span>a renewal, or a wait for others</li>\n");
    }
    if recording.steps.iter().any(|step| step.repeated_after.is_some()) {
        page.push_str("<li><span class=\"lane\"><span class=\"since\"></span></span>since the attempt before</li>\n");
    }
    if recording.requests().any(has_failed) {
        page.push_str(
            "<li class=\"failed\"><span class=\"lane\"><span class=\"bar\"></span></span>no good answer</li>\n",
        );
    }
    page.push_str("</ul>\n");
}

/// Lines and folds behind all bars: one rule for all rows.
fn background(axis: &Axis) -> String {
    let mut layers: Vec<String> = Vec::new();
    for line in axis.lines() {
        layers.push(format!("linear-gradient(var(--grid),var(--grid)) {:.2}% 0/1px 100% no-repeat", line.at));
    }
    for fold in axis.folds() {
        let width = fold.to - fold.from;
        // `background-position` in per cent counts from what is left over.
        let at = if width < 100.0 { fold.from / (100.0 - width) * 100.0 } else { 0.0 };
        layers.push(format!("linear-gradient(var(--fold),var(--fold)) {at:.2}% 0/{width:.2}% 100% no-repeat"));
    }
    if layers.is_empty() {
        String::new()
    } else {
        format!("td.w {{ background: {}; background-origin: content-box; }}\n", layers.join(","))
    }
}

/// A line's label.
fn label(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        0.0 => "0".to_owned(),
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 1_000.0 => format!("{} ms", trim(ms)),
        _ => format!("{} s", trim(ms / 1e3)),
    }
}

/// Without needless zeros.
fn trim(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// For the page, and for whoever reads it: marks that turn the direction of text are shown, not obeyed.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text::escape(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    safe
}
