//! Rules of multipart uploads, each broken by one request.

use axum::body::Bytes;

use super::super::checksum::Hasher;
use super::super::stored::Quota;
use super::*;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const FIVE_MEBI: usize = 5 * 1024 * 1024;

fn checksum(algorithm: Algorithm, bytes: &[u8]) -> Checksum {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

struct Bench {
    quota: Arc<Quota>,
    uploads: Uploads,
    id: String,
    algorithm: Algorithm,
}

impl Bench {
    fn begin(algorithm: Option<&str>, kind: Option<&str>) -> Self {
        let quota = Quota::new(1 << 30);
        let checksums = Checksums::declare(algorithm, kind).unwrap();
        let mut uploads = Uploads::default();
        let room = quota.take(0).unwrap();
        let id = uploads.begin("key", Upload::new(NOW, "arn".to_owned(), Attributes::default(), checksums, room));
        Self { quota, uploads, id, algorithm: checksums.algorithm() }
    }

    /// Uploads a part and gives its name.
    fn add(&mut self, number: i32, content: &[u8]) -> NamedPart {
        self.add_with(number, content, None)
    }

    /// As a client does that sends this checksum with it.
    fn add_with(&mut self, number: i32, content: &[u8], given: Option<Checksum>) -> NamedPart {
        let mut md5 = Md5::default();
        md5.update(content);
        let md5 = md5.finish();
        let checksum = checksum(self.algorithm, content);
        let room = vec![self.quota.take(content.len() as u64).unwrap()];
        let blob = Blob::from(Bytes::copy_from_slice(content));
        let part = Part { blob, md5, checksum: checksum.clone(), given, last_modified: NOW, room };
        self.uploads.add("key", &self.id, number, part).unwrap();
        NamedPart { number, e_tag: hex(&md5), checksums: vec![checksum] }
    }

    fn assemble(&self, parts: &[NamedPart], expected: &Expected) -> Result<Stored, Refusal> {
        self.uploads.find("key", &self.id).unwrap().assemble(&self.id, parts, expected, NOW)
    }

    fn refuse(&self, parts: &[NamedPart]) -> &'static str {
        self.assemble(parts, &Expected::default()).unwrap_err().code
    }
}

#[test]
fn types_go_with_some_algorithms_only() {
    for (algorithm, kind, expected) in [
        (None, None, Some(false)),
        (Some("CRC64NVME"), None, Some(false)),
        (Some("CRC32"), None, Some(true)),
        (Some("CRC32C"), Some("FULL_OBJECT"), Some(false)),
        (Some("CRC32"), Some("COMPOSITE"), Some(true)),
        (Some("SHA256"), None, Some(true)),
        (Some("sha1"), Some("COMPOSITE"), Some(true)),
        (Some("SHA256"), Some("FULL_OBJECT"), None),
        (Some("CRC64NVME"), Some("COMPOSITE"), None),
        (None, Some("FULL_OBJECT"), None),
        (Some("CRC32"), Some("full_object"), None),
        (Some("CRC16"), None, None),
    ] {
        let declared = Checksums::declare(algorithm, kind).map(|checksums| checksums.is_composite);
        assert_eq!(declared.ok(), expected, "{algorithm:?} {kind:?}");
    }
}

#[test]
fn a_part_comes_with_the_checksum_that_was_declared() {
    let declare = |algorithm, kind| Checksums::declare(algorithm, kind).unwrap();
    let (sha256, crc32) = (Some(Algorithm::Sha256), Some(Algorithm::Crc32));
    assert!(declare(None, None).accept(crc32).is_ok() && declare(None, None).accept(None).is_ok());
    assert!(declare(Some("SHA256"), None).accept(sha256).is_ok());
    assert!(declare(Some("CRC32"), Some("FULL_OBJECT")).accept(None).is_ok());
    let missing = declare(Some("SHA256"), None).accept(None).unwrap_err();
    let expected = "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null";
    assert_eq!(missing.message, expected);
    assert!(declare(Some("CRC32"), Some("FULL_OBJECT")).accept(sha256).is_err());
}

