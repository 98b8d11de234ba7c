//! What the project asks of itself, held against the run.

use crate::cell::{Contender, Phase};
use crate::figures::Table;
use crate::report::Metric;
use crate::results::Results;

/// An upper bound for one metric of one phase at one number of schedules.
struct Bar {
    says: &'static str,
    phase: Phase,
    jobs: u32,
    metric: Metric,
    /// With a floor the bound is a ratio, else the metric's own unit times `scale`.
    floor: Option<Contender>,
    scale: f64,
    at_most: f64,
}

const TASKS: Option<Contender> = Some(Contender::Tasks);
const HEAP: Option<Contender> = Some(Contender::HeapSpawn);

const BARS: [Bar; 7] = [
    Bar::ratio("CPU per fire, × heap-spawn", Metric::CpuPerFire, HEAP, 1.25),
    Bar::ratio("lateness p99, × heap-spawn", Metric::Percentile99, HEAP, 1.3),
    Bar::ratio("lateness p99, × tasks", Metric::Percentile99, TASKS, 1.3),
    Bar::ratio("bytes per schedule, × tasks", Metric::Bytes, TASKS, 0.3),
    Bar::plain("registering, s", Phase::Register, 1_000_000, Metric::Register, 1e-3, 0.3),
    Bar::plain("peak memory, MB", Phase::Register, 1_000_000, Metric::Peak, 1.0, 200.0),
    Bar::plain("idle wake-ups per min", Phase::Idle, 1, Metric::Switches, 60.0, 2.0),
];

impl Bar {
    /// Of 100,000 schedules at 1/s.
    const fn ratio(says: &'static str, metric: Metric, floor: Option<Contender>, at_most: f64) -> Self {
        Self { says, phase: Phase::Spread, jobs: 100_000, metric, floor, scale: 1.0, at_most }
    }

    const fn plain(says: &'static str, phase: Phase, jobs: u32, metric: Metric, scale: f64, at_most: f64) -> Self {
        Self { says, phase, jobs, metric, floor: None, scale, at_most }
    }

    fn measured(&self, results: &Results, contender: Contender) -> Option<f64> {
        let median = |of| Some(results.range(self.phase, self.jobs, of, self.metric)?.median);
        let floor = self.floor.map_or(Some(1.0), median)?;
        Some(median(contender)? * self.scale / floor)
    }
}

/// Empty while no bar's cells were measured.
pub(crate) fn table(results: &Results) -> String {
    let mut table = Table::new("Bars", &["bar", "schedules", "at most", "contender", "measured", ""]);
    for bar in &BARS {
        for contender in Contender::OURS {
            let Some(measured) = bar.measured(results, contender) else {
                continue;
            };
            table.row(&[
                bar.says.to_owned(),
                bar.jobs.to_string(),
                bar.at_most.to_string(),
                contender.to_string(),
                format!("{measured:.2}"),
                if measured <= bar.at_most { "met" } else { "**missed**" }.to_owned(),
            ]);
        }
    }
    table.text
}
