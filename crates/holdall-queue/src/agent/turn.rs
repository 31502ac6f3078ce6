//! One turn: what has ended is settled, and more is claimed, in one transaction.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use holdall_backend::jobs::{Change, Claim, Now, State, Turn, Turned};
use holdall_types::{Error, ErrorKind, Result};

use super::desk::{Finished, Stage};
use super::order::Order;
use super::{Agent, Trouble};
use crate::failure::Failure;
use crate::machine::{Event, Move, decide};
use crate::policy::Policy;

/// What a thread that others wait for may take upon itself: a transaction of so many outcomes, of so many
/// bytes, with so much patience for other writers, and none at all for a while after that was too little.
const FEW: usize = 16;
const SMALL: u64 = 64 * 1024;
const PATIENCE: Duration = Duration::from_millis(1);
const SHY: Duration = Duration::from_millis(100);

/// For so long whoever took a turn is likely to take the next.
const LIVELY: Duration = Duration::from_millis(1);

/// Held by whoever speaks with the backend, so that what is settled is settled once.
#[derive(Debug, Default)]
pub(super) struct Talk {
    trouble: Option<Trouble>,
    shy_until: Option<Instant>,
    /// When somebody else than the agent's thread took a turn last.
    helped: Option<Instant>,
}

impl Agent {
    /// Takes a turn, unless somebody else is taking one or the backend failed a moment ago. Says whether
    /// it was taken.
    pub(super) fn try_turn(&self) -> bool {
        self.talk.try_lock().is_ok_and(|mut talk| {
            let rests = talk.trouble.as_ref().is_some_and(Trouble::is_fresh);
            !rests && self.help(&mut talk, None)
        })
    }

    /// The same, if it is quickly done.
    pub(super) fn try_quick_turn(&self) -> bool {
        let Ok(mut talk) = self.talk.try_lock() else { return false };
        let is_shy = talk.shy_until.is_some_and(|until| Instant::now() < until);
        let is_quick = {
            let finished = &self.desk().finished;
            let bytes = |ended: &Finished| ended.result.as_ref().map_or(0, holdall_store::Signed::size);
            finished.len() <= FEW && finished.iter().map(bytes).sum::<u64>() <= SMALL
        };
        is_quick && !is_shy && talk.trouble.is_none() && self.help(&mut talk, Some(PATIENCE))
    }

    fn help(&self, talk: &mut Talk, patience: Option<Duration>) -> bool {
        let taken = self.take_turn(talk, patience);
        talk.helped = Some(Instant::now());
        taken
    }

    /// Whether others took a turn just now, or are at it.
    pub(super) fn is_lively(&self) -> bool {
        let Ok(talk) = self.talk.try_lock() else { return true };
        talk.helped.is_some_and(|at| at.elapsed() < LIVELY)
    }

