//! Keys, authority and certificates as a page: which are in force, what is on
//! its way, who knows of it, and the next steps.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::Directory;
use lapor_protocol::keys::KeyUse;
use lapor_web::Query;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::people::Member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::approvals::failed;
use super::instances::one;
use super::names::named;
use super::steps::Step;
use super::upkeep::{self, Tab, tabs};
use super::words::age;
use super::{Answer, Console, ConsoleRole};
use crate::changeover::AuthorityStanding;
use crate::error::HubError;
use crate::member_keys::{self, EndingCertificate, MemberKey};
use crate::rotation::{KeyState, SigningKeys};
use crate::watch;

pub const PATH: &str = "/konsol/kunci";
pub const DATA: &str = "/konsol/kunci.json";
/// Keys of institutions that are listed before all are asked for.
const LISTED: usize = 50;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Everything that the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Keys {
    pub signing: SigningKeys,
    pub authority: AuthorityStanding,
    /// Certificates of institutions that should have been renewed.
    pub ending: Vec<EndingCertificate>,
    /// Keys of active institutions, the oldest first.
    pub members: Vec<MemberKey>,
}

/// How much of the list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    semua: u8,
}

#[derive(Template)]
#[template(path = "console/keys.html")]
struct Page {
    v: Voice,
    tabs: Vec<Tab>,
    data_at: &'static str,
    keys: Keys,
    /// The next steps of the signing key and of the authority, for who may take them.
    key_steps: Vec<StepLink>,
    root_steps: Vec<StepLink>,
    signing: Vec<KeyLine>,
    roots: Vec<RootLine>,
    members: Vec<MemberLine>,
    /// Keys that are not listed.
    more: usize,
    all_at: String,
    ending: Vec<(String, String, i64)>,
    /// The last backup is older than a key that is on its way.
    unsaved: bool,
}

struct StepLink {
    at: String,
    title: String,
}

struct KeyLine {
    kid: String,
    tone: &'static str,
    state: String,
    announced_at: Option<i64>,
    used_from: Option<i64>,
    used_until: Option<i64>,
    retired_at: Option<i64>,
    held: bool,
}

struct RootLine {
    pin: String,
    tone: &'static str,
    state: String,
    ends_at: i64,
    trusted_by: usize,
    certified: usize,
}

struct MemberLine {
    at: String,
    name: String,
    used_for: String,
    kid: String,
    age: String,
    since: i64,
    due_at: i64,
    late: bool,
}

impl Keys {
    pub async fn read(console: &Console) -> Result<Self, HubError> {
        let ground = &console.hub.ground;
        let picture = watch::look(&console.hub).await?;
        let mut tx = ground.db.read().await?;
        let signing = SigningKeys::read(ground, &mut tx).await?;
        let authority = AuthorityStanding::read(ground, &mut tx).await?;
        tx.rollback().await?;
        Ok(Self {
            signing,
            authority,
            ending: member_keys::ending(&picture),
            members: member_keys::in_force(&ground.directory.current()),
        })
    }
}

/// The same for programs.
pub async fn data(State(console): State<Arc<Console>>, _member: Member) -> Answer<Json<Keys>> {
    let keys = Keys::read(&console).await.map_err(|e| failed(&e))?;
    Ok(Json(keys))
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let keys = Keys::read(&console).await.map_err(|e| failed(&e))?;
    let now = console.hub.now_ms();
    let directory = console.hub.ground.directory.current();
    let acts = ConsoleRole::of(member.session.account.role, ConsoleRole::acts);
    let steps = |of_root: bool| {
        let steps = Step::open(&keys).into_iter().filter(|_| acts);
        let steps = steps.filter(|step| step.is_of_root() == of_root);
        steps
            .map(|step| StepLink {
                at: step.at(),
                title: v.say(step.called(&keys)),
            })
            .collect()
    };
    let listed = if wanted.semua == 1 {
        usize::MAX
    } else {
        LISTED
    };
    let members = keys.members.iter().take(listed);
    let beside = keys.signing.beside();
    let page = Page {
        v,
        tabs: tabs(&v, PATH),
        data_at: DATA,
        key_steps: steps(false),
        root_steps: steps(true),
        signing: signing(&v, &keys),
        roots: roots(&v, &keys),
        members: members
            .map(|key| member_line(&v, &directory, key, now))
            .collect(),
        more: keys.members.len().saturating_sub(listed),
        all_at: format!("{PATH}?semua=1"),
        ending: keys
            .ending
            .iter()
            .map(|end| {
                let name = named(&v, &directory, end.instance.as_str());
                (one(&end.instance), name, end.ends_at)
            })
            .collect(),
        unsaved: beside.is_some_and(|key| key.announced_at > keys.signing.last_backup),
        keys,
    };
    let title = v.say("keys-page-title");
    let shell = member.visit.shell(title).wide();
    shell.within(upkeep::PATH).show(&page)
}

fn signing(v: &Voice, keys: &Keys) -> Vec<KeyLine> {
    let line = |key: &crate::rotation::SigningKey| {
        let (tone, state) = match key.state {
            KeyState::Announced => ("warm", text_id("key-announced")),
            KeyState::Signing => ("done", text_id("key-signs")),
            KeyState::Leaving => ("accent", text_id("key-leaving")),
            KeyState::Retired => ("quiet", text_id("key-retired")),
        };
        KeyLine {
            kid: key.kid.to_string(),
            tone,
            state: v.say(state),
            announced_at: key.announced_at,
            used_from: key.used_from,
            used_until: key.used_until,
            retired_at: key.retired_at,
            held: key.held || key.state == KeyState::Retired,
        }
    };
    keys.signing.keys.iter().map(line).collect()
}

fn roots(v: &Voice, keys: &Keys) -> Vec<RootLine> {
    let change = keys.authority.changeover;
    let roots = keys.authority.roots.iter().map(|root| {
        let next = change.is_some_and(|change| change.next == root.pin);
        let (tone, state) = match (root.certifies, next) {
            (true, _) => ("done", text_id("root-certifies")),
            (false, true) => ("warm", text_id("root-next")),
            (false, false) => ("accent", text_id("root-former")),
        };
        RootLine {
            pin: root.pin.to_hex(),
            tone,
            state: v.say(state),
            ends_at: root.ends_at,
            trusted_by: root.trusted_by,
            certified: root.certified,
        }
    });
    roots.collect()
}

fn member_line(v: &Voice, directory: &Directory, key: &MemberKey, now_ms: i64) -> MemberLine {
    MemberLine {
        at: one(&key.instance),
        name: named(v, directory, key.instance.as_str()),
        used_for: v.say(use_words(key.use_for)),
        kid: key.kid.to_string(),
        age: age(v, now_ms.saturating_sub(key.since).max(0)),
        since: key.since,
        due_at: key.due_at,
        late: key.due_at + DAY_MS < now_ms,
    }
}

/// What a key is for.
pub fn use_words(use_for: KeyUse) -> TextId {
    match use_for {
        KeyUse::Identity => text_id("key-identity"),
        KeyUse::Signing => text_id("key-signing"),
        KeyUse::Sealing => text_id("key-sealing"),
    }
}
