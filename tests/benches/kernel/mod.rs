//! What the kernel says about this process and this machine, for every benchmark: read from `/proc`.

use std::fs;

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

/// The numbers of the threads of this process.
pub(crate) fn threads() -> impl Iterator<Item = u32> {
    let tasks = fs::read_dir("/proc/self/task").expect("this is Linux, with /proc");
    tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok())
}

/// The CPU seconds a thread has used; `None` when it ended meanwhile.
pub(crate) fn cpu(thread: u32) -> Option<f64> {
    let schedule = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
    let nanoseconds: f64 = schedule.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()
}

pub(crate) fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
