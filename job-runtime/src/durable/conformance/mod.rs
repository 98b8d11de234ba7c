//! What every store does, whatever keeps its rows: one suite for all of them, and for those of which a newer version has
//! made the schema.
//!
//! Time passes only where a case says so, also for a store that has a clock of its own, whose rows are set back for it.

mod acting;
mod ending;
mod leases;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) mod newer;
mod queueing;
pub(super) mod racing;
mod ticking;
mod unique;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::memory::Memory;
use super::row::{Claim, Due, NewJob, NewJobs, Row};
use super::settle::{End, Settlement};
use super::shown::{Filter, JobRow};
use super::store::{Asked, Inserted, Node, Store, Wish};
use crate::clock::later;
use crate::outcome::Outcome;

/// A store under test, with the time that has passed.
pub(super) struct Bench {
    pub(super) store: Arc<dyn Store>,
    begin: SystemTime,
    passed: AtomicU64,
    /// Gives a store of the same rows as another process has it.
    door: Door,
    /// What holds the store's parts.
    #[expect(dead_code, reason = "held for its drop")]
    parts: Box<dyn std::any::Any + Send + Sync>,
}

pub(super) type Door = Box<dyn Fn() -> Asked<'static, Arc<dyn Store>> + Send + Sync>;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const LEASE: Duration = Duration::from_secs(20);
pub(super) const QUARANTINE: u32 = 3;

impl Bench {
    /// A store, empty, with its schema.
    pub(super) async fn new(store: Arc<dyn Store>, door: Door, parts: impl Send + Sync + 'static) -> Self {
        // A time as machines have it, to the microsecond, as stores keep it.
        let begin = SystemTime::UNIX_EPOCH + Duration::from_micros(1_793_491_200_123_456);
        let bench = Self { store, begin, passed: AtomicU64::new(0), door, parts: Box::new(parts) };
        bench.store.migrate(bench.now()).await.expect("it is migrated");
        bench
    }

    async fn memory() -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        let same = Arc::clone(&store);
        let door = Box::new(move || -> Asked<'static, _> { Box::pin(std::future::ready(Ok(Arc::clone(&same)))) });
        Self::new(store, door, ()).await
    }

    /// The store as another process has it.
    pub(super) async fn other(&self) -> Arc<dyn Store> {
        (self.door)().await.expect("it is there")
    }

    pub(super) fn now(&self) -> SystemTime {
        later(self.begin, Duration::from_micros(self.passed.load(Ordering::SeqCst)))
    }

    /// Time passes.
    pub(super) fn pass(&self, length: Duration) {
        let micros = u64::try_from(length.as_micros()).expect("not so long");
        self.passed.fetch_add(micros, Ordering::SeqCst);
    }

    /// What the store's clock shows.
    pub(super) async fn there(&self) -> SystemTime {
        let node = node(i64::MAX, &[], &[]);
        self.store.beat(&node, self.now()).await.expect("it answers").now
    }

    // ---- jobs, in short

    pub(super) async fn put(&self, jobs: &NewJobs) -> Vec<Inserted> {
        self.store.insert(jobs, self.now()).await.expect("they are taken in")
    }

    /// Puts in one job; its row.
    pub(super) async fn put_one(&self, name: &str) -> i64 {
        self.put(&jobs(name, ["{}"])).await.first().expect("one").id
    }

    pub(super) async fn join(&self, id: i64, names: &[&str]) {
        self.store.join(&node(id, names, &["mail"]), self.now()).await.expect("it joins");
    }

    pub(super) async fn beat(&self, id: i64) -> bool {
        self.store.beat(&node(id, &["send"], &["mail"]), self.now()).await.expect("it answers").known
    }

    /// What a node gets of the queue `mail` that has the jobs `send` and `post`.
    pub(super) async fn claim(&self, node: i64, most: u32) -> Vec<Row> {
        self.claim_as(&wish(node, most)).await
    }

    pub(super) async fn claim_as(&self, wish: &Wish) -> Vec<Row> {
        self.store.claim(wish, self.now()).await.expect("it answers").rows
    }

    /// Claims one, which is there.
    pub(super) async fn claim_one(&self, node: i64) -> Row {
        let mut rows = self.claim(node, 1).await;
        rows.pop().expect("one is there")
    }

    pub(super) async fn settle(&self, row: &Row, end: End) -> bool {
        self.settle_as(&settlement(row, end)).await
    }

    pub(super) async fn settle_as(&self, settlement: &Settlement) -> bool {
        let settled = self.store.settle(std::slice::from_ref(settlement), self.now()).await.expect("it answers");
        assert_eq!(settled.len(), 1);
        settled == [true]
    }

    pub(super) async fn row(&self, id: i64) -> JobRow {
        self.store.row(id, self.now()).await.expect("it answers").expect("the row is there")
    }

    pub(super) async fn rows(&self, filter: Filter) -> Vec<i64> {
        let rows = self.store.rows(&filter, self.now()).await.expect("it answers");
        rows.into_iter().map(|row| row.id.row().expect("it is a row")).collect()
    }
}

pub(super) fn node(id: i64, jobs: &[&str], queues: &[&str]) -> Node {
    let all = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect();
    Node { id, name: format!("node-{id}").into(), lease: LEASE, jobs: all(jobs), queues: all(queues) }
}

/// Jobs in the queue `mail`, with these arguments.
pub(super) fn jobs<const N: usize>(name: &str, args: [&str; N]) -> NewJobs {
    NewJobs {
        queue: "mail".into(),
        name: name.into(),
        priority: 0,
        due: Due::Now,
        max_attempts: 3,
        unique: None,
        jobs: args.map(|args| NewJob { args: args.to_owned(), key: None }).to_vec(),
    }
}

