//! One call of AWS that is signed: with credentials that are renewed once if they are what it is refused for, and by a clock
//! that is corrected once.

use std::sync::Arc;

use super::renewal::CredentialRenewal;
use crate::cognito::AwsCredentials;
use crate::diagnosis::{AwsFailure, Blame, Evidence};
use crate::error::SessionError;
use crate::life::UsedBy;

/// Sends what `send` makes of the credentials: once, or again if the answer holds the credentials or the time of the signature
/// responsible. A request that is refused so was not carried out, so that any may be sent again: "The client MAY repeat the
/// request with new or different credentials" (RFC 9110 §15.5.4).
pub(super) async fn send_signed<T, Sending>(
    renewal: &Arc<CredentialRenewal>,
    evidence: &Evidence,
    send: impl Fn(AwsCredentials) -> Sending,
) -> Result<T, SessionError>
where
    Sending: Future<Output = Result<T, AwsFailure>>,
{
    // What is seldom waited for has a place on the heap, and not in the calls of everybody who sends something.
    let mut credentials = Box::pin(renewal.credentials(UsedBy::Session)).await?;
    let (mut renewed, mut signed_anew) = (false, false);
    loop {
        let failure = match send(credentials.clone()).await {
            Ok(answer) => {
                Box::pin(renewal.keep_clock_offset()).await;
                return Ok(answer);
            }
            Err(failure) => failure,
        };
        match failure.blame() {
            Some(Blame::Credentials) if !renewed => {
                renewed = true;
                credentials = Box::pin(renewal.replace(&credentials)).await?;
            }
            Some(Blame::Clock) if !signed_anew => {
                signed_anew = true;
                Box::pin(renewal.check_the_clock()).await;
            }
            Some(Blame::UntoldClock) if !signed_anew => {
                signed_anew = true;
                Box::pin(renewal.ask_the_time()).await;
            }
            Some(Blame::Untold) if !renewed && !signed_anew => {
                (renewed, signed_anew) = (true, true);
                match Box::pin(renewal.look_for_a_cause(&credentials)).await? {
                    Some(other) => credentials = other,
                    None => return Err(failure.into_session_error(evidence)),
                }
            }
            _ => return Err(failure.into_session_error(evidence)),
        }
    }
}
