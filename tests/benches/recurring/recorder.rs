//! What every fire of every contender does: count itself and, for a sample of the slots, note how late it is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::grid::Grid;

/// As many slots are looked at in detail, so that the clock is not read for every one of a million.
const SAMPLED: u32 = 16_384;
/// A start this little before its time is two clocks read one after the other.
const CLOCK_READING: Duration = Duration::from_micros(50);
const SHARDS: u32 = 16;

static RECORDER: OnceLock<Recorder> = OnceLock::new();

pub(crate) struct Recorder {
    origin: Instant,
    period: u64,
    /// A slot is sampled when it is a multiple of this power of two.
    stride: u32,
    fires: Vec<Shard>,
    /// Nanoseconds since `origin`, one for each sampled slot.
    anchors: Vec<AtomicU64>,
    lateness: Histogram,
}

#[repr(align(128))]
#[derive(Default)]
struct Shard(AtomicU64);

/// Counts one fire of `slot`.
pub(crate) fn fire(slot: u32) {
    recorder().fire(slot);
}

pub(crate) fn recorder() -> &'static Recorder {
    RECORDER.get().expect("the recorder is installed before anything fires")
}

/// All memory it will ever need is touched here.
pub(crate) fn install(jobs: u32, period: Duration) {
    let stride = (jobs / SAMPLED).max(1).next_power_of_two();
    let recorder = Recorder {
        origin: Instant::now(),
        period: nanoseconds(period),
        stride,
        fires: (0..SHARDS).map(|_| Shard::default()).collect(),
        anchors: (0..=jobs / stride).map(|_| AtomicU64::new(0)).collect(),
        lateness: Histogram::new(),
    };
    assert!(RECORDER.set(recorder).is_ok(), "a process measures one cell");
}

impl Recorder {
    pub(crate) fn expect(&self, grid: &Grid) {
        for slot in grid.slots() {
            self.anchor(slot, grid.anchor(slot));
        }
    }

    /// Lateness of `slot` counts from `at`, modulo the period.
    pub(crate) fn anchor(&self, slot: u32, at: Instant) {
        if let Some(anchor) = self.sampled(slot) {
            anchor.store(nanoseconds(at - self.origin), Relaxed);
        }
    }

    pub(crate) fn fires(&self) -> u64 {
        self.fires.iter().map(|shard| shard.0.load(Relaxed)).sum()
    }

    /// The samples since the last call.
    pub(crate) fn take_lateness(&self) -> Lateness {
        self.lateness.take()
    }

    fn fire(&self, slot: u32) {
        if let Some(shard) = self.fires.get(index(slot % SHARDS)) {
            shard.0.fetch_add(1, Relaxed);
        }
        if let Some(anchor) = self.sampled(slot) {
            self.lateness.add(self.late(anchor.load(Relaxed)));
        }
    }

    fn sampled(&self, slot: u32) -> Option<&AtomicU64> {
        if slot & (self.stride - 1) == 0 { self.anchors.get(index(slot / self.stride)) } else { None }
    }

    fn late(&self, anchor: u64) -> u64 {
        let allowed = nanoseconds(CLOCK_READING);
        let since = nanoseconds(self.origin.elapsed() + CLOCK_READING).saturating_sub(anchor);
        (since % self.period).saturating_sub(allowed)
    }
}

/// Counts by size: 64 buckets for each power of two, so a reading is at most 1.6 % too high.
struct Histogram {
    buckets: Vec<AtomicU64>,
}

/// Samples of one window.
pub(crate) struct Lateness {
    buckets: Vec<u64>,
}

const PER_OCTAVE: u32 = 64;
const OCTAVES: u32 = 36;

impl Histogram {
    fn new() -> Self {
        Self { buckets: (0..PER_OCTAVE * OCTAVES).map(|_| AtomicU64::new(0)).collect() }
    }

    fn add(&self, value: u64) {
        let bucket = self.buckets.get(bucket(value)).or(self.buckets.last());
        bucket.expect("there are buckets").fetch_add(1, Relaxed);
    }

    fn take(&self) -> Lateness {
        Lateness { buckets: self.buckets.iter().map(|bucket| bucket.swap(0, Relaxed)).collect() }
    }
}

impl Lateness {
    /// The smallest bucket that has `part` per mille of the samples below or in it; zero without samples.
    pub(crate) fn quantile(&self, part: u64) -> Duration {
        let wanted = (self.buckets.iter().sum::<u64>() * part).div_ceil(1_000).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.map_or(Duration::ZERO, |bucket| Duration::from_nanos(upper_bound(bucket)))
    }
}

fn bucket(value: u64) -> usize {
    let per_octave = u64::from(PER_OCTAVE);
    if value < per_octave {
        return index(u32::try_from(value).unwrap_or(u32::MAX));
    }
    let shift = value.ilog2() - PER_OCTAVE.ilog2();
    let within = u32::try_from((value >> shift) - per_octave).unwrap_or(0);
    index((shift + 1) * PER_OCTAVE + within)
}

fn upper_bound(bucket: usize) -> u64 {
    let (bucket, per_octave) = (u64::try_from(bucket).unwrap_or(u64::MAX), u64::from(PER_OCTAVE));
    if bucket < per_octave {
        return bucket;
    }
    let (shift, within) = (bucket / per_octave - 1, bucket % per_octave);
    ((per_octave + within + 1) << shift) - 1
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("an index fits")
}

fn nanoseconds(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).expect("a benchmark ends within centuries")
}
