//! The stories told with hubs and nodes together, the hostile client, the
//! demonstration, the invariants that both are held against, and the sample data under
//! `tests/data` on which they run.

#[allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to what anyone reads"
)]
pub mod bench;
pub mod crash;
pub mod demo;
pub mod fleet;
pub mod hostile;
pub mod invariants;
#[allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to what anyone reads"
)]
pub mod muster;
pub mod simulation;
pub mod stage;
pub mod twins;
