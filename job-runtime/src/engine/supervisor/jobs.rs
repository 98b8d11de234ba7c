//! The jobs of a runtime: taken in, found, paused, resumed, forgotten.

use std::sync::Arc;

use super::{Core, Entry, Owner, owner};
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::job::{Job, JobInfo, Ledger, closing};

impl Core {
    /// Takes a job in; it begins when it is [asked to](Self::begin_job).
    ///
    /// # Errors
    /// When there is one of that name, or the runtime shuts down.
    pub(crate) fn admit(&mut self, kinds: &mut [Box<dyn Owner>], job: &Arc<Job>) -> Result<u32> {
        if self.is_closing() {
            return Err(closing());
        }
        if self.names.contains_key(&job.name) {
            return Err(Error::configuration(format!("there is a job `{}` already", job.name)));
        }
        if owner(kinds, job).is_none() {
            return Err(Error::configuration(format!("job `{}` wants a store, and this runtime has none", job.name)));
        }
        let mut ledger = Ledger::default();
        if !job.options.enabled {
            ledger.paused = Some("disabled".into());
        }
        let entry = Entry {
            job: Arc::clone(job),
            ledger,
            units: 0,
            runs: 0,
            removed: false,
            family: None,
            halted: true,
            guard: None,
        };
        let entry = self.entries.insert(entry);
        job.set_entry(entry);
        self.names.insert(Arc::clone(&job.name), entry);
        if let Some(owner) = owner(kinds, job) {
            owner.admit(self, entry);
        }
        Ok(entry)
    }

    /// Does something with a job and its kind.
    ///
    /// # Errors
    /// When it is there no more.
    pub(crate) fn with_owner<T>(
        &mut self,
        kinds: &mut [Box<dyn Owner>],
        entry: u32,
        act: impl FnOnce(&mut Self, &mut dyn Owner, u32) -> T,
    ) -> Result<T> {
        let owner = self.job(entry).and_then(|job| owner(kinds, job));
        let owner = owner.ok_or_else(|| Error::refused("the job was removed"))?;
        Ok(act(self, &mut **owner, entry))
    }

    /// A job is being removed: its name is free, and it is forgotten with the last of its records and runs.
    pub(crate) fn unname(&mut self, entry: u32) {
        if let Some(kept) = self.entries.get_mut(entry) {
            kept.removed = true;
            let name = Arc::clone(&kept.job.name);
            self.names.remove(&name);
            self.forget_mark(entry, &name);
        }
        self.companions.retain(|_, other| *other != entry);
        self.leave_family(entry);
        self.forget_removed(entry);
    }

    pub(crate) fn is_removed(&self, entry: u32) -> bool {
        self.entries.get(entry).is_some_and(|kept| kept.removed)
    }

    /// Forgets a removed job, once nothing of it is left. Before that its number goes to no other.
    pub(super) fn forget_removed(&mut self, entry: u32) {
        if self.entries.get(entry).is_some_and(|kept| kept.removed && kept.units == 0 && kept.runs == 0) {
            let gone = self.entries.remove(entry);
            self.discard(gone);
        }
    }

    pub(crate) fn job(&self, entry: u32) -> Option<&Arc<Job>> {
        self.entries.get(entry).map(|entry| &entry.job)
    }

    pub(crate) fn name_of(&self, entry: u32) -> &str {
        self.job(entry).map_or("", |job| &job.name)
    }

    /// What is shown of a job.
    pub(crate) fn info(&self, owner: &dyn Owner, entry: u32) -> Option<JobInfo> {
        let Entry { job, ledger, family, .. } = self.entries.get(entry)?;
        let mut info = JobInfo::of(job, ledger);
        info.group = family.and_then(|family| self.families.get(family)).map(|family| Arc::clone(&family.name));
        owner.describe(self, entry, &mut info);
        Some(info)
    }

    /// Whether ticks of a job are skipped.
    pub(crate) fn is_quiet(&self, entry: u32) -> bool {
        self.quiet || self.is_paused(entry)
    }

    /// Whether nothing of a job may start by itself, because it has not begun, or its group has it stopped.
    pub(crate) fn is_halted(&self, entry: u32) -> bool {
        self.entries.get(entry).is_some_and(|entry| entry.halted)
    }

    /// A job of which an instance is to be started.
    ///
    /// # Errors
    /// When it was removed, or the runtime shuts down.
    pub(crate) fn open_job(&self, entry: u32) -> Result<Arc<Job>> {
        if self.is_closing() {
            return Err(closing());
        }
        self.job(entry).cloned().ok_or_else(|| Error::refused("the job was removed"))
    }

    /// Whether a run of a job may be asked for.
    ///
    /// # Errors
    /// When the runtime shuts down, or the group of the job has it stopped.
    pub(crate) fn check_open(&self, entry: u32) -> Result<()> {
        if self.is_closing() {
            return Err(closing());
        }
        if self.is_halted(entry) {
            return Err(Error::refused(format!(
                "job `{}` is stopped until its group begins anew",
                self.name_of(entry)
            )));
        }
        Ok(())
    }

    pub(crate) fn is_paused(&self, entry: u32) -> bool {
        self.entries.get(entry).is_some_and(|entry| entry.ledger.paused.is_some())
    }

    pub(crate) fn pause(&mut self, entry: u32, reason: &Arc<str>) {
        self.ledger(entry, |ledger| ledger.paused = Some(Arc::clone(reason)));
        let job = self.entries.get(entry).map(|entry| Arc::clone(&entry.job));
        if let Some(job) = job {
            self.post_before_the_end(&job, EventKind::Paused { reason: Arc::clone(reason) });
        }
    }

    /// After the end of a shutdown, which is the last event, what is done with a job is not told.
    fn post_before_the_end(&self, job: &Arc<Job>, kind: EventKind) {
        if !self.is_over() {
            self.post(Some(job), None, kind);
        }
    }

    /// Pauses a job for somebody who asks for it, which also stops what is meant to be always on.
    pub(crate) fn pause_by_hand(&mut self, owner: &mut dyn Owner, entry: u32, reason: &str) {
        self.pause(entry, &reason.into());
        owner.on_pause(self, entry);
    }

    pub(crate) fn resume(&mut self, owner: &mut dyn Owner, entry: u32) {
        let Some(kept) = self.entries.get_mut(entry) else { return };
        kept.ledger.failures_in_a_row = 0;
        if kept.ledger.paused.take().is_some() {
            let job = Arc::clone(&kept.job);
            self.post_before_the_end(&job, EventKind::Resumed);
            owner.on_resume(self, entry);
        }
    }

    /// A kind keeps one more record for a job.
    pub(crate) fn unit_added(&mut self, entry: u32) {
        if let Some(kept) = self.entries.get_mut(entry) {
            kept.units += 1;
        }
    }

    /// A record of a job is gone.
    pub(crate) fn unit_gone(&mut self, entry: u32) {
        if let Some(kept) = self.entries.get_mut(entry) {
            kept.units -= 1;
        }
        self.forget_removed(entry);
    }
}
