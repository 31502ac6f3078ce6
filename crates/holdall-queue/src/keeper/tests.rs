use std::sync::Arc;

use holdall_backend::Record;
use holdall_backend::jobs::{Claim, State, Task};
use holdall_backend::memory::MemoryJobs;
use holdall_frame::Keyset;
use holdall_types::{Codec, ErrorKind};

use super::*;
use crate::envelope::{Beside, Cargo, Function, Message, open_task};
use crate::failure::Failure;

// A Wednesday, 12:00 UTC.
const NOW: Now = Now { wall: 1_700_049_600_000, boot: 1_000_000, boot_id: 7 };
const MINUTE: u64 = 60_000;

fn later(wall: u64, boot: u64) -> Now {
    Now { wall: NOW.wall + wall, boot: NOW.boot + boot, ..NOW }
}

fn keys() -> (Keyring, Arc<Keyset>) {
    let keyring = Keyring::new(Some(Keyset::generate().unwrap().to_text()));
    let keyset = keyring.for_signing().unwrap();
    (keyring, keyset)
}

fn work(id: &str) -> Insert<'_> {
    Insert {
        id,
        queue: "default",
        name: "app:work",
        priority: 0,
        due: None,
        expires: None,
        unique: None,
        options: None,
        after: &[],
        message: Record { header: &[], body: b"{}", text: false, expires: None, tail: None },
    }
}

fn claim(jobs: &dyn Jobs, limit: usize, now: Now) -> usize {
    let claim = Claim { queues: &["default"], limit, worker: "w", lease_ms: MINUTE };
    jobs.turn(&Turn { changes: &[], claim: Some(claim), patience: None }, now).unwrap().claimed.len()
}

fn task(jobs: &dyn Jobs, id: &str) -> Task {
    jobs.task(id).unwrap().unwrap()
}

