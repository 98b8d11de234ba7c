//! Jobs that are put in with a transaction of sqlx 0.9.

super::joining_sqlx::joining!(sqlx_0_9, sqlx09);