#[test]
fn parts_make_an_object_with_etag_and_checksum_of_both() {
    let mut bench = Bench::begin(None, None);
    let (first, second) = (vec![b'a'; FIVE_MEBI], b"b".to_vec());
    // Numbers need not be consecutive, nor uploaded in their order, and a later upload replaces an earlier one.
    bench.add(9, b"replaced");
    let parts = [bench.add(9, &second), bench.add(2, &first)];
    let parts = [parts[1].clone(), parts[0].clone()];
    let expected = Expected {
        checksums: vec![checksum(Algorithm::Crc64Nvme, &[&first[..], &second].concat())],
        checksum_type: Some("FULL_OBJECT".to_owned()),
        size: Some(FIVE_MEBI as i64 + 1),
    };
    let object = bench.assemble(&parts, &expected).unwrap();
    // By Python: md5(md5(b"a" * 5 * 2**20).digest() + md5(b"b").digest()).hexdigest()
    assert_eq!(object.e_tag, "e5a8c5272b26fc10581a21089559b006-2");
    assert_eq!(object.blob.len(), FIVE_MEBI as u64 + 1);
    assert_eq!(object.checksum, StoredChecksum::full_object(expected.checksums[0].clone()));
    assert_eq!(object.parts.iter().map(|(size, _)| *size).collect::<Vec<_>>(), [FIVE_MEBI as u64, 1]);
    // Fewer than were uploaded are good too.
    assert_eq!(bench.assemble(&parts[1..], &Expected::default()).unwrap().blob.len(), 1);
}

#[test]
fn lists_of_parts_that_break_a_rule_make_no_object() {
    let mut bench = Bench::begin(None, None);
    let (first, second) = (bench.add(1, b"small"), bench.add(2, b"last"));
    assert_eq!(bench.refuse(&[first.clone(), second.clone()]), "EntityTooSmall");
    assert_eq!(bench.refuse(&[second.clone(), first.clone()]), "InvalidPartOrder");
    assert_eq!(bench.refuse(&[second.clone(), second.clone()]), "InvalidPartOrder");
    assert_eq!(bench.refuse(&[NamedPart { number: 3, ..second.clone() }]), "InvalidPart");
    assert_eq!(bench.refuse(&[NamedPart { e_tag: first.e_tag, ..second.clone() }]), "InvalidPart");
    for number in [0, -1, 10_001] {
        assert_eq!(bench.refuse(&[NamedPart { number, ..second.clone() }]), "InvalidArgument");
    }
    for size in [3, -1] {
        let expected = Expected { size: Some(size), ..Expected::default() };
        let refused = bench.assemble(std::slice::from_ref(&second), &expected).unwrap_err();
        assert_eq!(refused.code, "InvalidRequest");
    }
}

