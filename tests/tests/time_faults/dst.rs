//! C1: weekends on which clocks change, lived through hour by hour.

use job_runtime::{Dst, periodic, testing};

use crate::scene::{add, add_with, assert_balanced, assert_on_time, clocks_at, cron, every, go_to, ticks_in};
use crate::stage::counts;

/// Two days in a zone, on the second of which its clocks change; from a minute before the first to a minute before
/// the end of the second.
struct Weekend<'l> {
    zone: &'l str,
    from: &'l str,
    to: &'l str,
    /// Real hours from `from` to `to`, those begun left out.
    hours: u64,
    jobs: &'l [(&'l str, Dst, Ticks<'l>)],
}

/// The ticks of a job, as the local clocks show them.
enum Ticks<'l> {
    All(&'l [&'l str]),
    /// So many on each of the two days, and which of them in the night of the change, before four.
    Often([usize; 2], &'l [&'l str]),
}

use Dst::{Literal, Vixie};
use Ticks::{All, Often};

async fn live_through(weekend: &Weekend<'_>) {
    let jobs = clocks_at(weekend.from).await;
    for (expression, rule, _) in weekend.jobs {
        add(&jobs, &name(expression, *rule), cron(expression, weekend.zone).dst(*rule));
    }
    add(&jobs, "every hour", every("1h"));
    go_to(&jobs, weekend.to).await;
    for (expression, rule, expected) in weekend.jobs {
        let name = name(expression, *rule);
        assert_ticks(&ticks_in(&jobs, &name, weekend.zone), expected, &weekend.to[5..10], &name);
        assert_on_time(&jobs, &name);
        let runs = u64::try_from(jobs.runs(&name).len()).expect("not so many");
        assert_eq!(counts(&jobs, &name), (runs, runs, 0, 0, 0), "{name}");
    }
    assert_eq!(counts(&jobs, "every hour").1, weekend.hours);
}

/// Names have no commas.
fn name(expression: &str, rule: Dst) -> String {
    format!("{} {}", expression.replace(',', " and "), rule.as_str())
}

