//! A job is put into its queue as a part of a transaction of the program's; those of sqlx are in `tests/beside`.

#[path = "../../beside/office.rs"]
mod office;
mod postgres;
mod sqlite;
