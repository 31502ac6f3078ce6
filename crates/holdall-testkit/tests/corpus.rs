//! The parsers against the fuzzers' corpus, and changes of it. `fuzz/` does the same without an end.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

use holdall_testkit::mutate::{budget, mutate};
use holdall_testkit::tally::{read_cbor, read_frame, read_json};

/// All files below a folder of the repository.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let mut open: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.push(fs::read(&path).unwrap());
        }
    }
    found.sort();
    found
}

/// The golden payloads.
fn cbor() -> Vec<Vec<u8>> {
    let mut corpus = files("tests/golden/cbor/values");
    corpus.extend(files("tests/golden/cbor/refused"));
    corpus
}

#[test]
fn cbor_of_any_kind_is_read_or_refused() {
    let corpus = cbor();
    assert!(corpus.len() > 50, "{} files", corpus.len());
    assert!(mutate(&corpus, budget(), read_cbor) > 1000);
}

#[test]
fn json_of_any_kind_is_read_or_refused() {
    let corpus = files("fuzz/corpus/json_decode");
    assert!(corpus.len() > 5);
    assert!(mutate(&corpus, budget(), read_json) > 1000);
}

#[test]
fn frames_of_any_kind_are_read_or_refused() {
    let mut corpus = files("tests/golden/frames");
    corpus.extend(files("tests/golden/refused"));
    assert!(corpus.len() > 40);
    assert!(mutate(&corpus, budget(), read_frame) > 1000);
}
