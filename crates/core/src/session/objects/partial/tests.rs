use super::*;

const PART: usize = 1000;

struct Place {
    folder: tempfile::TempDir,
    destination: Destination,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let destination = Destination::find(&folder.path().join("a name.bin")).unwrap();
        Self { folder, destination }
    }

    fn turn(&self) -> Turn {
        Turn::take(&self.destination).unwrap().expect("nobody has it")
    }

    fn begin(&self) -> Partial {
        self.turn().begin(heading("key", Some("\"tag\""))).unwrap()
    }

    fn resume(&self, key: &str) -> Option<Partial> {
        match self.turn().resume("bucket", key).unwrap() {
            Found::Parts(partial) => Some(partial),
            Found::Nothing(_) => None,
        }
    }

    fn names(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

/// Of an object of three parts and a little.
fn heading(key: &str, e_tag: Option<&str>) -> Heading {
    Heading::new("bucket", key, e_tag.map(str::to_owned), Some(500..500 + 3 * PART as u64 + 7), PART as u64)
}

fn bring(partial: &Partial, number: u64) {
    let part = partial.heading().part(number).unwrap();
    let bytes = Bytes::from(vec![number as u8 + 1; usize::try_from(part.end - part.start).unwrap()]);
    let mut hasher = PartHasher::new();
    partial.write(&[bytes], part.start - 500, &mut hasher).unwrap();
    partial.record(number, hasher.finish()).unwrap();
}

#[test]
fn parts_lie_one_after_another_and_the_last_is_what_is_left() {
    let heading = heading("key", None);
    assert_eq!(heading.part_count(), 4);
    assert_eq!((heading.part(0), heading.part(3), heading.part(4)), (Some(500..1500), Some(3500..3507), None));
    assert_eq!(heading.part(u64::MAX), None);
    let empty = Heading::new("b", "k", None, Some(0..0), 1);
    assert_eq!((empty.part_count(), empty.part(0)), (0, None));
}

#[test]
fn what_was_recorded_is_there_for_the_next_one_and_becomes_the_file() {
    let place = Place::new();
    let partial = place.begin();
    bring(&partial, 2);
    bring(&partial, 0);
    drop(partial);
    assert!(place.resume("another key").is_none());

    let partial = place.resume("key").unwrap();
    assert_eq!([0, 1, 2, 3].map(|number| partial.has(number)), [true, false, true, false]);
    assert_eq!(partial.size_of_parts(), 2 * PART as u64);
    bring(&partial, 1);
    bring(&partial, 3);
    partial.finish().unwrap();
    drop(partial);
    let whole = std::fs::read(&place.destination.file).unwrap();
    assert_eq!(whole, [[1; PART], [2; PART], [3; PART]].concat().into_iter().chain([4; 7]).collect::<Vec<_>>());
    assert_eq!(place.names(), 1);
}

#[test]
fn a_journal_is_believed_as_far_as_it_goes_and_its_parts_after_they_were_read() {
    let place = Place::new();
    let partial = place.begin();
    (0..3).for_each(|number| bring(&partial, number));
    drop(partial);
    let (journal, parts) = (&place.destination.journal, &place.destination.partial);

    // The process ended in the middle of a line.
    let mut lines = std::fs::read(journal).unwrap();
    lines.truncate(lines.len() - 5);
    std::fs::write(journal, &lines).unwrap();
    let partial = place.resume("key").unwrap();
    assert_eq!([0, 1, 2].map(|number| partial.has(number)), [true, true, false]);
    bring(&partial, 2);
    drop(partial);
    assert_eq!(place.resume("key").unwrap().size_of_parts(), 3 * PART as u64, "the next line began at its beginning");

    // A disk was full for a moment: of one line there is half, and the next one comes right after it.
    let three = std::fs::read_to_string(journal).unwrap();
    let mut spoilt: Vec<_> = three.lines().collect();
    let half = format!("{}{}", &spoilt[2][..7], spoilt[2]);
    spoilt[2] = &half;
    std::fs::write(journal, spoilt.join("\n") + "\n").unwrap();
    let partial = place.resume("key").unwrap();
    assert_eq!([0, 1, 2].map(|number| partial.has(number)), [true, false, true]);
    drop(partial);
    std::fs::write(journal, three).unwrap();

    // A part is not what it was, the last one is not there at all.
    let mut bytes = std::fs::read(parts).unwrap();
    bytes[1] ^= 1;
    bytes.truncate(2 * PART);
    std::fs::write(parts, bytes).unwrap();
    let partial = place.resume("key").unwrap();
    assert_eq!([0, 1, 2].map(|number| partial.has(number)), [false, true, false]);
    drop(partial);

    for nonsense in ["{}\n", "nonsense\n", "{\"version\":2}\n", "no end of a line"] {
        std::fs::write(journal, nonsense).unwrap();
        assert!(place.resume("key").is_none(), "{nonsense}");
    }
    std::fs::remove_file(parts).unwrap();
    std::fs::write(journal, lines).unwrap();
    assert!(place.resume("key").is_none(), "no parts");
    std::fs::write(journal, "").unwrap();
    assert!(place.resume("key").is_none() && place.names() == 0, "of use to nobody");
}

#[test]
fn nothing_stays_of_what_nobody_can_go_on_with() {
    let place = Place::new();
    drop(place.begin());
    assert_eq!(place.names(), 0, "not a part");
    drop(place.turn());
    assert_eq!(place.names(), 0, "not a request");
    // Without a tag nobody could tell later whether it is the same object.
    let partial = place.turn().begin(heading("key", None)).unwrap();
    bring(&partial, 0);
    drop(partial);
    assert_eq!(place.names(), 0);
    let partial = place.begin();
    bring(&partial, 0);
    partial.discard();
    drop(partial);
    assert_eq!(place.names(), 0);
}

#[test]
fn only_one_has_the_turn_and_a_lock_without_a_name_is_none() {
    let place = Place::new();
    let turn = place.turn();
    assert!(Turn::take(&place.destination).unwrap().is_none());
    let other = Destination::find(&place.folder.path().join("a nama.bin")).unwrap();
    assert!(Turn::take(&other).unwrap().is_some(), "another file");
    drop(turn);
    place.turn();
}

#[test]
fn a_checksum_is_put_together_or_computed_of_the_file() {
    let place = Place::new();
    let partial = place.begin();
    (0..4).for_each(|number| bring(&partial, number));
    let whole = std::fs::read(&place.destination.partial).unwrap();
    let checksum = |algorithm: &str, value: &[u8], is_of_whole_object| ObjectChecksum {
        algorithm: algorithm.to_owned(),
        value: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, value),
        is_of_whole_object,
    };
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, &whole).to_be_bytes();
    let is_right = |checksum| partial.is_right(&checksum).unwrap();
    assert_eq!(is_right(checksum("CRC64NVME", &crc, true)), Some(true));
    assert_eq!(is_right(checksum("CRC64NVME", &[0; 8], true)), Some(false));
    assert_eq!(is_right(checksum("SHA256", &Sha256::digest(&whole), true)), Some(true));
    assert_eq!(is_right(checksum("SHA256", &[0; 32], true)), Some(false));
    assert_eq!(is_right(checksum("CRC64NVME", &crc, false)), None);
    assert_eq!(is_right(checksum("XXHASH3", &crc, true)), None);
}

