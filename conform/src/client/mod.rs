//! A client that says whatever it is told. Its certificate and its keys are
//! real, it has joined through the real endpoint, and nothing keeps it from
//! using them badly: bytes over TLS, HTTP/1.1 and HTTP/2, chains signed right
//! and wrong. What it is answered is held to the contract, and told, never
//! asserted.

mod answer;
mod asked;
mod chain;
mod frames;
mod joining;
mod player;
pub mod weak;

pub(crate) use answer::read_chunks;
pub use answer::{Answered, read_answer};
pub use asked::Asked;
pub use chain::{Said, in_tree, seconded, with_signature};
pub use frames::{Frame, Frames};
pub use joining::{Applicant, Door, Joined, Keys};
pub use player::{Forge, PATIENCE, Player, Wire, ask_on, connect};
