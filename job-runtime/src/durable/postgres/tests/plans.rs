//! The planner takes the indexes that the statements were written for, whatever it believes the tables hold.

use super::place::Place;
use crate::durable::postgres::batch::{MEET, PUT, PUT_KEYED, PUT_ONE};
use crate::durable::postgres::claim::{ADOPT, TAKE, TAKE_AND_LOOK};
use crate::durable::postgres::lines::{PLANS, SETTINGS};
use crate::durable::postgres::node::{BEREAVE, LOCK_STOPPED, RENEW};
use crate::durable::postgres::settle::{COMPLETED, DECLINED, LOCK_KEYS, PROGRESS, SETTLE};
use crate::durable::postgres::ticks::{PROCEED, RUNS};
use crate::durable::postgres::tidy::{PARK, PRUNE};

/// A statement of the work, what it may be given, and the indexes of the table of jobs that it takes.
const STATEMENTS: [(&str, &str, &[&str]); 14] = [
    (TAKE, TAKEN, &["job_waiting", "job_pkey"]),
    (TAKE_AND_LOOK, TAKEN_AND_LOOKED, &["job_waiting", "job_pkey"]),
    (ADOPT, "1, 1", &["job_running"]),
    (COMPLETED, "'{1}', '{1}', '{1}'", &["job_pkey"]),
    (
        SETTLE,
        "'{1}', '{1}', '{1}', '{waiting}', '{t}', '{0}', '{0}', '{t}', '{failed}', '{no}', '{NULL}', '{f}', 'c', 1",
        &["job_pkey"],
    ),
    (DECLINED, "'{1}', '{1}', '{1}', 'c', 1", &["job_pkey"]),
    (PROGRESS, "'{1}', '{1}', '{1}', '{half}'", &["job_pkey"]),
    (RENEW, "1, 1, '{job}', '{queue}'", &["job_stopping"]),
    (LOCK_STOPPED, "'{1}'", &["job_stopping"]),
    (BEREAVE, "'{1}', 'c', 1, 3", &["job_running", "job_pkey", "job_ticks"]),
    (RUNS, "'job'", &["job_ticks"]),
    (PROCEED, "1, 1, 'job'", &["job_ticks", "job_pkey"]),
    (PRUNE, "1, 1", &["job_finished", "job_pkey"]),
    (PARK, "'{queue}', 1", &["job_waiting", "job_pkey"]),
];

const TAKEN: &str = "1, 1, '{queue}', '{10}', '{queue}', '{0}', '{2000-01-01}', '{0}', '{job}', true";
const TAKEN_AND_LOOKED: &str =
    "1, 1, '{queue}', '{10}', '{queue}', '{0}', '{2000-01-01}', '{0}', '{job}', true, '{queue}'";

const FILL: &str = "
    INSERT INTO job_runtime.job (queue, name, args, run_at, scheduled_at)
    SELECT 'queue', 'job', '{}', now(), now() FROM generate_series(1, 20000);
    INSERT INTO job_runtime.job (queue, name, args, run_at, scheduled_at, state, finished_at)
    SELECT 'queue', 'job', '{}', now(), now(), 'completed', now() FROM generate_series(1, 20000)";

/// The plans of all statements, as they are prepared once.
fn check(place: &Place, when: &str) {
    for (statement, parameters, indexes) in STATEMENTS {
        let plan =
            place.sql(&format!("{SETTINGS}; {PLANS}; PREPARE s AS {statement}; EXPLAIN EXECUTE s({parameters})"));
        assert!(!plan.contains("Seq Scan on job"), "{when}:\n{statement}\n{plan}");
        for index in ["job_waiting", "job_running", "job_pkey", "job_ticks", "job_finished", "job_stopping"] {
            let is_meant = indexes.contains(&index);
            assert_eq!(plan.contains(&format!("using {index} ")), is_meant, "{when}: {index}:\n{statement}\n{plan}");
        }
    }
}

#[tokio::test]
async fn the_indexes_are_taken_whatever_is_known_of_the_tables() {
    let place = Place::new("plans");
    place.open().await;
    place.sql("ALTER TABLE job_runtime.job SET (autovacuum_enabled = off)");
    check(&place, "nothing is known, and nothing there");
    place.sql("ANALYZE");
    place.sql(FILL);
    check(&place, "it is known that nothing is there, and there is much");
    place.sql("ANALYZE");
    check(&place, "it is known that there is much");
    place.sql("DELETE FROM job_runtime.job");
    check(&place, "it is known that there is much, and nothing is there");
}

/// Those of a pool are done by the plans that the planner thinks are best, with the settings of the database.
#[tokio::test]
async fn jobs_are_put_in_without_looking_at_those_that_are_there() {
    let place = Place::new("plans_pool");
    place.open().await;
    place.sql("ALTER TABLE job_runtime.job SET (autovacuum_enabled = off); ANALYZE");
    place.sql(FILL);
    let batch = "'queue', 'job', 0, 1, 0, NULL, '{\"{}\"}', NULL, 1, NULL";
    for (statement, parameters) in [
        (PUT, batch.to_owned()),
        (PUT_ONE, batch.replace(r#"'{"{}"}'"#, "'{}'")),
        (PUT_KEYED, format!("{batch}, '{{key}}', NULL")),
        (MEET, "'{1}', '{\"{}\"}', 0, 0, NULL, true".to_owned()),
        (LOCK_KEYS, "'{1}'".to_owned()),
    ] {
        let plan = place.sql(&format!("PREPARE s AS {statement}; EXPLAIN EXECUTE s({parameters})"));
        assert!(!plan.contains("Seq Scan on job") && !plan.contains("using job_waiting"), "{statement}\n{plan}");
    }
}
