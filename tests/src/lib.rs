//! The stories told with hubs and nodes together, the demonstration, and the
//! sample data under `tests/data` on which they run.

pub mod demo;
