//! What jobs remember over a restart of their program: which nominal time had its turn last, and which is planned next.
//!
//! Whoever has a store hands over what was written down before the jobs begin ([`Core::keep`]), is woken when there is
//! something new, and takes it ([`Core::take_changes`]). Without one there is no chronicle, and nothing is remembered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Notify;

use super::Core;
use crate::schedule::Timetable;

/// What is written down of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its schedule in words; to a job with another the mark means nothing.
    pub(crate) schedule: String,
    /// The nominal time that had its turn last, whether it ran, was skipped or missed; `None` when none had since the
    /// job began, began anew with its group, or was given its schedule.
    pub(crate) last: Option<SystemTime>,
    /// The planned next nominal time; where a schedule has none any more, the last one that was planned.
    pub(crate) next: SystemTime,
}

/// The marks of a runtime's jobs.
pub(crate) struct Chronicle {
    /// What was written down before, of jobs that have not begun.
    found: HashMap<Arc<str>, Mark>,
    pages: HashMap<u32, Page>,
    /// The jobs whose marks have changed since they were taken.
    changed: Vec<u32>,
    /// The names of those that were removed since.
    gone: Vec<Arc<str>>,
    wake: Arc<Notify>,
}

/// The mark of a job that has begun.
struct Page {
    name: Arc<str>,
    schedule: String,
    last: Option<SystemTime>,
    next: Option<SystemTime>,
    changed: bool,
}

impl Chronicle {
    /// A chronicle that goes on from the marks that were found, by the names of their jobs. `wake` is notified when
    /// there is something to take, and not again before it is taken.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) fn new(found: HashMap<Arc<str>, Mark>, wake: Arc<Notify>) -> Self {
        Self { found, pages: HashMap::new(), changed: Vec::new(), gone: Vec::new(), wake }
    }

    /// The job begins; gives what was found of it, if that was written down for the same schedule.
    fn open(&mut self, entry: u32, name: &Arc<str>, schedule: String) -> Option<Mark> {
        let mark = self.found.remove(name).filter(|mark| mark.schedule == schedule);
        let (last, next) = mark.as_ref().map_or((None, None), |mark| (mark.last, Some(mark.next)));
        self.pages.insert(entry, Page { name: Arc::clone(name), schedule, last, next, changed: false });
        mark
    }

    fn write(&mut self, entry: u32, last: Option<SystemTime>, next: Option<SystemTime>) {
        let Some(page) = self.pages.get_mut(&entry) else { return };
        let (last, next) = (last.or(page.last), next.or(page.next));
        if (last, next) == (page.last, page.next) {
            return;
        }
        (page.last, page.next) = (last, next);
        if page.changed || next.is_none() {
            return;
        }
        page.changed = true;
        self.awake();
        self.changed.push(entry);
    }

    fn awake(&self) {
        if self.changed.is_empty() && self.gone.is_empty() {
            self.wake.notify_one();
        }
    }

    fn take(&mut self) -> Vec<(Arc<str>, Option<Mark>)> {
        let mut taken: Vec<_> = self.gone.drain(..).map(|name| (name, None)).collect();
        for entry in self.changed.drain(..) {
            let Some(page) = self.pages.get_mut(&entry) else { continue };
            let changed = std::mem::take(&mut page.changed);
            let Page { name, schedule, last, next: Some(next), .. } = page else { continue };
            if changed {
                let mark = Mark { schedule: schedule.clone(), last: *last, next: *next };
                taken.push((Arc::clone(name), Some(mark)));
            }
        }
        taken
    }

    fn forget(&mut self, entry: u32, name: &str) {
        self.found.remove(name);
        if self.pages.remove(&entry).is_some() {
            self.awake();
            self.gone.push(name.into());
        }
    }
}

impl Core {
    // ---- what whoever has a store asks

