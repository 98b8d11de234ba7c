//! D17: a process that puts jobs into a file of SQLite is killed while it writes; and the file is copied as it was then.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::lab::{Kind, Lab, amount};
use crate::random::Random;

/// The jobs in a file.
fn present(file: &Path) -> BTreeSet<i64> {
    let file = rusqlite::Connection::open(file).expect("it is there");
    let check: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it answers");
    assert_eq!(check, "ok");
    let mut rows = file.prepare("SELECT id FROM job_runtime_job").expect("there is a table");
    let ids = rows.query_map([], |row| row.get(0)).expect("it answers");
    ids.collect::<Result<_, _>>().expect("numbers")
}

#[tokio::test]
async fn d17_what_was_acknowledged_is_there_after_any_kill() {
    let lab = Lab::new(Kind::Sqlite, "d17");
    let cuts = amount(40, 200);
    let mut random = Random::new(17);
    for cut in 0..cuts {
        let mut process = lab.worker(&["room=5", "enqueue=1000000"]);
        process.says("enqueuing");
        tokio::time::sleep(Duration::from_millis(random.within(0, 80))).await;
        process.signal("STOP");
        // As the disk would be, were there no power from now on.
        let copy = lab.folder().join(format!("copy{cut}"));
        fs::create_dir(&copy).expect("a folder");
        for name in ["jobs.db", "jobs.db-wal"] {
            let _ = fs::copy(lab.folder().join(name), copy.join(name));
        }
        process.kill();
        let acknowledged: BTreeSet<i64> = lab.noted_of("acknowledged").iter().map(|noted| noted.id).collect();
        for (file, which) in [(copy.join("jobs.db"), "the copy"), (lab.file(), "the file itself")] {
            let lost: Vec<_> = acknowledged.difference(&present(&file)).copied().collect();
            assert!(lost.is_empty(), "{which} has lost {lost:?} at cut {cut}");
        }
        fs::remove_dir_all(&copy).expect("it was made");
    }
    let acknowledged = lab.noted_of("acknowledged").len();
    eprintln!("D17: {acknowledged} were acknowledged over {cuts} cuts");
    assert!(acknowledged > usize::try_from(cuts).expect("few"));
}
