//! The measurements as Markdown tables; a ratio is to the floor of the same run.

use std::time::Duration;

use crate::cell::{Cell, Contender, Phase};
use crate::figures::{self, Table, grouped, number};
use crate::report::{Metric, Report};
use crate::results::Results;

/// Ticking: what a fire costs and how late it is.
pub(crate) fn fires(results: &Results) -> String {
    let mut table = Table::new(
        "Recurring jobs",
        &[
            "ticks",
            "schedules",
            "every",
            "contender",
            "CPU s per M fires",
            "× tasks",
            "× heap-spawn",
            "fired %",
            "late p50 ms",
            "p99 ms",
            "max ms",
            "p99 × tasks",
            "p99 × heap-spawn",
            "B/schedule",
            "switches/s",
        ],
    );
    for (cell, report) in results.of(Phase::Spread).chain(results.of(Phase::Herd)) {
        table.row(&[
            cell.phase.to_string(),
            grouped(cell.jobs),
            period(cell.period),
            name(cell.contender),
            spread(report, Metric::CpuPerFire, 3),
            ratio(results, cell, Contender::Tasks, Metric::CpuPerFire),
            ratio(results, cell, Contender::HeapSpawn, Metric::CpuPerFire),
            median(report, Metric::Fired, 2),
            median(report, Metric::Median, 2),
            spread(report, Metric::Percentile99, 2),
            number(report.range(Metric::Latest).map(|range| range.max), 2),
            ratio(results, cell, Contender::Tasks, Metric::Percentile99),
            ratio(results, cell, Contender::HeapSpawn, Metric::Percentile99),
            median(report, Metric::Bytes, 0),
            median(report, Metric::Switches, 0),
        ]);
    }
    table.text
}

/// Registering everything at once; memory before the first tick.
pub(crate) fn registration(results: &Results) -> String {
    let mut table = Table::new(
        "Registration, all at once",
        &["schedules", "contender", "register ms", "× tasks", "× heap-spawn", "B/schedule", "× tasks", "peak MB"],
    );
    for (cell, report) in results.of(Phase::Register) {
        table.row(&[
            grouped(cell.jobs),
            name(cell.contender),
            spread(report, Metric::Register, 2),
            ratio(results, cell, Contender::Tasks, Metric::Register),
            ratio(results, cell, Contender::HeapSpawn, Metric::Register),
            median(report, Metric::Bytes, 0),
            ratio(results, cell, Contender::Tasks, Metric::Bytes),
            median(report, Metric::Peak, 1),
        ]);
    }
    table.text
}

/// One job that is not due for minutes.
pub(crate) fn idle(results: &Results) -> String {
    let mut table = Table::new(
        "Idle, one job every 10 min",
        &["contender", "seconds", "wake-ups per min", "CPU ms per min", "threads", "RSS MB"],
    );
    for (cell, report) in results.of(Phase::Idle) {
        let per_minute = |metric, unit| report.range(metric).map(|range| range.median * 60.0 * unit);
        table.row(&[
            name(cell.contender),
            cell.window.as_secs().to_string(),
            number(per_minute(Metric::Switches, 1.0), 1),
            number(per_minute(Metric::Load, 1e3), 2),
            median(report, Metric::Threads, 0),
            median(report, Metric::Resident, 1),
        ]);
    }
    table.text
}

/// Ours stand out.
fn name(contender: Contender) -> String {
    if contender.is_ours() { format!("**{contender}**") } else { format!("floor: {contender}") }
}

fn ratio(results: &Results, cell: &Cell, floor: Contender, metric: Metric) -> String {
    number(results.ratio(cell, floor, metric), 2)
}

fn median(report: &Report, metric: Metric, digits: usize) -> String {
    number(report.range(metric).map(|range| range.median), digits)
}

fn spread(report: &Report, metric: Metric, digits: usize) -> String {
    figures::spread(report.range(metric), digits)
}

fn period(period: Duration) -> String {
    if period.subsec_millis() == 0 { format!("{} s", period.as_secs()) } else { format!("{} ms", period.as_millis()) }
}
