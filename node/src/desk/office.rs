//! What the node says of itself to the pages about its people.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use lapor_web::ApiProblem;
use lapor_web::accounts::cookie::Cookies;
use lapor_web::accounts::{Account, AccountId, Accounts, Doors, NewAccount, Role, Secret, Staffed};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::mail::{Letterhead, Postbox};
use lapor_web::page::{Choice, Link, Visit};
use lapor_web::people::{
    AuditAsked, AuditLine, Member, Office, Places, Refused, RoleWords, SIGN_IN, Words,
};
use lapor_web::sign_on::SignOn;

use super::{
    ACCOUNT, Answer, ROOT, STAFF, WEBHOOKS, letter_choice, letters, shared, shortcuts, units,
};
use super::{
    absence, acts, api_keys, arrangements, aside, case_page, channels, erasures, handover,
    registers,
};
use crate::api::problem;
use crate::audit::AuditQuery;
use crate::clock::Clock;
use crate::error::NodeError;
use crate::node::Node;
use crate::post::letterhead;
use crate::staff::{StaffError, StaffRole};

const FACTOR: &str = "/meja/akun/kode";
const AUDIT: &str = "/meja/audit";

/// What belongs to the work with cases.
const HANDLED: [Link; 2] = [
    Link {
        to: channels::PATH,
        name: text_id("channels-title"),
    },
    Link {
        to: registers::PATH,
        name: text_id("registers-title"),
    },
];

/// What an admin looks after.
const ADMINISTERED: &[Link] = &[
    Link {
        to: STAFF,
        name: text_id("staff-title"),
    },
    Link {
        to: units::PATH,
        name: text_id("units-title"),
    },
    Link {
        to: AUDIT,
        name: text_id("audit-title"),
    },
    Link {
        to: letters::PATH,
        name: text_id("post-title"),
    },
    Link {
        to: erasures::PATH,
        name: text_id("erasures-title"),
    },
    Link {
        to: aside::PATH,
        name: text_id("aside-title"),
    },
    Link {
        to: api_keys::PATH,
        name: text_id("keys-title"),
    },
    HANDLED[0],
    HANDLED[1],
    Link {
        to: WEBHOOKS,
        name: text_id("webhooks-title"),
    },
    Link {
        to: arrangements::PATH,
        name: text_id("arranged-title"),
    },
];

impl Staffed for Node {
    fn accounts(&self) -> &Accounts {
        Node::accounts(self)
    }

    fn cookies(&self) -> Cookies {
        Cookies {
            https: self.in_force().settings().is_https(),
        }
    }

    fn doors(&self) -> Doors {
        Doors {
            sign_in: SIGN_IN,
            factor: FACTOR,
        }
    }
}

impl Office for Node {
    const PLACES: Places = Places {
        root: ROOT,
        begun: arrangements::BEGIN,
        account: ACCOUNT,
        factor: FACTOR,
        staff: STAFF,
        audit: AUDIT,
    };

    const WORDS: Words = Words {
        sign_in_lead: text_id("sign-in-lead"),
        forgotten_lead: text_id("forgotten-lead"),
        forgotten_admin: text_id("forgotten-admin"),
        setup_about: text_id("setup-about"),
        setup_where: text_id("setup-where"),
        setup_command: "lapor-node account setup-link",
        setup_lead: text_id("setup-lead"),
        setup_done: text_id("setup-done"),
        account_administer: text_id("account-administer"),
        audit_subject: text_id("audit-case"),
        audit_subject_field: "berkas",
    };

