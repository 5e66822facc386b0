//! The parts of an arrangement: what is in force, whether that is enough, and how it is changed.

use lapor_protocol::deadline::OwnTerm;
use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::kinds::Category;
use lapor_web::accounts::AccountState;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Visit;
use lapor_web::people::refusal;

use super::arranging::Input;
use super::clock::clock_name;
use super::{Answer, STAFF, own_categories, shared, units};
use crate::api::problem;
use crate::doors::facts;
use crate::in_force::Source;
use crate::node::Node;
use crate::staff::StaffRole;
use crate::taxonomy::Categories;

/// Something that is arranged.
pub struct Part {
    pub name: String,
    /// What is in force, in lines.
    pub stands: Vec<String>,
    pub done: bool,
    /// Without it the node does not do what people expect of it.
    pub needed: bool,
    pub how: String,
    /// Lines of `node.toml` as they would stand there, or a command.
    pub example: &'static str,
    /// The page on which it is done instead.
    pub at: &'static str,
    /// What is typed right there.
    pub inputs: &'static [Input],
    /// A letter can be sent to prove it.
    pub tries_mail: bool,
}

/// What there is to arrange, in the order in which it is best done.
pub async fn parts(node: &Node, visit: &Visit) -> Answer<Vec<Part>> {
    let v = visit.v;
    let known = node.categories().await.map_err(|error| problem(&error))?;
    Ok(vec![
        institution(node, visit),
        federation(node, &v),
        units_of(node, &v).await?,
        categories_of(node, &v).await?,
        people(node, &v).await?,
        mail(node, &v),
        deadlines(node, &v),
        approval(node, &v, &known),
        evidence(node, &v, &known),
    ])
}

fn part(v: &Voice, (name, how): (TextId, TextId), stands: Vec<String>) -> Part {
    Part {
        name: v.say(name),
        done: !stands.is_empty(),
        needed: false,
        stands: if stands.is_empty() {
            vec![v.say("arranged-none")]
        } else {
            stands
        },
        how: v.say(how),
        example: "",
        at: "",
        inputs: &[],
        tries_mail: false,
    }
}

/// How the institution shows itself to the public.
fn institution(node: &Node, visit: &Visit) -> Part {
    let v = visit.v;
    let in_force = node.in_force();
    let portal = &in_force.settings().portal;
    let address = portal.public_url.as_ref().map(ToString::to_string);
    let facts = facts(node);
    let plain = |name: TextId, value: &str| format!("{}: {value}", v.say(name));
    let stands = vec![
        plain(text_id("setup-institution"), visit.institution()),
        plain(text_id("setup-zone"), facts.zone.name()),
        fact(
            &v,
            text_id("arranged-address"),
            (&address, in_force.address),
        ),
        fact(
            &v,
            text_id("setup-contact"),
            (&portal.contact, in_force.contact),
        ),
    ];
    Part {
        done: address.is_some() && portal.contact.is_some(),
        needed: true,
        inputs: &[Input::Contact, Input::Address],
        ..part(
            &v,
            (
                text_id("setup-institution"),
                text_id("arranged-contact-how"),
            ),
            stands,
        )
    }
}

/// What is in force, and who has said it.
fn fact(v: &Voice, name: TextId, (value, source): (&Option<String>, Source)) -> String {
    let by = match source {
        Source::File => text_id("arranged-by-file"),
        Source::Desk => text_id("arranged-by-desk"),
        Source::Nobody => return format!("{}: {}", v.say(name), v.say("arranged-none")),
    };
    let value = value.as_deref().unwrap_or_default();
    format!("{}: {value} ({})", v.say(name), v.say(by))
}

/// Whether the node has joined, and as whom.
fn federation(node: &Node, v: &Voice) -> Part {
    let directory = node.directory();
    let joined = node.joined().ok();
    let entry = joined.and_then(|joined| directory.latest().instance(&joined.instance));
    let active = entry.is_some_and(InstanceEntry::is_active);
    let words = if active {
        text_id("arranged-joined-as")
    } else {
        text_id("arranged-enrolled-as")
    };
    let stands = joined.map(|joined| {
        v.with("id", joined.instance.as_str())
            .with("hub", joined.federation_url.as_str())
            .say(words)
    });
    let waits = (stands.is_some() && !active).then(|| v.say("arranged-joined-waits"));
    Part {
        done: active,
        needed: true,
        example: "lapor-node enrol -\nlapor-node status",
        ..part(
            v,
            (text_id("arranged-joined"), text_id("arranged-joined-how")),
            stands.into_iter().chain(waits).collect(),
        )
    }
}

async fn units_of(node: &Node, v: &Voice) -> Answer<Part> {
    let names: Vec<String> = shared::units(node)
        .await?
        .into_iter()
        .map(|unit| unit.label)
        .collect();
    let names = Some(names.join("; ")).filter(|names| !names.is_empty());
    Ok(Part {
        at: units::PATH,
        ..part(
            v,
            (text_id("units-title"), text_id("arranged-units-how")),
            names.into_iter().collect(),
        )
    })
}