fn cron(name: &str, expression: &str, next: u64, keyset: &Arc<Keyset>) -> Cron {
    let message = Message {
        function: Function::Named("app:work"),
        after: vec![],
        arguments: Cargo::Encoded(Codec::Json, b"[[1],{}]"),
    };
    let signed = message.sign(Beside::default(), &context(name), keyset).unwrap();
    let template = Template {
        queue: "default".into(),
        name: "app:work".into(),
        options: Some(r#"{"retries":3}"#.into()),
        unique: None,
        priority: 4,
        expires_ms: Some(10 * MINUTE),
    };
    Cron {
        name: name.into(),
        expression: expression.into(),
        next,
        template: template.write(),
        message: signed.whole().unwrap(),
    }
}

#[test]
fn a_dead_workers_task_runs_again_until_it_is_dead() {
    let (jobs, (keyring, _)) = (MemoryJobs::open(), keys());
    let options = Some(r#"{"max_lost":1,"result_ttl":1}"#);
    jobs.insert(&[Insert { options, ..work("a") }], None, NOW).unwrap();
    assert_eq!(claim(&jobs, 1, NOW), 1);
    let when = attend(&jobs, &keyring, later(0, MINUTE - 1)).unwrap();
    assert!(when.moved.is_empty(), "its lease runs");
    assert_eq!(when.wait(later(0, MINUTE - 1)), Duration::from_millis(1));
    // The wall clock has no say in it.
    assert!(attend(&jobs, &keyring, later(1000 * MINUTE, MINUTE - 1)).unwrap().moved.is_empty());
    let when = attend(&jobs, &keyring, later(0, MINUTE)).unwrap();
    assert_eq!(
        when.moved.iter().map(|moved| (moved.to, moved.lost)).collect::<Vec<_>>(),
        [(State::Available, 1)]
    );
    assert!(attend(&jobs, &keyring, later(0, MINUTE)).unwrap().moved.is_empty(), "once");
    assert_eq!(claim(&jobs, 1, later(0, MINUTE)), 1);
    let rebooted = Now { boot: 0, boot_id: 8, ..NOW };
    let when = attend(&jobs, &keyring, rebooted).unwrap();
    assert_eq!(when.moved[0].to, State::Dead);
    let dead = task(&jobs, "a");
    assert!(dead.failure.is_some_and(|why| Failure::read(&why).unwrap().message.contains("lost 2 times")));
    assert_eq!((when.boot, when.wait(later(999, 0))), (None, Duration::from_millis(u64::MAX)));
    let when = attend(&jobs, &keyring, later(999, 0)).unwrap();
    assert_eq!((when.forgotten, when.wall), (0, Some(NOW.wall + 1000)));
    assert_eq!(attend(&jobs, &keyring, later(1000, 0)).unwrap().forgotten, 1);
    assert_eq!(jobs.task("a").unwrap(), None);
}

#[test]
fn what_was_not_started_in_time_expires() {
    let (jobs, (keyring, _)) = (MemoryJobs::open(), keys());
    let expires = Some(NOW.wall + MINUTE);
    let after: &[&str] = &["a"];
    jobs.insert(
        &[
            Insert { expires, ..work("a") },
            Insert { expires, ..work("b") },
            Insert { expires, after, ..work("c") },
            work("d"),
        ],
        None,
        NOW,
    )
    .unwrap();
    claim(&jobs, 1, NOW);
    let when = attend(&jobs, &keyring, NOW).unwrap();
    assert_eq!((when.moved.len(), when.wait(NOW)), (0, Duration::from_millis(MINUTE)));
    let when = attend(&jobs, &keyring, later(MINUTE, 0)).unwrap();
    assert_eq!(when.moved.len(), 2);
    let states = ["a", "b", "c", "d"].map(|id| task(&jobs, id).state);
    assert_eq!(states, [State::Running, State::Expired, State::Expired, State::Available]);
}

#[test]
fn a_call_does_so_much_and_says_that_there_is_more() {
    let (jobs, (keyring, _)) = (MemoryJobs::open(), keys());
    let names: Vec<String> = (0..2 * BATCH + 1).map(|number| number.to_string()).collect();
    let tasks: Vec<_> = names.iter().map(|name| work(name)).collect();
    jobs.insert(&tasks, None, NOW).unwrap();
    claim(&jobs, tasks.len(), NOW);
    let over = later(0, MINUTE);
    for (moved, more) in [(BATCH, true), (BATCH, true), (1, false), (0, false)] {
        let when = attend(&jobs, &keyring, over).unwrap();
        assert_eq!((when.moved.len(), when.more, when.wait(over).is_zero()), (moved, more, more));
    }
}

#[test]
fn a_schedule_fires_once_at_each_of_its_times() {
    let (jobs, (keyring, keyset)) = (MemoryJobs::open(), keys());
    let first = NOW.wall + MINUTE;
    jobs.set_cron("c", Some(&cron("c", "* * * * *", first, &keyset))).unwrap();
    let when = attend(&jobs, &keyring, NOW).unwrap();
    assert!(when.fired.is_empty() && when.wait(NOW) == Duration::from_millis(MINUTE));
    let now = later(MINUTE, 0);
    let when = attend(&jobs, &keyring, now).unwrap();
    let id = format!("cron:c:{first}");
    assert_eq!((when.fired, when.wall), (vec![id.clone()], Some(first + MINUTE)));
    assert!(attend(&jobs, &keyring, now).unwrap().fired.is_empty());
    let made = jobs.message(&id).unwrap().unwrap();
    let policy = Policy::read(made.task.options.as_deref()).unwrap();
    assert_eq!((made.task.priority, policy.retries, made.task.expires), (4, 3, Some(first + 10 * MINUTE)));
    open_task(&made.message.bytes, &made.message.segments, &id, &keyring).unwrap();
    // Nobody ran for a while: what was missed is one firing.
    let when = attend(&jobs, &keyring, later(100 * MINUTE + 1, 0)).unwrap();
    assert_eq!(when.fired, [format!("cron:c:{}", first + MINUTE)]);
    assert_eq!(when.wall, Some(NOW.wall + 101 * MINUTE));
    // The wall clock goes back: none of these times comes again.
    assert!(attend(&jobs, &keyring, later(50 * MINUTE, 0)).unwrap().fired.is_empty());
}

#[test]
fn a_broken_schedule_stops_nothing_else() {
    let (jobs, (keyring, keyset)) = (MemoryJobs::open(), keys());
    let due = NOW.wall;
    let stranger = keys().1;
    for (name, cron) in [
        ("broken", cron("broken", "* * *", due, &keyset)),
        ("copied", Cron { name: "copied".into(), ..cron("c", "* * * * *", due, &keyset) }),
        ("forged", cron("forged", "* * * * *", due, &stranger)),
        ("never", cron("never", "0 0 30 2 *", due, &keyset)),
        ("sound", cron("sound", "* * * * *", due, &keyset)),
        ("vague", Cron { template: "?".into(), ..cron("vague", "* * * * *", due, &keyset) }),
    ] {
        jobs.set_cron(name, Some(&cron)).unwrap();
    }
    let when = attend(&jobs, &keyring, NOW).unwrap();
    assert_eq!(when.fired, [format!("cron:sound:{due}")]);
    let mut troubles: Vec<_> =
        when.troubles.iter().map(|(name, error)| (name.as_str(), error.kind())).collect();
    troubles.sort_unstable_by_key(|(name, _)| *name);
    assert_eq!(
        troubles,
        [
            ("broken", ErrorKind::Validation),
            ("copied", ErrorKind::UntrustedPayload),
            ("forged", ErrorKind::UnknownKey),
            ("never", ErrorKind::Validation),
            ("vague", ErrorKind::Validation),
        ]
    );
    assert_eq!(jobs.unfinished(None).unwrap(), 1, "nothing of them runs");
}
