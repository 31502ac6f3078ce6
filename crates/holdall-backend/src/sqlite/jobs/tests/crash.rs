//! Processes killed at any moment lose nothing that was acknowledged.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;

use super::{AT, CLAIM, change, folder, open, record, task};
use crate::jobs::{Insert, Jobs, Now, State, Turn};
use crate::sqlite::tests::child::command;

/// Whether the body of this number is kept in a file.
fn body(number: u64) -> Vec<u8> {
    vec![b'x'; if number.is_multiple_of(7) { 40_000 } else { 100 }]
}

/// Inserts, claims and ends until it is killed, and says each time what is acknowledged by now. What it
/// says comes after the call that it speaks of, and before the next one.
pub(in crate::sqlite) fn works(path: &Path) {
    let jobs = open(path);
    let pid = std::process::id();
    println!("<<ready>>");
    let mut running = Vec::new();
    for round in 0_u64.. {
        let ids: Vec<String> = (0..1 + round % 4).map(|at| format!("{pid}-{round}-{at}")).collect();
        let message = body(round);
        let tasks: Vec<_> =
            ids.iter().map(|id| Insert { message: record(&message), ..task(id, b"") }).collect();
        jobs.insert(&tasks, None, AT).unwrap();
        ids.iter().for_each(|id| println!("inserted {id} {}", message.len()));
        let result = body(round + 3);
        let changes: Vec<_> = running
            .iter()
            .map(|(id, start): &(String, u32)| {
                change(id, (State::Running, *start), State::Completed, Some(&result))
            })
            .collect();
        let claim = crate::jobs::Claim { limit: 2, ..CLAIM };
        let turned = jobs.turn(&Turn { changes: &changes, claim: Some(claim), patience: None }, AT).unwrap();
        for ((id, _), made) in running.iter().zip(turned.made) {
            assert!(made, "nobody else runs {id}");
            println!("completed {id} {}", result.len());
        }
        running = turned.claimed.into_iter().map(|claimed| (claimed.task.id, claimed.task.start)).collect();
        running.iter().for_each(|(id, start)| println!("claimed {id} {start}"));
    }
}

/// Inserts one task for each line that it is given.
pub(in crate::sqlite) fn inserts_when_told(path: &Path) {
    let jobs = open(path);
    println!("<<ready>>");
    for (at, line) in std::io::stdin().lines().enumerate() {
        drop(line.unwrap());
        super::add(&jobs, &at.to_string(), b"x");
    }
}

#[derive(Default)]
struct Acknowledged {
    inserted: HashMap<String, usize>,
    claimed: HashMap<String, u32>,
    completed: HashMap<String, usize>,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(what), Some(id), Some(number)) = (words.next(), words.next(), words.next()) else { return };
        let (id, Ok(number)) = (id.to_owned(), number.parse::<usize>()) else { return };
        match what {
            "inserted" => drop(self.inserted.insert(id, number)),
            "claimed" => drop(self.claimed.insert(id, u32::try_from(number).unwrap())),
            "completed" => drop(self.completed.insert(id, number)),
            _ => {}
        }
    }

    fn check(&self, path: &Path) {
        let jobs = open(path);
        for (id, size) in &self.inserted {
            let message = jobs.message(id).unwrap().unwrap_or_else(|| panic!("{id} was lost"));
            assert_eq!(message.message.bytes.len(), size + 4, "{id}");
        }
        for (id, start) in &self.claimed {
            let found = jobs.task(id).unwrap().unwrap();
            assert!(found.start >= *start, "the start of {id} was lost");
            assert!(found.start > *start || found.state >= State::Running, "{id} is {:?}", found.state);
        }
        for (id, size) in &self.completed {
            let outcome = jobs.outcome(id).unwrap().unwrap();
            assert_eq!(outcome.task.state, State::Completed, "{id}");
            assert_eq!(outcome.result.unwrap().bytes.len(), size + 4, "{id}");
        }
    }
}

/// What a keeper does: tasks of dead workers become available again.
fn rescue(path: &Path) {
    let jobs = open(path);
    let late = Now { boot: AT.boot + 10_000, ..AT };
    for lost in jobs.attention(1_000, late).unwrap().lost {
        super::make(&jobs, change(&lost.id, (State::Running, lost.start), State::Available, None));
    }
}

#[test]
fn killed_processes_lose_nothing_that_was_acknowledged() {
    // `HOLDALL_KILLS=1000` for longer.
    let kills: u64 = std::env::var("HOLDALL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12);
    let (_folder, path) = folder();
    drop(open(&path));
    let mut known = Acknowledged::default();
    for kill in 0..kills {
        let mut child = command("works", &path).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = out.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("<<ready>>")), "it did not start");
        let first = lines.next().unwrap();
        // At a moment that differs each time, in the middle of whatever it does.
        let moment = Duration::from_micros(kill * 7_919 % 60_000);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        // The last line may be cut off, and is then not acknowledged.
        let lines: Vec<String> = std::iter::once(first).chain(lines).collect();
        killer.join().unwrap();
        lines[..lines.len() - 1].iter().for_each(|line| known.hear(line));
        known.check(&path);
        let check: String = Connection::open(&path)
            .unwrap()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
        rescue(&path);
    }
    println!(
        "{kills} kills: {} inserted, {} claimed, {} completed",
        known.inserted.len(),
        known.claimed.len(),
        known.completed.len()
    );
    assert!(known.completed.len() > usize::try_from(kills).unwrap());
}
