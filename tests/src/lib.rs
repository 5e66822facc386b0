//! The stories told with hubs and nodes together, and the sample data under
//! `tests/data` on which they run.

pub mod bench;
