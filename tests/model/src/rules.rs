//! What can be switched off to see that the model notices, and how much may go wrong in one run.

use lapor_protocol::case::{Effect, Ruling};

use crate::acts::Act;

/// Each is a rule that hub or node keeps; where it is `false`, it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule of its own, and a test switches one of them off"
)]
pub struct Rules {
    /// The hub refuses a start of a node that does not follow the one that it knows.
    pub boots: bool,
    /// A start that the hub refuses leaves no trace at it.
    pub untraced: bool,
    /// The hub orders what continues a chain, and nothing else.
    pub chains: bool,
    /// The hub gives no receipt for what it refuses.
    pub plain_refusals: bool,
    /// The hub repeats the receipts that it has stored.
    pub stored_receipts: bool,
    /// The hub answers after the commit.
    pub commits_first: bool,
    /// A process of the hub orders only while the database names it.
    pub fences: bool,
    /// A process of the hub takes in what another has ordered before it orders.
    pub follows: bool,
    /// The hub refuses what relies on a custody that has ended.
    pub terms: bool,
    /// The hub leaves an acknowledgement alone that has been overtaken.
    pub stale_acks: bool,
    /// The hub looks at what members show.
    pub witnesses: bool,
    /// A restored hub gives nothing a place before it has heard everybody.
    pub listens: bool,
    /// A recovering hub gives what comes back the places that members know.
    pub known_places: bool,
    /// A node compares heads before it signs.
    pub compares: bool,
    /// A node in another epoch first takes back what was accepted.
    pub takes_back: bool,
    /// A node that takes a message back hears again what it was told of it before.
    pub hears_again: bool,
    /// A node takes its place from no message that was accepted.
    pub keeps_accepted: bool,
    /// A node marks what it applies in the transaction in which it applies it.
    pub marks: bool,
    /// A node acknowledges what is on its disk, and nothing before.
    pub keeps_first: bool,
    /// A node takes for accepted what has a receipt or a ruling, and not what the hub says to hold.
    pub proved: bool,
    /// A node asks where its chain stands if a ruling came before the receipt.
    pub asks_again: bool,
    /// A node brings its own messages with the items that tell of them.
    pub brings_own: bool,
}

impl Rules {
    /// As hub and node are.
    pub const KEPT: Self = Self {
        boots: true,
        untraced: true,
        chains: true,
        plain_refusals: true,
        stored_receipts: true,
        commits_first: true,
        fences: true,
        follows: true,
        terms: true,
        stale_acks: true,
        witnesses: true,
        listens: true,
        known_places: true,
        compares: true,
        takes_back: true,
        hears_again: true,
        keeps_accepted: true,
        marks: true,
        keeps_first: true,
        proved: true,
        asks_again: true,
        brings_own: true,
    };

    /// What the hub makes of the ruling of the protocol.
    pub(crate) fn judged(self, ruling: Ruling) -> Ruling {
        match ruling.effect {
            Effect::Stale if !self.terms => Ruling::APPLIED,
            _ => ruling,
        }
    }
}

/// How often in one run each of these may happen, at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// A message that nobody writes.
    pub without: Option<Act>,
    /// Nodes acknowledge what they have applied. Nothing but S9 and L2 depends on it.
    pub acks: bool,
    /// So many batches a node sends behind one of which it has no answer yet.
    pub behind: u8,
    /// A process of a node or of the hub ends and begins anew.
    pub crashes: u8,
    /// A call is answered and nobody hears the answer.
    pub lost: u8,
    /// A call arrives after later ones, or never; its answer is not heard.
    pub delayed: u8,
    /// A call is answered and arrives once more later.
    pub doubled: u8,
    /// A second process of the hub takes over; the first goes on until it finds out.
    pub standbys: u8,
    /// A second process of the hub begins, and both order in turns. One that ends is one that is
    /// asked nothing more, and one that begins anew knows no more than one that follows.
    pub replicas: u8,
    /// A node's disk is put back to what it was at any earlier moment.
    pub node_restores: u8,
    /// The hub's disk is.
    pub hub_restores: u8,
    /// Whoever is restored may not know it: a machine put back, not a backup.
    pub unmarked: bool,
    /// A restored hub may go on before it has heard everybody.
    pub impatient: bool,
}

impl Bounds {
    pub(crate) const NOTHING: Self = Self {
        without: None,
        acks: false,
        behind: 0,
        crashes: 0,
        lost: 0,
        delayed: 0,
        doubled: 0,
        standbys: 0,
        replicas: 0,
        node_restores: 0,
        hub_restores: 0,
        unmarked: false,
        impatient: false,
    };
}
