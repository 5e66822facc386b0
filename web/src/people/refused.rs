//! What the accounts refuse, as complaints about fields of a form, or as a
//! problem where there is no form to show again.

use axum::response::Response;
use http::StatusCode;

use crate::ApiProblem;
use crate::accounts::{AccountError, NAME_CHARACTERS, Weakness};
use crate::language::{TextId, Voice, text_id};
use crate::page::{Form, LINK_DEAD, come_back};

/// Why an account cannot be made or changed.
pub enum Refused {
    Account(AccountError),
    /// There is no such open unit.
    Unit,
    Problem(ApiProblem),
}

impl From<AccountError> for Refused {
    fn from(error: AccountError) -> Self {
        Self::Account(error)
    }
}

/// How a form is shown again.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    pub status: StatusCode,
    pub(super) retry_after_s: Option<u32>,
}

impl Again {
    /// A form with complaints of its own.
    pub const FORM: Self = Self {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        retry_after_s: None,
    };

    /// A form that nobody has sent yet.
    pub const FIRST: Self = Self {
        status: StatusCode::OK,
        retry_after_s: None,
    };

    /// Says in the answer's head when to come back.
    pub fn on(self, response: Response) -> Response {
        come_back(response, self.retry_after_s)
    }
}

/// Complains about the field that an error concerns; `first` is the field of
/// what concerns none. What is not the visitor's fault is a problem.
pub fn complain(
    form: &mut Form,
    v: &Voice,
    first: &'static str,
    error: &AccountError,
) -> Result<Again, ApiProblem> {
    if let Some(seconds) = error.retry_after_s() {
        let text = if seconds <= 90 {
            v.with("n", seconds).say("wait-seconds")
        } else {
            v.with("n", seconds.div_ceil(60)).say("wait-minutes")
        };
        form.complain(first, text);
        let busy = matches!(error, AccountError::Busy { .. });
        return Ok(Again {
            status: if busy {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::TOO_MANY_REQUESTS
            },
            retry_after_s: Some(seconds),
        });
    }
    let (field, text) = words(error, first).ok_or_else(|| refusal(error))?;
    form.complain(field, v.with("n", NAME_CHARACTERS).say(text));
    Ok(Again::FORM)
}

/// The same for what the program refuses about an account.
pub(super) fn complain_of(
    form: &mut Form,
    v: &Voice,
    first: &'static str,
    error: Refused,
) -> Result<Again, ApiProblem> {
    match error {
        Refused::Account(error) => complain(form, v, first, &error),
        Refused::Unit => {
            form.complain("unit", v.say("unit-unknown"));
            Ok(Again::FORM)
        }
        Refused::Problem(problem) => Err(problem),
    }
}

/// An error where there is no form.
pub fn refusal(error: &AccountError) -> ApiProblem {
    let said = |status, code, title| ApiProblem::new(status, code, title);
    match error {
        AccountError::LinkDead => said(
            StatusCode::GONE,
            LINK_DEAD,
            "This link is not valid any more",
        ),
        AccountError::Unknown => ApiProblem::not_found(),
        AccountError::Throttled { retry_after_s } => said(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many attempts",
        )
        .retry_after(*retry_after_s),
        AccountError::Busy { retry_after_s } => said(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many people are logging in at once",
        )
        .retry_after(*retry_after_s),
        AccountError::Database(error) => ApiProblem::database(error),
        AccountError::Damaged(_) => {
            tracing::error!(%error, "an account cannot be used");
            ApiProblem::internal()
        }
        _ => said(
            StatusCode::CONFLICT,
            "not_allowed",
            "The account does not allow this",
        ),
    }
}

fn words(error: &AccountError, first: &'static str) -> Option<(&'static str, TextId)> {
    Some(match error {
        AccountError::Refused => (first, text_id("sign-in-refused")),
        AccountError::Code => ("code", text_id("code-refused")),
        AccountError::Login => ("login", text_id("login-unusable")),
        AccountError::LoginTaken => ("login", text_id("login-taken")),
        AccountError::Name => ("name", text_id("name-unusable")),
        AccountError::Role(_) => ("role", text_id("role-unknown")),
        AccountError::Password(weakness) => ("password", weak(*weakness)),
        AccountError::LastAdministrator => (first, text_id("last-administrator")),
        AccountError::FactorNeeded => (first, text_id("factor-needed")),
        _ => return None,
    })
}

fn weak(weakness: Weakness) -> TextId {
    match weakness {
        Weakness::Short => text_id("password-short"),
        Weakness::Long => text_id("password-long"),
        Weakness::Personal => text_id("password-personal"),
        Weakness::Guessable => text_id("password-guessable"),
    }
}
