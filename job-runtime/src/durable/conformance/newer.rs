//! A schema as a newer version may have made it: with one more column in each table, before all that are known here, so
//! that whoever goes by their order or their number goes wrong; and with an index of that.

use std::fmt::Write;

/// The statements of a schema with that column.
pub(in crate::durable) fn newer(schema: &str) -> String {
    let mut newer = String::new();
    let mut tables = Vec::new();
    for line in schema.lines() {
        newer.push_str(line);
        newer.push('\n');
        if let Some(table) = line.trim().strip_prefix("CREATE TABLE ").and_then(|rest| rest.strip_suffix(" (")) {
            newer.push_str("shade TEXT NOT NULL DEFAULT 'none',\n");
            tables.push(table.trim_start_matches("IF NOT EXISTS "));
        }
    }
    assert!(!tables.is_empty(), "there are tables in {schema}");
    newer.push(';');
    for table in tables {
        let index = table.replace('.', "_");
        let _ = writeln!(newer, "CREATE INDEX {index}_shade ON {table} (shade);");
    }
    newer
}
