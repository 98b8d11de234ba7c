//! A PostgreSQL server that belongs to one test process, and a proxy before it that loses what a network can lose.
//!
//! ```no_run
//! use private_postgres::{Proxy, Server};
//!
//! let server = Server::shared();
//! let direct = server.database("orders");
//! let proxy = Proxy::start(server);
//! let through = proxy.url("orders");
//! proxy.cut();
//! ```
//!
//! Nothing of it outlives the process that started it, whatever ends that process, and no two of them know of each
//! other: a server listens on a socket in a folder of its own, and on no port.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod encode;
mod faketime;
mod folder;
mod keeper;
mod programs;
mod proxy;
#[path = "../../tests/overlap_model/random.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod random;
mod server;

pub use faketime::faketime;
pub use proxy::{Counts, Direction, Flaky, Proxy};
pub use server::{Server, Stop};
