//! What must be true of the queue, kept apart from it.
//!
//! The ledger sees what truly happened in the backend, also when the caller was told otherwise. It has
//! its own idea of every task, compares the backend with it after each call, and says what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use holdall_backend::jobs::{Change, Claimed, Insert, Inserted, Now, State, Task};
use holdall_queue::policy::Policy;

/// What is wrong, or nothing.
pub type Verdict = Result<(), String>;

/// Who believes to run a task, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belief {
    pub start: u32,
    pub boot_id: i64,
    pub until: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    task: Task,
    policy: Policy,
    after: Vec<String>,
    /// The lease as it was last granted.
    lease: Option<(i64, u64)>,
    /// Who claimed it.
    holder: Option<String>,
    completed: u32,
    cancelled: bool,
    forget: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    /// Whether the backend lets a task go for good: SQLite does not hold it again when one that it comes
    /// after runs once more.
    lets_go: bool,
    entries: BTreeMap<String, Entry>,
    /// What clients were promised.
    acknowledged: BTreeSet<String>,
    paused: BTreeSet<String>,
    fired: BTreeSet<(String, u64)>,
    /// By actor and task.
    pub beliefs: BTreeMap<(String, String), Belief>,
    /// How often things happened that a simulation must bring about to be worth anything.
    pub tally: BTreeMap<&'static str, u64>,
}

macro_rules! wrong {
    ($($what:tt)*) => { return Err(format!($($what)*)) };
}