    const ACTS: &'static [(&'static str, TextId)] = acts::ACTS;
    const ACTORS: &'static [(&'static str, TextId)] = &[
        ("reporter:", text_id("actors-reporters")),
        ("token:", text_id("actors-programs")),
        ("cli:", text_id("actors-machine")),
        ("city:", text_id("actors-cities")),
        ("single_sign_on", text_id("actor-provider")),
        ("serve", text_id("actor-start")),
        ("jobs", text_id("actor-jobs")),
        ("nobody", text_id("actor-nobody")),
    ];

    const ROLES: &'static [RoleWords] = &[
        RoleWords {
            code: "admin",
            name: text_id("role-admin"),
            about: text_id("role-admin-about"),
        },
        RoleWords {
            code: "officer",
            name: text_id("role-officer"),
            about: text_id("role-officer-about"),
        },
        RoleWords {
            code: "leader",
            name: text_id("role-leader"),
            about: text_id("role-leader-about"),
        },
        RoleWords {
            code: "identity_keeper",
            name: text_id("role-identity-keeper"),
            about: text_id("role-identity-keeper-about"),
        },
    ];

    fn clock(&self) -> &dyn Clock {
        Node::clock(self)
    }

    fn sign_on(&self) -> &SignOn {
        Node::sign_on(self)
    }

    fn site(&self) -> String {
        Node::site(self)
    }

    fn mails_links(&self) -> bool {
        Node::sends_letters(self)
    }

    fn postbox(&self) -> Result<Option<Postbox>, String> {
        self.in_force().postbox().map_err(|error| error.to_string())
    }

    fn letterhead(&self) -> Letterhead {
        letterhead(self)
    }

    fn proxies(&self) -> &[IpAddr] {
        &self.settings().accounts.proxies
    }

    fn admit_sign_on(&self, address: IpAddr) -> Result<(), ApiProblem> {
        Node::admit_sign_on(self, address).map_err(|error| problem(&error))
    }

    fn administered(role: &Role) -> &'static [Link] {
        match role.code.parse::<StaffRole>() {
            Ok(StaffRole::Admin) => ADMINISTERED,
            Ok(StaffRole::Officer) => &HANDLED,
            _ => &[],
        }
    }

    fn setup_facts(&self, visit: &Visit) -> Vec<(TextId, String)> {
        let directory = self.directory();
        let own = self.instance().ok();
        let zone = own
            .and_then(|own| directory.latest().instance(own))
            .map(|entry| entry.time_zone.clone());
        let contact = self.in_force().settings().portal.contact.clone();
        vec![
            (text_id("setup-institution"), visit.institution().to_owned()),
            (
                text_id("setup-zone"),
                zone.unwrap_or_else(|| "Asia/Jakarta".to_owned()),
            ),
            (
                text_id("setup-contact"),
                contact.unwrap_or_else(|| visit.v.say("setup-contact-none")),
            ),
        ]
    }

    async fn audit(&self, asked: &AuditAsked<'_>) -> Answer<Vec<AuditLine>> {
        let query = AuditQuery {
            before: asked.before,
            from: asked.from,
            until: asked.until,
            actor: asked.actor,
            action: asked.action,
            case: asked.subject,
            limit: asked.limit,
        };
        let entries = self.audit_log(&query).await;
        let entries = entries.map_err(|error| problem(&error))?.into_iter();
        let line = entries.map(|entry| AuditLine {
            number: entry.number,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            subject: entry.case,
            detail: entry.detail,
        });
        Ok(line.collect())
    }

    async fn subjects(
        &self,
        v: &Voice,
        lines: &[AuditLine],
    ) -> Answer<BTreeMap<String, (String, String)>> {
        let ids: BTreeSet<&str> = lines
            .iter()
            .filter_map(|line| line.subject.as_deref())
            .collect();
        let tickets = self.tickets(ids.iter().copied()).await;
        let tickets = tickets.map_err(|error| problem(&error))?.into_iter();
        let mut named: BTreeMap<String, (String, String)> = tickets
            .map(|(case, ticket)| (case.to_string(), (ticket, case_page::at(case))))
            .collect();
        for id in ids {
            if !named.contains_key(id)
                && let Some(half) = half(self, v, id).await?
            {
                named.insert(id.to_owned(), half);
            }
        }
        Ok(named)
    }

    async fn subject_meant(&self, typed: &str) -> Answer<String> {
        match self.case_by_ticket(typed).await {
            Ok(view) => Ok(view.summary.case.to_string()),
            Err(NodeError::Invalid(_) | NodeError::NotFound { .. }) => Ok(typed.to_owned()),
            Err(error) => Err(problem(&error)),
        }
    }

    fn sends_letters(&self) -> bool {
        Node::sends_letters(self)
    }

    async fn send_reset(&self, login: &str, from: IpAddr) -> Result<(), Refused> {
        Ok(self.ask_reset(login, from).await?)
    }

    async fn units(&self) -> Answer<Option<Vec<Choice>>> {
        shared::units(self).await.map(Some)
    }

    async fn create(
        &self,
        actor: &str,
        new: &NewAccount<'_>,
        _rests: Option<&str>,
    ) -> Result<(Account, Secret), Refused> {
        Ok(self.create_account(actor, new).await?)
    }

    async fn change(
        &self,
        actor: &str,
        id: &AccountId,
        new: &NewAccount<'_>,
    ) -> Result<Account, Refused> {
        Ok(self.change_account(actor, id, new).await?)
    }

    async fn staff_from(&self, visit: &Visit) -> Answer<Option<(String, String)>> {
        arrangements::step_before(self, visit, STAFF).await
    }

    async fn account_part(&self, member: &Member, account: &Account) -> Answer<String> {
        handover::part(self, member.visit.v, account).await
    }

    async fn own_part(&self, member: &Member) -> Answer<String> {
        let letters = letter_choice::part(self, member).await?;
        let keys = shortcuts::part(&member.visit)?;
        Ok(absence::part(self, member).await? + &letters + &keys)
    }
}

/// A case that was split off another has no ticket of its own: what it is called, and its page.
async fn half(node: &Node, v: &Voice, id: &str) -> Answer<Option<(String, String)>> {
    let Ok(case) = id.parse() else {
        return Ok(None);
    };
    let parent = match node.case(case).await {
        Ok(view) => view.parent,
        Err(NodeError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(problem(&error)),
    };
    let Some(parent) = parent else {
        return Ok(None);
    };
    let parent = parent.to_string();
    let whole = node.tickets([parent.as_str()]).await;
    let whole = whole.map_err(|error| problem(&error))?.pop();
    Ok(whole.map(|(_, ticket)| {
        let name = v.with("ticket", ticket).say("audit-half");
        (name, case_page::at(case))
    }))
}

impl From<StaffError> for Refused {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Account(error) => Self::Account(error),
            StaffError::Node(NodeError::Invalid(_)) => Self::Unit,
            StaffError::Node(error) => Self::Problem(problem(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::ROLES;

    #[test]
    fn every_role_is_offered_in_words() {
        let known: Vec<&str> = ROLES.iter().map(|role| role.code).collect();
        let offered: Vec<&str> = Node::ROLES.iter().map(|words| words.code).collect();
        assert_eq!(offered, known);
    }
}