#[test]
fn parts_with_an_additional_checksum_are_numbered_from_one_without_a_gap() {
    let large = vec![b'a'; FIVE_MEBI];
    for (algorithm, kind) in [("CRC32", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT")] {
        let mut bench = Bench::begin(Some(algorithm), Some(kind));
        let parts = [1, 2, 4].map(|number| bench.add(number, &large));
        assert!(bench.assemble(&parts[..2], &Expected::default()).is_ok());
        assert_eq!(bench.refuse(&parts[1..2]), "InvalidPartOrder");
        assert_eq!(bench.refuse(&parts), "InvalidPartOrder");
    }
    // A part that came with one counts as much as a declaration.
    let mut bench = Bench::begin(None, None);
    let sent = checksum(Algorithm::Crc32, &large);
    let part = bench.add_with(2, &large, Some(sent));
    assert_eq!(bench.refuse(&[part]), "InvalidPartOrder");
}

#[test]
fn a_part_that_came_with_a_checksum_is_named_with_it() {
    let mut bench = Bench::begin(None, None);
    let sent = checksum(Algorithm::Crc32, b"content");
    let part = bench.add_with(1, b"content", Some(sent.clone()));
    let named = |checksums| [NamedPart { checksums, ..part.clone() }];
    assert_eq!(bench.refuse(&named(Vec::new())), "InvalidPart");
    assert_eq!(bench.refuse(&named(vec![checksum(Algorithm::Crc32, b"other")])), "InvalidPart");
    assert_eq!(bench.refuse(&named(vec![checksum(Algorithm::Sha1, b"content")])), "InvalidPart");
    let object = bench.assemble(&named(vec![sent]), &Expected::default()).unwrap();
    assert_eq!(object.checksum, StoredChecksum::full_object(checksum(Algorithm::Crc64Nvme, b"content")));
}

#[test]
fn a_composite_checksum_needs_those_of_the_parts() {
    let mut bench = Bench::begin(Some("SHA256"), None);
    let part = bench.add(1, b"content");
    let object = bench.assemble(std::slice::from_ref(&part), &Expected::default()).unwrap();
    assert!(object.checksum.is_composite && object.checksum.checksum.value.ends_with("=-1"));

    let without = NamedPart { checksums: Vec::new(), ..part.clone() };
    assert_eq!(bench.refuse(&[without]), "InvalidRequest");
    let of_other = NamedPart { checksums: vec![checksum(Algorithm::Sha256, b"other")], ..part.clone() };
    assert_eq!(bench.refuse(&[of_other]), "InvalidPart");
    let by_other = NamedPart { checksums: vec![checksum(Algorithm::Crc32, b"content")], ..part.clone() };
    assert_eq!(bench.refuse(&[by_other]), "InvalidPart");

    let value = |value: &str| Checksum { algorithm: Algorithm::Sha256, value: value.to_owned() };
    let right = object.checksum.checksum.value;
    for (checksums, kind, code) in [
        (vec![value(&right)], Some("COMPOSITE"), None),
        (vec![value(right.strip_suffix("-1").unwrap())], None, None),
        (vec![checksum(Algorithm::Sha256, b"wrong")], None, Some("BadDigest")),
        (vec![value("wrong")], None, Some("InvalidRequest")),
        (vec![], Some("FULL_OBJECT"), Some("BadDigest")),
        (vec![checksum(Algorithm::Crc32, b"content")], None, Some("InvalidRequest")),
    ] {
        let expected = Expected { checksums, checksum_type: kind.map(str::to_owned), size: None };
        let outcome = bench.assemble(std::slice::from_ref(&part), &expected);
        assert_eq!(outcome.err().map(|error| error.code), code, "{expected:?}");
    }
}

#[test]
fn an_upload_ends_by_abortion_or_completion_and_then_it_is_no_more() {
    let mut bench = Bench::begin(None, None);
    let parts = [bench.add(1, b"content")];
    let object = bench.assemble(&parts, &Expected::default()).unwrap();
    let outcome = Completed { e_tag: object.e_tag, checksum: object.checksum, version_id: None };
    bench.uploads.finish("key", &bench.id, parts.to_vec(), outcome);
    assert_eq!(bench.uploads.find("key", &bench.id).unwrap_err().code, "NoSuchUpload");
    assert!(bench.uploads.finished("key", &bench.id, &parts).is_some());
    assert!(bench.uploads.finished("other", &bench.id, &parts).is_none());
    assert!(bench.uploads.finished("key", &bench.id, &[]).is_none());

    let mut bench = Bench::begin(None, None);
    assert!(bench.uploads.find("other", &bench.id).is_err());
    bench.uploads.abort("key", &bench.id).unwrap();
    assert_eq!(bench.uploads.abort("key", &bench.id).unwrap_err().code, "NoSuchUpload");
}

#[test]
fn uploads_are_listed_by_key_and_age() {
    let mut bench = Bench::begin(None, None);
    let mut begin = |key: &str| {
        let checksums = Checksums::declare(None, None).unwrap();
        let room = bench.quota.take(0).unwrap();
        bench.uploads.begin(key, Upload::new(NOW, String::new(), Attributes::default(), checksums, room))
    };
    let (b1, a, b2) = (begin("b"), begin("a"), begin("b"));
    let listed = |key, id: Option<&str>| {
        bench.uploads.after(key, id).map(|(key, id, _)| (key, id.to_owned())).collect::<Vec<_>>()
    };
    let key = ("key", bench.id.clone());
    assert_eq!(listed("", None), [("a", a), ("b", b1.clone()), ("b", b2.clone()), key.clone()]);
    assert_eq!(listed("b", Some(&b1)), [("b", b2), key.clone()]);
    assert_eq!(listed("b", None), [key]);
}
