//! What the project asks of itself, held against the run.

use crate::cell::{Contender, Handles, Phase};
use crate::figures::Table;
use crate::report::{Metric, Results};

/// A bound for the ratio to the floor.
struct Bar {
    says: &'static str,
    phase: Phase,
    metric: Metric,
    bound: Bound,
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// In the metric's own unit.
    Is(f64),
}

const BARS: [Bar; 5] = [
    Bar::new("rate, nothing to do, × tokio", Phase::Nothing, Metric::Rate, Bound::AtLeast(0.6)),
    Bar::new("rate, yielding once, × tokio", Phase::Yielding, Metric::Rate, Bound::AtLeast(0.6)),
    Bar::new("bytes, waiting, × tokio", Phase::Waiting, Metric::Bytes, Bound::AtMost(2.0)),
    Bar::new("bytes, to run in an hour, × tokio", Phase::Later, Metric::Bytes, Bound::AtMost(2.0)),
    Bar::new("lost of all spawned", Phase::Million, Metric::Lost, Bound::Is(0.0)),
];

impl Bar {
    const fn new(says: &'static str, phase: Phase, metric: Metric, bound: Bound) -> Self {
        Self { says, phase, metric, bound }
    }

    fn measured(&self, results: &Results, handles: Handles) -> Option<f64> {
        let cell = results.cell(self.phase, handles, Contender::Job)?;
        match self.bound {
            Bound::AtLeast(_) | Bound::AtMost(_) => results.ratio(cell, self.metric),
            Bound::Is(_) => results.range(cell, self.metric).map(|range| range.max),
        }
    }
}

impl Bound {
    fn says(&self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
            Self::Is(bound) => bound.to_string(),
        }
    }

    fn is_met(&self, measured: f64) -> bool {
        match self {
            Self::AtLeast(bound) => measured >= *bound,
            Self::AtMost(bound) => measured <= *bound,
            Self::Is(bound) => (measured - bound).abs() < 0.5,
        }
    }
}

/// Empty while no bar's cells were measured.
pub(crate) fn table(results: &Results) -> String {
    let mut table = Table::new("Bars", &["bar", "handles", "bound", "measured", ""]);
    for bar in &BARS {
        for handles in Handles::ALL {
            let Some(measured) = bar.measured(results, handles) else {
                continue;
            };
            table.row(&[
                bar.says.to_owned(),
                handles.to_string(),
                bar.bound.says(),
                format!("{measured:.2}"),
                if bar.bound.is_met(measured) { "met" } else { "**missed**" }.to_owned(),
            ]);
        }
    }
    table.text
}