impl Ledger {
    pub fn new(lets_go: bool) -> Self {
        Self { lets_go, ..Self::default() }
    }

    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    pub fn inserted(&mut self, tasks: &[Insert<'_>], inserted: &[Inserted], now: Now) -> Verdict {
        for (task, inserted) in tasks.iter().zip(inserted) {
            let known = self.entries.get(task.id);
            match inserted {
                Inserted::New => {
                    if known.is_some() {
                        wrong!("{} was taken in twice", task.id);
                    }
                    let key = task.unique;
                    if let Some(key) = key
                        && let Some(twin) = self.twin(key)
                    {
                        wrong!("{} was taken in although {twin} has its key {key}", task.id);
                    }
                    self.enter(task, now);
                }
                Inserted::Known if known.is_none() => wrong!("{} is said to be known", task.id),
                Inserted::Known => self.count("repeated insert"),
                Inserted::Twin(twin) => {
                    let twin = self.entries.get(twin).map(|entry| &entry.task);
                    if !twin.is_some_and(|twin| !twin.state.ended() && twin.unique.as_deref() == task.unique)
                    {
                        wrong!("{} was refused for a twin that is none: {twin:?}", task.id);
                    }
                    self.count("twin");
                }
            }
        }
        Ok(())
    }

    fn twin(&self, key: &str) -> Option<&str> {
        let has = |entry: &&Entry| !entry.task.state.ended() && entry.task.unique.as_deref() == Some(key);
        self.entries.values().find(has).map(|entry| entry.task.id.as_str())
    }

    fn enter(&mut self, insert: &Insert<'_>, now: Now) {
        let mut after: Vec<String> = insert.after.iter().map(|id| (*id).to_owned()).collect();
        after.retain(|id| !self.lets_go || self.waits(std::slice::from_ref(id)));
        let due = insert.due.unwrap_or(now.wall);
        let state = self.at_rest(&after, due, now);
        let task = Task {
            id: insert.id.into(),
            queue: insert.queue.into(),
            name: insert.name.into(),
            state,
            priority: insert.priority,
            start: 0,
            retried: 0,
            lost: 0,
            cancel: false,
            options: insert.options.map(Into::into),
            unique: insert.unique.map(Into::into),
            created: now.wall,
            due,
            started: None,
            ended: None,
            expires: insert.expires,
            worker: None,
            failure: None,
        };
        let policy = Policy::read(insert.options).unwrap();
        let entry = Entry {
            task,
            policy,
            after,
            lease: None,
            holder: None,
            completed: 0,
            cancelled: false,
            forget: None,
        };
        self.entries.insert(insert.id.into(), entry);
    }

    fn at_rest(&self, after: &[String], due: u64, now: Now) -> State {
        match () {
            () if self.waits(after) => State::Waiting,
            () if due > now.wall => State::Scheduled,
            () => State::Available,
        }
    }

    fn waits(&self, after: &[String]) -> bool {
        after.iter().any(|id| self.entries.get(id).is_some_and(|parent| !parent.task.state.ended()))
    }

    /// A client was told that its task is there.
    pub fn acknowledge(&mut self, id: &str) {
        self.acknowledged.insert(id.into());
    }

    pub fn pause(&mut self, queue: &str, paused: bool) {
        if paused {
            self.paused.insert(queue.into());
        } else {
            self.paused.remove(queue);
        }
    }

    /// A change was made. `now` is what the decider knew, `truth` is what the clocks say.
    pub fn changed(&mut self, change: &Change<'_>, actor: &str, now: Now, truth: Now) -> Verdict {
        let id = change.id;
        let Some(entry) = self.entries.get(id) else { wrong!("{id} was changed and does not exist") };
        let before = entry.task.clone();
        // What a backend may have done by itself in the meantime is no more than that.
        let seen = before.state == change.from.0
            || (matches!(before.state, State::Scheduled | State::Retryable)
                && change.from.0 == State::Available);
        if !seen || before.start != change.from.1 {
            wrong!(
                "a stale change of {id} was accepted: {:?}, which is {:?} {}",
                change.from,
                before.state,
                before.start
            );
        }
        // Its number may be the same: that of a task which was removed, and whose id was given once more.
        if before.state == State::Running && actor.starts_with('w') && entry.holder.as_deref() != Some(actor)
        {
            wrong!("{actor} settled {id}, which {:?} holds", entry.holder);
        }
        let (from, to) = (change.from.0, change.to);
        if !LEGAL.contains(&(from, to)) {
            wrong!("{id} went from {} to {}", from.name(), to.name());
        }
        let policy = entry.policy.clone();
        let again = from.ended() && !to.ended();
        if change.lost != before.lost && !(again && change.lost == 0) {
            if change.lost != before.lost + 1 || from != State::Running {
                wrong!("{id} was lost {} times, then {}", before.lost, change.lost);
            }
            let lives = entry.lease.is_some_and(|(boot, until)| boot == truth.boot_id && until > truth.boot);
            if lives && entry.holder.as_deref() != Some(actor) {
                wrong!("{id} was taken from {:?}, whose lease runs until {:?}", entry.holder, entry.lease);
            }
            self.count(match to {
                State::Dead => "dead",
                State::Cancelled => "lost and cancelled",
                _ => "rescued",
            });
        } else if actor == "keeper" && from == State::Running {
            wrong!("a loss of {id} was not counted");
        }
        if change.retried != before.retried && !(again && change.retried == 0) {
            if change.retried != before.retried + 1 || to != State::Retryable {
                wrong!("{id} was retried {} times, then {}", before.retried, change.retried);
            }
            self.count("retried");
        }
        if change.retried > policy.retries {
            wrong!("{id} is retried {} times of {}", change.retried, policy.retries);
        }
        let too_often = change.lost > policy.max_lost;
        if too_often != (to == State::Dead) && from == State::Running && !to.ended() {
            wrong!("{id} was lost {} times of {} and is {}", change.lost, policy.max_lost, to.name());
        }
        if to == State::Retryable && change.retried == before.retried {
            wrong!("a retry of {id} was not counted");
        }
        if to == State::Expired && before.expires.is_none_or(|expires| expires > now.wall) {
            wrong!("{id} expired before its time");
        }
        if to.ended() && change.forget != policy.result_ttl_ms.map(|time| now.wall + time) {
            wrong!("{id} is to be forgotten at {:?}", change.forget);
        }
        let waiting: BTreeSet<String> = self
            .entries
            .values()
            .filter(|entry| !entry.task.state.ended())
            .map(|entry| entry.task.id.clone())
            .collect();
        let Some(entry) = self.entries.get_mut(id) else { return Ok(()) };
        if entry.cancelled && !again && !to.ended() && to != State::Running {
            wrong!("{id} was cancelled, and is to run again");
        }
        if again {
            (entry.cancelled, entry.completed) = (false, 0);
        }
        if to == State::Completed {
            entry.completed += 1;
            if entry.completed > 1 {
                wrong!("{id} completed twice");
            }
        }
        entry.cancelled |= change.cancel;
        entry.forget = change.forget;
        let task = &mut entry.task;
        (task.state, task.due, task.retried, task.lost) = (to, change.due, change.retried, change.lost);
        (task.cancel, task.failure) = (change.cancel, change.failure.map(Into::into));
        task.ended = to.ended().then_some(now.wall);
        if to != State::Running {
            entry.lease = None;
            entry.holder = None;
            // Who says so himself has let go of it.
            self.beliefs.remove(&(actor.to_owned(), id.to_owned()));
        }
        // What waits for others does so whatever anyone says.
        if to == State::Available && entry.after.iter().any(|id| waiting.contains(id)) {
            entry.task.state = State::Waiting;
        }
        if self.lets_go && to.ended() {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.after.clear();
            }
            for child in self.entries.values_mut() {
                child.after.retain(|parent| parent != id);
            }
        }
        if again {
            self.count("asked for again");
        }
        if to == State::Expired {
            self.count("expired");
        }
        Ok(())
    }

