//! Whatever reads what others send, as functions of bytes. What must hold whatever the bytes are is
//! asserted in each: `fuzz/` calls them with what it invents, and a test with what was kept of that.
//!
//! Where a signature stands before a parser, the function signs: nobody invents one.

mod cast;
mod certificates;
mod delivered;
mod differential;
mod directories;
mod messages;
mod names;
#[cfg(feature = "programs")]
mod programs;
mod records;
mod signed;
mod wire;

/// A parser with its name, as the parts of this crate list theirs.
type Named = (&'static str, fn(&[u8]));

/// A parser, by the name of the file in `fuzz/corpus` that is kept for it.
#[derive(Clone, Copy)]
pub struct Parser {
    pub name: &'static str,
    pub read: fn(&[u8]),
}

/// All of them, in the order in which they are tried.
pub fn all() -> Vec<Parser> {
    let parts: &[&[Named]] = &[
        signed::ALL,
        messages::ALL,
        directories::ALL,
        delivered::ALL,
        wire::ALL,
        names::ALL,
        certificates::ALL,
        records::ALL,
        differential::ALL,
        #[cfg(feature = "programs")]
        programs::ALL,
        #[cfg(feature = "programs")]
        lapor_node::parsers::ALL,
    ];
    let all = parts.iter().copied().flatten();
    all.map(|&(name, read)| Parser { name, read }).collect()
}

/// The lines of an input, as batches, pages and records have them.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}
