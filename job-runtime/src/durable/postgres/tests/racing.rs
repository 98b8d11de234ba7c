//! D16 where it takes a moment to write something down, so that two who do so to the same row really meet.

use super::bench_in;
use super::place::Place;
use crate::durable::conformance::racing::{race, races};

/// As long as there is a node to be taken for dead, who changes rows of this table waits a moment, by chance none, before
/// it has locked them, and then again.
const DELAYS: &str = "
    CREATE FUNCTION clock.delay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(greatest(random() - 0.3, 0) * 0.008)
        WHERE EXISTS (SELECT FROM job_runtime.node WHERE NOT gone AND until < now());
        RETURN NEW;
    END $$;
    CREATE TRIGGER before_all BEFORE UPDATE ON job_runtime.job FOR EACH STATEMENT EXECUTE FUNCTION clock.delay();
    CREATE TRIGGER before_each BEFORE UPDATE ON job_runtime.job FOR EACH ROW
        WHEN (OLD.token IS NOT NULL AND NEW.token IS NULL) EXECUTE FUNCTION clock.delay()";

#[tokio::test]
async fn d16_what_ends_while_its_node_is_taken_for_dead_ends_once_however_long_that_takes() {
    let place = Place::with_clock("d16_delays");
    place.open().await;
    place.sql(DELAYS);
    let count = races(100);
    let tally = race(&bench_in(place).await, count).await;
    let least = u32::try_from(count / 10).expect("few");
    assert!(tally.ended > least && tally.rescued > least, "neither is always first: {tally:?}");
}
