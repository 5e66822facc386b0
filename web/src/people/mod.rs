//! The pages about the people of a program: logging in and out, passwords, second
//! factors, one's own account, the accounts of all, the audit log, the first
//! set-up. Both programs have them; what differs a program says as an [`Office`].
//!
//! A handler reads a request, calls the accounts or the program, and renders a
//! template; it knows no SQL, no case and no rule of a program.

mod account;
mod audit;
mod audit_words;
mod browser;
mod factor;
mod kept;
mod link_letter;
mod member;
mod office;
mod password;
mod refused;
mod setup;
mod sign_in;
mod sign_on;
mod staff;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::ApiProblem;
use crate::accounts::Secret;
use crate::sign_on::RETURN;

pub use account::page as own_account;
pub use audit::{AuditAsked, AuditLine};
pub use audit_words::{asked_by, who as actor_named};
pub use kept::keep;
pub use member::{Guest, Member};
pub use office::{Gift, Office, Places, RoleWords, Words};
pub use refused::{Again, Refused, complain, refusal};
pub use sign_in::{LEAVE, PATH as SIGN_IN};

/// The page of the first set-up; its secret follows.
pub const SETUP: &str = "/pasang";
/// The page on which a password is chosen; its secret follows.
pub const PASSWORD: &str = "/sandi";

type Answer<T> = Result<T, ApiProblem>;

/// The address of a page with the secret that opens it, on a site without a slash at its end.
pub fn link_at(site: &str, page: &str, secret: &Secret) -> String {
    format!("{site}{page}/{}", secret.reveal())
}

/// The routes of all these pages.
pub fn routes<O: Office>() -> Router<Arc<O>> {
    let places = O::PLACES;
    let (own, factor, staff) = (places.account, places.factor, places.staff);
    let below = |root: &str, rest: &str| format!("{root}/{rest}");
    Router::new()
        .route(
            sign_in::PATH,
            get(sign_in::ask::<O>).post(sign_in::enter::<O>),
        )
        .route(
            sign_in::CODE,
            get(sign_in::ask_code).post(sign_in::prove::<O>),
        )
        .route(sign_on::PATH, get(sign_on::go::<O>))
        .route(RETURN, get(sign_on::back::<O>))
        .route(sign_in::LEAVE, post(sign_in::leave::<O>))
        .route(SETUP, get(setup::about::<O>))
        .route(
            &below(SETUP, "{secret}"),
            get(setup::ask::<O>).post(setup::set_up::<O>),
        )
        .route(
            password::FORGOTTEN,
            get(password::forgotten::<O>).post(password::forget::<O>),
        )
        .route(
            &below(PASSWORD, "{secret}"),
            get(password::ask::<O>).post(password::choose::<O>),
        )
        .route(own, get(account::show::<O>))
        .route(&below(own, "sandi"), post(account::change_password::<O>))
        .route(&below(own, "sesi"), post(account::end_session::<O>))
        .route(factor, get(factor::show::<O>).post(factor::offer::<O>))
        .route(&below(factor, "aktifkan"), post(factor::confirm::<O>))
        .route(&below(factor, "cadangan"), post(factor::renew_codes::<O>))
        .route(&below(factor, "hapus"), post(factor::remove::<O>))
        .route(staff, get(staff::list::<O>))
        .route(
            &below(staff, "baru"),
            get(staff::ask::<O>).post(staff::create::<O>),
        )
        .route(
            &below(staff, "{id}"),
            get(staff::show::<O>).post(staff::change::<O>),
        )
        .route(&below(staff, "{id}/{act}"), post(staff::act::<O>))
        .route(places.audit, get(audit::read::<O>))
}
