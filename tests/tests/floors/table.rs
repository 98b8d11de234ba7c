//! The architecture as data: the floors with their modules, and each exception from a rule with its reason.

/// The floors from the lowest to the highest.
///
/// A module uses the floors below its own; on its own floor it uses only what stands before it in the list, except
/// kinds, which do not know each other. A folder is one module, but for `engine`, whose files are modules of their
/// own.
pub(crate) const FLOORS: [Floor; 7] = [
    Floor { name: "words", modules: &["error", "name", "duration", "outcome", "panics", "clock"] },
    Floor { name: "rules", modules: &["policy", "schedule"] },
    // `event` tells of runs, which `job` describes.
    Floor { name: "jobs", modules: &["job", "event"] },
    // An attempt is executed; the supervisor keeps attempts and alarms; crowds of attempts are carried; what happened
    // is told; the driver moves them all.
    Floor {
        name: "engine",
        modules: &[
            "engine::slots",
            "engine::few",
            "engine::timers",
            "engine::instances",
            "engine::registry",
            "engine::executor",
            "engine::supervisor",
            "engine::carrier",
            "engine::teller",
            "engine::attendants",
            "engine::driver",
        ],
    },
    Floor { name: KINDS, modules: &["periodic", "deferred", "service", "durable"] },
    // The runtime listens to signals; the functions beside a job and the test kit go through the runtime.
    Floor { name: "surface", modules: &["guard", "timestamp", "signals", "runtime", "control", "testing"] },
    Floor { name: "crate", modules: &["guide", "__private", ROOT] },
];

pub(crate) const KINDS: &str = "kinds";
/// `lib.rs`: what it re-exports is for users.
pub(crate) const ROOT: &str = "the crate root";

pub(crate) struct Floor {
    pub(crate) name: &'static str,
    pub(crate) modules: &'static [&'static str],
}

/// An exception from a rule: where it is, and why.
pub(crate) struct Exception {
    pub(crate) file: &'static str,
    pub(crate) what: &'static str,
    #[expect(dead_code, reason = "for the reader")]
    pub(crate) reason: &'static str,
}

pub(crate) const fn exception(file: &'static str, what: &'static str, reason: &'static str) -> Exception {
    Exception { file, what, reason }
}

pub(crate) const CLOCK: [Exception; 1] = [exception(
    "testing/harness.rs",
    "tokio::time::advance",
    "moving tokio's paused clock is what the test kit is for",
)];

pub(crate) const SPAWN: [Exception; 9] = [
    exception("durable/conformance/unique.rs", "spawn", "a test of stores, in which several put the same in at once"),
    exception("durable/postgres/connector.rs", "spawn", "PostgreSQL's driver has its connections moved by tasks"),
    exception("durable/postgres/connector.rs", "spawn_on", "and what stands still can have none: another makes it"),
    exception("durable/postgres/tests/connecting.rs", "spawn", "a test of a runtime of one thread that stands still"),
    exception("durable/sqlite/clerk.rs", "spawn", "SQLite makes its caller wait, and so has threads of its own"),
    exception("durable/sqlite/tests/migrating.rs", "spawn", "a test of a file that many threads migrate at once"),
    exception("durable/sqlite/tests/processes.rs", "spawn", "a test that starts processes and kills them"),
    exception("clock.rs", "spawn", "the test kit's patience passes in real time, which needs a thread of its own"),
    exception("signals.rs", "spawn", "signals are heard on a thread that no job can block"),
];

pub(crate) const FEATURES: [Exception; 1] =
    [exception("clock.rs", "impl Clock", "the test kit moves the wall clock, whose fields only this file may touch")];

/// How long a file may be besides blank lines, comments and tests.
pub(crate) const LONG: usize = 400;

pub(crate) const TOO_LONG: [Exception; 0] = [];
