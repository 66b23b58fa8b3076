//! URLs that read or write one object for whoever has them.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::{Builder, RequestChecksumCalculation};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::objects::{PresignObject, PresignedMethod, PresignedUrl};
use super::reading::Target;
use crate::cognito::AwsCredentials;
use crate::diagnosis::HttpError;
use crate::error::{Service, SessionError};

/// RFC 8187 §3.2.1, `attr-char`: these and letters and digits stand for themselves.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Signs what `request` asks for, from `now` on for as long as is wanted or the credentials last.
pub(crate) async fn presign(
    credentials: &AwsCredentials,
    target: &Target,
    request: &PresignObject,
    (now, wanted): (SystemTime, Duration),
) -> Result<PresignedUrl, SessionError> {
    let left = credentials.expires_at().duration_since(now).unwrap_or(Duration::ZERO);
    // S3 counts whole seconds.
    let lasts = Duration::from_secs(wanted.min(left).as_secs());
    let unbuilt = || SessionError::internal("the URL could not be signed");
    let signing = PresigningConfig::builder().start_time(now).expires_in(lasts).build().map_err(|_| unbuilt())?;
    // Whoever uses it knows nothing of checksums, and would have to send what is signed.
    let config = Builder::new()
        .credentials_provider(credentials.to_sdk())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    let presigned: Option<PresignedRequest> = match request.method {
        PresignedMethod::Get => {
            let reading = target
                .client
                .get_object()
                .bucket(&target.bucket)
                .key(&target.key)
                .set_request_payer(target.payer())
                .set_response_content_disposition(request.file_name.as_deref().map(disposition));
            reading.customize().config_override(config).presigned(signing).await.ok()
        }
        PresignedMethod::Put => {
            let writing = target
                .client
                .put_object()
                .bucket(&target.bucket)
                .key(&target.key)
                .set_request_payer(target.payer())
                .set_content_type(request.content_type.clone());
            writing.customize().config_override(config).presigned(signing).await.ok()
        }
    };
    let presigned = presigned.ok_or_else(unbuilt)?;
    // Whoever uses it, a browser or curl, would ask for another object.
    if is_rewritten(presigned.uri()) {
        return Err(HttpError::PathRewritten.into_session_error(Service::S3, "presigning"));
    }
    Ok(PresignedUrl {
        url: presigned.uri().to_owned(),
        headers: presigned.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        expires_at: now + lasts,
        is_cut_short: lasts < Duration::from_secs(wanted.as_secs()),
    })
}

/// Whether HTTP clients send another path than the one that was signed (RFC 3986 §5.2.4).
fn is_rewritten(signed: &str) -> bool {
    let (Ok(signed), Ok(sent)) = (signed.parse::<http::Uri>(), url::Url::parse(signed)) else { return true };
    (signed.path(), signed.query()) != (sent.path(), sent.query())
}

/// RFC 6266 §4.3 and appendix D: a name in ASCII for old browsers, and the real one.
fn disposition(file_name: &str) -> String {
    let plain: String = file_name
        .chars()
        .map(|c| if c == ' ' || c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    if plain == file_name {
        return format!("attachment; filename=\"{plain}\"");
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(file_name, ENCODED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_written_for_old_browsers_and_for_new_ones() {
        for (name, expected) in [
            ("report 1.pdf", "attachment; filename=\"report 1.pdf\""),
            ("€ rates.txt", "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt"),
            ("a\"b\\c%.txt", "attachment; filename=\"a_b_c_.txt\"; filename*=UTF-8''a%22b%5Cc%25.txt"),
            ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
        ] {
            assert_eq!(disposition(name), expected);
        }
    }
}
