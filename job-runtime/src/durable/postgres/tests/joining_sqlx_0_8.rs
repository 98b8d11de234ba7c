//! Jobs that are put in with a transaction of sqlx 0.8.

super::joining_sqlx::joining!(sqlx_0_8, sqlx08);
