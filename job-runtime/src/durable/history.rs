//! The attempts at a job that have ended otherwise than well, as the stores of SQL keep them: a list in JSON.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::shown::AttemptRow;
use super::words;
use crate::clock::{earlier, later};

/// The attempts of a row; what is no attempt is passed over.
pub(super) fn read(text: &str) -> Vec<AttemptRow> {
    let list: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    list.iter().filter_map(attempt).collect()
}

fn attempt(value: &Value) -> Option<AttemptRow> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let time = |name: &str| value.get(name).and_then(Value::as_i64).map(time);
    Some(AttemptRow {
        attempt: u32::try_from(value.get("attempt")?.as_u64()?).ok()?,
        started_at: time("started_at")?,
        finished_at: time("finished_at"),
        node: text("node"),
        outcome: value.get("outcome").and_then(Value::as_str).and_then(words::outcome),
        error: text("error"),
        progress: text("progress"),
    })
}

/// The time so many microseconds after 1970.
fn time(micros: i64) -> SystemTime {
    let length = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { earlier(SystemTime::UNIX_EPOCH, length) } else { later(SystemTime::UNIX_EPOCH, length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    #[test]
    fn what_is_written_is_read() {
        let text = r#"[{"attempt":2,"started_at":1500000,"finished_at":null,"node":"a:1","outcome":"failed",
            "error":"no","progress":null},{"other":1}]"#;
        let attempts = read(text);
        let [attempt] = attempts.as_slice() else { panic!("{attempts:?}") };
        assert_eq!((attempt.attempt, attempt.outcome), (2, Some(Outcome::Failed)));
        assert_eq!(attempt.started_at, SystemTime::UNIX_EPOCH + Duration::from_millis(1_500));
        assert_eq!((attempt.finished_at, attempt.node.as_deref()), (None, Some("a:1")));
        assert_eq!(read("?"), []);
    }
}
