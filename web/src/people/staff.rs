//! The accounts of all, for whoever looks after them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::office::role_words;
use super::refused::{Again, Refused, complain_of, refusal};
use super::{Answer, Gift, Member, Office, PASSWORD, RoleWords, link_at, link_letter};
use crate::accounts::{Account, AccountId, AccountState, NewAccount, Secret};
use crate::language::{TextId, Voice, text_id};
use crate::page::{Choice, Flash, Form, LocalPath};
use crate::{ApiProblem, Path};

const REASON: &str = "alasan";
/// The button with which a link is mailed; the other one shows it.
const MAIL: &str = "kirim";
const REASON_CHARACTERS: usize = 500;

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Deserialize)]
pub struct ActPath {
    id: String,
    act: String,
}

#[derive(Template)]
#[template(path = "people/staff.html")]
struct StaffPage {
    v: Voice,
    lines: Vec<Line>,
    /// Whether accounts belong to units.
    units: bool,
    /// What it leads back to, by name and address.
    back: Option<(String, String)>,
    new_at: String,
}

struct Line {
    account: Account,
    at: String,
    role: String,
    tone: &'static str,
    state: String,
}

#[derive(Template)]
#[template(path = "people/officer.html")]
struct OfficerPage<'a> {
    v: Voice,
    form: &'a Form,
    /// None while the account is being made.
    account: Option<&'a Account>,
    here: String,
    list_at: &'static str,
    roles: Vec<Choice>,
    units: Option<Vec<Choice>>,
    /// Whether it is asked why, because another must confirm what is given.
    takes_two: bool,
    /// Whether a link can be mailed.
    mails: bool,
    /// What only this program shows of it, as HTML.
    own: String,
}

#[derive(Template)]
#[template(path = "people/link.html")]
struct LinkPage<'a> {
    v: Voice,
    account: &'a Account,
    /// None where it was mailed: then it is for nobody but whoever opens the letter.
    link: Option<String>,
    /// Why it could not be mailed, if it should have been.
    unsent: Option<String>,
    here: String,
    /// Whether it does nothing until another has confirmed it.
    rests: bool,
    list_at: &'static str,
}

pub async fn list<O: Office>(State(office): State<Arc<O>>, member: Member) -> Answer<Response> {
    member.administers()?;
    let v = member.visit.v;
    let accounts = office.accounts().list().await;
    let lines = accounts.map_err(|error| refusal(&error))?.into_iter();
    let lines = lines.map(|account| {
        let (tone, state) = state_words(&account);
        Line {
            at: at::<O>(&account.id),
            role: v.say(role_of::<O>(&account)),
            tone,
            state: v.say(state),
            account,
        }
    });
    let page = StaffPage {
        v,
        lines: lines.collect(),
        units: office.units().await?.is_some(),
        back: office.staff_from(&member.visit).await?,
        new_at: new_at::<O>(),
    };
    member
        .visit
        .shell(v.say("staff-title"))
        .wide()
        .within(O::PLACES.account)
        .show(&page)
}

pub async fn ask<O: Office>(State(office): State<Arc<O>>, member: Member) -> Answer<Response> {
    member.administers()?;
    page(&*office, &member, &Form::empty(), None, Again::FIRST).await
}

pub async fn create<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    member.administers()?;
    let v = member.visit.v;
    let fields = Fields::of(&mut form, &v);
    let reason = reason(&*office, &mut form, &v);
    if !form.is_fine() {
        return page(&*office, &member, &form, None, Again::FORM).await;
    }
    let (actor, new) = (member.actor(), fields.account());
    let rests = office.takes_two().then_some(reason.as_str());
    match office.create(&actor, &new, rests).await {
        Ok((account, secret)) => bring_link(&*office, &member, (&account, &secret), &form).await,
        Err(error) => {
            let again = complain_of(&mut form, &v, "login", error)?;
            page(&*office, &member, &form, None, again).await
        }
    }
}

pub async fn show<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    member.administers()?;
    let account = find(&*office, &path.id).await?;
    page(
        &*office,
        &member,
        &filled(&account),
        Some(&account),
        Again::FIRST,
    )
    .await
}

