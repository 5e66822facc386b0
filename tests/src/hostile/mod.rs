//! A hostile client: a member of the federation whose certificate and keys are
//! real and whose manners are not. It joins through the real endpoint, and then
//! says whatever a story wants: bytes over TLS, HTTP/1.1 and HTTP/2, chains
//! signed right and wrong.

mod answer;
mod chain;
mod frames;
mod member;

pub use answer::{Answered, read_answer};
pub use chain::{Said, seconded, with_signature};
pub use frames::{Frame, Frames};
pub use member::{Asked, Hostile, Wire, ask_on, enrol};
