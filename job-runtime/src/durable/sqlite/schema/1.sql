-- All times are microseconds since the epoch.

CREATE TABLE job_runtime_job (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 'waiting', 'running', 'completed', 'cancelled', 'discarded' or 'parked'
    state        TEXT    NOT NULL,
    queue        TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    -- JSON
    args         TEXT    NOT NULL,
    priority     INTEGER NOT NULL DEFAULT 0,
    -- its place among those that wait: its priority, or -1 where it runs alone, as its process died under it twice
    lane         INTEGER NOT NULL DEFAULT 0,
    scheduled_at INTEGER NOT NULL,
    -- NULL while it waits for another run to end
    run_at       INTEGER,
    attempt      INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 1,
    starts       INTEGER NOT NULL DEFAULT 0,
    deaths       INTEGER NOT NULL DEFAULT 0,
    -- what made it start, where it was not put into a queue
    "trigger"    TEXT,
    -- whether its guard is being asked
    asking       INTEGER NOT NULL DEFAULT 0,
    -- whether others of its job wait until it has ended
    serial       INTEGER NOT NULL DEFAULT 0,
    -- whether it keeps others out by a key
    keyed        INTEGER NOT NULL DEFAULT 0,
    node         INTEGER,
    -- drawn for each claim; 0 unless it runs
    token        INTEGER NOT NULL DEFAULT 0,
    enqueued_at  INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    error        TEXT,
    progress     TEXT,
    -- why somebody wants it stopped
    cancel       TEXT,
    -- why it waits for a person
    parked       TEXT,
    -- JSON: its attempts that ended otherwise than well
    attempts     TEXT
) STRICT;

-- Each by what changes as seldom as can be: only then SQLite has to look at it.
CREATE INDEX job_runtime_job_waiting ON job_runtime_job (queue, lane, name, run_at) WHERE state = 'waiting';
CREATE INDEX job_runtime_job_running ON job_runtime_job (node) WHERE token <> 0;
CREATE INDEX job_runtime_job_parked ON job_runtime_job (name) WHERE parked IS NOT NULL;
CREATE INDEX job_runtime_job_finished ON job_runtime_job (queue, state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX job_runtime_job_tick ON job_runtime_job (name)
    WHERE queue = '@cluster' AND finished_at IS NULL;

CREATE TABLE job_runtime_node (
    id    INTEGER PRIMARY KEY,
    name  TEXT    NOT NULL,
    until INTEGER NOT NULL,
    -- JSON: the names of the jobs it knows
    jobs  TEXT    NOT NULL,
    gone  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX job_runtime_node_there ON job_runtime_node (until) WHERE NOT gone;

CREATE TABLE job_runtime_unique_key (
    key   TEXT    PRIMARY KEY,
    job   INTEGER NOT NULL,
    -- NULL until the job has come to its end
    until INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX job_runtime_unique_key_job ON job_runtime_unique_key (job);

CREATE TABLE job_runtime_pause (
    -- 'queue' or 'job'
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- The schedules of all nodes, and how far they are.
CREATE TABLE job_runtime_schedule (
    name     TEXT    PRIMARY KEY,
    schedule TEXT    NOT NULL,
    last     INTEGER NOT NULL,
    -- the node that made it known
    node     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the recurring jobs of each host remember over a restart.
CREATE TABLE job_runtime_mark (
    name     TEXT    NOT NULL,
    host     TEXT    NOT NULL,
    schedule TEXT    NOT NULL,
    last     INTEGER,
    next     INTEGER NOT NULL,
    noted    INTEGER NOT NULL,
    PRIMARY KEY (name, host)
) STRICT, WITHOUT ROWID;
