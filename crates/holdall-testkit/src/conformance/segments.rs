//! Values with large parts behind their payload.

use std::io::{Read, Seek, SeekFrom};

use holdall_backend::{Condition, Record, Segments, Stored, Tail, Version};
use holdall_frame::{Frame, Hasher, Header, Table};
use holdall_types::{Codec, Error, ErrorKind, Result};

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("segments of every size come back, each by itself", sizes),
    ("segments may be left unread, and are where they are said to be", unread),
    ("segments go with their value", life),
    ("matches counts segments by their hashes", matches),
    ("segments in several calls at once", many),
    ("segments expire with their value", expiry),
    ("a write that fails in its segments leaves the former value", failure),
];

/// Segments as a store would pour them.
#[derive(Debug)]
struct Parts {
    header: Header,
    body: Vec<u8>,
    segments: Vec<Vec<u8>>,
    fails: bool,
}

impl Parts {
    fn new(subject: &Subject, name: &str, body: &[u8], segments: &[Vec<u8>], expires: Option<u64>) -> Self {
        let named = subject.store.key_in_header(&key(name)).then(|| name.to_owned());
        let lengths = segments.iter().map(|segment| segment.len() as u64);
        let table = Table::unhashed(body.len() as u64, lengths, false).unwrap();
        let header = Header { expires, key: named, table: Some(table), ..Header::plain(Codec::Cbor) };
        Self { header, body: body.to_vec(), segments: segments.to_vec(), fails: false }
    }

    fn table(&self) -> &Table {
        self.header.table.as_ref().unwrap()
    }

    /// Header and body, as they come back.
    fn front(&self) -> Vec<u8> {
        let header = self.pour(0, &mut |_| Ok(())).unwrap();
        [header, self.body.clone()].concat()
    }

    fn put(&self, subject: &Subject, name: &str, condition: Condition) -> Result<bool> {
        let header = self.header.draft(None).unwrap();
        subject.store.put(&key(name), &self.record(&header), condition, NOW)
    }

    fn record<'a>(&'a self, header: &'a [u8]) -> Record<'a> {
        Record { header, body: &self.body, text: false, expires: self.header.expires, tail: Some(self) }
    }
}

impl Tail for Parts {
    fn size(&self, base: usize) -> u64 {
        self.table().end(base as u64) - (base + self.body.len()) as u64
    }

