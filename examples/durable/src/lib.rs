//! Programs that have a store, apart from those that have none: these build SQLite and a driver of PostgreSQL.