    /// Takes a turn, and says when to take the next if the backend failed.
    pub(super) fn turn(&self) -> Option<Duration> {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rest) = talk.trouble.as_ref().and_then(Trouble::rest) {
            return Some(rest);
        }
        self.take_turn(&mut talk, None);
        talk.trouble.as_ref().and_then(Trouble::rest)
    }

    /// With patience it may not be taken, which it says.
    fn take_turn(&self, talk: &mut Talk, patience: Option<Duration>) -> bool {
        let (finished, hunger) = {
            let mut desk = self.desk();
            if desk.stage == Stage::Ended {
                return true;
            }
            (std::mem::take(&mut desk.finished), desk.hunger())
        };
        if !finished.is_empty() || hunger > 0 {
            let now = self.now();
            let (left, result) = self.settle(finished, hunger, patience, now);
            match result {
                Ok(()) => self.recovered(talk),
                Err(error) if patience.is_some() && error.kind() == ErrorKind::StoreBusy => {
                    self.desk().put_back(left);
                    talk.shy_until = Some(Instant::now() + SHY);
                    return false;
                }
                Err(error) => self.failed(talk, left, error, now),
            }
        }
        self.end_if_drained();
        true
    }

    /// Settles and claims; gives back what is left to be settled when that fails.
    fn settle(
        &self,
        finished: Vec<Finished>,
        hunger: usize,
        patience: Option<Duration>,
        now: Now,
    ) -> (Vec<Finished>, Result<()>) {
        match self.transact(&finished, hunger, patience, now) {
            Ok(turned) => {
                self.turned(finished, turned, now);
                (Vec::new(), Ok(()))
            }
            // One that cannot be settled must not keep the others from it.
            Err(error) if is_of_a_result(error.kind()) || error.kind() == ErrorKind::StoreFull => {
                self.settle_singly(finished, now)
            }
            Err(error) => (finished, Err(error)),
        }
    }

    fn settle_singly(&self, finished: Vec<Finished>, now: Now) -> (Vec<Finished>, Result<()>) {
        let (mut left, mut result) = (Vec::new(), Ok(()));
        for mut ended in finished {
            let mut done = self.transact(std::slice::from_ref(&ended), 0, None, now);
            if let Err(error) = &done
                && is_of_a_result(error.kind())
            {
                // The backend does not take the result, today or tomorrow.
                let message = format!("its result could not be kept: {error}");
                ended.event = Event::Raised(Failure { fatal: true, ..Failure::plain(message) });
                drop(ended.result.as_mut().and_then(holdall_store::Signed::release));
                self.desk().spent.extend(ended.result.take());
                done = self.transact(std::slice::from_ref(&ended), 0, None, now);
            }
            match done {
                Ok(turned) => self.turned(vec![ended], turned, now),
                Err(error) => {
                    left.push(ended);
                    result = Err(error);
                }
            }
        }
        (left, result)
    }

    fn transact(
        &self,
        finished: &[Finished],
        hunger: usize,
        patience: Option<Duration>,
        now: Now,
    ) -> Result<Turned> {
        let moves: Vec<Option<Move>> = finished.iter().map(|ended| self.decide(ended, now)).collect();
        let changes: Vec<Change<'_>> = moves
            .iter()
            .zip(finished)
            .filter_map(|(moved, ended)| {
                let result = ended.result.as_ref().map(holdall_store::Signed::record);
                moved.as_ref().map(|moved| moved.change(result))
            })
            .collect();
        let queues: Vec<&str> = self.settings.queues.iter().map(String::as_str).collect();
        let claim = (hunger > 0).then_some(Claim {
            queues: &queues,
            limit: hunger,
            worker: &self.settings.worker,
            lease_ms: self.lease_ms(),
        });
        let mut turned = self.jobs.turn(&Turn { changes: &changes, claim, patience }, now)?;
        // What does not concern a task where it stands is as good as refused.
        let mut made = std::mem::take(&mut turned.made).into_iter();
        turned.made = moves.iter().map(|moved| moved.is_some() && made.next().unwrap_or(false)).collect();
        Ok(turned)
    }

    fn decide(&self, ended: &Finished, now: Now) -> Option<Move> {
        let task = &ended.held.task;
        // A row that somebody changed by hand; its task ends all the same.
        let policy = Policy::read(task.options.as_deref()).unwrap_or_default();
        decide(task, &policy, &ended.event, now)
    }

    fn turned(&self, finished: Vec<Finished>, turned: Turned, now: Now) {
        let (done, refused): (Vec<_>, Vec<_>) =
            finished.into_iter().zip(turned.made).partition(|(_, made)| *made);
        let refused = refused.into_iter().map(|(ended, _)| (self.is_cancelled(&ended), ended));
        let mut refused: Vec<(bool, Finished)> = refused.collect();
        let mut done = done;
        let ended = done.iter_mut().map(|(ended, _)| ended);
        let ended = ended.chain(refused.iter_mut().filter(|(again, _)| !again).map(|(_, ended)| ended));
        // Before the desk is held: it may look at what is kept.
        drop(ended.filter_map(|ended| ended.result.as_mut()?.release()).collect::<Vec<_>>());
        let mut desk = self.desk();
        for (ended, _) in done {
            desk.count(&ended.event);
            desk.spent.extend(ended.result);
        }
        for (cancelled, mut ended) in refused {
            if cancelled {
                ended.held.task.cancel = true;
                desk.finished.push(ended);
                (self.waker)();
            } else {
                desk.refuse(ended);
            }
        }
        let until = now.boot.saturating_add(self.lease_ms());
        for claimed in turned.claimed {
            debug_assert_eq!(claimed.task.state, State::Running);
            desk.claim(claimed, until);
        }
    }

    /// Whether a move was refused because somebody cancelled the task after it was decided: then it is decided
    /// anew. Otherwise it is no longer ours.
    fn is_cancelled(&self, ended: &Finished) -> bool {
        let task = &ended.held.task;
        let found = self.jobs.task(&task.id).ok().flatten();
        found.is_some_and(|found| {
            found.state == State::Running
                && (found.created, found.start) == (task.created, task.start)
                && found.cancel
                && !task.cancel
        })
    }

    fn recovered(&self, talk: &mut Talk) {
        if talk.trouble.take().is_some() {
            self.desk().order(Order::Recovered);
        }
    }

    fn failed(&self, talk: &mut Talk, finished: Vec<Finished>, error: Error, now: Now) {
        let mut desk = self.desk();
        desk.put_back(finished);
        if is_the_end(error.kind()) {
            desk.finish(Some(error));
            return;
        }
        desk.refuse_late(now);
        match &mut talk.trouble {
            Some(trouble) => trouble.again(),
            None => {
                talk.trouble = Some(Trouble::new());
                desk.order(Order::Trouble(error));
            }
        }
    }

    fn end_if_drained(&self) {
        let mut desk = self.desk();
        if desk.is_drained() {
            desk.finish(None);
        }
    }
}

/// Whether an error concerns one result, and not the backend, which another would meet, too.
fn is_of_a_result(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::LimitExceeded | ErrorKind::Serialization | ErrorKind::CorruptFrame)
}

/// Whether nothing will ever come of this backend: it was closed, or refuses writes until it is opened anew.
pub(super) fn is_the_end(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorePoisoned | ErrorKind::Validation)
}
