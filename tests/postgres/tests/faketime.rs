//! The library that gives a process another time is found, and does so.

use std::process::Command;

use private_postgres::faketime;

#[test]
fn a_process_lives_in_another_year() {
    let Some(library) = faketime() else {
        eprintln!("there is no libfaketime here; `./.ci/test` installs it");
        return;
    };
    let date =
        Command::new("date").arg("+%Y").env("LD_PRELOAD", library).env("FAKETIME", "@2001-06-01 00:00:00").output();
    assert_eq!(String::from_utf8_lossy(&date.expect("there is such a program").stdout).trim(), "2001");
}
