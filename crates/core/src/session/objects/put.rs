//! An object from memory, in one request.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::progress::{Meter, PartMeter};
use super::repeating::Tried;
use super::sending::{Sender, Source};
use super::{Objects, Place};
use crate::aws::checksums::PartCrc;
use crate::aws::object_headers::{check_headers, check_write_conditions, content_type_of, refuse};
use crate::aws::objects::{Conditions, ObjectHeaders, PutObject, TransferOptions, UploadedObject};
use crate::aws::reading::Target;
use crate::aws::writing::{self, Payload, Written, other_bytes};
use crate::diagnosis::{AwsFailure, Evidence};
use crate::error::{SETTING_OBJECT, SessionError};

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
        let written = self.settle_doubt(&writing.place, digests.crc, tried).await?;
        check_kept(&written, digests.crc, digests.md5.as_deref())?;
        Ok(uploaded(target, digests.crc.length, written))
    }

    /// After an answer that got lost, a condition may not hold because of what was written then.
    pub(super) async fn settle_doubt(
        &self,
        place: &Place,
        crc: PartCrc,
        tried: Tried<Written>,
    ) -> Result<Written, SessionError> {
        match tried.outcome {
            Err(error @ SessionError::ConditionNotMet { .. }) if tried.was_in_doubt => {
                self.find_written(place, crc).await.ok_or(error)
            }
            outcome => outcome,
        }
    }

    /// The object that is there, if it has these very bytes.
    pub(super) async fn find_written(&self, place: &Place, crc: PartCrc) -> Option<Written> {
        let found = place.look(&self.credentials, &Conditions::default()).await.ok()?.details;
        let checksum = found.checksum.filter(|checksum| {
            checksum.is_of_whole_object && checksum.algorithm == "CRC64NVME" && checksum.value == crc.base64()
        });
        let is_same = found.size == crc.length && checksum.is_some();
        is_same.then_some(Written { e_tag: found.e_tag, version_id: found.version_id, checksum, md5: None })
    }
}

/// Whether S3 has what was sent, by the checksum that it answers with, or else by the entity tag where that is an MD5 and ours
/// is known.
pub(super) fn check_kept(written: &Written, crc: PartCrc, md5: Option<&str>) -> Result<(), SessionError> {
    let sent = [(&written.checksum, Some(crc.base64())), (&written.md5, md5.map(str::to_owned))];
    for (kept, sent) in sent {
        if let (Some(kept), Some(sent)) = (kept, sent)
            && kept.value != sent
        {
            return Err(other_bytes(kept));
        }
    }
    Ok(())
}

pub(super) fn uploaded(target: &Target, size: u64, written: Written) -> UploadedObject {
    let Written { e_tag, version_id, checksum, .. } = written;
    UploadedObject { key: target.key.clone(), size, e_tag, version_id, checksum, resumed: 0 }
}
