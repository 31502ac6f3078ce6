//! Several processes on one folder: this test program plays the others.

use std::env::var;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use holdall_backend::{Condition, Version};
use holdall_testkit::conformance::Subject;

use super::support::{ROLE, ROOT, folder, open, other, values};

const STEPS: usize = 100;

/// What the other process does.
#[test]
#[ignore = "a part of the tests below, in a process of its own"]
fn play() {
    let subject = open(Path::new(&var(ROOT).unwrap()));
    match var(ROLE).unwrap().as_str() {
        "overwrite" => overwrite(&subject),
        "children" => children(&subject),
        "count" => count(&subject),
        "take" => (0..STEPS).for_each(|at| {
            if subject.take(&format!("job{at}")).is_some() {
                println!("took {at}");
            }
        }),
        "write" => {
            for at in 0.. {
                subject.put(&format!("{}/{at}", at % 7), &body(at));
                println!("wrote {at}");
            }
        }
        "full" => super::faults::fill(&subject),
        "read-only" => super::faults::read_only(&subject),
        role => panic!("no such role: {role}"),
    }
}

fn body(at: usize) -> Vec<u8> {
    at.to_string().repeat(1 + at % 5000).into_bytes()
}

fn sizes() -> [Vec<u8>; 3] {
    [vec![b'a'; 10], vec![b'b'; 70_000], vec![b'c'; 300_000]]
}

fn overwrite(subject: &Subject) {
    let values = sizes();
    (0..5 * STEPS).for_each(|at| subject.put("deep/key", &values[at % 3]));
}

fn children(subject: &Subject) {
    for _ in 0..3 * STEPS {
        subject.put("p/q", b"child");
        assert!(subject.delete("p/q"));
    }
}

fn count(subject: &Subject) {
    for _ in 0..STEPS {
        loop {
            let digits = subject.get("count").unwrap();
            let next: usize = std::str::from_utf8(&digits).unwrap().parse::<usize>().unwrap() + 1;
            if subject.put_if("count", next.to_string().as_bytes(), Condition::Matches(Version::of(&digits)))
            {
                break;
            }
        }
    }
}

/// Looks again and again while the other process is at work; it must end well.
fn meanwhile(mut child: Child, mut look: impl FnMut()) -> usize {
    let mut looks = 0;
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        look();
        looks += 1;
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the other process failed");
            return looks;
        }
        assert!(Instant::now() < end, "the other process hangs");
    }
}

#[test]
fn no_reader_sees_half_a_value_or_none() {
    let (_folder, root) = folder();
    let subject = open(&root);
    let values = sizes();
    subject.put("deep/key", &values[0]);
    let child = other("overwrite", &root).stdout(Stdio::null()).spawn().unwrap();
    let mut seen = [0; 3];
    meanwhile(child, || {
        let found = subject.get("deep/key").expect("the key is always there");
        let at = values.iter().position(|value| *value == found);
        seen[at.unwrap_or_else(|| panic!("half a value: {} bytes", found.len()))] += 1;
    });
    assert!(seen.iter().all(|count| *count > 0), "the reader saw the writer at work: {seen:?}");
}

#[test]
fn a_key_stays_readable_while_keys_below_it_come_and_go() {
    let (_folder, root) = folder();
    let subject = open(&root);
    for round in 0..10 {
        // A plain file each time, so that it becomes a folder again.
        subject.put("p", b"parent");
        assert_eq!(values(&root), ["p"], "round {round}");
        let child = other("children", &root).stdout(Stdio::null()).spawn().unwrap();
        let mut listed = 0;
        let looks = meanwhile(child, || {
            assert_eq!(subject.get("p").as_deref(), Some(&b"parent"[..]), "round {round}");
            assert!(subject.head("p").is_some_and(|head| head.size == 6), "round {round}");
            listed += subject.listed("p").iter().filter(|key| *key == "p").count();
        });
        assert_eq!(listed, looks, "round {round}: it is always listed, once");
        assert!(subject.delete("p"));
        assert_eq!(values(&root), [""; 0], "round {round}");
    }
}

#[test]
fn writers_of_a_key_and_of_keys_below_it_do_not_disturb_each_other() {
    let (_folder, root) = folder();
    let subject = open(&root);
    let child = other("children", &root).stdout(Stdio::null()).spawn().unwrap();
    meanwhile(child, || {
        assert!(subject.put_if("p", b"parent", Condition::Absent), "it was deleted");
        assert_eq!(subject.get("p").as_deref(), Some(&b"parent"[..]));
        assert!(subject.delete("p"), "it was there");
        assert_eq!(subject.get("p"), None);
    });
    assert_eq!(values(&root), [""; 0]);
}

#[test]
fn a_counter_by_compare_and_swap_loses_nothing() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("count", b"0");
    let children: Vec<_> =
        (0..3).map(|_| other("count", &root).stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(subject.get("count").unwrap(), (3 * STEPS).to_string().as_bytes());
}

#[test]
fn a_value_is_taken_once() {
    let (_folder, root) = folder();
    let subject = open(&root);
    (0..STEPS).for_each(|at| subject.put(&format!("job{at}"), b"x"));
    let children: Vec<_> =
        (0..3).map(|_| other("take", &root).stdout(Stdio::piped()).spawn().unwrap()).collect();
    let mut taken = Vec::new();
    for mut child in children {
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        taken.extend(text.lines().filter_map(|line| line.split_once("took ")?.1.parse::<usize>().ok()));
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..STEPS).collect::<Vec<_>>(), "each once, none lost");
    assert_eq!(subject.count(), 0);
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    let (_folder, root) = folder();
    let subject = open(&root);
    for round in 0..15 {
        subject.store.clear().unwrap();
        let mut child = other("write", &root).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        while acknowledged < 5 + 7 * round {
            let line = lines.next().unwrap().unwrap();
            acknowledged += usize::from(line.contains("wrote "));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged += lines.map_while(Result::ok).filter(|line| line.contains("wrote ")).count();
        let stored = subject.count() as usize;
        // It may have been killed between a write and its acknowledgement.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&stored),
            "round {round}: {acknowledged}, {stored}"
        );
        for at in 0..stored {
            assert!(
                subject.get(&format!("{}/{at}", at % 7)).unwrap() == body(at),
                "round {round}: value {at}"
            );
        }
        subject.put("after", b"the locks of the dead are free");
    }
}
