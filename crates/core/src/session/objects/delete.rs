//! Objects that are deleted: one, or many at once.

use super::repeating::Tried;
use super::{Objects, Place};
use crate::aws::deleting::{self, MOST_AT_ONCE, fits_in_xml};
use crate::aws::object_headers::check_delete_conditions;
use crate::aws::objects::{Conditions, DeleteObject, DeleteObjects, ObjectAddress};
use crate::diagnosis::AwsFailure;
use crate::error::SessionError;
use crate::session::signed_call::send_signed;

/// What both calls need of the role.
const DELETE: &str = "s3:DeleteObject";

impl Objects {
    pub(in crate::session) async fn delete(&self, request: DeleteObject) -> Result<(), SessionError> {
        let DeleteObject { object, conditions } = request;
        check_delete_conditions(&conditions)?;
        let place = self.find(object, DELETE)?;
        let Place { target, evidence } = &place;
        let ask = |credentials| {
            let (target, if_match) = (target, conditions.if_match.as_deref());
            async move { deleting::delete_object(target, &credentials, if_match).await }
        };
        let Tried { outcome, was_in_doubt } = self.sender(evidence).ask(ask).await;
        match outcome {
            // The object that was to be deleted may not be there because it was: the answer to that got lost.
            Err(error @ (SessionError::ConditionNotMet { .. } | SessionError::NotFound { .. })) if was_in_doubt => {
                match place.look(&self.credentials, &Conditions::default()).await {
                    Err(SessionError::NotFound { .. }) => Ok(()),
                    _ => Err(error),
                }
            }
            outcome => outcome,
        }
    }

    pub(in crate::session) async fn delete_many(
        &self,
        request: DeleteObjects,
    ) -> Result<Vec<(String, SessionError)>, SessionError> {
        let DeleteObjects { bucket, keys, requester_pays } = request;
        let at = |key: &str| ObjectAddress { bucket: bucket.clone(), key: key.to_owned(), requester_pays };
        let (mut failed, mut named) = (Vec::new(), Vec::new());
        for key in keys {
            match self.find(at(&key), DELETE) {
                Ok(_) if fits_in_xml(&key) => named.push(key),
                // By its path: the document that names several objects cannot name it.
                Ok(_) => {
                    let request = DeleteObject { object: at(&key), ..DeleteObject::default() };
                    match self.delete(request).await {
                        Ok(()) => {}
                        Err(error @ SessionError::AccessDenied { .. }) => failed.push((key, error)),
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        for keys in named.chunks(MOST_AT_ONCE) {
            let Some(first) = keys.first() else { break };
            let Place { target, evidence } = self.find(at(first), DELETE)?;
            let ask = |credentials| {
                let (target, is_like_s3) = (&target, self.config.s3_endpoint().is_some());
                async move { deleting::delete_objects(target, &credentials, keys, is_like_s3).await }
            };
            for (key, refusal) in send_signed(&self.credentials, &evidence, ask).await? {
                let Place { evidence, .. } = self.find(at(&key), DELETE)?;
                failed.push((key, AwsFailure::Refused(refusal).into_session_error(&evidence)));
            }
        }
        Ok(failed)
    }
}
