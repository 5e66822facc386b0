//! The desk of the institution's staff: pages only. A handler reads a request,
//! calls the node or its accounts, and renders a template; it knows no SQL and
//! no rule. Every page below `/meja` names [`Officer`] among its arguments.

mod account;
mod again;
mod approval;
mod attachment;
mod audit;
mod case_page;
mod choosing;
mod clock;
mod counter;
mod course;
mod deed;
mod deed_form;
mod deed_read;
mod deeds;
mod factor;
mod figures;
mod identity;
mod inbox;
mod letters;
mod officer;
mod password;
mod pictures;
mod programme_text;
mod programmes;
mod question;
mod reasons;
pub(crate) mod refused;
mod setup;
mod shared;
mod sign_in;
mod sign_on;
mod staff;
#[cfg(test)]
mod tests;
mod units;
mod upload;
mod walk_in;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use lapor_web::ApiProblem;
use lapor_web::accounts::cookie::Cookies;
use lapor_web::accounts::{Accounts, Doors, Staffed};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Link};

use crate::node::Node;
use crate::staff::{PASSWORD, SETUP, StaffRole};

pub use officer::{Guest, Officer};

/// Where the desk begins.
pub const ROOT: &str = "/meja";

/// One's own account.
pub const ACCOUNT: &str = account::PATH;

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
        to: account::PATH,
        name: text_id("desk-account"),
    },
];

type Answer<T> = Result<T, ApiProblem>;

impl Staffed for Node {
    fn accounts(&self) -> &Accounts {
        Node::accounts(self)
    }

    fn cookies(&self) -> Cookies {
        Cookies {
            https: self.settings().is_https(),
        }
    }

    fn doors(&self) -> Doors {
        Doors {
            sign_in: sign_in::PATH,
            factor: factor::PATH,
        }
    }
}

/// The desk's routes, and those by which one gets there.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    Router::new()
        .merge(upload::routes(node))
        .route(sign_in::PATH, get(sign_in::ask).post(sign_in::enter))
        .route(sign_in::CODE, get(sign_in::ask_code).post(sign_in::prove))
        .route(sign_on::PATH, get(sign_on::go))
        .route(sign_on::BACK, get(sign_on::back))
        .route(sign_in::LEAVE, post(sign_in::leave))
        .route(SETUP, get(setup::about))
        .route(
            &format!("{SETUP}/{{secret}}"),
            get(setup::ask).post(setup::set_up),
        )
        .route(
            password::FORGOTTEN,
            get(password::forgotten).post(password::forget),
        )
        .route(
            &format!("{PASSWORD}/{{secret}}"),
            get(password::ask).post(password::choose),
        )
        .route(ROOT, get(inbox::show))
        .route(inbox::TOGETHER, post(inbox::together))
        .route(inbox::FILTERS, post(inbox::filters))
        .route(case_page::PATH, get(case_page::show))
        .route(case_page::UNIT, post(case_page::assign))
        .route(case_page::DROP, post(case_page::drop_act))
        .route(deed::PATH, get(deed::ask).post(deed::act))
        .route(counter::PATH, get(counter::ask).post(counter::take_down))
        .route(attachment::PATH, get(attachment::open))
        .route(identity::GRANTED, post(identity::open_granted))
        .route(identity::PATH, get(identity::list))
        .route(identity::CASE, get(identity::show).post(identity::open))
        .route(identity::ANSWER, post(identity::answer))
        .route(approval::PATH, get(approval::list))
        .route(approval::ONE, post(approval::decide))
        .route(approval::FILE, get(approval::open_file))
        .route(figures::PATH, get(figures::show))
        .route(figures::TABLE, get(figures::table))
        .route(walk_in::PATH, get(walk_in::ask).post(walk_in::file))
        .route(account::PATH, get(account::show))
        .route(account::CHANGE, post(account::change_password))
        .route(account::END, post(account::end_session))
        .route(account::LETTERS, post(account::choose_letters))
        .route(factor::PATH, get(factor::show).post(factor::offer))
        .route(factor::CONFIRM, post(factor::confirm))
        .route(factor::CODES, post(factor::renew_codes))
        .route(factor::REMOVE, post(factor::remove))
        .route(staff::PATH, get(staff::list))
        .route(staff::NEW, get(staff::ask).post(staff::create))
        .route(staff::ONE, get(staff::show).post(staff::change))
        .route(staff::ACT, post(staff::act))
        .route(units::PATH, get(units::list).post(units::add))
        .route(units::CLOSE, post(units::close))
        .route(audit::PATH, get(audit::read))
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

fn role_name(role: StaffRole) -> TextId {
    match role {
        StaffRole::Admin => text_id("role-admin"),
        StaffRole::Officer => text_id("role-officer"),
        StaffRole::Leader => text_id("role-leader"),
        StaffRole::IdentityKeeper => text_id("role-identity-keeper"),
    }
}

fn role_choices(v: &Voice) -> Vec<Choice> {
    let about = |role| match role {
        StaffRole::Admin => text_id("role-admin-about"),
        StaffRole::Officer => text_id("role-officer-about"),
        StaffRole::Leader => text_id("role-leader-about"),
        StaffRole::IdentityKeeper => text_id("role-identity-keeper-about"),
    };
    let choice = |role: StaffRole| {
        Choice::new(role.as_str(), v.say(role_name(role))).hint(v.say(about(role)))
    };
    StaffRole::ALL.into_iter().map(choice).collect()
}