    fn pour(&self, base: usize, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Vec<u8>> {
        let mut table = self.table().clone();
        let mut at = (base + self.body.len()) as u64;
        for ((segment, place), entry) in
            self.segments.iter().zip(self.table().places(base as u64)).zip(&mut table.segments)
        {
            write(&vec![0; (place.start - at) as usize])?;
            let mut hasher = Hasher::new(false);
            for piece in segment.chunks(100_000) {
                hasher.update(piece);
                write(piece)?;
            }
            entry.hash = hasher.finish();
            at = place.end;
        }
        if self.fails {
            return Err(Error::new(ErrorKind::Serialization, "it fails in the end"));
        }
        Header { table: Some(table), ..self.header.clone() }.write(&self.body, None)
    }
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn buffers(stored: &Stored) -> Vec<Vec<u8>> {
    match &stored.segments {
        Segments::Read(buffers) => buffers.iter().map(|buffer| buffer.to_vec()).collect(),
        Segments::Unread(unread) => {
            let mut file = &unread.file;
            let mut read = |place: &std::ops::Range<u64>| {
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(place.start)).unwrap();
                file.take(place.end - place.start).read_to_end(&mut bytes).unwrap();
                bytes
            };
            unread.places.iter().map(&mut read).collect()
        }
    }
}

fn check(stored: &Stored, parts: &Parts) {
    assert!(stored.bytes == parts.front(), "header and payload in one piece");
    Frame::read_front(&stored.bytes).unwrap();
    assert!(buffers(stored) == parts.segments, "the segments as they were written");
}

fn sizes(subject: &Subject) {
    for (body, segments) in [
        (0, &[0][..]),
        (0, &[1]),
        (4, &[63, 64, 65, 0, 1]),
        (200_000, &[100_000, 4 << 20, 3]),
        (4, &[(4 << 20) - 1, (4 << 20) + 1]),
        (4, &[64; 3000]),
    ] {
        let segments: Vec<Vec<u8>> = segments.iter().map(|size| bytes(*size)).collect();
        let parts = Parts::new(subject, "key", &bytes(body), &segments, None);
        assert!(parts.put(subject, "key", Condition::Any).unwrap());
        check(&subject.stored("key").unwrap(), &parts);
        let (head, front) = (subject.head("key").unwrap(), parts.front());
        let common = head.start.len().min(front.len());
        assert!(head.start[..common] == front[..common], "head is the beginning");
        let (header, length) = Header::read(&head.start).unwrap().unwrap();
        let base = if subject.store.capability().header_beside { 0 } else { length as u64 };
        let table = header.table.unwrap();
        assert_eq!(head.size, length as u64 + table.end(base) - base, "the size counts all of it");
    }
}

fn unread(subject: &Subject) {
    assert!(subject.store.get_unread(&key("key"), NOW).unwrap().is_none(), "a missing key");
    let parts = Parts::new(subject, "key", b"body", &[bytes(70_000), bytes(5)], None);
    assert!(parts.put(subject, "key", Condition::Any).unwrap());
    let stored = subject.store.get_unread(&key("key"), NOW).unwrap().unwrap();
    if let Segments::Unread(unread) = &stored.segments {
        assert!(unread.places.iter().all(|place| place.start % 64 == 0), "aligned in the file");
    }
    // What was opened stays what it was.
    subject.put("key", b"other");
    check(&stored, &parts);
    let plain = subject.store.get_unread(&key("key"), NOW).unwrap().unwrap();
    assert_eq!((&plain.bytes[..], plain.segments.count()), (&b"other"[..], 0), "a value that has none");
}

fn life(subject: &Subject) {
    let parts = Parts::new(subject, "key", b"body", &[bytes(30_000)], None);
    for round in 0..3 {
        assert!(parts.put(subject, "key", Condition::Any).unwrap());
        check(&subject.stored("key").unwrap(), &parts);
        match round {
            0 => subject.put("key", b"small"),
            1 => assert!(subject.delete("key")),
            _ => assert!(subject.take("key").is_some()),
        }
        assert_eq!(subject.get("key"), (round == 0).then(|| b"small".to_vec()));
    }
    assert!(parts.put(subject, "key", Condition::Absent).unwrap());
    assert!(!parts.put(subject, "key", Condition::Absent).unwrap());
    subject.store.clear().unwrap();
    assert_eq!(subject.count(), 0);
}

fn matches(subject: &Subject) {
    let [one, two] = [1, 2].map(|byte| Parts::new(subject, "key", b"body", &[vec![byte; 70_000]], None));
    assert!(one.put(subject, "key", Condition::Any).unwrap());
    let seen = subject.version("key");
    assert_eq!(seen, Version::of(&one.front()));
    let other = Condition::Matches(Version::of(&two.front()));
    assert!(
        !two.put(subject, "key", other).unwrap(),
        "the same payload with other segments is another value"
    );
    check(&subject.stored("key").unwrap(), &one);
    assert!(two.put(subject, "key", Condition::Matches(seen)).unwrap());
    check(&subject.stored("key").unwrap(), &two);
    assert!(!subject.store.delete(&key("key"), Condition::Matches(seen), NOW).unwrap());
    assert!(subject.store.delete(&key("key"), other, NOW).unwrap());
}

fn many(subject: &Subject) {
    let one = Parts::new(subject, "a", b"1", &[bytes(70_000), bytes(10)], None);
    let two = Parts::new(subject, "b/c", b"2", &[bytes(0)], None);
    let (first, second) = (one.header.draft(None).unwrap(), two.header.draft(None).unwrap());
    let small = Record { header: b"", body: b"small", text: true, expires: None, tail: None };
    let items = [(key("a"), one.record(&first)), (key("s"), small), (key("b/c"), two.record(&second))];
    subject.store.put_many(&items, NOW).unwrap();
    let found = subject.store.get_many(&["b/c", "x", "a", "s"].map(key), NOW).unwrap();
    check(found[0].as_ref().unwrap(), &two);
    assert!(found[1].is_none());
    check(found[2].as_ref().unwrap(), &one);
    assert_eq!(found[3].as_ref().unwrap().segments.count(), 0);
}

fn expiry(subject: &Subject) {
    let parts = Parts::new(subject, "key", b"body", &[bytes(70_000)], Some(NOW + 10));
    assert!(parts.put(subject, "key", Condition::Any).unwrap());
    check(&subject.stored("key").unwrap(), &parts);
    assert_eq!(subject.listed_at("", NOW + 9), ["key"]);
    assert!(subject.store.get_unread(&key("key"), NOW + 10).unwrap().is_none());
    assert!(subject.store.get(&key("key"), NOW + 10).unwrap().is_none());
}

fn failure(subject: &Subject) {
    let mut parts = Parts::new(subject, "key", b"body", &[bytes(3 << 20)], None);
    parts.fails = true;
    let kind = |result: Result<bool>| result.unwrap_err().kind();
    assert_eq!(kind(parts.put(subject, "key", Condition::Any)), ErrorKind::Serialization);
    assert_eq!(subject.get("key"), None, "nothing was written");
    subject.put("key", b"former");
    assert_eq!(kind(parts.put(subject, "key", Condition::Any)), ErrorKind::Serialization);
    assert_eq!(subject.get("key").unwrap(), b"former");
    let header = parts.header.draft(None).unwrap();
    let many = [(key("key"), parts.record(&header))];
    assert_eq!(subject.store.put_many(&many, NOW).unwrap_err().kind(), ErrorKind::Serialization);
    assert_eq!(subject.get("key").unwrap(), b"former");
}
