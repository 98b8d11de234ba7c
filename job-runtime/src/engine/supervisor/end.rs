//! The end of an attempt: what it is called, whether another follows, and what is written down.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Conclusion, Core, Life, Owner, Stage, Stop, owner};
use crate::clock::Moment;
use crate::engine::executor::End;
use crate::event::{EventKind, is_failure};
use crate::job::{Cause, Directive, Ending, Keep, Phase, Run, Verdict};
use crate::outcome::Outcome;

impl Core {
    /// The attempt is over; what became of it.
    pub(crate) fn attempt_ended(
        &mut self,
        kinds: &mut [Box<dyn Owner>],
        slot: u32,
        run: &Arc<Run>,
        end: End,
    ) -> Option<Outcome> {
        let Some(running) = self.runs.get(slot).filter(|running| Arc::ptr_eq(&running.run, run)) else {
            // It was given up before; but what it returned is not dropped under the lock.
            self.rest.leftovers.extend(output_in(end));
            return None;
        };
        match running.stage {
            Stage::Guard => {
                self.lose_tokio(kinds);
                self.stop_guard(kinds, slot, &Stop::Shutdown);
                self.guard_left(slot);
                return None;
            }
            Stage::Leaving => {
                self.guard_left(slot);
                return None;
            }
            Stage::Body | Stage::Retry | Stage::Dropped => {}
        }
        if matches!(end, End::Dropped) && running.stopping.is_none() {
            self.lose_tokio(kinds);
        }
        self.conclude_attempt(kinds, slot, end)
    }

    /// A task was dropped that nobody asked to end: the tokio runtime is going down under us, and all with it.
    fn lose_tokio(&mut self, kinds: &mut [Box<dyn Owner>]) {
        self.life = Life::Over;
        for kind in &mut *kinds {
            kind.on_drain(self);
        }
        // These have no task whose drop would end them.
        for slot in self.runs.keys() {
            if self.runs.get(slot).is_some_and(|running| running.stage == Stage::Retry) {
                self.stop_retry(kinds, slot, &Stop::Shutdown);
            }
        }
    }

    pub(super) fn conclude_attempt(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32, end: End) -> Option<Outcome> {
        let running = self.runs.get_mut(slot)?;
        let run = Arc::clone(&running.run);
        // What a job asked for takes effect when it returns, and only then.
        let directive = run.take_directive().filter(|_| matches!(end, End::Returned(_)));
        let directive = directive.map(|directive| possible(directive, &run));
        let (judged, unread) = judge(running.stopping.take(), end, directive.as_ref());
        let last = running.last;
        let lateness = running.started.since(running.due);
        let duration = self.now.moment.since(running.started);
        if std::mem::replace(&mut running.alarm, Moment::NEVER) != Moment::NEVER {
            self.disarm();
        }
        self.rest.leftovers.extend(unread);
        let Judged { outcome, error, ending } = judged;
        let finished =
            EventKind::Finished { outcome, attempt: run.attempt(), duration, lateness, error: error.clone() };
        self.post(Some(&run.job), Some(run.id), finished);
        match self.further_attempt(&run, outcome, directive.as_ref()).filter(|_| !last) {
            Some((attempt, delay)) => {
                self.discard_ending(ending);
                self.wait_for_attempt(slot, &run, attempt, delay);
            }
            None => self.finalize(kinds, slot, outcome, ending, error, directive),
        }
        Some(outcome)
    }

    /// The attempt that follows, and after how long.
    fn further_attempt(
        &mut self,
        run: &Run,
        outcome: Outcome,
        directive: Option<&Directive>,
    ) -> Option<(u32, Duration)> {
        if self.is_closing() || run.job.is_stored() || matches!(outcome, Outcome::Cancelled | Outcome::Interrupted) {
            return None;
        }
        let attempt = run.attempt();
        let left = attempt < run.job.options.max_attempts;
        match directive {
            Some(Directive::Cancel(_)) => None,
            Some(Directive::Snooze(delay)) => Some((attempt, *delay)),
            Some(Directive::RetryAfter(delay)) if left => Some((attempt + 1, *delay)),
            _ if left && is_failure(outcome) => {
                let chance = self.chance();
                Some((attempt + 1, run.job.options.backoff().delay(attempt, chance)))
            }
            _ => None,
        }
    }

    fn wait_for_attempt(&mut self, slot: u32, run: &Arc<Run>, attempt: u32, delay: Duration) {
        run.rearm(attempt);
        run.set_phase(Phase::Waiting);
        let at = self.now.moment + delay;
        if let Some(running) = self.runs.get_mut(slot) {
            running.stage = Stage::Retry;
            running.due = at;
        }
        self.set_alarm(slot, at);
        self.post(Some(&run.job), Some(run.id), EventKind::Retrying { attempt, delay });
    }

    pub(super) fn finalize(
        &mut self,
        kinds: &mut [Box<dyn Owner>],
        slot: u32,
        outcome: Outcome,
        ending: Ending,
        error: Option<Arc<str>>,
        directive: Option<Directive>,
    ) {
        let Some(running) = self.vacate(slot) else { return };
        if running.alarm != Moment::NEVER {
            self.disarm();
        }
        let run = running.run;
        run.set_slot(u32::MAX);
        let (ending, cause) = without_cause(ending, run.keep);
        self.close(&run, phase_of(outcome), ending);
        let paused = self.write_down(&run, outcome, error.as_deref());
        if let Some(owner) = owner(kinds, &run.job) {
            if let Some(reason) = paused {
                owner.on_failures(self, run.entry, &reason);
            }
            owner.on_end(self, &run, Conclusion { outcome, error, cause, directive });
        }
    }

