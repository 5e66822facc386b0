//! The desk of the institution's staff: pages only. A handler reads a request,
//! calls the node or its accounts, and renders a template; it knows no SQL and
//! no rule; those about people are [`lapor_web::people`]. Every other page below
//! `/meja` names [`Officer`] among its arguments.

mod absence;
mod acts;
mod again;
mod along;
mod answer_rules;
mod api_keys;
mod approval;
mod arranged;
mod arrangements;
mod arranging;
mod aside;
mod assignment;
mod attachment;
mod case_facts;
mod case_page;
mod channels;
mod choosing;
mod clock;
mod counter;
mod course;
mod deed;
mod deed_form;
mod deed_read;
mod deeds;
mod erasures;
mod figures;
mod halves;
mod handover;
mod hints;
mod identity;
mod identity_asked;
mod inbox;
mod letter_choice;
mod letters;
mod new_key;
mod office;
mod officer;
mod own_categories;
mod pictures;
mod programme_text;
mod programmes;
mod question;
mod reasons;
pub(crate) mod register_out;
mod register_page;
mod registers;
mod rows;
mod shared;
mod shortcuts;
mod slip;
mod stood;
mod suspicion;
#[cfg(test)]
mod tests;
mod together;
mod units;
mod upload;
mod walk_in;
mod ways;
mod webhook;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use lapor_web::ApiProblem;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::Link;
use lapor_web::people;

use crate::node::Node;

pub use officer::Officer;

/// Where the desk begins.
pub const ROOT: &str = "/meja";

/// One's own account.
pub const ACCOUNT: &str = "/meja/akun";

/// The programs that are told of changes.
pub const WEBHOOKS: &str = webhooks::PATH;

/// The accounts of the officers.
const STAFF: &str = "/meja/petugas";

/// What stands at the head of every page of the desk: the hub's maintenance.
pub fn announced(node: &Node, v: &Voice) -> Option<String> {
    let notice = node.hub_maintenance()?;
    let words = v
        .with("from", v.moment(notice.from))
        .with("until", v.moment(notice.until))
        .with("reason", notice.reason.as_str());
    Some(if notice.on {
        words.say(text_id("hub-maintenance-on"))
    } else {
        words.say(text_id("hub-maintenance-ahead"))
    })
}

/// The desk's navigation.
pub const LINKS: &[Link] = &[
    Link {
        to: ROOT,
        name: text_id("desk-inbox"),
    },
    Link {
        to: figures::PATH,
        name: text_id("desk-figures"),
    },
    Link {
        to: programmes::PATH,
        name: text_id("desk-programmes"),
    },
    Link {
        to: ACCOUNT,
        name: text_id("desk-account"),
    },
];

type Answer<T> = Result<T, ApiProblem>;

/// The desk's routes, and those by which one gets there.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    let kept = from_fn_with_state(Arc::clone(node), people::keep::<Node>);
    Router::new()
        .merge(upload::routes(node))
        .merge(people::routes::<Node>())
        .merge(secret_pages())
        .merge(
            pages()
                .merge(arranged_pages())
                .merge(channels::routes())
                .layer(kept),
        )
}

/// Pages with a form that holds a password, which comes back to nobody.
fn secret_pages() -> Router<Arc<Node>> {
    Router::new().route(
        arranging::MAIL,
        get(arranging::show_mail).post(arranging::keep_mail),
    )
}

