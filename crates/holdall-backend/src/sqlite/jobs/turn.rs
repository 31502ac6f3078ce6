//! A worker's turn: what it says of tasks, then what it takes.

use std::collections::HashSet;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, params};

use crate::jobs::{Change, Claim, Claimed, Now, State, Task, Turn, Turned};
use crate::sqlite::fault::Outcome;
use crate::sqlite::write::integer;

use super::SqliteJobs;
use super::body::{Body, Found};
use super::row::{self, COLUMNS, columns};
use super::tables::turn_since;

// The statement of nearly all changes: no former result has to be looked for. `OR IGNORE` is for a task
// that begins again while another one has its unique key. One that was asked to stop meanwhile does not
// run again, and what is to be taken from a worker for its lease has one that has run out.
pub(super) const CHANGE: &str = concat!(
    "UPDATE OR IGNORE tasks SET state=?4,turn=iif(?4=2,",
    turn_since!("?5"),
    ",iif(?4<5,?5,0)),boot=NULL,due=?5,retried=?6,lost=?7,cancel=?8,failure=?9,ended=?10,forget=?11,\
     result_header=?12,result=?13,result_side=?14,result_size=?15 \
     WHERE id=?1 AND state=?2 AND start=?3 AND result_side IS NULL AND (cancel=0 OR ?8 OR ?4>=5) \
     AND (?16 IS NULL OR boot IS NOT ?16 OR turn<=?17) AND (?18 IS NULL OR created=?18)"
);
const STAY: &str = "UPDATE tasks SET due=?4,retried=?5,lost=?6,cancel=?7,failure=?8,result_header=?9,result=?10,\
    result_side=?11,result_size=?12 WHERE id=?1 AND state=?2 AND start=?3 AND result_side IS NULL \
    AND (?13 IS NULL OR created=?13)";
const FORMER: &str = "SELECT result_side FROM tasks WHERE id=?1 AND state=?2 AND start=?3";
const NO_FORMER: &str = "UPDATE tasks SET result_side=NULL WHERE id=?1";

const ANY_EDGE: &str = "SELECT 1 FROM edges LIMIT 1";
const NUMBER: &str = "SELECT n FROM tasks WHERE id=?1";
const CHILDREN: &str = "SELECT child FROM edges WHERE parent=?1";
const LET_GO: &str = "DELETE FROM edges WHERE parent=?1";
const LET_GO_OF: &str = "DELETE FROM edges WHERE child=?1";
const RELEASE: &str = concat!(
    "UPDATE tasks SET blockers=blockers-1,state=iif(blockers>1,0,iif(due<=?2,2,1)),turn=iif(blockers>1,turn,\
     iif(due<=?2,",
    turn_since!("?2"),
    ",due)) WHERE n=?1 AND state=0"
);

pub(super) const OPEN: &str = "SELECT id FROM queues WHERE name=?1 AND paused=0";
// One row a statement, by its number: `IN (SELECT ... LIMIT n)` builds a table in memory each time,
// which took 25 µs, five times what the rest takes.
pub(super) const PROMOTE: [&str; 2] = [
    concat!(
        "UPDATE tasks SET state=2,turn=",
        turn_since!("due"),
        " WHERE n=(SELECT n FROM tasks WHERE state=1 AND state<5 AND queue=?1 AND boot IS NULL AND turn<=?2 \
         ORDER BY turn LIMIT 1)"
    ),
    concat!(
        "UPDATE tasks SET state=2,turn=",
        turn_since!("due"),
        " WHERE n=(SELECT n FROM tasks WHERE state=4 AND state<5 AND queue=?1 AND boot IS NULL AND turn<=?2 \
         ORDER BY turn LIMIT 1)"
    ),
];
pub(super) const CLAIM: &str = concat!(
    "UPDATE tasks SET state=3,start=start+1,boot=?3,turn=?4,started=?2,worker=?5 WHERE n=(SELECT n FROM tasks \
     WHERE state=2 AND state<5 AND queue=?1 AND boot IS NULL AND (expires IS NULL OR expires>?2) \
     ORDER BY turn,n LIMIT 1) RETURNING ",
    columns!(),
    ",message_header,message,message_side,message_size"
);
/// Whether a claim may find something, so that one who would find nothing takes no lock.
pub(super) const WORTH_IT: &str = "SELECT 1 FROM queues WHERE name=?1 AND paused=0 AND (\
    EXISTS(SELECT 1 FROM tasks WHERE state=2 AND state<5 AND queue=queues.id AND boot IS NULL) OR \
    EXISTS(SELECT 1 FROM tasks WHERE state=1 AND state<5 AND queue=queues.id AND boot IS NULL AND turn<=?2) OR \
    EXISTS(SELECT 1 FROM tasks WHERE state=4 AND state<5 AND queue=queues.id AND boot IS NULL AND turn<=?2))";

