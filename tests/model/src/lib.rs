//! A model of the federation that is small enough to be looked at in every order of events: two
//! institutions, a hub with a second process, three messages, and whatever may go wrong with disks,
//! processes and calls, as often as the bounds of a run say.
//!
//! What is ruled, folded, chained, receipted and told is computed by `lapor-protocol` itself; what
//! hub and node do with it stands here once more, one step for each transaction and each call.
//! `docs/proof.md` says what was checked, and what a model cannot show.

mod acts;
pub mod checking;
pub mod federation;
mod hub;
mod invariants;
mod link;
mod node;
mod recovery;
pub mod rules;
pub mod runs;
mod table;
mod world;