#[cfg(unix)]
#[test]
fn nobody_leads_a_download_elsewhere() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let place = Place::new();
    let victim = place.folder.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    symlink(&victim, &place.destination.journal).unwrap();
    assert!(matches!(Turn::take(&place.destination), Err(SessionError::LocalFile { .. })));
    std::fs::remove_file(&place.destination.journal).unwrap();

    let partial = place.begin();
    bring(&partial, 0);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.destination.partial), mode(&place.destination.journal)), (0o600, 0o600));
    drop(partial);
    std::fs::remove_file(&place.destination.partial).unwrap();
    symlink(&victim, &place.destination.partial).unwrap();
    assert!(place.turn().resume("bucket", "key").is_err());
    drop(place.begin());
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
}

/// Where nothing can be locked, or somebody meddles.
#[cfg(unix)]
#[test]
fn another_s_file_does_not_become_the_whole() {
    let place = Place::new();
    let partial = place.begin();
    (0..4).for_each(|number| bring(&partial, number));
    std::fs::remove_file(&place.destination.partial).unwrap();
    std::fs::write(&place.destination.partial, "another's").unwrap();
    assert!(matches!(partial.finish(), Err(SessionError::LocalFile { .. })));
    drop(partial);
    assert!(!place.destination.file.exists());
    assert_eq!(std::fs::read(&place.destination.partial).unwrap(), b"another's");
}
