//! The grammar, told by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use holdall_flow::digest::{Digest, Digester, Recall, Stream, Tag};

fn digest(tell: impl FnOnce(&mut Digester)) -> Digest {
    let mut digester = Digester::default();
    tell(&mut digester);
    digester.finish()
}

fn open(out: &mut Digester, tag: Tag) {
    out.open(tag, None, Recall::Nothing);
}

fn list(out: &mut Digester, items: &[i64]) {
    open(out, Tag::List);
    items.iter().for_each(|item| out.integer(*item));
    out.close().unwrap();
}

fn set(out: &mut Digester, items: &[i64]) {
    open(out, Tag::Set);
    for item in items {
        out.item().unwrap();
        out.integer(*item);
    }
    out.close().unwrap();
}

/// The fingerprint of a value whose run this is.
fn expected(run: &[u8]) -> Digest {
    let mut bytes = vec![1];
    if run.len() > 128 {
        bytes.push(Tag::Digest as u8);
        bytes.extend(blake3::hash(run).as_bytes());
    } else {
        bytes.extend(run);
    }
    *blake3::hash(&bytes).as_bytes()
}

#[test]
fn a_fingerprint_is_the_hash_of_a_version_and_a_run() {
    let run = [Tag::Integer as u8, 5, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(digest(|out| out.integer(5)), expected(&run));
}

#[test]
fn a_long_run_is_its_hash() {
    let mut run = vec![Tag::Bytes as u8, 0xC8, 1];
    run.extend([7; 200]);
    assert_eq!(digest(|out| out.bytes(Tag::Bytes, &[7; 200])), expected(&run));
}

#[test]
fn pieces_make_the_same_value_as_the_whole() {
    for length in [0, 1, 125, 126, 127, 128, 129, 1000, 100_000] {
        let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let whole = digest(|out| out.bytes(Tag::Bytes, &bytes));
        for piece in [1, 7, 64, 1024] {
            let mut stream = Stream::new(Tag::Bytes, length);
            bytes.chunks(piece).for_each(|piece| stream.update(piece));
            assert_eq!(digest(|out| out.stream(&stream)), whole, "{length} bytes by {piece}");
        }
    }
}

#[test]
fn what_is_spilled_counts_as_what_waits() {
    for count in [0, 1, 13, 14, 15, 3640, 3641, 3642, 10_000] {
        let items: Vec<i64> = (0..count).collect();
        let mut run = vec![Tag::List as u8];
        for item in &items {
            run.push(Tag::Integer as u8);
            run.extend(item.to_le_bytes());
        }
        run.push(Tag::End as u8);
        assert_eq!(digest(|out| list(out, &items)), expected(&run), "{count} items");
    }
}

#[test]
fn the_order_of_a_set_does_not_count() {
    for count in [2, 10, 10_000] {
        let items: Vec<i64> = (0..count).collect();
        let back: Vec<i64> = items.iter().rev().copied().collect();
        assert_eq!(digest(|out| set(out, &items)), digest(|out| set(out, &back)));
        assert_ne!(digest(|out| list(out, &items)), digest(|out| list(out, &back)));
        assert_ne!(digest(|out| set(out, &items)), digest(|out| set(out, &back[1..])));
    }
}

#[test]
fn what_was_met_is_as_if_it_was_told_again() {
    for count in [1, 100] {
        let items: Vec<i64> = (0..count).collect();
        let shared = digest(|out| {
            open(out, Tag::Tuple);
            for _ in 0..3 {
                if !out.met(1) {
                    out.open(Tag::List, Some(1), Recall::Always);
                    items.iter().for_each(|item| out.integer(*item));
                    assert!(out.close().unwrap());
                }
            }
            out.close().unwrap();
        });
        let apart = digest(|out| {
            open(out, Tag::Tuple);
            (0..3).for_each(|_| list(out, &items));
            out.close().unwrap();
        });
        assert_eq!(shared, apart);
    }
}

/// A ring of lists, entered at one of them; each holds its number.
fn ring(out: &mut Digester, first: usize, size: usize) {
    let mut count = 0;
    for at in (first..=first + size).map(|at| at % size) {
        if out.met(at + 1) {
            break;
        }
        out.open(Tag::List, Some(at + 1), Recall::IfLong);
        out.integer(at as i64);
        count += 1;
    }
    for _ in 0..count {
        out.close().unwrap();
    }
}

#[test]
fn a_cycle_is_the_same_wherever_it_stands() {
    let both = |second: usize| {
        digest(|out| {
            open(out, Tag::Tuple);
            // What comes before and is complete leaves no trace in the numbers.
            (0..second).for_each(|_| list(out, &[1]));
            ring(out, 0, 3);
            out.close().unwrap();
        })
    };
    // The run of a ring is short, so that the runs of both can be made by hand.
    let inner = |at: u8| {
        let mut run = vec![Tag::List as u8, Tag::Integer as u8, at];
        run.extend([0; 7]);
        run
    };
    let mut cycle: Vec<u8> = (0..3).flat_map(inner).collect();
    cycle.extend([Tag::Back as u8, 3, Tag::End as u8, Tag::End as u8, Tag::End as u8]);
    let one = [inner(1), vec![Tag::End as u8]].concat();
    for second in 0..3 {
        let run = [vec![Tag::Tuple as u8], one.repeat(second), cycle.clone(), vec![Tag::End as u8]];
        assert_eq!(both(second), expected(&run.concat()), "after {second}");
    }
    assert_ne!(digest(|out| ring(out, 0, 3)), digest(|out| ring(out, 1, 3)));
    assert_ne!(digest(|out| ring(out, 0, 3)), digest(|out| ring(out, 0, 4)));
}

#[test]
fn items_of_a_set_forget_each_other_whatever_their_order() {
    let rings = |order: [usize; 3]| {
        digest(|out| {
            open(out, Tag::Set);
            for first in order {
                out.item().unwrap();
                ring(out, first, 3);
            }
            out.close().unwrap();
        })
    };
    assert_eq!(rings([0, 1, 2]), rings([2, 0, 1]));
    assert_eq!(rings([0, 1, 2]), rings([1, 0, 2]));
}
