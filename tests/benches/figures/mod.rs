//! How every benchmark shows its figures: the median with the least and the greatest, in Markdown tables.

use std::fmt::Write;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Range {
    /// `None` when nothing was measured.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Some(Self { min: *values.first()?, median: *values.get(values.len() / 2)?, max: *values.last()? })
    }
}

/// Rows under a heading; nothing at all while there is no row.
pub(crate) struct Table {
    head: String,
    pub(crate) text: String,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let rule = "---|".repeat(columns.len());
        Self { head: format!("### {title}\n\n| {} |\n|{rule}\n", columns.join(" | ")), text: String::new() }
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        let head = std::mem::take(&mut self.head);
        writeln!(self.text, "{head}| {} |", cells.join(" | ")).expect("a string takes any text");
    }
}

pub(crate) fn spread(range: Option<Range>, digits: usize) -> String {
    range.map_or_else(
        || number(None, digits),
        |Range { min, median, max }| format!("{median:.digits$} ({min:.digits$}–{max:.digits$})"),
    )
}

pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// `1,000,000`
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
