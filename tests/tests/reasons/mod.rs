//! All reasons for which an occasion comes to nothing.

use job_runtime::{MissReason, SkipReason};

pub const SKIPPED: [SkipReason; 8] = [
    SkipReason::StillRunning,
    SkipReason::AlreadyPending,
    SkipReason::Superseded,
    SkipReason::MaxRunning,
    SkipReason::Guard,
    SkipReason::Paused,
    SkipReason::Refused,
    SkipReason::Cancelled,
];

pub const MISSED: [MissReason; 5] = [
    MissReason::Stalled,
    MissReason::ClockStepped,
    MissReason::Downtime,
    MissReason::StartDeadline,
    MissReason::Shutdown,
];