/// How many due tasks a turn makes available at most; the next one goes on. When so many fall due at
/// once, a claim may take one that another, not yet looked at, should have preceded.
const PROMOTED: usize = 1_000;

/// What a row takes in the log.
const ROW: usize = 512;

/// What a transaction brought.
#[derive(Default)]
struct Done {
    made: Vec<bool>,
    /// Side files of results that were replaced.
    former: Vec<String>,
    claimed: Vec<(Task, Option<Found>)>,
}

impl SqliteJobs {
    pub(super) fn take_turn(&self, turn: &Turn<'_>, now: Now) -> Result<Turned> {
        self.usable()?.writable()?;
        turn.changes.iter().try_for_each(check)?;
        let claim = turn.claim.filter(|claim| claim.limit > 0);
        if turn.changes.is_empty() && !claim.map_or(Ok(false), |claim| self.is_worth_it(&claim, now))? {
            return Ok(Turned::default());
        }
        let results = turn.changes.iter().map(|change| change.result.as_ref());
        let results = results.map(|record| record.map(|record| self.body(record)).transpose());
        let mut results: Vec<Option<Body<'_>>> = results.collect::<Result<_>>()?;
        let writer = self.writer_within(turn.patience)?;
        results.iter_mut().flatten().try_for_each(|body| self.ensure(body))?;
        let weight: usize = results.iter().flatten().map(Body::weight).sum();
        let done = writer.transaction(|connection| {
            let mut done = Done::default();
            change_all(connection, turn.changes, &results, now, &mut done)?;
            if let Some(claim) = &claim {
                claim_all(connection, claim, now, &mut done)?;
            }
            Ok(done)
        });
        let made = done.as_ref().map(|done| done.made.as_slice()).unwrap_or_default();
        if made.contains(&true) {
            writer.announce();
        }
        let poisoned = self.base.is_poisoned();
        for (at, body) in results.into_iter().enumerate() {
            if made.get(at) == Some(&true) || poisoned {
                body.into_iter().for_each(Body::keep);
            }
        }
        let Done { made, former, claimed } = done?;
        self.side.remove_all(&former);
        writer.grew(weight + ROW * (made.len() + claimed.len()));
        drop(writer);
        let claimed = claimed.into_iter().filter_map(|(task, found)| self.deliver(task, found)).collect();
        Ok(Turned { made, claimed })
    }

