//! A job as `jobs()` shows it.

use std::sync::Arc;
use std::time::SystemTime;

use super::Accounting;
use crate::outcome::{Kind, Outcome};

/// What is known of a job at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its schedule in words.
    pub schedule: Option<String>,
    /// The source file of its attribute.
    pub file: &'static str,
    /// The line there.
    pub line: u32,
    /// Its policies in words: each option that differs from its default.
    pub policies: Vec<String>,
    /// Runs that are on, those waiting for a retry included.
    pub running: usize,
    /// Started instances of a template; otherwise one.
    pub instances: usize,
    /// Why it is paused.
    pub paused: Option<Arc<str>>,
    /// How its last run ended.
    pub last_outcome: Option<Outcome>,
    /// Its next ticks, five at most; of a template, those of the instances that are due first.
    pub next: Vec<SystemTime>,
    /// Whether it is late by more than a minute and more than its period.
    pub overdue: bool,
    /// How its occasions ended.
    pub accounting: Accounting,
}
