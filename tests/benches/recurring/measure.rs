//! What this process used between two moments.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use crate::kernel::{self, field, float};
use crate::recorder::recorder;

/// Totals since the start, of all threads but the main one, which does the measuring.
pub(crate) struct Reading {
    at: Instant,
    fires: u64,
    threads: BTreeMap<u32, Thread>,
}

#[derive(Clone, Copy, Default)]
struct Thread {
    cpu: f64,
    voluntary_switches: u64,
}

/// What went on between two readings.
pub(crate) struct Used {
    pub(crate) seconds: f64,
    pub(crate) fires: f64,
    /// CPU seconds.
    pub(crate) cpu: f64,
    pub(crate) switches: f64,
    /// How many threads there are, the main one included.
    pub(crate) threads: f64,
}

impl Reading {
    pub(crate) fn take() -> Self {
        Self { at: Instant::now(), fires: recorder().fires(), threads: threads() }
    }

    pub(crate) fn since(&self, before: &Self) -> Used {
        let (mut cpu, mut switches) = (0.0, 0);
        for (id, thread) in &self.threads {
            let earlier = before.threads.get(id).copied().unwrap_or_default();
            cpu += thread.cpu - earlier.cpu;
            switches += thread.voluntary_switches - earlier.voluntary_switches;
        }
        Used {
            seconds: (self.at - before.at).as_secs_f64(),
            fires: float(self.fires - before.fires),
            cpu,
            switches: float(switches),
            threads: float(u64::try_from(self.threads.len()).unwrap_or(u64::MAX)) + 1.0,
        }
    }
}

fn threads() -> BTreeMap<u32, Thread> {
    let but_the_main_one = kernel::threads().filter(|id| *id != std::process::id());
    but_the_main_one.filter_map(|id| Some((id, thread(id)?))).collect()
}

/// `None` when the thread ended meanwhile.
fn thread(id: u32) -> Option<Thread> {
    let status = fs::read_to_string(format!("/proc/self/task/{id}/status")).ok()?;
    Some(Thread {
        cpu: kernel::cpu(id)?,
        voluntary_switches: field(&status, "voluntary_ctxt_switches:")?.parse().ok()?,
    })
}
