//! Databases for tests: an SQLite file and a PostgreSQL database that vanish with the test.
//!
//! Every test that touches a database runs on both. What needs the tables of a program gets a copy
//! that has them; what is about migrating or restoring gets an empty one. PostgreSQL is one cluster
//! for a whole test run, started by `lapor-test-postgres` and named by `LAPOR_TEST_POSTGRES`; a run
//! without it fails rather than skips, unless a developer sets `LAPOR_TEST_SQLITE_ONLY=1`. Never
//! used in production.

mod binaries;
pub mod cancelled;
mod cluster;
mod database;
mod plan;
mod template;

pub use cluster::{Cluster, ClusterError};
pub use database::{TestDb, databases, databases_of};
pub use plan::goes_from_the_list;

/// Names the running cluster, as a URL of its maintenance database.
pub const POSTGRES_VARIABLE: &str = "LAPOR_TEST_POSTGRES";
/// Lets a developer leave PostgreSQL out of a quick run. CI must not set it.
pub const SQLITE_ONLY_VARIABLE: &str = "LAPOR_TEST_SQLITE_ONLY";
/// The folder of `initdb` and `postgres`, when they are in no usual place.
pub const BINARIES_VARIABLE: &str = "LAPOR_TEST_PG_BIN";
