//! Jobs that are put in together, as the statements for it are given them.

use std::collections::HashMap;

use super::claim::OLDEST;
use super::columns::{clean, integer, micros, since_epoch};
use crate::durable::row::{Due, NewJobs};
use crate::durable::store::Inserted;
use crate::policy::unique::{OnConflict, UniqueFor};

/// When rows are due: by `$5`, after how long, or `$6`, when.
macro_rules! due {
    () => {
        "coalesce(timestamptz 'epoch' + $6::bigint * interval '1 microsecond',
            now() + $5::bigint * interval '1 microsecond')"
    };
}
/// A time in microseconds since 1970.
macro_rules! micros {
    ($time:literal) => {
        concat!("(extract(epoch FROM ", $time, ") * 1000000)::bigint")
    };
}
/// Tells of rows that are due at such a time, if `$8` is a channel.
macro_rules! told {
    ($time:literal) => {
        concat!(
            "CASE WHEN $8::text IS NOT NULL THEN
                pg_notify($8::text, $9::bigint || ' work ' || least($10::bigint, ",
            micros!($time),
            ") || ' ' || $1)
            END"
        )
    };
}
/// The time of several rows, which is told once.
macro_rules! together {
    () => {
        concat!(
            "t AS MATERIALIZED (SELECT at, ",
            micros!("at"),
            " AS micros, ",
            told!("at"),
            " FROM ",
            due!(),
            " AS at)"
        )
    };
}
/// Puts one row in, with less for the server to do than where there are several.
pub(super) const PUT_ONE: &str = concat!(
    "INSERT INTO job_runtime.job (queue, name, args, priority, lane, run_at, scheduled_at, max_attempts)
    SELECT $1, $2, $7::text::json, $3, $3, at, at, $4 FROM (VALUES (",
    due!(),
    ")) AS t(at)
    RETURNING id, ",
    micros!("run_at"),
    ", ",
    told!("run_at")
);

/// Puts rows in. `$8` is the channel through which it is told, or nothing.
pub(super) const PUT: &str = concat!(
    "WITH ",
    together!(),
    ", put AS (
        INSERT INTO job_runtime.job (queue, name, args, priority, lane, run_at, scheduled_at, max_attempts)
        SELECT $1, $2, a::json, $3, $3, t.at, t.at, $4 FROM unnest($7::text[]) a CROSS JOIN t
        RETURNING id
    )
    SELECT put.id, t.micros FROM put CROSS JOIN t"
);

/// The same for rows with keys, `$11`, which are there once: whether a row goes in is decided by the index of the keys,
/// among all that do so at the same time, and in the order of the keys, so that two wait for each other and not in a
/// circle. `$12` is how long they keep others out.
pub(super) const PUT_KEYED: &str = concat!(
    "WITH ",
    together!(),
    ", asked AS MATERIALIZED (
        SELECT a.key, a.args, a.n, nextval('job_runtime.job_id_seq') AS id
        FROM unnest($11::text[], $7::text[]) WITH ORDINALITY AS a(key, args, n)
    ), kept AS (
        INSERT INTO job_runtime.unique_key AS k (key, job, until)
        SELECT key, id, now() + $12::bigint * interval '1 microsecond' FROM asked ORDER BY key
        ON CONFLICT (key) DO UPDATE SET
            job = CASE WHEN k.until <= now() THEN excluded.job ELSE k.job END,
            until = CASE WHEN k.until <= now() THEN excluded.until ELSE k.until END
        RETURNING k.key, k.job
    ), put AS (
        INSERT INTO job_runtime.job (id, queue, name, args, priority, lane, run_at, scheduled_at, max_attempts, keyed)
        SELECT a.id, $1, $2, a.args::json, $3, $3, t.at, t.at, $4, true
        FROM asked a JOIN kept k ON k.job = a.id CROSS JOIN t ORDER BY a.id
    )
    SELECT k.job, t.micros, k.job = a.id FROM asked a JOIN kept k USING (key) CROSS JOIN t
    ORDER BY a.n"
);

/// What met one that keeps it out gives it its time, as long as that waits, and where `$6` says so also its arguments and
/// priority. Whether it waits is asked in other words, as with these the planner takes the index of all that do.
pub(super) const MEET: &str = "
    UPDATE job_runtime.job j SET
        scheduled_at = t.at, run_at = t.at,
        args = CASE WHEN $6 THEN m.args::json ELSE j.args END,
        priority = CASE WHEN $6 THEN $3 ELSE j.priority END,
        lane = CASE WHEN $6 AND j.lane >= 0 THEN $3 ELSE j.lane END
    FROM unnest($1::bigint[], $2::text[]) AS m(id, args)
    CROSS JOIN (
        SELECT coalesce(timestamptz 'epoch' + $5::bigint * interval '1 microsecond',
            now() + $4::bigint * interval '1 microsecond') AS at
    ) t
    WHERE j.id = m.id AND j.token IS NULL AND j.finished_at IS NULL AND j.parked IS NULL";

/// What all of a batch have in common, and their arguments and keys: of each key those of the first.
pub(super) struct Batch<'j> {
    pub(super) queue: &'j str,
    pub(super) name: &'j str,
    pub(super) priority: i16,
    pub(super) max_attempts: i32,
    pub(super) delay: i64,
    pub(super) at: Option<i64>,
    pub(super) args: Vec<&'j str>,
    pub(super) keys: Option<Keys<'j>>,
}

/// The keys of a batch.
pub(super) struct Keys<'j> {
    pub(super) texts: Vec<String>,
    /// Of each, which jobs have it.
    pub(super) jobs: Vec<Vec<usize>>,
    pub(super) lasts: Option<i64>,
    pub(super) on_conflict: OnConflict,
    all: &'j NewJobs,
}

