//! What is measured.

use crate::{file, ours, raw};

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    Quick,
}

impl Scale {
    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::Full, Self::Quick].into_iter().find(|scale| scale.word() == text)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Quick => "quick",
        }
    }

    /// So much in a whole run, and a tenth of it in a quick one.
    pub(crate) const fn of(self, count: u64) -> u64 {
        match self {
            Self::Full => count,
            Self::Quick => count / 10,
        }
    }
}

/// The unit of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    JobsPerSecond,
    Milliseconds,
    Seconds,
    PerSecond,
}

/// Where jobs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Postgres,
    Sqlite,
}

macro_rules! cells {
    ($($cell:ident $name:literal $place:ident $unit:ident $rounds:literal $measure:path;)*) => {
        /// One thing that is measured: of us, or of the bare statements (`raw`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Cell { $($cell,)* }

        impl Cell {
            pub(crate) const ALL: &[Self] = &[$(Self::$cell,)*];

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$cell => $name,)* }
            }

            pub(crate) const fn place(self) -> Place {
                match self { $(Self::$cell => Place::$place,)* }
            }

            pub(crate) const fn unit(self) -> Unit {
                match self { $(Self::$cell => Unit::$unit,)* }
            }

            /// How often it is measured in a whole run.
            pub(crate) const fn rounds(self) -> u32 {
                match self { $(Self::$cell => $rounds,)* }
            }

            pub(crate) async fn measure(self, scale: Scale, store: &str) -> f64 {
                match self { $(Self::$cell => $measure(scale, store).await,)* }
            }
        }
    };
}

cells! {
    RawProcessTwo "process/raw, 2 × 1000" Postgres JobsPerSecond 5 raw::process_two;
    RawProcessFour "process/raw, 4 × 500" Postgres JobsPerSecond 5 raw::process_four;
    Process "process/job" Postgres JobsPerSecond 5 ours::process;
    ProcessTen "process/job, ten at once" Postgres JobsPerSecond 3 ours::process_ten;
    RawOne "enqueue one/raw" Postgres JobsPerSecond 5 raw::one;
    One "enqueue one/job" Postgres JobsPerSecond 5 ours::one;
    RawTen "enqueue one by ten/raw" Postgres JobsPerSecond 5 raw::ten;
    Ten "enqueue one by ten/job" Postgres JobsPerSecond 5 ours::ten;
    RawBatch "enqueue batch/raw" Postgres JobsPerSecond 5 raw::batch;
    Batch "enqueue batch/job" Postgres JobsPerSecond 5 ours::batch;
    RawStart "start/raw" Postgres Milliseconds 5 raw::start;
    Start "start/job" Postgres Milliseconds 5 ours::start;
    Idle "idle/job" Postgres PerSecond 1 ours::idle;
    Waiting10k "waiting 10k/job" Postgres JobsPerSecond 3 ours::waiting_10k;
    Waiting1m "waiting 1M/job" Postgres JobsPerSecond 3 ours::waiting_1m;
    HeldBefore "held/before" Postgres JobsPerSecond 1 ours::held_before;
    HeldAfter "held/after" Postgres JobsPerSecond 1 ours::held_after;
    Recovery "recovery/job" Postgres Seconds 3 ours::recovery;
    Takeover "takeover/job" Postgres Seconds 1 ours::takeover;
    FileRawProcess "sqlite process/raw" Sqlite JobsPerSecond 5 file::process;
    FileProcess "sqlite process/job" Sqlite JobsPerSecond 5 ours::process;
    FileRawOne "sqlite enqueue one/raw" Sqlite JobsPerSecond 5 file::one;
    FileOne "sqlite enqueue one/job" Sqlite JobsPerSecond 5 ours::one;
    FileRawBatch "sqlite enqueue batch/raw" Sqlite JobsPerSecond 5 file::batch;
    FileBatch "sqlite enqueue batch/job" Sqlite JobsPerSecond 5 ours::batch;
    FileRawStart "sqlite start/raw" Sqlite Milliseconds 5 file::start;
    FileStart "sqlite start/job" Sqlite Milliseconds 5 ours::start_here;
    FileTakeover "sqlite takeover/job" Sqlite Seconds 1 ours::takeover;
}

impl Cell {
    pub(crate) fn read(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cell| cell.name() == name)
    }
}
