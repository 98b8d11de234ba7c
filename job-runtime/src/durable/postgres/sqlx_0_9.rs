//! Putting jobs in with a transaction of sqlx 0.9.

use sqlx09::AssertSqlSafe;

super::with_sqlx::joins!(sqlx09);

/// It is of this store's own, and the name of the schema in it is quoted.
fn statement(text: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(text.to_owned())
}