/// The institution's own tree of categories, where it wants one.
async fn categories_of(node: &Node, v: &Voice) -> Answer<Part> {
    let tree = node.local_categories().await;
    let tree = tree.map_err(|error| problem(&error))?;
    let (own, lost) = (tree.local.len(), tree.lost());
    let count = (own > 0).then(|| v.with("n", own).say("arranged-own-categories-are"));
    let gone = (lost > 0).then(|| v.with("n", lost).say("own-categories-lost"));
    Ok(Part {
        done: own > 0 && lost == 0,
        at: own_categories::PATH,
        ..part(
            v,
            (
                text_id("own-categories-title"),
                text_id("arranged-own-categories-how"),
            ),
            count.into_iter().chain(gone).collect(),
        )
    })
}

/// Accounts by role: somebody handles reports besides the first one, and somebody keeps identities.
async fn people(node: &Node, v: &Voice) -> Answer<Part> {
    let accounts = node.accounts().list().await;
    let accounts = accounts.map_err(|error| refusal(&error))?;
    let count = |role: StaffRole| {
        let active = accounts.iter().filter(|account| {
            account.state == AccountState::Active && account.role.code == role.as_str()
        });
        active.count()
    };
    let counted = [
        (StaffRole::Admin, text_id("role-admin")),
        (StaffRole::Officer, text_id("role-officer")),
        (StaffRole::Leader, text_id("role-leader")),
        (StaffRole::IdentityKeeper, text_id("role-identity-keeper")),
    ];
    let stands = counted.map(|(role, name)| format!("{}: {}", v.say(name), v.number(count(role))));
    let keeper = count(StaffRole::IdentityKeeper) > 0;
    let missing = (!keeper).then(|| v.say("arranged-no-keeper"));
    Ok(Part {
        done: keeper && count(StaffRole::Officer) > 0,
        needed: true,
        at: STAFF,
        ..part(
            v,
            (text_id("staff-title"), text_id("arranged-people-how")),
            stands.into_iter().chain(missing).collect(),
        )
    })
}

fn mail(node: &Node, v: &Voice) -> Part {
    let in_force = node.in_force();
    let settings = &in_force.settings().mail;
    let stands = settings.host.as_ref().map(|host| {
        let from = settings.from.clone().unwrap_or_default();
        v.with("host", host)
            .with("from", from)
            .with("hour", u64::from(settings.digest_hour))
            .say("arranged-mail-is")
    });
    let broken = in_force.postbox().err().map(|error| error.to_string());
    let sends = stands.is_some() && broken.is_none();
    Part {
        done: sends,
        needed: true,
        tries_mail: sends,
        inputs: &[Input::Mail],
        ..part(
            v,
            (text_id("arranged-mail"), text_id("arranged-mail-how")),
            stands.into_iter().chain(broken).collect(),
        )
    }
}

/// When officers are warned, and the terms of the institution's own that the directory has.
fn deadlines(node: &Node, v: &Voice) -> Part {
    let settings = &node.settings().deadlines;
    let warned = match settings.warn_working_days {
        0 => v.say("arranged-warned-last-day"),
        days => v.with("n", u64::from(days)).say("arranged-warned"),
    };
    let escalated = match settings.escalate_working_days {
        0 => v.say("arranged-escalated-at-once"),
        days => v.with("n", u64::from(days)).say("arranged-escalated"),
    };
    let directory = node.directory();
    let own = node.instance().ok();
    let entry = own.and_then(|own| directory.latest().instance(own));
    let terms = entry.map_or(&[][..], |entry| &entry.terms);
    let own = if terms.is_empty() {
        vec![v.say("arranged-terms-law")]
    } else {
        terms.iter().map(|term| term_words(v, term)).collect()
    };
    Part {
        example: "[deadlines]\nwarn_working_days = 1",
        ..part(
            v,
            (
                text_id("arranged-deadlines"),
                text_id("arranged-deadlines-how"),
            ),
            own.into_iter().chain([warned, escalated]).collect(),
        )
    }
}

fn term_words(v: &Voice, term: &OwnTerm) -> String {
    let days = v
        .with("n", u64::from(term.working_days))
        .say("arranged-term-days");
    let service = term.service.as_ref();
    let service = service.map_or_else(String::new, |service| {
        format!(" ({})", shared::category_name(service.as_str()))
    });
    format!("{}{service}: {days}", v.say(clock_name(term.clock)))
}

fn approval(node: &Node, v: &Voice, known: &Categories) -> Part {
    let in_force = node.in_force();
    let approved = in_force.approved();
    let all = approved.all.then(|| v.say("arranged-approval-all"));
    let stands = all.or_else(|| categories(v, &approved.categories, known));
    Part {
        inputs: &[Input::Approval],
        ..part(
            v,
            (
                text_id("arranged-approval"),
                text_id("arranged-approval-how"),
            ),
            stands.into_iter().collect(),
        )
    }
}

fn evidence(node: &Node, v: &Voice, known: &Categories) -> Part {
    let in_force = node.in_force();
    let stands = categories(v, &in_force.settings().categories.evidence, known);
    Part {
        inputs: &[Input::Evidence],
        ..part(
            v,
            (
                text_id("arranged-evidence"),
                text_id("arranged-evidence-how"),
            ),
            stands.into_iter().collect(),
        )
    }
}

/// Those that there are not are marked: no report can have them.
fn categories(v: &Voice, all: &[Category], known: &Categories) -> Option<String> {
    let said = |category: &Category| {
        if known.knows(category) {
            return category.as_str().to_owned();
        }
        let name = category.as_str();
        v.with("name", name).say("arranged-category-unknown")
    };
    let names: Vec<String> = all.iter().map(said).collect();
    Some(names.join("; ")).filter(|names| !names.is_empty())
}