pub async fn change<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    member.administers()?;
    let account = find(&*office, &path.id).await?;
    let v = member.visit.v;
    let fields = Fields::of(&mut form, &v);
    let reason = reason(&*office, &mut form, &v);
    if !form.is_fine() {
        return page(&*office, &member, &form, Some(&account), Again::FORM).await;
    }
    let raised = fields.role != account.role.code || fields.login != account.login.as_str();
    if raised {
        give(&*office, &member, &account, Gift::Role, &reason).await?;
    }
    let (actor, new) = (member.actor(), fields.account());
    match office.change(&actor, &account.id, &new).await {
        Ok(_) => {
            let done = Flash::done(text_id("officer-changed"));
            Ok(member
                .visit
                .go_saying(&LocalPath::own(&at::<O>(&account.id)), &done))
        }
        Err(error) => {
            let again = complain_of(&mut form, &v, "role", error)?;
            page(&*office, &member, &form, Some(&account), again).await
        }
    }
}

/// What is done to an account with one button.
pub async fn act<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    Path(path): Path<ActPath>,
    mut form: Form,
) -> Answer<Response> {
    member.administers()?;
    let account = find(&*office, &path.id).await?;
    let (accounts, actor, id) = (office.accounts(), member.actor(), &account.id);
    if let Some(gift) = gift_of(&path.act) {
        let reason = reason(&*office, &mut form, &member.visit.v);
        if !form.is_fine() {
            let mut again = filled(&account);
            again.complain(REASON, member.visit.v.say("form-required"));
            return page(&*office, &member, &again, Some(&account), Again::FORM).await;
        }
        give(&*office, &member, &account, gift, &reason).await?;
    }
    let (done, text) = match path.act.as_str() {
        "sandi" => {
            let secret = accounts.reset_password(&actor, id).await;
            let secret = secret.map_err(|error| refusal(&error))?;
            return bring_link(&*office, &member, (&account, &secret), &form).await;
        }
        "sesi" => (
            accounts.end_sessions(&actor, id).await.map(drop),
            text_id("officer-sessions-ended"),
        ),
        "kode" => (
            accounts.remove_factor(&actor, id).await,
            text_id("officer-factor-removed"),
        ),
        "nonaktif" => (
            accounts.disable(&actor, id).await,
            text_id("officer-disabled"),
        ),
        "aktif" => (
            accounts.enable(&actor, id).await,
            text_id("officer-enabled"),
        ),
        _ => return Err(ApiProblem::not_found()),
    };
    match done {
        Ok(()) => {
            let done = Flash::done(text);
            Ok(member.visit.go_saying(&LocalPath::own(&at::<O>(id)), &done))
        }
        Err(error) => {
            let mut form = Form::empty();
            let error = Refused::Account(error);
            let again = complain_of(&mut form, &member.visit.v, "role", error)?;
            page(&*office, &member, &form, Some(&account), again).await
        }
    }
}

/// What brings an account into somebody's hands, of what is done with one button.
fn gift_of(act: &str) -> Option<Gift> {
    match act {
        "sandi" => Some(Gift::Password),
        "kode" => Some(Gift::Factor),
        "aktif" => Some(Gift::Access),
        _ => None,
    }
}

/// Why, where it is asked.
fn reason<O: Office>(office: &O, form: &mut Form, v: &Voice) -> String {
    if !office.takes_two() {
        return String::new();
    }
    let reason = form.required(v, REASON);
    form.at_most(v, REASON, REASON_CHARACTERS);
    reason
}

/// Has the account of somebody else rest before it is given. Of one that does not administer nothing
/// comes of it.
async fn give<O: Office>(
    office: &O,
    member: &Member,
    account: &Account,
    gift: Gift,
    reason: &str,
) -> Answer<()> {
    let actor = member.actor();
    if office.takes_two() && account.actor() != actor {
        office.rest(&actor, account, gift, reason).await?;
    }
    Ok(())
}

fn filled(account: &Account) -> Form {
    Form::of([
        ("name", account.name.as_str()),
        ("login", account.login.as_str()),
        ("role", account.role.code),
        ("unit", account.unit.as_deref().unwrap_or_default()),
    ])
}

