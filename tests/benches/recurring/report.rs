//! What a child process found out, as lines its parent reads.

use std::fmt;

use crate::figures::Range;

/// One measured quantity; the unit is part of the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// CPU seconds per million fires.
    CpuPerFire,
    /// CPU seconds per second, of all threads.
    Load,
    /// Fires per fire that was due, in percent.
    Fired,
    /// Lateness in ms.
    Median,
    Percentile99,
    Latest,
    /// Voluntary context switches per second, of all threads.
    Switches,
    /// Time to register everything, in ms.
    Register,
    /// Bytes per schedule.
    Bytes,
    /// Resident now and at most, in MB.
    Resident,
    Peak,
    Threads,
}

impl Metric {
    const ALL: [Self; 12] = [
        Self::CpuPerFire,
        Self::Load,
        Self::Fired,
        Self::Median,
        Self::Percentile99,
        Self::Latest,
        Self::Switches,
        Self::Register,
        Self::Bytes,
        Self::Resident,
        Self::Peak,
        Self::Threads,
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| format!("{metric:?}") == name)
    }
}

/// Values by metric, one for each window or process that measured it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    values: Vec<(Metric, f64)>,
}

impl Report {
    pub(crate) fn add(&mut self, metric: Metric, value: f64) {
        self.values.push((metric, value));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.values.append(&mut other.values);
    }

    /// `None` when nothing was measured.
    pub(crate) fn range(&self, metric: Metric) -> Option<Range> {
        let of_metric = self.values.iter().filter(|(known, _)| *known == metric);
        Range::of(of_metric.map(|(_, value)| *value))
    }

    /// Reads what `Display` wrote; `None` when a line is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let values = text.lines().map(parse_line).collect::<Option<Vec<_>>>()?;
        Some(Self { values })
    }
}

fn parse_line(line: &str) -> Option<(Metric, f64)> {
    let (name, value) = line.split_once(' ')?;
    Some((Metric::named(name)?, value.parse().ok()?))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (metric, value) in &self.values {
            writeln!(f, "{metric:?} {value}")?;
        }
        Ok(())
    }
}
