//! What a program says of itself to the pages about its people.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::net::IpAddr;

use super::audit::{AuditAsked, AuditLine};
use super::{Answer, Member, Refused};
use crate::ApiProblem;
use crate::accounts::{Account, AccountId, NewAccount, Role, Secret, Staffed};
use crate::clock::Clock;
use crate::language::{TextId, Voice};
use crate::mail::{Letterhead, Postbox};
use crate::page::{Choice, Link, Visit};
use crate::sign_on::SignOn;

/// Where the pages stand; those for guests are the same in every program.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Where somebody arrives who wanted to go nowhere in particular.
    pub root: &'static str,
    /// Where the first administrator goes on.
    pub begun: &'static str,
    pub account: &'static str,
    /// Below `account`.
    pub factor: &'static str,
    pub staff: &'static str,
    pub audit: &'static str,
}

/// Texts that speak of the program or of its institution.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    pub sign_in_lead: TextId,
    pub forgotten_lead: TextId,
    pub forgotten_admin: TextId,
    pub setup_about: TextId,
    pub setup_where: TextId,
    /// The command that makes the link of the first set-up.
    pub setup_command: &'static str,
    pub setup_lead: TextId,
    pub setup_done: TextId,
    pub account_administer: TextId,
    /// What an entry of the audit log may concern, and how the address of the page names it.
    pub audit_subject: TextId,
    pub audit_subject_field: &'static str,
}

/// A role in words.
#[derive(Debug, Clone, Copy)]
pub struct RoleWords {
    /// As in [`Role::code`].
    pub code: &'static str,
    pub name: TextId,
    pub about: TextId,
}

/// What brings an account into somebody's hands, or rights to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gift {
    /// It was made.
    Account,
    /// Its role or its login was changed.
    Role,
    /// A link to a new password was made.
    Password,
    /// Its second factor was taken away.
    Factor,
    /// It was enabled again.
    Access,
}

impl Gift {
    pub fn code(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Role => "role",
            Self::Password => "password",
            Self::Factor => "factor",
            Self::Access => "access",
        }
    }
}

/// A program with people. Futures are spelt out because handlers need them to be `Send`.
pub trait Office: Staffed + 'static {
    const PLACES: Places;
    const WORDS: Words;
    /// All roles, as they are offered.
    const ROLES: &'static [RoleWords];
    /// What is done at this program besides what concerns accounts: as the audit log has it, and in words.
    const ACTS: &'static [(&'static str, TextId)];

    /// Who acts besides accounts: how such actors begin in the audit log, and what they are called
    /// together.
    const ACTORS: &'static [(&'static str, TextId)];

    /// Whether entries say why something was done, for people to read.
    const SAYS_WHY: bool = false;

    fn clock(&self) -> &dyn Clock;

    fn sign_on(&self) -> &SignOn;

    /// Where people find the pages, without a slash at the end.
    fn site(&self) -> String;

    /// Proxies whose word on a visitor's address is believed.
    fn proxies(&self) -> &[IpAddr];

    /// Whether another way to the provider of identities may begin at this address.
    fn admit_sign_on(&self, address: IpAddr) -> Result<(), ApiProblem>;

    /// Pages that one of this role finds at the own account.
    fn administered(role: &Role) -> &'static [Link];

    fn reads_audit(role: &Role) -> bool {
        role.administers
    }

    /// What the first set-up shows to be right.
    fn setup_facts(&self, visit: &Visit) -> Vec<(TextId, String)>;

    /// The latest entries first.
    fn audit(&self, asked: &AuditAsked<'_>) -> impl Future<Output = Answer<Vec<AuditLine>>> + Send;

    /// What entries concern, by how they name it: what it is called, and its page.
    fn subjects(
        &self,
        _v: &Voice,
        _lines: &[AuditLine],
    ) -> impl Future<Output = Answer<BTreeMap<String, (String, String)>>> + Send {
        ready(Ok(BTreeMap::new()))
    }

    /// What entries say besides in the words of this program, by their numbers; whatever else they
    /// say is shown as it was written. `names` has the accounts by how the audit log calls them.
    fn told(
        &self,
        _v: &Voice,
        _names: &BTreeMap<String, String>,
        _lines: &[AuditLine],
    ) -> impl Future<Output = Answer<BTreeMap<i64, String>>> + Send {
        ready(Ok(BTreeMap::new()))
    }

    /// How entries name what somebody calls otherwise.
    fn subject_meant(&self, typed: &str) -> impl Future<Output = Answer<String>> + Send {
        ready(Ok(typed.to_owned()))
    }

    /// Whether a link to a new password can be sent; else only an administrator gives one.
    fn sends_letters(&self) -> bool {
        false
    }

    /// Has such a link sent, if there is an account with this login.
    fn send_reset(
        &self,
        _login: &str,
        _from: IpAddr,
    ) -> impl Future<Output = Result<(), Refused>> + Send {
        ready(Ok(()))
    }

    /// Whether an administrator can have a link mailed instead of handing it over.
    fn mails_links(&self) -> bool;

    /// By whose server such a letter goes out now; else why it cannot.
    fn postbox(&self) -> Result<Option<Postbox>, String>;

    /// The head of this program's letters.
    fn letterhead(&self) -> Letterhead;

    /// The parts of the institution that accounts can belong to; none where accounts belong to none.
    fn units(&self) -> impl Future<Output = Answer<Option<Vec<Choice>>>> + Send {
        ready(Ok(None))
    }

    /// Makes an account. Where a reason is given why it `rests`, it does so from the beginning: nobody has
    /// it before.
    fn create(
        &self,
        actor: &str,
        new: &NewAccount<'_>,
        _rests: Option<&str>,
    ) -> impl Future<Output = Result<(Account, Secret), Refused>> + Send {
        async move { Ok(self.accounts().create(actor, new).await?) }
    }

    fn change(
        &self,
        actor: &str,
        id: &AccountId,
        new: &NewAccount<'_>,
    ) -> impl Future<Output = Result<Account, Refused>> + Send {
        async move { Ok(self.accounts().change(actor, id, new).await?) }
    }

    /// Whether the rights to administer are given by two: the first says why, and the account rests
    /// until another has confirmed it.
    fn takes_two(&self) -> bool {
        false
    }

    /// Has an account rest because of what `actor` does to it.
    fn rest(
        &self,
        _actor: &str,
        _account: &Account,
        _gift: Gift,
        _reason: &str,
    ) -> impl Future<Output = Answer<()>> + Send {
        ready(Ok(()))
    }

    /// Whether an account may do nothing yet.
    fn rests(&self, _account: &Account) -> impl Future<Output = Answer<bool>> + Send {
        ready(Ok(false))
    }

    /// What the list of accounts leads back to, by name and address, if to anything.
    fn staff_from(
        &self,
        _visit: &Visit,
    ) -> impl Future<Output = Answer<Option<(String, String)>>> + Send {
        ready(Ok(None))
    }

    /// A part of the page of an account that only this program has, as HTML.
    fn account_part(
        &self,
        _member: &Member,
        _account: &Account,
    ) -> impl Future<Output = Answer<String>> + Send {
        ready(Ok(String::new()))
    }

    /// A part of the own account's page that only this program has, as HTML.
    fn own_part(&self, _member: &Member) -> impl Future<Output = Answer<String>> + Send {
        ready(Ok(String::new()))
    }
}

/// A role in words, by its code.
pub(super) fn role_words<O: Office>(role: &Role) -> Option<&'static RoleWords> {
    O::ROLES.iter().find(|words| words.code == role.code)
}
