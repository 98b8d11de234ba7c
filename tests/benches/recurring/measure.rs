//! What the kernel says about this process and this machine, read from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::recorder::recorder;

/// Totals since the start, of all threads but the main one, which does the measuring.
pub(crate) struct Reading {
    at: Instant,
    fires: u64,
    threads: BTreeMap<u32, Thread>,
}

#[derive(Clone, Copy, Default)]
struct Thread {
    cpu: Duration,
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
            cpu += thread.cpu.saturating_sub(earlier.cpu).as_secs_f64();
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
    let tasks = fs::read_dir("/proc/self/task").expect("this is Linux, with /proc");
    let ids = tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id| *id != std::process::id()).filter_map(|id| Some((id, thread(id)?))).collect()
}

/// `None` when the thread ended meanwhile.
fn thread(id: u32) -> Option<Thread> {
    let schedule = fs::read_to_string(format!("/proc/self/task/{id}/schedstat")).ok()?;
    let status = fs::read_to_string(format!("/proc/self/task/{id}/status")).ok()?;
    Some(Thread {
        cpu: Duration::from_nanos(schedule.split_whitespace().next()?.parse().ok()?),
        voluntary_switches: field(&status, "voluntary_ctxt_switches:")?.parse().ok()?,
    })
}

/// In bytes.
pub(crate) struct Memory {
    pub(crate) resident: f64,
    pub(crate) peak: f64,
}

pub(crate) fn memory() -> Memory {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux, with /proc");
    let bytes = |name| {
        let kibibytes = field(&status, name).and_then(|text| text.parse::<u64>().ok());
        float(kibibytes.expect("the kernel counts memory")) * 1024.0
    };
    Memory { resident: bytes("VmRSS:"), peak: bytes("VmHWM:") }
}

/// The machine and how busy it is, in a line.
pub(crate) fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    format!(
        "{cores} × {}, Linux {}, load before the start {}; two tokio workers; median (min–max) of the windows.",
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim(),
        load.split_whitespace().next().unwrap_or("unknown"),
    )
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
