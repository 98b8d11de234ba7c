//! Rows that are looked for, the newest first.

use rusqlite::types::Value;
use rusqlite::{Result, params_from_iter};

use super::look::{SHOWN, shown};
use super::table::Table;
use crate::durable::shown::{Filter, JobRow};
use crate::outcome::JobState;

impl Table<'_> {
    pub(super) fn rows(&self, filter: &Filter, now: i64) -> Result<Vec<JobRow>> {
        let (terms, values) = terms(filter, now);
        let terms = if terms.is_empty() { "TRUE".to_owned() } else { terms.join(" AND ") };
        let (index, limit) = (index(filter), filter.limit);
        let mut select = self.db.prepare(&format!(
            "SELECT {SHOWN} FROM job_runtime_job job {index}
            LEFT JOIN job_runtime_node node ON node.id = job.node
            WHERE {terms} ORDER BY job.id DESC LIMIT {limit}"
        ))?;
        let rows = select.query_map(params_from_iter(values), |row| shown(row, now))?;
        rows.collect()
    }
}

/// Where rows are looked up that are few among many; others are soon found among the newest of all.
fn index(filter: &Filter) -> &'static str {
    match (filter.state, &filter.queue) {
        (Some(JobState::Running), _) => "INDEXED BY job_runtime_job_running",
        (Some(JobState::Parked), _) => "INDEXED BY job_runtime_job_parked",
        (Some(JobState::Cancelled | JobState::Discarded), Some(_)) => "INDEXED BY job_runtime_job_finished",
        _ => "",
    }
}

/// What rows have to be, with the values that stand for `?1` and the following.
fn terms(filter: &Filter, now: i64) -> (Vec<String>, Vec<Value>) {
    let mut terms: Vec<String> = filter.state.map(|state| meaning(state, now)).into_iter().collect();
    let mut values = Vec::new();
    let columns: [(&str, Option<Value>); 3] = [
        ("job.queue =", filter.queue.clone().map(Value::from)),
        ("job.name =", filter.name.clone().map(Value::from)),
        ("job.id <", filter.before.map(Value::from)),
    ];
    for (column, value) in columns {
        if let Some(value) = value {
            values.push(value);
            terms.push(format!("{column} ?{}", values.len()));
        }
    }
    (terms, values)
}

/// What a state means for a row.
fn meaning(state: JobState, now: i64) -> String {
    match state {
        JobState::Available => format!("job.state = 'waiting' AND (job.run_at IS NULL OR job.run_at <= {now})"),
        JobState::Scheduled => format!("job.state = 'waiting' AND job.run_at > {now} AND job.attempt = 0"),
        JobState::Retryable => format!("job.state = 'waiting' AND job.run_at > {now} AND job.attempt > 0"),
        JobState::Running => "job.token <> 0".to_owned(),
        JobState::Parked => "job.parked IS NOT NULL".to_owned(),
        JobState::Completed | JobState::Cancelled | JobState::Discarded => {
            format!("job.state = '{state}' AND job.finished_at IS NOT NULL")
        }
    }
}