/// Pages whose forms come back after logging in again.
fn pages() -> Router<Arc<Node>> {
    Router::new()
        .route(ROOT, get(inbox::show))
        .route(
            together::PATH,
            get(together::nothing).post(together::together),
        )
        .route(
            together::dispose::PATH,
            get(together::nothing).post(together::dispose::act),
        )
        .route(
            together::merge::PATH,
            get(together::nothing).post(together::merge::act),
        )
        .route(inbox::FILTERS, post(inbox::filters))
        .route(case_page::PATH, get(case_page::show))
        .route(
            assignment::PATH,
            get(case_page::show).post(assignment::assign),
        )
        .route(case_page::NUMBER, post(case_page::number))
        .route(own_categories::OF_CASE, post(own_categories::localise))
        .route(
            own_categories::PATH,
            get(own_categories::list).post(own_categories::map),
        )
        .route(own_categories::REMOVE, post(own_categories::remove))
        .route(own_categories::UPLOAD, post(own_categories::upload))
        .route(own_categories::RESTORE, post(own_categories::restore))
        .route(own_categories::TABLE, get(own_categories::table))
        .route(case_page::DROP, post(case_page::drop_act))
        .route(suspicion::PATH, post(suspicion::say))
        .route(deed::PATH, get(deed::ask).post(deed::act))
        .route(new_key::PATH, get(new_key::ask).post(new_key::give))
        .route(slip::PROOF, post(slip::prove))
        .route(counter::PATH, get(counter::ask).post(counter::take_down))
        .route(attachment::PATH, get(attachment::open))
        .route(identity::GRANTED, post(identity::open_granted))
        .route(identity::PATH, get(identity::list))
        .route(identity::ASKED, get(identity_asked::show))
        .route(identity::CASE, get(identity::show).post(identity::open))
        .route(identity::ANSWER, post(identity::answer))
        .route(approval::PATH, get(approval::list))
        .route(approval::ONE, post(approval::decide))
        .route(approval::FILE, get(approval::open_file))
        .route(figures::PATH, get(figures::show))
        .route(figures::TABLE, get(figures::table))
        .route(walk_in::PATH, get(walk_in::ask).post(walk_in::file))
        .route(registers::PATH, get(registers::list).post(registers::bring))
        .route(registers::ONE, get(registers::show))
        .route(registers::ACT, get(registers::result).post(registers::act))
        .route(register_out::CSV, get(registers::out))
        .route(register_out::XLSX, get(registers::out))
        .route(erasures::PATH, get(erasures::list).post(erasures::decide))
        .route(letter_choice::PATH, post(letter_choice::choose))
        .route(absence::PATH, post(absence::say))
        .route(units::PATH, get(units::list).post(units::add))
        .route(units::CLOSE, post(units::close))
        .route(api_keys::PATH, get(api_keys::list).post(api_keys::make))
        .route(api_keys::REVOKE, post(api_keys::revoke))
        .route(webhooks::PATH, get(webhooks::list).post(webhooks::make))
        .route(webhook::PATH, get(webhook::show).post(webhook::change))
        .route(webhook::ACT, post(webhook::act))
        .route(aside::PATH, get(aside::list).post(aside::act))
        .route(handover::PATH, post(handover::hand_over))
        .route(
            letters::PATH,
            get(letters::show).post(letters::drop_refused),
        )
        .route(programmes::PATH, get(programmes::list))
        .route(
            programmes::NEW,
            get(programmes::ask).post(programmes::publish),
        )
        .route(
            programmes::ONE,
            get(programmes::show).post(programmes::change),
        )
        .route(programmes::PROGRESS, post(programmes::tell))
        .route(pictures::PATH, post(pictures::change))
}

/// What is arranged at this node, and where it is typed.
fn arranged_pages() -> Router<Arc<Node>> {
    Router::new()
        .route(arrangements::PATH, get(arrangements::show))
        .route(
            arranging::CONTACT,
            get(arranging::show_contact).post(arranging::keep_contact),
        )
        .route(
            arranging::ADDRESS,
            get(arranging::show_address).post(arranging::keep_address),
        )
        .route(
            answer_rules::APPROVAL,
            get(answer_rules::show_approval).post(answer_rules::keep_approval),
        )
        .route(
            answer_rules::EVIDENCE,
            get(answer_rules::show_evidence).post(answer_rules::keep_evidence),
        )
        .route(arrangements::TRY_MAIL, post(arrangements::try_mail))
        .route(arrangements::DISMISS, post(arrangements::dismiss))
}
