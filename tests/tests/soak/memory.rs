//! Whether memory grows: a straight line through what the process weighed, once it has warmed up.

use std::fmt;
use std::fs;
use std::time::Duration;

/// How much the line may rise, in bytes, however long the storm was.
///
/// The allocator alone accounts for about one million within a minute. Whatever were left of each attempt, be it an
/// `Arc` that is not let go or a record that is not used again, would have 48 bytes at least; in the short form there
/// are some 280,000 attempts after the warm-up, which makes thirteen millions, and in the long one ten times as many.
const ROOM: f64 = 4e6;

struct Sample {
    /// Seconds.
    at: f64,
    /// Bytes.
    resident: f64,
    /// Attempts that had ended.
    ended: u64,
}

pub struct Memory {
    warm: f64,
    samples: Vec<Sample>,
}

impl Memory {
    pub fn new(length: Duration) -> Self {
        Self { warm: length.as_secs_f64() / 3.0, samples: Vec::with_capacity(4_096) }
    }

    pub fn weigh(&mut self, at: Duration, ended: u64) {
        let at = at.as_secs_f64();
        if at >= self.warm {
            self.samples.push(Sample { at, resident: resident(), ended });
        }
    }

    /// What the line rises from its first sample to its last.
    fn growth(&self) -> f64 {
        let count = self.samples.iter().map(|_| 1.0).sum::<f64>();
        let mean = |value: fn(&Sample) -> f64| self.samples.iter().map(value).sum::<f64>() / count;
        let (at, resident) = (mean(|sample| sample.at), mean(|sample| sample.resident));
        let rise = self.samples.iter().map(|sample| (sample.at - at) * (sample.resident - resident));
        let run = self.samples.iter().map(|sample| (sample.at - at).powi(2));
        rise.sum::<f64>() / run.sum::<f64>() * self.span(|sample| sample.at)
    }

    fn span(&self, value: fn(&Sample) -> f64) -> f64 {
        let of = |sample: Option<&Sample>| sample.map_or(0.0, value);
        of(self.samples.last()) - of(self.samples.first())
    }

    fn attempts(&self) -> f64 {
        self.span(|sample| f64::from(u32::try_from(sample.ended).expect("fewer than four thousand million")))
    }

    pub fn assert_level(&self) {
        assert!(self.growth() < ROOM, "memory grows: {self}");
    }
}

fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux, with /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel counts memory");
    let kibibytes: f64 = line.split_whitespace().next().and_then(|text| text.parse().ok()).expect("a number");
    kibibytes * 1024.0
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (growth, attempts) = (self.growth(), self.attempts());
        write!(
            f,
            "{:.1} MB resident in the end; in {:.0} s and {attempts} attempts it grew by {:.2} MB, {:.1} bytes each",
            self.samples.last().map_or(0.0, |sample| sample.resident) / 1e6,
            self.span(|sample| sample.at),
            growth / 1e6,
            growth / attempts,
        )
    }
}
