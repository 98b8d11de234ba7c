//! What recurring jobs remember over a restart of their program.

use std::sync::Arc;
use std::time::SystemTime;

use super::Table;
use crate::clock::earlier;
use crate::durable::store::FORGOTTEN;
use crate::engine::supervisor::Mark;

impl Table {
    pub(super) fn marks_for(&self, host: &str) -> Vec<(String, Mark)> {
        let of_job = self.marks.iter().filter_map(|(name, of_hosts)| {
            let newest = || of_hosts.values().max_by_key(|(noted, _)| *noted);
            let (_, mark) = of_hosts.get(host).or_else(newest)?;
            Some((name.to_string(), mark.clone()))
        });
        of_job.collect()
    }

    pub(super) fn note_mark(&mut self, host: &str, name: &Arc<str>, mark: Option<&Mark>, now: SystemTime) {
        match mark {
            Some(mark) => {
                let of_hosts = self.marks.entry(Arc::clone(name)).or_default();
                of_hosts.insert(host.to_owned(), (now, mark.clone()));
            }
            None => drop(self.marks.remove(name)),
        }
    }

    /// Deletes what was written down long ago, where another host has something newer.
    pub(super) fn forget_marks(&mut self, now: SystemTime) {
        let until = earlier(now, FORGOTTEN);
        for of_hosts in self.marks.values_mut() {
            let newest = of_hosts.values().map(|(noted, _)| *noted).max();
            of_hosts.retain(|_, (noted, _)| *noted >= until || Some(*noted) == newest);
        }
    }
}