/// What an admin fills in about an account.
struct Fields {
    name: String,
    login: String,
    role: String,
    unit: String,
}

impl Fields {
    fn of(form: &mut Form, v: &Voice) -> Self {
        Self {
            name: form.required(v, "name"),
            login: form.required(v, "login"),
            role: form.required(v, "role"),
            unit: form.text("unit").to_owned(),
        }
    }

    fn account(&self) -> NewAccount<'_> {
        NewAccount {
            login: &self.login,
            name: &self.name,
            role: &self.role,
            unit: Some(self.unit.as_str()).filter(|unit| !unit.is_empty()),
        }
    }
}

async fn find<O: Office>(office: &O, id: &str) -> Answer<Account> {
    let id: AccountId = id.parse().map_err(|error| refusal(&error))?;
    office
        .accounts()
        .find(&id)
        .await
        .map_err(|error| refusal(&error))
}

async fn page<O: Office>(
    office: &O,
    member: &Member,
    form: &Form,
    account: Option<&Account>,
    again: Again,
) -> Answer<Response> {
    let visit = &member.visit;
    let page = OfficerPage {
        v: visit.v,
        form,
        account,
        here: account.map_or_else(new_at::<O>, |account| at::<O>(&account.id)),
        list_at: O::PLACES.staff,
        roles: role_choices::<O>(&visit.v),
        units: office.units().await?,
        takes_two: office.takes_two(),
        mails: office.mails_links(),
        own: match account {
            Some(account) => office.account_part(member, account).await?,
            None => String::new(),
        },
    };
    let title = match account {
        Some(_) => visit.v.say("officer-title"),
        None => visit.v.say("officer-new"),
    };
    let shown = visit
        .shell(title)
        .status(again.status)
        .within(O::PLACES.account)
        .show(&page)?;
    Ok(again.on(shown))
}

/// Mails the link to whom the account is of, where that was asked for; else, and where it fails, this
/// is the one time that it is shown. No redirect, because nothing keeps it.
async fn bring_link<O: Office>(
    office: &O,
    member: &Member,
    (account, secret): (&Account, &Secret),
    form: &Form,
) -> Answer<Response> {
    let visit = &member.visit;
    let wanted = office.mails_links() && form.text(MAIL) == "ya";
    let mut unsent = None;
    let mut shown = !wanted;
    if wanted {
        match link_letter::send(office, account, secret).await {
            Ok(()) => {
                let actor = member.actor();
                let noted = office.accounts().note_link_mailed(&actor, &account.id);
                noted.await.map_err(|error| refusal(&error))?;
            }
            Err(problem) => (unsent, shown) = (Some(problem), true),
        }
    }
    let page = LinkPage {
        v: visit.v,
        account,
        link: shown.then(|| link_at(&office.site(), PASSWORD, secret)),
        unsent,
        here: at::<O>(&account.id),
        rests: office.takes_two() && account.role.administers && office.rests(account).await?,
        list_at: O::PLACES.staff,
    };
    visit
        .shell(visit.v.say("link-title"))
        .within(O::PLACES.account)
        .show(&page)
}

fn at<O: Office>(id: &AccountId) -> String {
    format!("{}/{id}", O::PLACES.staff)
}

fn new_at<O: Office>() -> String {
    format!("{}/baru", O::PLACES.staff)
}

fn role_of<O: Office>(account: &Account) -> TextId {
    let words = role_words::<O>(account.role);
    words.map_or(text_id("role-unknown"), |words| words.name)
}

fn role_choices<O: Office>(v: &Voice) -> Vec<Choice> {
    let choice =
        |words: &RoleWords| Choice::new(words.code, v.say(words.name)).hint(v.say(words.about));
    O::ROLES.iter().map(choice).collect()
}

fn state_words(account: &Account) -> (&'static str, TextId) {
    match (account.state, account.has_password, account.has_factor) {
        (AccountState::Disabled, ..) => ("quiet", text_id("state-disabled")),
        (_, false, _) => ("warm", text_id("state-invited")),
        (_, true, true) => ("done", text_id("state-protected")),
        (_, true, false) => ("accent", text_id("state-active")),
    }
}
