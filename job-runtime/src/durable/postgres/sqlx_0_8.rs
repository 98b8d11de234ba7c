//! Putting jobs in with a transaction of sqlx 0.8.

super::with_sqlx::joins!(sqlx08);

fn statement(text: &str) -> &str {
    text
}
