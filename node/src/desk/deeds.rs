//! What an officer can do with a case, each under an address and a name of its own. What is the
//! reporter's word is none of it: that is taken down at the [counter](super::counter).

use lapor_web::language::{TextId, text_id};

use super::shared;
use crate::casework::{Allowed, CaseView};
use crate::node::Node;
use crate::staff::StaffRole;

/// Something that is done with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Verify,
    Hold,
    Return,
    Archive,
    Dispose,
    FollowUp,
    Note,
    Reopen,
    Recall,
    Link,
    Unlink,
    Split,
    TakeOver,
    Succeed,
    AskIdentity,
    Redact,
}

impl Deed {
    pub const ALL: [Self; 16] = [
        Self::Verify,
        Self::Hold,
        Self::Return,
        Self::Archive,
        Self::Dispose,
        Self::FollowUp,
        Self::Note,
        Self::Reopen,
        Self::Recall,
        Self::Link,
        Self::Unlink,
        Self::Split,
        Self::TakeOver,
        Self::Succeed,
        Self::AskIdentity,
        Self::Redact,
    ];
    /// The four decisions on a report that has come in.
    pub const DECISIONS: [Self; 4] = [Self::Verify, Self::Hold, Self::Return, Self::Archive];
    /// What an answer and the way to it need.
    pub const WORK: [Self; 3] = [Self::FollowUp, Self::Dispose, Self::Note];

    /// Its part of an address.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Verify => "verifikasi",
            Self::Hold => "tunda",
            Self::Return => "bukan-wewenang",
            Self::Archive => "arsip",
            Self::Dispose => "disposisi",
            Self::FollowUp => "tindak-lanjut",
            Self::Note => "catatan",
            Self::Reopen => "buka-kembali",
            Self::Recall => "tarik",
            Self::Link => "gabung",
            Self::Unlink => "batal-gabung",
            Self::Split => "pecah",
            Self::TakeOver => "ambil-alih",
            Self::Succeed => "penerus",
            Self::AskIdentity => "identitas",
            Self::Redact => "hapus-isi",
        }
    }

    pub fn named(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.slug() == slug)
    }

    /// The kind of its message.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Verify => "case.verified",
            Self::Hold => "case.held",
            Self::Return => "case.returned",
            Self::Archive => "case.archived",
            Self::Dispose => "case.disposed",
            Self::FollowUp => "case.followed_up",
            Self::Note => "case.noted",
            Self::Reopen => "case.reopened",
            Self::Recall => "case.recalled",
            Self::Link => "case.linked",
            Self::Unlink => "case.unlinked",
            Self::Split => "case.split",
            Self::TakeOver => "case.taken_over",
            Self::Succeed => "case.succeeded",
            Self::AskIdentity => "identity.requested",
            Self::Redact => "case.redacted",
        }
    }

    pub fn of_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.kind() == kind)
    }

    /// What it is called, and what it brings about.
    pub fn words(self) -> (TextId, TextId) {
        match self {
            Self::Verify => (text_id("act-verify"), text_id("act-verify-about")),
            Self::Hold => (text_id("act-hold"), text_id("act-hold-about")),
            Self::Return => (text_id("act-return"), text_id("act-return-about")),
            Self::Archive => (text_id("act-archive"), text_id("act-archive-about")),
            Self::Dispose => (text_id("act-dispose"), text_id("act-dispose-about")),
            Self::FollowUp => (text_id("act-follow-up"), text_id("act-follow-up-about")),
            Self::Note => (text_id("act-note"), text_id("act-note-about")),
            Self::Reopen => (text_id("act-reopen"), text_id("act-reopen-about")),
            Self::Recall => (text_id("act-recall"), text_id("act-recall-about")),
            Self::Link => (text_id("act-link"), text_id("act-link-about")),
            Self::Unlink => (text_id("act-unlink"), text_id("act-unlink-about")),
            Self::Split => (text_id("act-split"), text_id("act-split-about")),
            Self::TakeOver => (text_id("act-take-over"), text_id("act-take-over-about")),
            Self::Succeed => (text_id("act-succeed"), text_id("act-succeed-about")),
            Self::AskIdentity => (text_id("act-identity"), text_id("act-identity-about")),
            Self::Redact => (text_id("act-redact"), text_id("act-redact-about")),
        }
    }

    /// What is said once it is done.
    pub fn done(self) -> TextId {
        match self {
            Self::Verify => text_id("done-verify"),
            Self::Hold => text_id("done-hold"),
            Self::Return => text_id("done-return"),
            Self::Archive => text_id("done-archive"),
            Self::Dispose => text_id("done-dispose"),
            Self::FollowUp => text_id("done-follow-up"),
            Self::Note => text_id("done-note"),
            Self::Reopen => text_id("done-reopen"),
            Self::Recall => text_id("done-recall"),
            Self::Link => text_id("done-link"),
            Self::Unlink => text_id("done-unlink"),
            Self::Split => text_id("done-split"),
            Self::TakeOver => text_id("done-take-over"),
            Self::Succeed => text_id("done-succeed"),
            Self::AskIdentity => text_id("identity-asked"),
            Self::Redact => text_id("done-redact"),
        }
    }

    /// Whether it takes something away, and is to be pressed with care.
    pub fn is_grave(self) -> bool {
        matches!(self, Self::Archive | Self::Redact)
    }

    /// Whether somebody of this role may do it: what is taken from every institution for good is
    /// for those who look after this one.
    pub fn is_for(self, role: StaffRole) -> bool {
        role.handles_cases() && (self != Self::Redact || role.administers())
    }

    /// Whether files may go with it.
    pub fn takes_files(self) -> bool {
        matches!(self, Self::FollowUp | Self::Note)
    }

    /// Whether the rules allow it now. The identity of a report that was filed here is asked of
    /// the keeper here, and of one that was filed elsewhere by a message; the desk disposes
    /// also to those for whom it acts.
    pub fn is_allowed(self, node: &Node, view: &CaseView, allowed: &Allowed) -> bool {
        match self {
            Self::AskIdentity if node.keeps_who_reported(view) => node.can_ask_keeper(view),
            Self::Dispose if shared::represents(node, allowed) => true,
            _ => allowed.has(self.kind()),
        }
    }

    /// Why it is not allowed now, in words.
    pub fn why_not(self, node: &Node, view: &CaseView, allowed: &Allowed) -> TextId {
        let asks_here = self == Self::AskIdentity && node.keeps_who_reported(view);
        if !asks_here && allowed.is_unauthorised(self.kind()) {
            text_id("act-unauthorised")
        } else {
            text_id("act-refused")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_deed_has_an_address_and_a_kind_of_its_own() {
        let slugs: BTreeSet<_> = Deed::ALL.map(Deed::slug).into();
        assert_eq!(slugs.len(), Deed::ALL.len());
        for deed in Deed::ALL {
            assert_eq!(Deed::named(deed.slug()), Some(deed));
            assert_eq!(Deed::of_kind(deed.kind()), Some(deed));
        }
        assert_eq!(Deed::named("entah"), None);
    }

    #[test]
    fn a_browser_looks_at_the_page_of_every_deed() {
        let pages = include_str!("../../../tests/browser/pages.mjs");
        for deed in Deed::ALL {
            let page = format!("}}/{}`", deed.slug());
            assert!(pages.contains(&page), "{page}");
        }
    }
}
