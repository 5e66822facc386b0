//! Places at which a crash test kills the program: before and after every commit, every file that
//! matters, every message sent and received.
//!
//! A place is a name in the code, [`pass`]. Without the feature `armed` it is nothing at all. With
//! it, `LAPOR_KILL_AT=commit.before:17` kills the process with SIGKILL at the 17th passage of that
//! place, as a power cut or the kernel's memory killer would; and `LAPOR_KILL_LIST=FILE` appends
//! the name of every passage to a file, from which a test learns how many there are. A simulation,
//! which has several programs on one thread, ends one of them by unwinding: [`unwind_after`].

/// Which passage kills: `NAME:N`, the first one being 1.
pub const KILL_AT: &str = "LAPOR_KILL_AT";
/// The file that lists the passages.
pub const KILL_LIST: &str = "LAPOR_KILL_LIST";

/// Every place by its name, with what has just happened or is about to.
pub const PLACES: [(&str, &str); 24] = [
    ("commit.before", "a transaction is about to be committed"),
    ("commit.after", "it is durable, and nobody has been told"),
    (
        "file.before",
        "a key, certificate or configuration is about to be written",
    ),
    ("file.written", "it is written beside its name"),
    ("file.renamed", "it has its name"),
    (
        "authority.before",
        "the authority's folder is about to appear",
    ),
    ("authority.after", "it has its name"),
    (
        "upload.piece",
        "a piece of an upload is written at the node",
    ),
    ("upload.kept", "an upload is on disk and not noted yet"),
    ("seal.written", "an attachment is encrypted beside its name"),
    ("seal.renamed", "it has its name and no message yet"),
    (
        "upload.forget",
        "an upload is used up and its file is still there",
    ),
    ("fetch.piece", "a piece of an attachment has been fetched"),
    (
        "fetch.renamed",
        "a fetched attachment has its name and is not noted yet",
    ),
    (
        "blob.piece",
        "a piece of an attachment is written at the hub",
    ),
    ("blob.before", "it is complete and has no name"),
    (
        "blob.renamed",
        "it has its name, and its author has not been told",
    ),
    ("send.before", "the node is about to call the hub"),
    (
        "send.answered",
        "the answer is here and nothing has been done with it",
    ),
    (
        "channel.taken",
        "a message of a channel is on disk and its provider has not been told",
    ),
    (
        "channel.filed",
        "a message has become a report or an act, which may not be noted beside it yet",
    ),
    (
        "channel.saying",
        "something is about to be said on a channel",
    ),
    (
        "channel.said",
        "something was said on a channel and that is not noted yet",
    ),
    (
        "answer.before",
        "the hub has done its work and has not answered",
    ),
];

/// Passes a place. Anyone who reads this name finds it in [`PLACES`].
#[cfg(not(feature = "armed"))]
#[inline]
pub fn pass(_name: &'static str) {}

#[cfg(feature = "armed")]
pub use armed::{Ended, ended, pass, spare, unwind_after};

#[cfg(feature = "armed")]
mod armed {
    use std::cell::Cell;
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::panic::resume_unwind;
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use super::{KILL_AT, KILL_LIST, PLACES};

    /// What the environment asked for when the first place was passed.
    struct Orders {
        kill: Option<(String, u64)>,
        list: Option<PathBuf>,
        passed: AtomicU64,
    }

    static ORDERS: OnceLock<Orders> = OnceLock::new();

    thread_local! {
        /// Passages of this thread until one unwinds; 0 for none.
        static LEFT: Cell<u64> = const { Cell::new(0) };
        static ENDED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// What unwinds: this place was the chosen one.
    #[derive(Debug)]
    pub struct Ended(pub &'static str);

    /// Lets the program that makes this thread's passage of that number from now on end there, by
    /// unwinding with [`Ended`] and without a word on standard error. What is memory of it must be
    /// dropped; what is on disk stays.
    pub fn unwind_after(passages: u64) {
        LEFT.set(passages);
        ENDED.set(None);
    }

    /// The place at which something of this thread has ended since it was told to.
    pub fn ended() -> Option<&'static str> {
        ENDED.get()
    }

    /// Lets nothing of this thread end any more. Gives the place at which something has.
    pub fn spare() -> Option<&'static str> {
        LEFT.set(0);
        ENDED.take()
    }

    fn count_down(name: &'static str) {
        let left = LEFT.get();
        LEFT.set(left.saturating_sub(1));
        if left == 1 {
            ENDED.set(Some(name));
            resume_unwind(Box::new(Ended(name)));
        }
    }

    /// Passes a place; does not return from the passage that was chosen.
    pub fn pass(name: &'static str) {
        debug_assert!(PLACES.iter().any(|(known, _)| *known == name), "{name}");
        count_down(name);
        let orders = ORDERS.get_or_init(Orders::read);
        if let Some(list) = &orders.list {
            note(list, name);
        }
        let Some((place, passage)) = &orders.kill else {
            return;
        };
        if place == name && orders.passed.fetch_add(1, Ordering::SeqCst) + 1 == *passage {
            die();
        }
    }

    impl Orders {
        fn read() -> Self {
            let kill = std::env::var(KILL_AT).ok();
            Self {
                kill: kill.map(|text| parse(&text).unwrap_or_else(|| refuse(&text))),
                list: std::env::var_os(KILL_LIST).map(PathBuf::from),
                passed: AtomicU64::new(0),
            }
        }
    }

    fn parse(text: &str) -> Option<(String, u64)> {
        let (name, passage) = text.split_once(':')?;
        let known = PLACES.iter().any(|(known, _)| *known == name);
        let passage = passage.parse().ok().filter(|passage| *passage > 0)?;
        known.then(|| (name.to_owned(), passage))
    }

    /// A misspelt order would test nothing and pass.
    fn refuse(text: &str) -> ! {
        panic!("{KILL_AT}={text} names no place; write NAME:N, for instance commit.before:1")
    }

    /// One short line, appended in one write, so that threads and a former process do not mix.
    fn note(list: &Path, name: &str) {
        let file = OpenOptions::new().create(true).append(true).open(list);
        let noted = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
        noted.unwrap_or_else(|error| panic!("{}: {error}", list.display()));
    }

    /// Nothing softer: no destructor runs, no buffer is flushed.
    fn die() -> ! {
        let _ = kill_process(getpid(), Signal::KILL);
        loop {
            std::thread::park();
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_order_names_a_place_and_a_passage() {
            assert_eq!(
                parse("commit.before:17"),
                Some(("commit.before".into(), 17))
            );
            for bad in [
                "commit.before",
                "commit.before:0",
                "commit.during:1",
                "commit.before:x",
                "",
            ] {
                assert_eq!(parse(bad), None, "{bad}");
            }
        }

        #[test]
        fn a_thread_unwinds_at_the_passage_that_was_chosen_and_at_no_other() {
            let passes = |count: usize| {
                std::panic::catch_unwind(|| (0..count).for_each(|_| pass("commit.before")))
            };
            unwind_after(3);
            assert!(passes(2).is_ok());
            let unwound = passes(2).unwrap_err();
            assert_eq!(unwound.downcast_ref::<Ended>().unwrap().0, "commit.before");
            assert!(passes(5).is_ok(), "only once");
            assert_eq!(ended(), Some("commit.before"));
            assert_eq!(spare(), Some("commit.before"));
            unwind_after(2);
            assert_eq!(spare(), None);
            assert!(passes(5).is_ok(), "spared");
        }

        #[test]
        fn every_place_has_one_name() {
            let names: std::collections::BTreeSet<_> =
                PLACES.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), PLACES.len());
        }
    }
}
