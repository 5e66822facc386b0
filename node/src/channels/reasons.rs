//! Why something was not said, where this node itself says so: it is kept in English, as logs and the
//! command line have it, and a page says it in its own language. What a provider says stays as it is.

/// What another key has sealed.
pub(super) const SEALED: &str = "it cannot be opened; was keys/channels.key replaced?";
const ON_THE_WAY: &str = "something on the way to ";
const IN_VAIN: &str = " has waited for its answer in vain (504)";

/// Something that this node says of why it did not say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Something on the way to the provider has waited for it, which may have taken it.
    Waited,
    Sealed,
}

impl Reason {
    /// What a problem that was kept says, if it is one of these.
    pub fn of(problem: &str) -> Option<Self> {
        let waited = problem.starts_with(ON_THE_WAY) && problem.ends_with(IN_VAIN);
        if waited {
            return Some(Self::Waited);
        }
        (problem == SEALED).then_some(Self::Sealed)
    }
}

/// Why nobody knows what became of something, where the answer of something on the way is 504.
pub(super) fn waited(who: &str) -> String {
    format!("{ON_THE_WAY}{who}{IN_VAIN}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_node_says_itself_is_known_again_and_what_a_provider_says_is_not() {
        for who in ["the gateway", "Telegram"] {
            assert_eq!(Reason::of(&waited(who)), Some(Reason::Waited));
        }
        assert_eq!(Reason::of(SEALED), Some(Reason::Sealed));
        assert_eq!(Reason::of("no such number"), None);
    }
}
