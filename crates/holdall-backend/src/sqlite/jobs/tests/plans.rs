//! Every frequent statement goes by an index, whatever the queue holds.

use rusqlite::Connection;

use super::{folder, open};
use crate::sqlite::jobs::{attention, forget, list, read, turn};

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let count = statement.parameter_count();
    let rows = statement
        .query_map(rusqlite::params_from_iter(vec![1_i64; count]), |row| row.get::<_, String>(3))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn no_statement_of_a_worker_scans_or_sorts() {
    let (_folder, path) = folder();
    let jobs = open(&path);
    let mut statements = vec![
        ("claim", turn::CLAIM, "tasks_live"),
        ("worth it", turn::WORTH_IT, "tasks_live"),
        ("change", turn::CHANGE, "id=?"),
        ("lost", attention::LOST, "tasks_live"),
        ("overdue", attention::OVERDUE, "tasks_expires"),
        ("next of a queue", attention::NEXT_OF_QUEUE, "tasks_live"),
        ("next of all", attention::NEXT_OF_ALL, "tasks_forget"),
        ("forget", forget::FORGET, "tasks_forget"),
        ("purge", forget::PURGE, "tasks_ended"),
    ];
    statements.extend(turn::PROMOTE.map(|sql| ("promote", sql, "tasks_live")));
    statements.extend(attention::OTHER_BOOT.map(|sql| ("other boot", sql, "tasks_live")));
    jobs.read(|connection| {
        for (name, sql, index) in &statements {
            let plan = plan(connection, sql);
            let text = format!("{name}: {plan:#?}");
            assert!(
                !plan.iter().any(|step| step.contains("SCAN tasks") || step.contains("TEMP B-TREE")),
                "{text}"
            );
            assert!(plan.iter().any(|step| step.contains(index)), "{text}");
            assert!(!plan.iter().any(|step| step.contains("AUTOMATIC")), "{text}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_claim_finds_its_task_by_all_of_the_index() {
    let (_folder, path) = folder();
    open(&path)
        .read(|connection| {
            let step = "SEARCH tasks USING INDEX tasks_live (state=? AND queue=? AND boot=?)";
            assert!(plan(connection, turn::CLAIM).iter().any(|found| found == step));
            Ok(())
        })
        .unwrap();
}

#[test]
fn counts_read_indexes_alone() {
    let (_folder, path) = folder();
    open(&path)
        .read(|connection| {
            for sql in [list::COUNTS, read::ALL_UNFINISHED] {
                let plan = plan(connection, sql);
                let mut steps = plan.iter().filter(|step| step.contains(" tasks ")).peekable();
                assert!(steps.peek().is_some(), "{plan:#?}");
                assert!(steps.all(|step| step.contains("COVERING INDEX")), "{plan:#?}");
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_statement_is_prepared_once() {
    let (_folder, path) = folder();
    let jobs = open(&path);
    for at in 0..20 {
        super::add(&jobs, &at.to_string(), b"x");
    }
    jobs.read(|connection| {
        let mut statement = connection.prepare(turn::CLAIM)?;
        for at in 0..10_i64 {
            let mut rows = statement.query(rusqlite::params![1, at, at, at, "worker"])?;
            while rows.next()?.is_some() {}
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
        Ok(())
    })
    .unwrap();
}