    fn is_worth_it(&self, claim: &Claim<'_>, now: Now) -> Result<bool> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(WORTH_IT)?;
            for queue in claim.queues {
                if statement.exists(params![queue, integer(now.wall)])? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// A claimed task with its message. If that is lost or damaged, it has as much as there is, at most
    /// the header: no check of it holds, so that whoever opens it fails this task and no other. If its
    /// file cannot be read for now, the task is not given: its lease runs out, and it is taken again.
    fn deliver(&self, task: Task, found: Option<Found>) -> Option<Claimed> {
        let at = task.created;
        let mut found = found?;
        let message = match self.fetch(&mut found, at) {
            Ok(message) => message,
            Err(unread) if unread.is_final() => found.rest(at),
            Err(_) => return None,
        };
        Some(Claimed { task, message })
    }
}

fn check(change: &Change<'_>) -> Result<()> {
    let (from, to) = (change.from.0, change.to);
    if matches!(to, State::Running | State::Waiting) && from != to {
        let message = format!(
            "the task {} cannot go from {} to {} by a change: a task runs by being claimed, and waits from the \
             beginning",
            change.id,
            from.name(),
            to.name()
        );
        return Err(Error::new(ErrorKind::Validation, message));
    }
    Ok(())
}

fn change_all(
    connection: &Connection,
    changes: &[Change<'_>],
    results: &[Option<Body<'_>>],
    now: Now,
    done: &mut Done,
) -> Outcome<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let edges = connection.prepare_cached(ANY_EDGE)?.exists([])?;
    for (change, result) in changes.iter().zip(results) {
        let mut made = make(connection, change, result.as_ref(), now)?;
        if !made && let Some(former) = former(connection, change)? {
            made = make(connection, change, result.as_ref(), now)?;
            if made {
                done.former.push(former);
            } else {
                restore(connection, change, &former)?;
            }
        }
        if made && edges {
            release(connection, change, now)?;
        }
        done.made.push(made);
    }
    Ok(())
}

fn make(connection: &Connection, change: &Change<'_>, result: Option<&Body<'_>>, now: Now) -> Outcome<bool> {
    let Change { id, from: (state, start), lapsed, to, due, retried, lost, cancel, failure, forget, .. } =
        *change;
    let (state, due, created) = (state as u8, integer(due), change.created.map(integer));
    let header = result.map(Body::header);
    let (inline, side, size) =
        (result.and_then(Body::inline), result.and_then(Body::side), result.and_then(Body::size));
    let rows = if to == State::Running {
        let values = params![
            id, state, start, due, retried, lost, cancel, failure, header, inline, side, size, created
        ];
        connection.prepare_cached(STAY)?.execute(values)?
    } else {
        let ended = to.ended().then_some(integer(now.wall));
        let forget = forget.filter(|_| to.ended()).map(integer);
        let values = params![
            id,
            state,
            start,
            to as u8,
            due,
            retried,
            lost,
            cancel,
            failure,
            ended,
            forget,
            header,
            inline,
            side,
            size,
            lapsed.then_some(now.boot_id),
            integer(now.boot),
            created
        ];
        connection.prepare_cached(CHANGE)?.execute(values)?
    };
    Ok(rows == 1)
}

/// Takes the name of a former result's side file out of the row, if the fence holds.
fn former(connection: &Connection, change: &Change<'_>) -> Outcome<Option<String>> {
    let values = params![change.id, change.from.0 as u8, change.from.1];
    let former = connection.prepare_cached(FORMER)?.query_row(values, |row| row.get(0)).optional()?;
    let former: Option<String> = former.flatten();
    if former.is_some() {
        connection.prepare_cached(NO_FORMER)?.execute([change.id])?;
    }
    Ok(former)
}

fn restore(connection: &Connection, change: &Change<'_>, former: &str) -> Outcome<()> {
    connection.prepare_cached("UPDATE tasks SET result_side=?2 WHERE id=?1")?.execute((change.id, former))?;
    Ok(())
}

/// Lets go of what waited for an ended task, and of what an unstarted one waited for.
fn release(connection: &Connection, change: &Change<'_>, now: Now) -> Outcome<()> {
    let waited = change.from.0 == State::Waiting && change.to != State::Waiting;
    let ended = change.to.ended();
    if !waited && !ended {
        return Ok(());
    }
    let number: i64 = connection.prepare_cached(NUMBER)?.query_row([change.id], |row| row.get(0))?;
    if waited {
        connection.prepare_cached(LET_GO_OF)?.execute([number])?;
    }
    if ended {
        let children = {
            let mut statement = connection.prepare_cached(CHILDREN)?;
            let rows = statement.query_map([number], |row| row.get(0))?;
            rows.collect::<Result<Vec<i64>, _>>()?
        };
        if children.is_empty() {
            return Ok(());
        }
        let mut statement = connection.prepare_cached(RELEASE)?;
        for child in children {
            statement.execute([child, integer(now.wall)])?;
        }
        connection.prepare_cached(LET_GO)?.execute([number])?;
    }
    Ok(())
}

fn claim_all(connection: &Connection, claim: &Claim<'_>, now: Now, done: &mut Done) -> Outcome<()> {
    let (wall, until) = (integer(now.wall), integer(now.boot.saturating_add(claim.lease_ms)));
    let mut seen = HashSet::new();
    let mut promoted = 0;
    for name in claim.queues {
        let open = connection.prepare_cached(OPEN)?.query_row([name], |row| row.get(0)).optional()?;
        let Some(queue): Option<i64> = open.filter(|queue| seen.insert(*queue)) else { continue };
        for sql in PROMOTE {
            let mut statement = connection.prepare_cached(sql)?;
            while promoted < PROMOTED && statement.execute([queue, wall])? == 1 {
                promoted += 1;
            }
        }
        let mut statement = connection.prepare_cached(CLAIM)?;
        while done.claimed.len() < claim.limit {
            let mut rows = statement.query(params![queue, wall, now.boot_id, until, claim.worker])?;
            let Some(row) = rows.next()? else { break };
            done.claimed.push((row::task(row)?, Found::read(row, COLUMNS)?));
            // To its end, or the change would be undone.
            while rows.next()?.is_some() {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_statements_of_promotion_are_for_their_state() {
        assert!(PROMOTE[0].contains(&format!("state={} ", State::Scheduled as u8)));
        assert!(PROMOTE[1].contains(&format!("state={} ", State::Retryable as u8)));
    }
}
