//! What is promised of jobs that outlive their process, held against real processes that are killed, stopped and cut
//! off, on files of SQLite and on a PostgreSQL of their own.
//!
//! `DURABLE_TESTS=long` makes them as long as it takes to believe them.

#[path = "../child/mod.rs"]
mod child;
#[path = "../../src/bin/worker/jobs.rs"]
#[allow(dead_code, reason = "they run in other processes")]
mod jobs;
mod lab;
mod newer;
#[path = "../overlap_model/random.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod random;
mod ticks;

mod d01_kill_storm;
mod d02_stop_and_continue;
mod d03_one_tick;
mod d04_handover;
mod d05_flaky_commits;
mod d06_restarts;
mod d08_exhaustion;
mod d09_outage;
mod d11_deploys;
mod d14_rolling_upgrade;
mod d15_poison;
mod d17_power_cut;
mod d18_no_notice;
mod taking_over;
