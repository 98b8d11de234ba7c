//! The schema that the tables are in: its name as it stands in statements.

use std::borrow::Cow;

use crate::error::{Error, Result};

/// The name of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema {
    name: String,
    /// As it stands before a table, where it is not the usual one.
    prefix: Option<String>,
}

/// As the statements are written.
const WRITTEN: &str = "job_runtime.";
const USUAL: &str = "job_runtime";
/// What PostgreSQL keeps of a name, in bytes.
const LONGEST: usize = 63;

impl Schema {
    /// The schema of this name, which may be any that PostgreSQL takes.
    pub(super) fn new(name: &str) -> Result<Self> {
        if name.is_empty() || name.len() > LONGEST || name.contains(['\0', '\'']) || name.starts_with("pg_") {
            let sentence =
                format!("`schema` takes a name of 1 to {LONGEST} bytes without `'` that does not begin with `pg_`");
            return Err(Error::configuration(sentence));
        }
        let prefix = (name != USUAL).then(|| format!("\"{}\".", name.replace('"', "\"\"")));
        Ok(Self { name: name.to_owned(), prefix })
    }

    pub(super) fn usual() -> Self {
        Self { name: USUAL.to_owned(), prefix: None }
    }

    pub(super) fn is_usual(&self) -> bool {
        self.prefix.is_none()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A statement as it is written for the usual schema, for this one.
    pub(super) fn of(&self, statement: &'static str) -> Cow<'static, str> {
        match &self.prefix {
            None => statement.into(),
            Some(prefix) => statement.replace(WRITTEN, prefix).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schema;

    #[test]
    fn statements_are_written_for_any_schema() {
        let of = |name| Schema::new(name).expect("it is a name").of("SELECT a.b FROM job_runtime.job a").into_owned();
        assert_eq!(of("job_runtime"), "SELECT a.b FROM job_runtime.job a");
        assert_eq!(of(r#"My "jobs""#), r#"SELECT a.b FROM "My ""jobs""".job a"#);
    }

    #[test]
    fn what_postgres_would_shorten_or_refuse_is_refused() {
        for name in ["", "pg_jobs", "a\0b", "a'b", &"x".repeat(64)] {
            assert!(Schema::new(name).is_err(), "{name:?}");
        }
        assert!(Schema::new(&"x".repeat(63)).is_ok());
    }
}
