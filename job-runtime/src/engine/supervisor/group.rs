//! Restarts, alone and together: who is restarted with whom, and who gives up.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, Life, Owner, Stop, owner};
use crate::clock::Moment;
use crate::engine::registry::Grouping;
use crate::engine::timers::{Alarm, Topic};
use crate::error::Error;
use crate::event::EventKind;
use crate::job::Cause;
use crate::outcome::Trigger;
use crate::policy::restart::{Budget, GiveUp, Strategy, Window};

/// The jobs of a group, at work.
pub(crate) struct Family {
    pub(crate) name: Arc<str>,
    strategy: Strategy,
    budget: Budget,
    window: Window,
    /// In the order of their start; what was removed has no number any more.
    members: Vec<Option<u32>>,
    /// While members are being stopped, or wait for their start.
    down: Option<Down>,
    alarm: Moment,
}

/// Members go down one after another, the last first.
struct Down {
    /// The one that was asked last; all after it are down.
    at: usize,
    /// The last to be asked.
    from: usize,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    /// They begin anew, not before this moment.
    Begin(Moment),
    /// The runtime shuts down.
    End,
}

/// What becomes of a job that has ended and is to be restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    Alone,
    /// Its group sees to it.
    Together,
    /// It had its last restart.
    TooMany,
}

impl Core {
    /// Notes a group, whose members are registered.
    pub(crate) fn add_family(&mut self, grouping: Grouping) {
        let number = self.families.len();
        let Grouping { name, strategy, budget, members, .. } = grouping;
        let members: Vec<u32> = members.iter().filter_map(|member| self.companions.get(member).copied()).collect();
        for member in &members {
            if let Some(entry) = self.entries.get_mut(*member) {
                entry.family = Some(number);
            }
        }
        let members = members.into_iter().map(Some).collect();
        let window = Window::default();
        self.families.push(Family { name, strategy, budget, window, members, down: None, alarm: Moment::NEVER });
    }

    /// Starts what starts by itself: the jobs that stand alone, and then each group in its order.
    pub(crate) fn begin_all(&mut self, kinds: &mut [Box<dyn Owner>]) {
        let alone = self.entries.iter().filter(|(_, entry)| entry.family.is_none()).map(|(number, _)| number);
        let together = self.families.iter().flat_map(|family| family.members.iter().flatten().copied());
        let all: Vec<u32> = alone.chain(together).collect();
        for entry in all {
            self.begin_job(kinds, entry, Trigger::Schedule);
        }
    }

    /// A job begins, or begins anew.
    pub(crate) fn begin_job(&mut self, kinds: &mut [Box<dyn Owner>], entry: u32, trigger: Trigger) {
        let Some(kept) = self.entries.get_mut(entry) else { return };
        kept.halted = false;
        if let Some(owner) = owner(kinds, &kept.job) {
            owner.begin(self, entry, trigger);
        }
    }

    /// Counts an end after which a restart is due, and says what it comes to.
    pub(crate) fn count_end(&mut self, entry: u32, own: &mut Window, delay: Duration) -> Remedy {
        let now = self.now.moment;
        let Some(kept) = self.entries.get(entry) else { return Remedy::TooMany };
        let Some(family) = kept.family.and_then(|number| self.families.get_mut(number)) else {
            let too_many = own.note(now, kept.job.options.budget());
            return if too_many { Remedy::TooMany } else { Remedy::Alone };
        };
        if family.window.note(now, family.budget) {
            return Remedy::TooMany;
        }
        if family.strategy == Strategy::OneForOne {
            return Remedy::Alone;
        }
        let halted = family.go_down(entry, now + delay);
        for member in halted {
            if let Some(kept) = self.entries.get_mut(member) {
                kept.halted = true;
            }
        }
        self.unsettled = true;
        Remedy::Together
    }

    /// The restarts that a job may have: its own, or those of its group.
    pub(crate) fn budget(&self, entry: u32) -> Option<Budget> {
        let kept = self.entries.get(entry)?;
        let family = kept.family.and_then(|number| self.families.get(number));
        Some(family.map_or_else(|| kept.job.options.budget(), |family| family.budget))
    }

    /// A job has used up its restarts, or those of its group: it is paused, or the runtime shuts down.
    pub(crate) fn give_up(&mut self, entry: u32, error: Option<Arc<str>>, cause: Option<Cause>) {
        let Some(kept) = self.entries.get(entry) else { return };
        let job = Arc::clone(&kept.job);
        let family = kept.family.and_then(|number| self.families.get(number));
        let (kind, name, budget, then) = match family {
            Some(family) => ("group", &family.name, family.budget, GiveUp::Shutdown),
            None => (job.kind.as_str(), &job.name, job.options.budget(), job.options.gives_up()),
        };
        self.post(Some(&job), None, EventKind::GaveUp { error: error.clone() });
        match then {
            GiveUp::Pause => {
                let last = error.map(|error| format!(", the last error: {error}")).unwrap_or_default();
                self.pause(entry, &format!("used up its restarts, {budget}{last}").into());
                self.discard(cause);
            }
            GiveUp::Shutdown => {
                let cause = cause.or_else(|| error.map(|error| Cause::from(&*error)));
                let gave_up = Error::gave_up(kind, name, &budget, cause);
                self.gave_up.get_or_insert(gave_up);
                self.closing = true;
            }
        }
    }

