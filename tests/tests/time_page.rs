//! Holds the guide on time to its word: its table of the 28 cases is what schedules really do.
//!
//! `UPDATE_DOCS=1 cargo test -p job-tests --test time_page` writes the table anew.

#[path = "dst/cases.rs"]
mod cases;

use std::fmt::Write as _;
use std::path::Path;

use cases::{CASES, Case, Kind};
use job_runtime::Dst;

const BEGIN: &str = "<!-- 28 cases: UPDATE_DOCS=1 cargo test -p job-tests --test time_page -->\n";
const END: &str = "<!-- end of the 28 cases -->\n";

const KINDS: [(Kind, &str); 4] = [
    (Kind::GapFixed, "Times of day in gaps"),
    (Kind::FoldFixed, "Times of day in folds"),
    (Kind::FoldInterval, "Intervals over folds"),
    (Kind::GapInterval, "Intervals over gaps"),
];

#[test]
fn the_table_of_the_28_cases_is_what_schedules_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../job-runtime/src/guide/time.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once(BEGIN).expect("the table begins with its comment");
    let (table, after) = rest.split_once(END).expect("the table ends with its comment");
    let written = tables();
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        std::fs::write(&path, format!("{before}{BEGIN}{written}{END}{after}")).expect("the page can be written");
    } else {
        assert_eq!(table, written, "`UPDATE_DOCS=1 cargo test -p job-tests --test time_page` writes it anew");
    }
}

fn tables() -> String {
    let mut text = String::new();
    for (kind, title) in KINDS {
        let head = "| expression | zone | day | `vixie` | `literal` |\n|---|---|---|---|---|";
        writeln!(text, "\n**{title}**\n\n{head}").expect("a string takes everything");
        for case in CASES.iter().filter(|case| case.kind == kind) {
            writeln!(text, "{}", row(case)).expect("a string takes everything");
        }
    }
    text + "\n"
}

/// A line of the table, which is not written from runs that are wrong.
fn row(case: &Case) -> String {
    let Case { expression, zone, date, .. } = case;
    let (vixie, literal) = (case.runs(Dst::Vixie), case.runs(Dst::Literal));
    assert_eq!(vixie, case.expected(), "`{expression}` on {date} in {zone}");
    let same = if vixie == literal { "the same".to_owned() } else { in_few_words(case, &literal) };
    format!("| `{expression}` | `{zone}` | {date} | {} | {same} |", in_few_words(case, &vixie))
}

fn in_few_words(case: &Case, runs: &[String]) -> String {
    let times: Vec<String> = runs.iter().map(|run| time_of_day(case, run)).collect();
    match &*times {
        [] => "not that day".to_owned(),
        [once] => once.clone(),
        [one, other] => format!("{one} and {other}"),
        [first, .., last] => format!("{} times, {first} to {last}", times.len()),
    }
}

/// `02:30 -04:00`, of a run on the day of its case.
fn time_of_day(case: &Case, run: &str) -> String {
    let time = run.strip_prefix(case.date).and_then(|rest| rest.strip_prefix('T')).expect("it is on that day");
    let time = time.strip_suffix(&format!("[{}]", case.zone)).expect("it is in that zone");
    let (minute, offset) = (time.get(..5), time.get(8..));
    assert_eq!(time.get(5..8), Some(":00"), "no case has seconds");
    format!("{} {}", minute.expect("it is hour and minute"), offset.expect("it is an offset"))
}

/// The figures of other engines, which come from a measurement, add up.
#[test]
fn the_figures_of_other_engines_add_up() {
    let page = include_str!("../../job-runtime/src/guide/time.md");
    let (_, table) = page.split_once("| right (of 28) |\n|---|---|---|---|---|---|\n").expect("there is the table");
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    for row in &rows {
        let cells = row.split('|').map(|cell| cell.split(':').next().unwrap_or_default().trim().parse::<u32>());
        let figures: Vec<u32> = cells.filter_map(Result::ok).collect();
        let [gaps, folds, over_folds, over_gaps, right] = figures[..] else { panic!("five figures in {row}") };
        assert!(gaps <= 10 && folds <= 6 && over_folds <= 7 && over_gaps <= 5, "{row}");
        assert_eq!(gaps + folds + over_folds + over_gaps + right, 28, "{row}");
    }
    assert_eq!(rows.len(), 15);
}