    pub fn claimed(
        &mut self,
        claimed: &Claimed,
        actor: &str,
        lease_ms: u64,
        now: Now,
        truth: Now,
    ) -> Verdict {
        let task = &claimed.task;
        let id = task.id.as_str();
        let Some(entry) = self.entries.get(id) else { wrong!("{id} was claimed and does not exist") };
        let before = &entry.task;
        let free = match before.state {
            State::Available => true,
            State::Scheduled | State::Retryable => before.due <= now.wall,
            State::Waiting => !self.waits(&entry.after) && before.due <= now.wall,
            _ => false,
        };
        if !free {
            wrong!("{id} was claimed though it is {} and due at {}", before.state.name(), before.due);
        }
        if self.waits(&entry.after) {
            wrong!("{id} was claimed before what it comes after had ended");
        }
        if task.state != State::Running || task.start != before.start + 1 {
            wrong!("{id} was claimed as {} {} after {}", task.state.name(), task.start, before.start);
        }
        if task.expires.is_some_and(|expires| expires <= now.wall) {
            wrong!("{id} was claimed after its time");
        }
        if self.paused.contains(&task.queue) {
            wrong!("{id} was claimed from a paused queue");
        }
        if entry.cancelled {
            wrong!("{id} was cancelled, and claimed");
        }
        for ((other, of), belief) in &self.beliefs {
            if of == id && belief.boot_id == truth.boot_id && belief.until > truth.boot {
                wrong!("{id} was claimed by {actor} while {other} holds it until {}", belief.until);
            }
        }
        let held = |entry: &mut Entry| {
            entry.lease = Some((now.boot_id, now.boot + lease_ms));
            entry.holder = Some(actor.into());
            let task = task.clone();
            entry.task = Task { cancel: entry.task.cancel, ..task };
        };
        self.entries.get_mut(id).map(held);
        self.count("claimed");
        Ok(())
    }

    pub fn extended(&mut self, id: &str, start: u32, until: u64, now: Now) -> Verdict {
        let Some(entry) = self.entries.get_mut(id) else { wrong!("the lease of {id} ran on without it") };
        if entry.task.state != State::Running || entry.task.start != start {
            wrong!("a stale lease of {id} ran on: start {start} of {}", entry.task.start);
        }
        entry.lease = Some((now.boot_id, until));
        self.count("extended");
        Ok(())
    }

    pub fn fired(&mut self, name: &str, due: u64) -> Verdict {
        self.count("fired");
        if self.fired.insert((name.into(), due)) {
            Ok(())
        } else {
            Err(format!("{name} fired twice at {due}"))
        }
    }

