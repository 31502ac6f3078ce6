//! Every pair of a state and an event, then the numbers.

use super::*;
use crate::policy::Backoff;
use State::*;

const NOW: Now = Now { wall: 1_700_000_000_000, boot: 5_000, boot_id: 7 };

fn task(state: State) -> Task {
    Task {
        id: "t".into(),
        queue: "default".into(),
        name: "app:work".into(),
        state,
        priority: 0,
        start: 4,
        retried: 1,
        lost: 1,
        cancel: false,
        options: None,
        unique: None,
        created: 1,
        due: 17,
        started: None,
        ended: None,
        expires: None,
        worker: None,
        failure: Some(r#"{"message":"before"}"#.into()),
    }
}

fn policy() -> Policy {
    Policy { retries: 5, backoff: Backoff::List(vec![100, 200]), ..Policy::default() }
}

fn boom() -> Failure {
    Failure {
        kind: "builtins.ValueError".into(),
        message: "boom".into(),
        bases: vec!["builtins.ValueError".into(), "builtins.Exception".into()],
        ..Failure::default()
    }
}

fn orphaned() -> Event {
    Event::Orphaned { parent: "p".into(), state: Some(Failed) }
}

fn go(task: &Task, policy: &Policy, event: &Event) -> Move {
    let moved = decide(task, policy, event, NOW).unwrap();
    assert_eq!(moved.from, (task.state, task.start), "the fence is what was seen");
    assert_eq!(moved.id, task.id);
    moved
}

fn why(moved: &Move) -> String {
    Failure::read(moved.failure.as_deref().unwrap()).unwrap().to_string()
}

#[test]
fn every_state_and_every_event() {
    const NONE: Option<State> = None;
    let some = Some;
    // Of a task that may be retried, lost once more, and is past no expiry; then of one past it.
    #[rustfmt::skip]
    let table = [
        //                    waiting          scheduled        available        running          retryable        completed failed           dead             cancelled        expired
        (Event::Completed,    [NONE,           NONE,            NONE,            some(Completed), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::Raised(boom()),[NONE,          NONE,            NONE,            some(Retryable), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::TimedOut,     [NONE,           NONE,            NONE,            some(Retryable), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::Lost,         [NONE,           NONE,            NONE,            some(Available), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::Returned,     [NONE,           NONE,            NONE,            some(Available), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::Cancelled,    [NONE,           NONE,            NONE,            some(Cancelled), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (orphaned(),          [NONE,           NONE,            NONE,            some(Cancelled), NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::CancelAsked,  [some(Cancelled),some(Cancelled), some(Cancelled), some(Running),   some(Cancelled), NONE,     NONE,            NONE,            NONE,            NONE]),
        (Event::RetryAsked,   [NONE,           NONE,            NONE,            NONE,            NONE,            NONE,     some(Available), some(Available), some(Available), some(Available)]),
        (Event::Expired,      [NONE,           NONE,            NONE,            NONE,            NONE,            NONE,     NONE,            NONE,            NONE,            NONE]),
    ];
    for (event, row) in &table {
        for (state, to) in State::ALL.into_iter().zip(row) {
            let moved = decide(&task(state), &policy(), event, NOW);
            assert_eq!(moved.map(|moved| moved.to), *to, "{event:?} of a {} task", state.name());
        }
    }
    for state in State::ALL {
        for (expires, over) in [(NOW.wall, true), (NOW.wall - 1, true), (NOW.wall + 1, false)] {
            let task = Task { expires: Some(expires), ..task(state) };
            let unstarted = !state.ended() && state != Running;
            let to = decide(&task, &policy(), &Event::Expired, NOW).map(|moved| moved.to);
            assert_eq!(to, (unstarted && over).then_some(Expired), "{}", state.name());
            let again = decide(&task, &policy(), &Event::RetryAsked, NOW).map(|moved| moved.to);
            let may = state.ended() && state != Completed && !over;
            assert_eq!(again, may.then_some(Available), "{}", state.name());
        }
    }
}

#[test]
fn an_exception_is_retried_as_often_as_it_may() {
    let event = Event::Raised(boom());
    for (retried, due) in [(0, 100), (1, 200), (4, 200)] {
        let moved = go(&Task { retried, ..task(Running) }, &policy(), &event);
        assert_eq!((moved.to, moved.retried, moved.due), (Retryable, retried + 1, NOW.wall + due));
        assert_eq!((why(&moved), moved.lost, moved.forget), ("ValueError: boom".to_owned(), 1, None));
    }
    for retried in [5, 6, u32::MAX] {
        let moved = go(&Task { retried, ..task(Running) }, &policy(), &event);
        assert_eq!((moved.to, moved.retried), (Failed, retried));
        assert_eq!(why(&moved), "ValueError: boom");
    }
}

#[test]
fn what_another_run_would_not_mend_fails_at_once() {
    let fatal = Event::Raised(Failure { fatal: true, ..boom() });
    assert_eq!(go(&task(Running), &policy(), &fatal).to, Failed);
    let never = Policy { fail_on: vec!["builtins.Exception".into()], ..policy() };
    assert_eq!(go(&task(Running), &never, &Event::Raised(boom())).to, Failed);
    assert_eq!(go(&task(Running), &never, &Event::TimedOut).to, Failed);
    let only = Policy { retry_on: Some(vec!["builtins.TimeoutError".into()]), ..policy() };
    assert_eq!(go(&task(Running), &only, &Event::Raised(boom())).to, Failed);
    assert_eq!(go(&task(Running), &only, &Event::TimedOut).to, Retryable);
}

#[test]
fn a_timeout_says_which() {
    let moved = go(&task(Running), &Policy { timeout_ms: Some(2_500), ..policy() }, &Event::TimedOut);
    assert_eq!(why(&moved), "TimeoutError: it ran for longer than its timeout of 2.5 s");
}

#[test]
fn a_lost_worker_counts_apart_from_retries() {
    let moved = go(&task(Running), &policy(), &Event::Lost);
    assert_eq!((moved.to, moved.lost, moved.retried, moved.due), (Available, 2, 1, NOW.wall));
    let moved = go(&Task { lost: 2, ..task(Running) }, &policy(), &Event::Lost);
    assert_eq!((moved.to, moved.lost), (Dead, 3));
    assert!(why(&moved).starts_with("its worker was lost 3 times: "), "{}", why(&moved));
    assert!(why(&moved).ends_with(r#"run it again with retry("t")"#), "{}", why(&moved));
    let moved = go(&Task { lost: 0, ..task(Running) }, &Policy { max_lost: 0, ..policy() }, &Event::Lost);
    assert!(moved.to == Dead && why(&moved).contains("lost once"), "{moved:?}");
}

#[test]
fn what_is_given_back_counts_nothing_and_keeps_its_place() {
    let moved = go(&task(Running), &policy(), &Event::Returned);
    let same = Move { from: (Running, 4), ..moved.clone() };
    assert_eq!((moved.lost, moved.retried, moved.due), (1, 1, 17));
    assert_eq!(moved, same);
}

#[test]
fn what_is_to_stop_is_not_begun_again() {
    let asked = go(&task(Running), &policy(), &Event::CancelAsked);
    assert_eq!((asked.to, asked.cancel, asked.due, asked.forget), (Running, true, 17, None));
    let asked = Task { cancel: true, ..task(Running) };
    for event in [Event::Lost, Event::Returned, Event::Cancelled, Event::Raised(boom()), Event::TimedOut] {
        let moved = go(&asked, &policy(), &event);
        assert_eq!((moved.to, moved.cancel), (Cancelled, false), "{event:?}");
    }
    let moved = go(&asked, &policy(), &Event::Completed);
    assert_eq!((moved.to, moved.failure), (Completed, None), "it was quicker");
    let fatal = Event::Raised(Failure { fatal: true, ..boom() });
    assert_eq!(go(&asked, &policy(), &fatal).to, Failed, "and this is the truth");
    assert_eq!(go(&asked, &policy(), &Event::CancelAsked).to, Running, "asking twice is fine");
}

#[test]
fn an_orphan_names_its_parent() {
    let moved = go(&task(Running), &policy(), &orphaned());
    assert!(why(&moved).starts_with(r#"the task "p", which it comes after, failed; "#), "{}", why(&moved));
    let gone = Event::Orphaned { parent: "p".into(), state: None };
    assert!(why(&go(&task(Running), &policy(), &gone)).contains("was removed"));
}

#[test]
fn asked_for_again_it_begins_anew() {
    let ended = Task { cancel: true, retried: 5, lost: 3, ..task(Dead) };
    let moved = go(&ended, &policy(), &Event::RetryAsked);
    let expected = Move {
        id: "t".into(),
        from: (Dead, 4),
        created: 1,
        lapsed: false,
        to: Available,
        due: NOW.wall,
        retried: 0,
        lost: 0,
        cancel: false,
        failure: None,
        forget: None,
    };
    assert_eq!(moved, expected);
}

#[test]
fn what_ended_may_be_forgotten_in_time() {
    let policy = Policy { result_ttl_ms: Some(60_000), ..policy() };
    for (state, event) in [
        (Running, Event::Completed),
        (Running, Event::Cancelled),
        (Running, orphaned()),
        (Waiting, Event::CancelAsked),
        (Running, Event::Raised(Failure { fatal: true, ..boom() })),
    ] {
        let moved = go(&task(state), &policy, &event);
        assert!(moved.to.ended());
        assert_eq!(moved.forget, Some(NOW.wall + 60_000), "{event:?}");
    }
    for (state, event) in [(Running, Event::Lost), (Running, Event::CancelAsked), (Failed, Event::RetryAsked)]
    {
        assert_eq!(go(&task(state), &policy, &event).forget, None, "{event:?}");
    }
}

#[test]
fn no_number_is_too_large() {
    let (most, many) = (u64::MAX, u32::MAX);
    let task = Task { start: many, retried: many - 1, lost: many, due: most, ..task(Running) };
    let policy = Policy {
        retries: many,
        max_lost: many,
        backoff: Backoff::List(vec![most]),
        timeout_ms: Some(most),
        result_ttl_ms: Some(most),
        ..Policy::default()
    };
    let late = Now { wall: most, boot: most, boot_id: i64::MIN };
    let moved = decide(&task, &policy, &Event::TimedOut, late).unwrap();
    assert_eq!((moved.to, moved.due, moved.retried), (Retryable, LAST, many));
    let moved = decide(&task, &policy, &Event::Lost, late).unwrap();
    assert_eq!(
        (moved.to, moved.lost),
        (Available, many),
        "as often as can be counted is never more than that"
    );
    assert_eq!(decide(&task, &policy, &Event::Completed, late).unwrap().forget, Some(LAST));
}