    /// Remembers from here on; to be asked for before the jobs begin. Where ticks come by hand, nothing is remembered.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) fn keep(&mut self, chronicle: Chronicle) {
        self.chronicle = (!self.manual).then_some(chronicle);
    }

    /// The marks that have changed since they were taken last, each job's at most once, and before them `None` for each
    /// job that was removed.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) fn take_changes(&mut self) -> Vec<(Arc<str>, Option<Mark>)> {
        self.chronicle.as_mut().map(Chronicle::take).unwrap_or_default()
    }

    // ---- what kinds ask

    /// Whether anything is remembered, so that it is worth finding out what.
    pub(crate) fn remembers(&self) -> bool {
        self.chronicle.is_some()
    }

    /// A job begins that is to be remembered, by its name: what was written down of it earlier, for the same schedule.
    /// What begins otherwise, as the instances of templates do, which have no names, is not remembered.
    pub(crate) fn recall(&mut self, entry: u32, timetable: &Timetable) -> Option<Mark> {
        let chronicle = self.chronicle.as_mut()?;
        let name = &self.entries.get(entry)?.job.name;
        chronicle.open(entry, name, timetable.describe())
    }

    /// What was remembered of a job means nothing any more: it goes by this schedule, and from now.
    pub(crate) fn start_over(&mut self, entry: u32, timetable: &Timetable) {
        let page = self.chronicle.as_mut().and_then(|chronicle| chronicle.pages.get_mut(&entry));
        if let Some(page) = page {
            page.schedule = timetable.describe();
            (page.last, page.next) = (None, None);
        }
    }

    /// A nominal time of a job had its turn, or the next one is planned; what is `None` stays as it was.
    pub(crate) fn remember(&mut self, entry: u32, last: Option<SystemTime>, next: Option<SystemTime>) {
        if let Some(chronicle) = &mut self.chronicle {
            chronicle.write(entry, last, next);
        }
    }

    /// A job is removed.
    pub(super) fn forget_mark(&mut self, entry: u32, name: &str) {
        if let Some(chronicle) = &mut self.chronicle {
            chronicle.forget(entry, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn mark(schedule: &str, last: Option<u64>, next: u64) -> Mark {
        Mark { schedule: schedule.to_owned(), last: last.map(at), next: at(next) }
    }

    fn chronicle(found: &[(&str, Mark)]) -> Chronicle {
        let found = found.iter().map(|(name, mark)| (Arc::from(*name), mark.clone()));
        Chronicle::new(found.collect(), Arc::default())
    }

    fn open(chronicle: &mut Chronicle, entry: u32, name: &str, schedule: &str) -> Option<Mark> {
        chronicle.open(entry, &Arc::from(name), schedule.to_owned())
    }

    /// What is to be written down, apart from what is to be forgotten.
    fn taken(chronicle: &mut Chronicle) -> Vec<(String, Mark)> {
        chronicle.take().into_iter().filter_map(|(name, mark)| Some((name.to_string(), mark?))).collect()
    }

    #[test]
    fn a_mark_is_for_one_name_and_one_schedule_and_is_found_once() {
        let found = mark("every 1w", Some(10), 20);
        let mut chronicle = chronicle(&[("weekly", found.clone()), ("edited", found.clone())]);
        assert_eq!(open(&mut chronicle, 0, "weekly", "every 1w"), Some(found));
        assert_eq!(open(&mut chronicle, 1, "edited", "every 1d"), None);
        assert_eq!(open(&mut chronicle, 2, "new", "every 1w"), None);
        chronicle.forget(0, "weekly");
        assert_eq!(
            open(&mut chronicle, 0, "weekly", "every 1w"),
            None,
            "a job that was removed and added again is new"
        );
        assert_eq!(taken(&mut chronicle), [], "what was found need not be written down again");
    }

    #[test]
    fn changes_are_taken_once_and_as_they_are_now() {
        let mut chronicle = chronicle(&[("one", mark("every 1m", Some(60), 120))]);
        open(&mut chronicle, 0, "one", "every 1m");
        open(&mut chronicle, 1, "two", "every 1h");
        chronicle.write(0, None, Some(at(120)));
        assert_eq!(taken(&mut chronicle), [], "nothing has changed");
        chronicle.write(1, Some(at(5)), None);
        chronicle.write(0, None, Some(at(180)));
        chronicle.write(0, Some(at(120)), None);
        chronicle.write(7, Some(at(120)), Some(at(180)));
        assert_eq!(taken(&mut chronicle), [("one".to_owned(), mark("every 1m", Some(120), 180))]);
        assert_eq!(taken(&mut chronicle), []);
    }

    #[test]
    fn what_has_no_next_time_yet_is_told_when_it_has() {
        let mut chronicle = chronicle(&[]);
        open(&mut chronicle, 1, "two", "every 1h");
        chronicle.write(1, Some(at(5)), None);
        assert_eq!(taken(&mut chronicle), []);
        chronicle.write(1, None, Some(at(10)));
        assert_eq!(taken(&mut chronicle), [("two".to_owned(), mark("every 1h", Some(5), 10))]);
    }

    #[test]
    fn who_comes_under_the_number_of_a_removed_job_is_taken_once() {
        let mut chronicle = chronicle(&[]);
        open(&mut chronicle, 3, "old", "every 1h");
        chronicle.write(3, None, Some(at(10)));
        chronicle.forget(3, "old");
        open(&mut chronicle, 3, "new", "every 1m");
        chronicle.write(3, None, Some(at(20)));
        assert_eq!(taken(&mut chronicle), [("new".to_owned(), mark("every 1m", None, 20))]);
    }

    #[tokio::test]
    async fn whoever_writes_down_is_woken_once_until_it_takes() {
        let wake = Arc::new(Notify::new());
        let mut chronicle = Chronicle::new(HashMap::new(), Arc::clone(&wake));
        let woken = || crate::clock::first(wake.notified(), std::future::ready(()));
        open(&mut chronicle, 0, "one", "every 1m");
        assert!(woken().await.is_none());
        for next in [60, 120] {
            chronicle.write(0, None, Some(at(next)));
        }
        assert!(woken().await.is_some());
        assert!(woken().await.is_none());
        chronicle.write(0, None, Some(at(180)));
        assert!(woken().await.is_none(), "there is still something to take");
        assert_eq!(chronicle.take().len(), 1);
        chronicle.write(0, None, Some(at(240)));
        assert!(woken().await.is_some());
    }
}