/// Those that met one that keeps them out.
pub(super) struct Meeting<'j> {
    pub(super) ids: Vec<i64>,
    pub(super) args: Vec<&'j str>,
    /// Whether they get the arguments and the priority too.
    pub(super) replaces: bool,
}

impl<'j> Batch<'j> {
    pub(super) fn of(jobs: &'j NewJobs) -> Self {
        let (delay, at) = match jobs.due {
            Due::Now => (0, None),
            Due::After(delay) => (micros(delay), None),
            Due::At(time) => (0, Some(since_epoch(time).max(OLDEST))),
        };
        let keys = Keys::of(jobs);
        let args = match &keys {
            Some(keys) => keys.jobs.iter().filter_map(|of_key| jobs.jobs.get(*of_key.first()?)).collect(),
            None => jobs.jobs.iter().collect::<Vec<_>>(),
        };
        Self {
            queue: &jobs.queue,
            name: &jobs.name,
            priority: i16::try_from(jobs.priority).unwrap_or(i16::MAX),
            max_attempts: integer(jobs.max_attempts),
            delay,
            at,
            args: args.into_iter().map(|job| job.args.as_str()).collect(),
            keys,
        }
    }
}

impl<'j> Keys<'j> {
    fn of(jobs: &'j NewJobs) -> Option<Self> {
        let (unique_for, on_conflict) = jobs.unique?;
        let (mut texts, mut of_each) = (Vec::new(), Vec::<Vec<usize>>::new());
        let mut places = HashMap::<String, usize>::new();
        for (index, job) in jobs.jobs.iter().enumerate() {
            let key = clean(job.key.as_deref()?).into_owned();
            let place = *places.entry(key.clone()).or_insert(of_each.len());
            if let Some(of_key) = of_each.get_mut(place) {
                of_key.push(index);
            } else {
                texts.push(key);
                of_each.push(vec![index]);
            }
        }
        let lasts = match unique_for {
            UniqueFor::Period(period) => Some(micros(period)),
            UniqueFor::Unfinished => None,
        };
        Some(Self { texts, jobs: of_each, lasts, on_conflict, all: jobs })
    }

    /// What came of each job, from what came of each key: the row that has it, and whether that is a new one.
    pub(super) fn inserted(&self, kept: &[Inserted]) -> Vec<Inserted> {
        let mut all = vec![Inserted { id: 0, new: false }; self.all.jobs.len()];
        for (kept, of_key) in kept.iter().zip(&self.jobs) {
            for (place, index) in of_key.iter().enumerate() {
                if let Some(inserted) = all.get_mut(*index) {
                    *inserted = Inserted { id: kept.id, new: kept.new && place == 0 };
                }
            }
        }
        all
    }

    /// Of each row that somebody met, who did so last; nothing where that changes nothing.
    pub(super) fn meeting(&self, kept: &[Inserted]) -> Option<Meeting<'j>> {
        if self.on_conflict == OnConflict::Skip {
            return None;
        }
        let met = kept.iter().zip(&self.jobs).filter(|(kept, of_key)| !kept.new || of_key.len() > 1);
        let last = met.filter_map(|(kept, of_key)| Some((kept.id, self.all.jobs.get(*of_key.last()?)?.args.as_str())));
        let (ids, args): (Vec<i64>, Vec<&str>) = last.unzip();
        let replaces = self.on_conflict == OnConflict::Replace;
        (!ids.is_empty()).then_some(Meeting { ids, args, replaces })
    }
}
