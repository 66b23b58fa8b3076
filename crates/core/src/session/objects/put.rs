//! An object from memory, in one request.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::progress::{Meter, PartMeter};
use super::repeating::Tried;
use super::sending::{Sender, Source};
use super::{Objects, Place};
use crate::aws::checksums::{PartCrc, TagOfParts, md5_of_e_tag};
use crate::aws::object_headers::{check_headers, check_write_conditions, content_type_of, refuse};
use crate::aws::objects::{Conditions, ObjectDetails, ObjectHeaders, PutObject, TransferOptions, UploadedObject};
use crate::aws::reading::Target;
use crate::aws::writing::{self, Payload, Written, other_bytes};
use crate::diagnosis::{AwsFailure, Evidence, senseless};
use crate::error::{SETTING_OBJECT, Service, SessionError};

/// "The largest object that can be uploaded in a single PUT is 5 GB" (S3 API reference, EntityTooLarge); it means 5 GiB, as
/// for parts (Amazon S3 user guide, "Amazon S3 multipart upload limits").
const LARGEST_AT_ONCE: u64 = 5 * 1024 * 1024 * 1024;

/// What is written, checked, and where.
pub(super) struct Writing {
    pub place: Place,
    pub headers: ObjectHeaders,
    pub conditions: Conditions,
    /// The server stands in S3's place: it may not know S3's checksums.
    pub is_like_s3: bool,
}

impl Objects {
    /// Refuses what S3 could not take, and adds a content type.
    pub(super) fn prepare_writing(&self, request: PutObject) -> Result<Writing, SessionError> {
        let PutObject { object, mut headers, conditions } = request;
        check_headers(&headers)?;
        check_write_conditions(&conditions)?;
        if headers.content_type.is_none() {
            headers.content_type = content_type_of(&object.key).map(str::to_owned);
        }
        let place = self.find(object, "s3:PutObject")?;
        Ok(Writing { place, headers, conditions, is_like_s3: self.config.s3_endpoint().is_some() })
    }

    pub(super) fn sender<'a>(&'a self, evidence: &'a Evidence) -> Sender<'a> {
        Sender { credentials: &self.credentials, evidence, traffic: &self.traffic, patience: self.patience }
    }

    pub(in crate::session) async fn put(
        &self,
        request: PutObject,
        body: Bytes,
    ) -> Result<UploadedObject, SessionError> {
        let writing = self.prepare_writing(request)?;
        let meter = Meter::new(&TransferOptions::default());
        self.put_at_once(&writing, &Source::Memory(body), &meter.part()).await
    }

    /// Writes an object in one request.
    pub(super) async fn put_at_once(
        &self,
        writing: &Writing,
        source: &Source,
        meter: &PartMeter,
    ) -> Result<UploadedObject, SessionError> {
        let Place { target, evidence } = &writing.place;
        if source.length() > LARGEST_AT_ONCE {
            return Err(refuse(
                SETTING_OBJECT.to_owned(),
                &format!("it has {} bytes, and S3 takes no more than 5 GB in one request", source.length()),
                "Upload it from a file or a stream, in parts.",
            ));
        }
        let digests = source.digests(writing.is_like_s3).await?;
        // A server like S3 may refuse a checksum that it does not know, as it may of a multipart upload.
        let (with_crc, is_unknown) = (AtomicBool::new(true), AtomicBool::new(false));
        let send = |credentials, body| {
            let (Writing { headers, conditions, .. }, digests, is_unknown) = (writing, &digests, &is_unknown);
            let payload = Payload { body, digests, with_crc: with_crc.load(Ordering::Relaxed) };
            async move {
                let written = writing::put_object(target, &credentials, headers, conditions, payload).await;
                let refused = written.as_ref().err().is_some_and(AwsFailure::is_about_unknown_header);
                is_unknown.store(refused, Ordering::Relaxed);
                written
            }
        };
        let mut tried = Box::pin(self.remains.watch(self.sender(evidence).send(source, meter, send))).await;
        if writing.is_like_s3 && is_unknown.load(Ordering::Relaxed) {
            with_crc.store(false, Ordering::Relaxed);
            tried = Box::pin(self.remains.watch(self.sender(evidence).send(source, meter, send))).await;
        }
        let sent = Sent { crc: digests.crc, md5: digests.md5, parts: None };
        let written = self.settle_doubt(&writing.place, &sent, tried).await?;
        sent.check(&written)?;
        Ok(uploaded(target, sent.crc.length, written))
    }

    /// After an answer that got lost, a condition may not hold because of what was written then.
    pub(super) async fn settle_doubt(
        &self,
        place: &Place,
        sent: &Sent,
        tried: Tried<Written>,
    ) -> Result<Written, SessionError> {
        match tried.outcome {
            Err(error @ SessionError::ConditionNotMet { .. }) if tried.was_in_doubt => {
                self.find_written(place, sent).await.ok_or(error)
            }
            outcome => outcome,
        }
    }

    /// The object that is there, if it has these very bytes.
    pub(super) async fn find_written(&self, place: &Place, sent: &Sent) -> Option<Written> {
        let found = place.look(&self.credentials, &Conditions::default()).await.ok()?.details;
        if !sent.is(&found) {
            return None;
        }
        let ObjectDetails { e_tag, version_id, checksum, .. } = found;
        Some(Written { e_tag, version_id, checksum, ..Written::default() })
    }
}

/// What was sent, and by which it is known again.
pub(super) struct Sent {
    pub crc: PartCrc,
    /// Of the whole, in base64.
    pub md5: Option<String>,
    /// The tag of the object that is made of them.
    pub parts: Option<TagOfParts>,
}

impl Sent {
    /// Whether an object has these very bytes: by the checksum that S3 keeps of it, or else by its entity tag.
    fn is(&self, found: &ObjectDetails) -> bool {
        let crc = found.checksum.as_ref().filter(|kept| kept.is_of_whole_object && kept.algorithm == "CRC64NVME");
        let is_same = match (crc, &found.e_tag) {
            (Some(kept), _) => kept.value == self.crc.base64(),
            (None, Some(e_tag)) => {
                let md5 = md5_of_e_tag(e_tag).map(|md5| md5.value);
                md5.is_some() && md5 == self.md5 || self.parts.as_ref().is_some_and(|parts| parts.is(e_tag))
            }
            (None, None) => false,
        };
        found.size == self.crc.length && is_same
    }

    /// Whether S3 has what was sent, by the checksum that it answers with, or else by the entity tag where that is an MD5 and
    /// ours is known.
    pub(super) fn check(&self, written: &Written) -> Result<(), SessionError> {
        let sent = [(&written.checksum, Some(self.crc.base64())), (&written.md5, self.md5.clone())];
        for (kept, sent) in sent {
            if let (Some(kept), Some(sent)) = (kept, sent)
                && kept.value != sent
            {
                return Err(other_bytes(kept));
            }
        }
        let told = self.parts.as_ref().zip(written.tag_of_parts.as_deref());
        match told.and_then(|(parts, told)| parts.contradicted_by(told)) {
            Some(problem) => Err(senseless(Service::S3, &problem)),
            None => Ok(()),
        }
    }
}

pub(super) fn uploaded(target: &Target, size: u64, written: Written) -> UploadedObject {
    let Written { e_tag, version_id, checksum, .. } = written;
    UploadedObject { key: target.key.clone(), size, e_tag, version_id, checksum, resumed: 0 }
}