fn assert_ticks(ticks: &[String], expected: &Ticks<'_>, change: &str, name: &str) {
    match expected {
        All(expected) => assert_eq!(ticks, *expected, "{name}"),
        Often(per_day, night) => {
            let on_the_day = ticks.iter().filter(|tick| tick.starts_with(change)).count();
            assert_eq!([ticks.len() - on_the_day, on_the_day], *per_day, "{name}: {ticks:?}");
            let in_the_night = |tick: &&String| tick.starts_with(change) && tick[6..8] < *"04";
            assert_eq!(ticks.iter().filter(in_the_night).collect::<Vec<_>>(), *night, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c1_spring_in_berlin() {
    let night = &["03-29 00:00:00+01:00", "03-29 01:00:00+01:00", "03-29 03:00:00+02:00"];
    live_through(&Weekend {
        zone: "Europe/Berlin",
        from: "2026-03-27T23:59:00+01:00",
        to: "2026-03-29T23:59:00+02:00",
        hours: 47,
        jobs: &[
            ("30 2 * * *", Vixie, All(&["03-28 02:30:00+01:00", "03-29 03:00:00+02:00"])),
            ("30 2 * * *", Literal, All(&["03-28 02:30:00+01:00"])),
            ("0 3 * * *", Vixie, All(&["03-28 03:00:00+01:00", "03-29 03:00:00+02:00"])),
            ("30 3 * * *", Vixie, All(&["03-28 03:30:00+01:00", "03-29 03:30:00+02:00"])),
            (
                "0 2,14 * * *",
                Vixie,
                All(&["03-28 02:00:00+01:00", "03-28 14:00:00+01:00", "03-29 03:00:00+02:00", "03-29 14:00:00+02:00"]),
            ),
            ("0,30 2 * * *", Vixie, All(&["03-28 02:00:00+01:00", "03-28 02:30:00+01:00", "03-29 03:00:00+02:00"])),
            ("15 30 2 * * SUN", Vixie, All(&["03-29 03:00:00+02:00"])),
            ("*/30 2 * * *", Vixie, All(&["03-28 02:00:00+01:00", "03-28 02:30:00+01:00"])),
            ("0 * * * *", Vixie, Often([24, 23], night)),
            ("0 * * * *", Literal, Often([24, 23], night)),
        ],
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c1_autumn_in_berlin() {
    let night = &[
        "10-25 00:00:00+02:00",
        "10-25 01:00:00+02:00",
        "10-25 02:00:00+02:00",
        "10-25 02:00:00+01:00",
        "10-25 03:00:00+01:00",
    ];
    live_through(&Weekend {
        zone: "Europe/Berlin",
        from: "2026-10-23T23:59:00+02:00",
        to: "2026-10-25T23:59:00+01:00",
        hours: 49,
        jobs: &[
            ("30 2 * * *", Vixie, All(&["10-24 02:30:00+02:00", "10-25 02:30:00+02:00"])),
            ("30 2 * * *", Literal, All(&["10-24 02:30:00+02:00", "10-25 02:30:00+02:00", "10-25 02:30:00+01:00"])),
            ("0 3 * * *", Vixie, All(&["10-24 03:00:00+02:00", "10-25 03:00:00+01:00"])),
            (
                "0 2,14 * * *",
                Vixie,
                All(&["10-24 02:00:00+02:00", "10-24 14:00:00+02:00", "10-25 02:00:00+02:00", "10-25 14:00:00+01:00"]),
            ),
            (
                "*/30 2 * * SUN",
                Vixie,
                All(&["10-25 02:00:00+02:00", "10-25 02:30:00+02:00", "10-25 02:00:00+01:00", "10-25 02:30:00+01:00"]),
            ),
            ("0 * * * *", Vixie, Often([24, 25], night)),
            ("0 * * * *", Literal, Often([24, 25], night)),
        ],
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c1_spring_in_new_york() {
    let night = &["03-08 00:00:00-05:00", "03-08 01:00:00-05:00", "03-08 03:00:00-04:00"];
    live_through(&Weekend {
        zone: "America/New_York",
        from: "2026-03-06T23:59:00-05:00",
        to: "2026-03-08T23:59:00-04:00",
        hours: 47,
        jobs: &[
            ("30 2 * * *", Vixie, All(&["03-07 02:30:00-05:00", "03-08 03:00:00-04:00"])),
            ("30 2 * * *", Literal, All(&["03-07 02:30:00-05:00"])),
            ("59 1 * * *", Vixie, All(&["03-07 01:59:00-05:00", "03-08 01:59:00-05:00"])),
            ("0 * * * *", Vixie, Often([24, 23], night)),
        ],
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c1_autumn_in_new_york() {
    let night = &[
        "11-01 00:00:00-04:00",
        "11-01 01:00:00-04:00",
        "11-01 01:00:00-05:00",
        "11-01 02:00:00-05:00",
        "11-01 03:00:00-05:00",
    ];
    live_through(&Weekend {
        zone: "America/New_York",
        from: "2026-10-30T23:59:00-04:00",
        to: "2026-11-01T23:59:00-05:00",
        hours: 49,
        jobs: &[
            ("30 1 * * *", Vixie, All(&["10-31 01:30:00-04:00", "11-01 01:30:00-04:00"])),
            ("30 1 * * *", Literal, All(&["10-31 01:30:00-04:00", "11-01 01:30:00-04:00", "11-01 01:30:00-05:00"])),
            (
                "0 1,13 * * *",
                Vixie,
                All(&["10-31 01:00:00-04:00", "10-31 13:00:00-04:00", "11-01 01:00:00-04:00", "11-01 13:00:00-05:00"]),
            ),
            ("0 2 * * *", Vixie, All(&["10-31 02:00:00-04:00", "11-01 02:00:00-05:00"])),
            ("0 * * * *", Vixie, Often([24, 25], night)),
        ],
    })
    .await;
}

/// By half an hour: 02:00 becomes 02:30.
#[tokio::test(start_paused = true)]
async fn c1_spring_in_lord_howe() {
    let halves = &[
        "10-04 00:00:00+10:30",
        "10-04 00:30:00+10:30",
        "10-04 01:00:00+10:30",
        "10-04 01:30:00+10:30",
        "10-04 02:30:00+11:00",
        "10-04 03:00:00+11:00",
        "10-04 03:30:00+11:00",
    ];
    live_through(&Weekend {
        zone: "Australia/Lord_Howe",
        from: "2026-10-02T23:59:00+10:30",
        to: "2026-10-04T23:59:00+11:00",
        hours: 47,
        jobs: &[
            ("15 2 * * *", Vixie, All(&["10-03 02:15:00+10:30", "10-04 02:30:00+11:00"])),
            ("0 2 * * *", Vixie, All(&["10-03 02:00:00+10:30", "10-04 02:30:00+11:00"])),
            ("0 2 * * *", Literal, All(&["10-03 02:00:00+10:30"])),
            ("45 2 * * *", Vixie, All(&["10-03 02:45:00+10:30", "10-04 02:45:00+11:00"])),
            (
                "0 * * * *",
                Vixie,
                Often([24, 23], &["10-04 00:00:00+10:30", "10-04 01:00:00+10:30", "10-04 03:00:00+11:00"]),
            ),
            ("0,30 * * * *", Vixie, Often([48, 47], halves)),
        ],
    })
    .await;
}

/// By half an hour: 02:00 becomes 01:30.
#[tokio::test(start_paused = true)]
async fn c1_autumn_in_lord_howe() {
    let halves = &[
        "04-05 00:00:00+11:00",
        "04-05 00:30:00+11:00",
        "04-05 01:00:00+11:00",
        "04-05 01:30:00+11:00",
        "04-05 01:30:00+10:30",
        "04-05 02:00:00+10:30",
        "04-05 02:30:00+10:30",
        "04-05 03:00:00+10:30",
        "04-05 03:30:00+10:30",
    ];
    live_through(&Weekend {
        zone: "Australia/Lord_Howe",
        from: "2026-04-03T23:59:00+11:00",
        to: "2026-04-05T23:59:00+10:30",
        hours: 48,
        jobs: &[
            ("45 1 * * *", Vixie, All(&["04-04 01:45:00+11:00", "04-05 01:45:00+11:00"])),
            ("45 1 * * *", Literal, All(&["04-04 01:45:00+11:00", "04-05 01:45:00+11:00", "04-05 01:45:00+10:30"])),
            ("0 2 * * *", Vixie, All(&["04-04 02:00:00+11:00", "04-05 02:00:00+10:30"])),
            (
                "0 * * * *",
                Vixie,
                Often(
                    [24, 24],
                    &["04-05 00:00:00+11:00", "04-05 01:00:00+11:00", "04-05 02:00:00+10:30", "04-05 03:00:00+10:30"],
                ),
            ),
            ("0,30 * * * *", Vixie, Often([48, 49], halves)),
        ],
    })
    .await;
}

#[periodic(cron = "30 2 * * *", tz = "Europe/Berlin")]
async fn nightly() {}

#[periodic(cron = ["30 1 * * *", "0 13 * * SAT; 30 13 * * SUN"], tz = "Europe/Berlin", dst = "literal")]
async fn several() {}

#[tokio::test(start_paused = true)]
async fn c1_by_attribute() {
    let jobs =
        testing::start().only(["nightly", "several"]).auto().at("2026-03-28T12:00:00+01:00[Europe/Berlin]").await;
    jobs.advance("36h").await;
    assert_eq!(ticks_in(&jobs, "nightly", "Europe/Berlin"), ["03-29 03:00:00+02:00"]);
    let several = ["03-28 13:00:00+01:00", "03-29 01:30:00+01:00", "03-29 13:30:00+02:00"];
    assert_eq!(ticks_in(&jobs, "several", "Europe/Berlin"), several);
    assert_balanced(&jobs);
}

/// What changes the offset of a zone changes the ticks of no other.
#[tokio::test(start_paused = true)]
async fn c1_jobs_of_several_zones_side_by_side() {
    let jobs = clocks_at("2026-03-28T12:00:00Z").await;
    for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"] {
        add_with(&jobs, zone, cron("0 6 * * *", zone), |job| job.on_missed("all"));
    }
    jobs.advance("48h").await;
    let expected: [(&str, &[&str]); 4] = [
        ("UTC", &["03-29 06:00:00+00:00", "03-30 06:00:00+00:00"]),
        ("Europe/Berlin", &["03-29 06:00:00+02:00", "03-30 06:00:00+02:00"]),
        ("Asia/Kathmandu", &["03-29 06:00:00+05:45", "03-30 06:00:00+05:45"]),
        ("America/New_York", &["03-29 06:00:00-04:00", "03-30 06:00:00-04:00"]),
    ];
    for (zone, ticks) in expected {
        assert_eq!(ticks_in(&jobs, zone, zone), ticks);
        assert_on_time(&jobs, zone);
        assert_eq!(counts(&jobs, zone), (2, 2, 0, 0, 0));
    }
}