    /// Counts an end; why the job is paused, if it is now because it has failed too often.
    fn write_down(&mut self, run: &Run, outcome: Outcome, error: Option<&str>) -> Option<Arc<str>> {
        let entry = self.entries.get_mut(run.entry)?;
        let ledger = &mut entry.ledger;
        ledger.running -= 1;
        ledger.last_outcome = Some(outcome);
        match outcome {
            Outcome::Completed => ledger.failures_in_a_row = 0,
            Outcome::Failed | Outcome::Panicked | Outcome::TimedOut => ledger.failures_in_a_row += 1,
            Outcome::Cancelled | Outcome::Interrupted => {}
        }
        let failures = ledger.failures_in_a_row;
        let is_too_much = run.job.options.pause_after.is_some_and(|limit| failures >= limit);
        if !is_too_much || ledger.paused.is_some() || !is_failure(outcome) {
            return None;
        }
        let last = error.unwrap_or(outcome.as_str());
        let reason: Arc<str> = match failures {
            1 => format!("a failure: {last}").into(),
            _ => format!("{failures} failures in a row, the last: {last}").into(),
        };
        self.pause(run.entry, &reason);
        Some(reason)
    }

    /// The guard of a run answered; true when the run goes on in its task.
    pub(crate) fn answered(
        &mut self,
        kinds: &mut [Box<dyn Owner>],
        slot: u32,
        run: &Arc<Run>,
        answer: Result<bool, Arc<str>>,
    ) -> bool {
        let Some(running) = self.runs.get(slot).filter(|running| Arc::ptr_eq(&running.run, run)) else { return false };
        if running.stage == Stage::Leaving {
            self.guard_left(slot);
            return false;
        }
        let answer = match answer {
            Ok(true) => Answer::Yes,
            Ok(false) => Answer::No,
            Err(message) => {
                self.post(Some(&run.job), Some(run.id), EventKind::GuardPanicked { message });
                Answer::No
            }
        };
        owner(kinds, &run.job).is_some_and(|owner| owner.on_answer(self, run, slot, answer))
    }
}

/// Takes the error out, where it is what was kept.
fn without_cause(ending: Ending, keep: Keep) -> (Ending, Option<Cause>) {
    if keep != Keep::Error {
        return (ending, None);
    }
    let Ending::Returned(kept) = ending else { return (ending, None) };
    (Ending::Interrupted, kept.downcast().ok().map(|cause| *cause))
}

fn phase_of(outcome: Outcome) -> Phase {
    match outcome {
        Outcome::Completed => Phase::Completed,
        Outcome::Failed | Outcome::Panicked | Outcome::TimedOut => Phase::Discarded,
        Outcome::Cancelled | Outcome::Interrupted => Phase::Cancelled,
    }
}

/// An attempt's end as it is told and as it is answered.
struct Judged {
    outcome: Outcome,
    error: Option<Arc<str>>,
    ending: Ending,
}

/// What an end means, given whether and why the run was asked to stop; and an output that nobody will read, which is
/// not dropped here, under the lock.
fn judge(stopping: Option<Stop>, end: End, directive: Option<&Directive>) -> (Judged, Option<Box<dyn Any + Send>>) {
    match (stopping, end) {
        (Some(Stop::TimedOut), end) => (timed_out(), output_in(end)),
        (Some(Stop::Cancelled(reason)), end) => (cancelled(reason), output_in(end)),
        (Some(Stop::Shutdown), End::Returned(Verdict::Failed { error, output })) => (interrupted(Some(error)), output),
        (_, End::Dropped) => (interrupted(None), None),
        (_, End::Panicked(text)) => {
            let error = Some(Arc::clone(&text));
            (Judged { outcome: Outcome::Panicked, error, ending: Ending::Panicked(text) }, None)
        }
        (_, End::Returned(verdict)) => match directive {
            Some(Directive::Cancel(reason)) => (cancelled(Arc::clone(reason)), output_in(End::Returned(verdict))),
            _ => (returned(verdict), None),
        },
    }
}

fn output_in(end: End) -> Option<Box<dyn Any + Send>> {
    match end {
        End::Returned(Verdict::Completed(output) | Verdict::Failed { output, .. }) => output,
        End::Panicked(_) | End::Dropped => None,
    }
}

fn returned(verdict: Verdict) -> Judged {
    match verdict {
        Verdict::Completed(output) => Judged { outcome: Outcome::Completed, error: None, ending: output_of(output) },
        Verdict::Failed { error, output } => {
            // It was not the function that failed, but what should have called it.
            let ending = output.map_or_else(|| Ending::Refused(Arc::clone(&error)), Ending::Returned);
            Judged { outcome: Outcome::Failed, error: Some(error), ending }
        }
    }
}

/// A job whose arguments are gone has no other attempt, and is told so.
fn possible(directive: Directive, run: &Run) -> Directive {
    if matches!(directive, Directive::Snooze(_)) && !run.job.is_stored() && !run.is_repeatable() {
        return Directive::Cancel("it was to be snoozed, but its arguments are not `Clone`".into());
    }
    directive
}

/// Nobody reads the ending of a run whose output was not kept.
fn output_of(output: Option<Box<dyn Any + Send>>) -> Ending {
    output.map_or(Ending::Interrupted, Ending::Returned)
}

fn timed_out() -> Judged {
    let error = Some("it took longer than its timeout".into());
    Judged { outcome: Outcome::TimedOut, error, ending: Ending::TimedOut }
}

fn cancelled(reason: Arc<str>) -> Judged {
    Judged { outcome: Outcome::Cancelled, error: Some(Arc::clone(&reason)), ending: Ending::Cancelled(reason) }
}

fn interrupted(error: Option<Arc<str>>) -> Judged {
    Judged { outcome: Outcome::Interrupted, error, ending: Ending::Interrupted }
}
