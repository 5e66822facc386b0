//! The contract of protocol 1 as tests: the rules of a case, what random acts
//! and bytes can do to them, fixed vectors, and the published page.

mod acts;
mod audit;
mod clocks;
mod codecs;
mod custody;
mod delivery;
mod directories;
mod exclusion;
mod fold;
mod identity;
mod invariants;
mod links;
mod malformed;
mod precedence;
mod public;
mod published;
mod reporter;
mod sealing;
mod signatures;
mod story;
mod supervision;
mod vectors;
mod world;