    /// These are gone, and were allowed to go if they had ended so early, or were to be forgotten.
    pub fn removed(&mut self, gone: &[String], states: Option<&[State]>, before: u64) -> Verdict {
        for id in gone {
            let Some(entry) = self.entries.remove(id) else { continue };
            let task = &entry.task;
            let may = match states {
                Some(states) => {
                    states.contains(&task.state) && task.ended.is_some_and(|ended| ended < before)
                }
                None => task.state.ended() && entry.forget.is_some_and(|forget| forget <= before),
            };
            if !may {
                wrong!(
                    "{id} was removed: {} since {:?}, to be forgotten at {:?}",
                    task.state.name(),
                    task.ended,
                    entry.forget
                );
            }
            self.acknowledged.remove(id);
            // Another that is given this id later is another.
            for child in self.entries.values_mut() {
                child.after.retain(|parent| parent != id);
            }
            self.count("removed");
        }
        Ok(())
    }

    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.entries.keys()
    }

    /// Compares the backend with what it should be.
    pub fn compare(&mut self, found: Vec<Task>, now: Now) -> Verdict {
        if found.len() != self.entries.len() {
            let found: BTreeSet<_> = found.into_iter().map(|task| task.id).collect();
            let ours: BTreeSet<_> = self.entries.keys().cloned().collect();
            wrong!("lost {:?}, invented {:?}", ours.difference(&found), found.difference(&ours));
        }
        let mut keys = BTreeSet::new();
        for task in &found {
            let Some(entry) = self.entries.get(&task.id) else { wrong!("{} is there", task.id) };
            let ours = &entry.task;
            let same = Task { state: ours.state, created: ours.created, ..task.clone() };
            if same != *ours {
                wrong!("{} is {task:?}, not {ours:?}", task.id);
            }
            let (waits, was, is) = (self.waits(&entry.after), ours.state, task.state);
            let moved = match (was, is) {
                _ if was == is => true,
                (State::Waiting, State::Scheduled | State::Available) => !waits,
                (State::Scheduled | State::Available, State::Waiting) => waits,
                (State::Scheduled | State::Retryable, State::Available) => task.due <= now.wall,
                _ => false,
            };
            if !moved {
                wrong!("{} went from {} to {} by itself", task.id, was.name(), is.name());
            }
            let unstarted = matches!(is, State::Scheduled | State::Available);
            if (is == State::Waiting) != waits && (is == State::Waiting || unstarted) {
                wrong!("{} is {}, and waits: {waits}", task.id, is.name());
            }
            if let (Some(key), false) = (&task.unique, is.ended())
                && !keys.insert(key.clone())
            {
                wrong!("two unfinished tasks have the key {key}");
            }
        }
        for id in &self.acknowledged {
            if !self.entries.contains_key(id) {
                wrong!("{id} was acknowledged and is not there");
            }
        }
        for task in found {
            if let Some(entry) = self.entries.get_mut(&task.id) {
                entry.task.state = task.state;
            }
        }
        Ok(())
    }

    /// At the very end.
    pub fn ended(&self) -> Verdict {
        let left: Vec<_> = self
            .entries
            .values()
            .filter(|entry| !entry.task.state.ended())
            .map(|entry| (&entry.task.id, entry.task.state.name()))
            .collect();
        if left.is_empty() { Ok(()) } else { Err(format!("never ended: {left:?}")) }
    }
}

/// Every arrow that somebody decides upon.
const LEGAL: [(State, State); 19] = {
    use State::{
        Available, Cancelled, Completed, Dead, Expired, Failed, Retryable, Running, Scheduled, Waiting,
    };
    [
        (Running, Completed),
        (Running, Failed),
        (Running, Dead),
        (Running, Cancelled),
        (Running, Retryable),
        (Running, Available),
        (Running, Running),
        (Waiting, Cancelled),
        (Scheduled, Cancelled),
        (Available, Cancelled),
        (Retryable, Cancelled),
        (Waiting, Expired),
        (Scheduled, Expired),
        (Available, Expired),
        (Retryable, Expired),
        (Failed, Available),
        (Dead, Available),
        (Cancelled, Available),
        (Expired, Available),
    ]
};