pub(super) fn wish(node: i64, most: u32) -> Wish {
    static TOKENS: AtomicU64 = AtomicU64::new(1);
    let token = TOKENS.fetch_add(1, Ordering::SeqCst);
    Wish {
        node,
        token: i64::try_from(token).expect("not so many"),
        queues: vec![("mail".into(), most)],
        jobs: ["send".into(), "post".into()].into(),
        solitary: true,
    }
}

pub(super) fn settlement(row: &Row, end: End) -> Settlement {
    let (outcome, error) = match end {
        End::Completed | End::Snooze(_) | End::Released | End::Declined => (Outcome::Completed, None),
        End::Cancelled => (Outcome::Cancelled, Some("not wanted".into())),
        End::Discarded | End::Retry(_) | End::Parked(_) => (Outcome::Failed, Some("no connection".into())),
    };
    let name = Arc::clone(&row.name);
    Settlement { claim: row.claim, end, outcome, error, keyed: row.keyed, name, awaited: false }
}

pub(super) fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.claim.id).collect()
}

/// The same claim with another token.
pub(super) fn forged(claim: Claim) -> Claim {
    Claim { token: claim.token + 1_000_000, ..claim }
}

/// Each case as a test of each store.
macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        mod memory {
            $($(#[tokio::test] async fn $case() { super::$module::$case(&super::Bench::memory().await).await; })+)+
        }
        $crate::durable::conformance::on_sqlite! { $($($module $case)+)+ }
        $crate::durable::conformance::on_postgres! { $($($module $case)+)+ }
    };
}

macro_rules! on_sqlite {
    ($($module:ident $case:ident)+) => {
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[tokio::test] async fn $case() { super::$module::$case(&$crate::durable::sqlite::bench().await).await; })+
        }
        #[cfg(feature = "sqlite")]
        mod newer_sqlite {
            $(#[tokio::test] async fn $case() { super::$module::$case(&$crate::durable::sqlite::newer_bench().await).await; })+
        }
    };
}

macro_rules! on_postgres {
    ($($module:ident $case:ident)+) => {
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test] async fn $case() { super::$module::$case(&$crate::durable::postgres::bench().await).await; })+
        }
        #[cfg(feature = "postgres")]
        mod newer_postgres {
            $(#[tokio::test] async fn $case() { super::$module::$case(&$crate::durable::postgres::newer_bench().await).await; })+
        }
    };
}
pub(crate) use {on_postgres, on_sqlite};

cases! {
    queueing:
        jobs_come_by_priority_and_then_by_time
        what_is_scheduled_comes_at_its_time
        what_is_put_off_for_ever_does_not_come
        a_job_goes_to_one_node_only
        as_many_are_given_as_are_wished_for
        what_a_node_does_not_know_is_left
        what_is_paused_stays
        arguments_are_kept_to_the_letter
        what_was_claimed_in_vain_is_adopted
        what_waits_next_is_told
        a_queue_is_counted;
    ending:
        what_is_completed_is_over
        what_fails_comes_again_after_its_delay
        a_snooze_uses_up_no_attempt
        what_is_released_comes_as_if_it_had_not_been_claimed
        what_is_discarded_or_cancelled_is_over
        what_is_parked_waits_for_a_person
        what_is_declined_leaves_no_row
        a_stale_end_changes_nothing
        each_attempt_is_kept
        progress_is_that_of_the_attempt
        many_ends_are_written_down_at_once;
    acting:
        what_waits_is_cancelled_at_once
        what_runs_is_asked_to_stop
        what_is_to_be_stopped_is_not_tried_again
        a_retry_by_hand_gives_an_attempt
        only_what_does_not_run_is_deleted
        rows_are_found_by_what_they_are
        what_was_kept_long_enough_is_deleted
        who_goes_parks_nothing
        what_nobody_knows_is_parked_until_somebody_does;
    unique:
        the_same_is_kept_out_as_long_as_it_is_unfinished
        the_same_is_kept_out_for_a_period
        the_same_is_kept_out_for_ever
        what_was_cancelled_or_discarded_keeps_none_out
        a_conflict_can_replace_what_waits
        a_conflict_can_move_what_waits
        what_runs_is_not_replaced
        of_many_at_once_one_is_taken_in
        other_keys_are_other_jobs;
    leases:
        a_lease_is_renewed
        a_dead_nodes_jobs_run_again
        a_late_end_of_a_rescued_job_changes_nothing
        a_live_node_is_not_robbed
        a_job_that_kills_thrice_is_quarantined
        what_had_its_process_die_twice_runs_alone
        what_replaces_one_that_runs_alone_runs_alone
        a_job_to_be_stopped_is_not_rescued
        who_leaves_hands_back_what_it_has;
    racing:
        d16_what_ends_while_its_node_is_taken_for_dead_ends_once;
    ticking:
        a_schedule_is_enrolled_once
        each_nominal_time_is_decided_once
        no_tick_comes_early
        an_edited_schedule_fires_nothing
        another_schedule_waits_while_its_node_is_there
        a_paused_job_is_not_ticked
        ignore_lets_one_run
        queue_lets_one_wait
        stop_previous_stops_and_replaces
        run_lets_as_many_run_as_are_allowed
        a_catch_up_runs_one_after_another
        a_guard_is_asked_before_it_is_decided
        a_run_between_two_attempts_is_on
        what_waits_on_a_dead_node_goes_to_another
        a_trigger_is_let_in_like_a_tick
        marks_are_those_of_a_host_or_else_the_newest
        marks_of_hosts_that_are_gone_are_deleted;
}