    /// A removed job is no member any more.
    pub(super) fn leave_family(&mut self, entry: u32) {
        if let Some(kept) = self.entries.get_mut(entry) {
            kept.family = None;
        }
        for member in self.families.iter_mut().flat_map(|family| &mut family.members) {
            member.take_if(|member| *member == entry);
        }
        self.unsettled = true;
    }

    pub(super) fn is_in_family(&self, slot: u32) -> bool {
        let entry = self.runs.get(slot).and_then(|running| self.entries.get(running.run.entry));
        entry.is_some_and(|entry| entry.family.is_some())
    }

    /// The runtime shuts down: all members of all groups are stopped, and what is left at the deadline at once.
    pub(super) fn take_down_families(&mut self, deadline: Moment) {
        for number in 0..self.families.len() {
            if let Some(family) = self.families.get_mut(number) {
                family.down = Some(Down { at: family.members.len(), from: 0, then: Then::End });
            }
            self.set_family_alarm(number, deadline);
        }
    }

    fn set_family_alarm(&mut self, number: usize, at: Moment) {
        let Some(family) = self.families.get_mut(number) else { return };
        if std::mem::replace(&mut family.alarm, at) != Moment::NEVER {
            self.disarm();
        }
        self.arm(Alarm::new(at, Topic::Group, u32::try_from(number).unwrap_or(u32::MAX), 0));
    }

    pub(super) fn family_alarm(&mut self, kinds: &mut [Box<dyn Owner>], alarm: Alarm) {
        if !is_live(&self.families, &alarm) {
            return;
        }
        if let Some(family) = family_of(&mut self.families, alarm.slot()) {
            family.alarm = Moment::NEVER;
        }
        self.unsettled = true;
        if let Life::Draining { .. } = self.life {
            for slot in self.runs.keys() {
                self.stop(kinds, slot, Stop::Shutdown);
            }
        }
    }

    /// Goes on with what is being stopped or begun.
    pub(super) fn move_families(&mut self, kinds: &mut [Box<dyn Owner>]) {
        for number in 0..self.families.len() {
            while self.move_family(kinds, number) {}
        }
    }

    /// One step with a group; false when there is something to wait for.
    fn move_family(&mut self, kinds: &mut [Box<dyn Owner>], number: usize) -> bool {
        let Some(family) = self.families.get_mut(number) else { return false };
        let Some(down) = &mut family.down else { return false };
        let asked = family.members.get(down.at).copied().flatten();
        if asked.and_then(|entry| self.entries.get(entry)).is_some_and(|entry| entry.runs > 0) {
            return false;
        }
        let then = down.then;
        if down.at > down.from {
            down.at -= 1;
            let next = family.members.get(down.at).copied().flatten();
            if let Some(entry) = next {
                self.take_down(kinds, entry, then);
            }
            return true;
        }
        match then {
            Then::Begin(at) if at <= self.now.moment => self.begin_anew(kinds, number),
            Then::Begin(at) if family.alarm != at => self.set_family_alarm(number, at),
            Then::Begin(_) | Then::End => {}
        }
        false
    }

    fn take_down(&mut self, kinds: &mut [Box<dyn Owner>], entry: u32, then: Then) {
        if let Then::End = then {
            for slot in self.runs_of_job(entry) {
                self.stop(kinds, slot, Stop::Shutdown);
            }
            return;
        }
        if let Some(owner) = self.job(entry).and_then(|job| owner(kinds, job)) {
            owner.halt(self, entry);
        }
    }

    fn begin_anew(&mut self, kinds: &mut [Box<dyn Owner>], number: usize) {
        let Some(family) = self.families.get_mut(number) else { return };
        let Some(down) = family.down.take() else { return };
        let members: Vec<u32> = family.members.iter().skip(down.from).flatten().copied().collect();
        for entry in members {
            self.begin_job(kinds, entry, Trigger::Restart);
        }
    }
}

impl Family {
    /// A member has ended: it and those that go with it begin anew at `at`, and nothing of them starts before.
    fn go_down(&mut self, member: u32, at: Moment) -> Vec<u32> {
        let Some(place) = self.members.iter().position(|other| *other == Some(member)) else { return Vec::new() };
        let count = self.members.len();
        let from = self.strategy.restarted(place, count).start;
        match &mut self.down {
            Some(Down { then: Then::End, .. }) => {}
            Some(Down { from: lowest, then: Then::Begin(begin), .. }) => {
                *lowest = from.min(*lowest);
                *begin = at.max(*begin);
            }
            None => self.down = Some(Down { at: count, from, then: Then::Begin(at) }),
        }
        self.members.iter().skip(from).flatten().copied().collect()
    }
}

fn family_of(families: &mut [Family], number: u32) -> Option<&mut Family> {
    families.get_mut(usize::try_from(number).ok()?)
}

pub(super) fn is_live(families: &[Family], alarm: &Alarm) -> bool {
    let family = usize::try_from(alarm.slot()).ok().and_then(|number| families.get(number));
    family.is_some_and(|family| family.alarm == alarm.at)
}
