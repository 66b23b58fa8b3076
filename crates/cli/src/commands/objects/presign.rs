//! `jetbridge presign`: a URL for whoever is to read or write one object. It is a secret until it ends, and asked for, so that
//! it is written to stdout, alone.

use jetbridge::{PresignObject, PresignedMethod};
use serde::Serialize;

use crate::args::PresignArgs;
use crate::commands::place::{parse_one_object, refuse_dots, show};
use crate::context::Context;
use crate::exit::CliError;
use crate::output::Output;
use crate::text::{human_span, rfc3339};

#[derive(Debug, Serialize)]
struct PresignedEvent<'a> {
    event: &'static str,
    method: &'static str,
    url: &'a str,
    /// To be sent with it, as they were signed.
    headers: &'a [(String, String)],
    expires_at: String,
    cut_short: bool,
}

pub(in crate::commands) async fn run(
    context: &Context,
    args: &PresignArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let object = parse_one_object(&args.key, &args.place)?;
    refuse_dots(&object)?;
    let (session, _) = context.signed_in().await?;
    let (method, verb, does) = match args.put {
        true => (PresignedMethod::Put, "PUT", "writes"),
        false => (PresignedMethod::Get, "GET", "reads"),
    };
    let shown = show(&object);
    let request = PresignObject {
        object,
        method,
        lasts: Some(args.expires),
        content_type: args.content_type.clone(),
        file_name: args.file_name.clone(),
    };
    let presigned = session.presign_object(request).await?;
    let (expires_at, cut_short) = (rfc3339(presigned.expires_at()), presigned.is_cut_short());
    if output.is_json() {
        let (url, headers) = (presigned.url(), presigned.headers());
        output.event(&PresignedEvent { event: "presigned", method: verb, url, headers, expires_at, cut_short })?;
        return Ok(());
    }
    output.line(presigned.url())?;
    output.flush()?;
    let wanted = human_span(args.expires);
    let why = if cut_short {
        format!(", before the {wanted} are over: the credentials that signed it end then")
    } else {
        String::new()
    };
    context.notes.say(format!("It {does} {shown} for whoever has it, until {expires_at}{why}."));
    for (name, value) in presigned.headers() {
        context.notes.say(format!("Send with it: {name}: {value}"));
    }
    Ok(())
}
