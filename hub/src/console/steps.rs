//! The steps by which a signing key or an authority takes the place of another.
//! Each has a page that says what will follow, and whom it would leave behind,
//! before anything is done.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::Directory;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::approvals::{failed, put, refused};
use super::instances::{done, one};
use super::keys::{self, Keys};
use super::names::named;
use super::{Answer, Console, ConsoleRole, upkeep};
use crate::approvals::ApprovalError;
use crate::changeover;
use crate::deeds::Deed;
use crate::error::HubError;
use crate::membership::MembershipError;
use crate::rotation::{KeyState, RotationError};

pub const PATH: &str = "/konsol/kunci/{step}";
const REASON: &str = "alasan";
const EVEN_SO: &str = "tetap";
const REASON_CHARACTERS: usize = 500;
/// Institutions that are named; of more, their number is said.
const NAMED: usize = 50;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = KeyStep)]
pub enum Step {
    AnnounceKey,
    UseKey,
    RetireKey,
    AnnounceRoot,
    UseRoot,
    WithdrawRoot,
}

#[derive(Deserialize)]
pub struct StepPath {
    step: String,
}

#[derive(Template)]
#[template(path = "console/keys-step.html")]
struct StepPage<'a> {
    v: Voice,
    form: &'a Form,
    title: String,
    here: String,
    keys_at: &'static str,
    /// The key or root that it is about; none before one is made.
    subject: Option<String>,
    follows: Vec<String>,
    left: Vec<Left>,
    more: usize,
    behind: usize,
    members: usize,
    second_person: bool,
    changes_nothing: bool,
}

/// Somebody whom the step would leave behind.
struct Left {
    at: String,
    name: String,
    why: String,
}

impl Step {
    const ALL: [Self; 6] = [
        Self::AnnounceKey,
        Self::UseKey,
        Self::RetireKey,
        Self::AnnounceRoot,
        Self::UseRoot,
        Self::WithdrawRoot,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::AnnounceKey => "umumkan",
            Self::UseKey => "pakai",
            Self::RetireKey => "pensiunkan",
            Self::AnnounceRoot => "umumkan-otoritas",
            Self::UseRoot => "pakai-otoritas",
            Self::WithdrawRoot => "cabut-otoritas",
        }
    }

    pub fn at(self) -> String {
        PATH.replace("{step}", self.code())
    }

    pub fn is_of_root(self) -> bool {
        matches!(
            self,
            Self::AnnounceRoot | Self::UseRoot | Self::WithdrawRoot
        )
    }

    /// What it is called where the moment is not known at which it is taken.
    pub fn title(self) -> TextId {
        match self {
            Self::AnnounceKey => text_id("step-announce-key"),
            Self::UseKey => text_id("step-use-key"),
            Self::RetireKey => text_id("step-retire-key"),
            Self::AnnounceRoot => text_id("step-announce-root"),
            Self::UseRoot => text_id("step-use-root"),
            Self::WithdrawRoot => text_id("step-withdraw-root"),
        }
    }

    /// What it is called now: a key or a root leaves that was used before, or was only announced.
    pub fn called(self, keys: &Keys) -> TextId {
        match self {
            _ if self.takes_back(keys) => text_id("step-take-back"),
            Self::RetireKey => text_id("step-retire-former-key"),
            Self::WithdrawRoot => text_id("step-withdraw-former-root"),
            _ => self.title(),
        }
    }

    /// What will follow, sentence by sentence.
    pub fn follows(self) -> Vec<TextId> {
        match self {
            Self::AnnounceKey => vec![
                text_id("announce-key-follows-made"),
                text_id("announce-key-follows-backup"),
            ],
            Self::UseKey => vec![
                text_id("use-key-follows-signs"),
                text_id("use-key-follows-late"),
            ],
            Self::RetireKey => vec![
                text_id("retire-key-follows-good"),
                text_id("retire-key-follows-gone"),
            ],
            Self::AnnounceRoot => vec![
                text_id("announce-root-follows-made"),
                text_id("announce-root-follows-renewal"),
            ],
            Self::UseRoot => vec![
                text_id("use-root-follows-certifies"),
                text_id("use-root-follows-cut"),
                text_id("use-root-follows-invitations"),
            ],
            Self::WithdrawRoot => vec![
                text_id("withdraw-root-follows-trust"),
                text_id("withdraw-root-follows-recover"),
            ],
        }
    }

    /// Those that can be taken now.
    pub fn open(keys: &Keys) -> Vec<Self> {
        let beside = keys.signing.beside().map(|key| key.state);
        let change = keys.authority.changeover;
        let open = |step: &Self| match step {
            Self::AnnounceKey => beside.is_none(),
            Self::UseKey => beside == Some(KeyState::Announced),
            Self::RetireKey => beside.is_some(),
            Self::AnnounceRoot => change.is_none(),
            Self::UseRoot => change.is_some_and(|change| change.used_at.is_none()),
            Self::WithdrawRoot => change.is_some(),
        };
        Self::ALL.into_iter().filter(open).collect()
    }

    /// The key or root that the step is about, as far as there is one.
    fn subject(self, keys: &Keys) -> Option<String> {
        match self {
            Self::AnnounceKey | Self::AnnounceRoot => None,
            Self::UseKey | Self::RetireKey => keys.signing.beside().map(|key| key.kid.to_string()),
            Self::UseRoot => keys.authority.changeover.map(|change| change.next.to_hex()),
            Self::WithdrawRoot => {
                let change = keys.authority.changeover;
                change.map(|change| change.leaving().to_hex())
            }
        }
    }

    /// Whether it takes back what has had no effect yet, and leaves nobody behind.
    pub fn takes_back(self, keys: &Keys) -> bool {
        match self {
            Self::RetireKey => {
                let beside = keys.signing.beside();
                beside.is_some_and(|key| key.state == KeyState::Announced)
            }
            Self::WithdrawRoot => {
                let change = keys.authority.changeover;
                change.is_some_and(|change| change.used_at.is_none())
            }
            _ => false,
        }
    }

    /// How many it would leave behind, by what they say.
    pub fn leaves_behind(self, keys: &Keys) -> usize {
        if self.takes_back(keys) {
            return 0;
        }
        match self {
            Self::AnnounceKey | Self::AnnounceRoot => 0,
            Self::UseKey | Self::RetireKey => keys.signing.behind.len(),
            Self::UseRoot | Self::WithdrawRoot => keys.authority.cut_off.len(),
        }
    }

    /// Whom it would leave behind, each with why, as its page names them; of more, their number.
    pub fn left_said(self, v: &Voice, directory: &Directory, keys: &Keys) -> Vec<String> {
        let left = left_behind(v, directory, self, keys);
        let more = left.len().saturating_sub(NAMED);
        let rest = (more > 0).then(|| v.with("n", more).say("act-disposers-more"));
        let named = left.into_iter().take(NAMED);
        let named = named.map(|one| format!("{}: {}", one.name, one.why));
        named.chain(rest).collect()
    }

    /// What it does to the key or root that it is about; `None` where there is none. Even so it does
    /// only where somebody can be left behind.
    pub fn deed(
        self,
        console: &Console,
        keys: &Keys,
        even_so: bool,
    ) -> Result<Option<Deed>, HubError> {
        let ground = &console.hub.ground;
        let even_so = even_so && !self.takes_back(keys);
        let beside = keys.signing.beside().map(|key| key.kid.clone());
        let change = keys.authority.changeover;
        Ok(match self {
            Self::AnnounceKey => {
                let key = ground.signers.prepare(&ground.directory.current())?;
                Some(Deed::AnnounceKey { key })
            }
            Self::UseKey => beside.map(|key| Deed::UseKey { key, even_so }),
            Self::RetireKey => beside.map(|key| Deed::RetireKey { key, even_so }),
            Self::AnnounceRoot => {
                let root = changeover::prepare(ground)?;
                Some(Deed::AnnounceAuthority { root })
            }
            Self::UseRoot => change.map(|change| Deed::UseAuthority {
                root: change.next,
                even_so,
            }),
            Self::WithdrawRoot => change.map(|change| Deed::WithdrawAuthority {
                root: change.leaving(),
                even_so,
            }),
        })
    }
}

pub async fn ask(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<StepPath>,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let (step, keys) = open(&console, &path.step).await?;
    page(&console, &member, step, &keys, &Form::empty())
}

pub async fn take(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<StepPath>,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let (step, keys) = open(&console, &path.step).await?;
    let reason = form.required(&v, REASON);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    if !form.is_fine() {
        return page(&console, &member, step, &keys, &form);
    }
    let deed = step
        .deed(&console, &keys, form.is_ticked(EVEN_SO))
        .map_err(|e| failed(&e))?;
    let deed = deed.ok_or_else(ApiProblem::not_found)?;
    let asked = (&deed, reason.as_str(), console.settings.second_person);
    let done = done(&deed, v.now_ms());
    let said = match put(&console, &member, asked, done).await {
        Ok(said) => said,
        Err(ApprovalError::Membership(MembershipError::Rotation(RotationError::Behind(left)))) => {
            form.complain(EVEN_SO, v.with("n", left.len()).say("step-left-behind"));
            return page(&console, &member, step, &keys, &form);
        }
        Err(ApprovalError::Membership(MembershipError::Rotation(_))) => {
            Flash::warning(text_id("console-status-changed"))
        }
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&LocalPath::own(keys::PATH), &said))
}

/// The step, if it can be taken now.
async fn open(console: &Console, code: &str) -> Answer<(Step, Keys)> {
    let keys = Keys::read(console).await.map_err(|e| failed(&e))?;
    let mut steps = Step::open(&keys).into_iter();
    let step = steps.find(|step| step.code() == code);
    Ok((step.ok_or_else(ApiProblem::not_found)?, keys))
}

fn page(
    console: &Console,
    member: &Member,
    step: Step,
    keys: &Keys,
    form: &Form,
) -> Answer<Response> {
    let v = member.visit.v;
    let takes_back = step.takes_back(keys);
    let directory = console.hub.ground.directory.current();
    let mut left = left_behind(&v, &directory, step, keys);
    let behind = step.leaves_behind(keys);
    left.truncate(NAMED);
    let page = StepPage {
        v,
        form,
        title: v.say(step.called(keys)),
        here: step.at(),
        keys_at: keys::PATH,
        subject: step.subject(keys),
        follows: step.follows().into_iter().map(|id| v.say(id)).collect(),
        more: behind - left.len(),
        left,
        behind,
        members: keys.signing.members,
        second_person: console.settings.second_person,
        changes_nothing: takes_back,
    };
    let shell = member.visit.shell(page.title.as_str());
    shell.within(upkeep::PATH).status(form.status()).show(&page)
}

fn left_behind(v: &Voice, directory: &Directory, step: Step, keys: &Keys) -> Vec<Left> {
    if step.takes_back(keys) {
        return Vec::new();
    }
    match step {
        Step::AnnounceKey | Step::AnnounceRoot => Vec::new(),
        Step::UseKey | Step::RetireKey => {
            let left = keys.signing.behind.iter().map(|late| Left {
                at: one(&late.instance),
                name: named(v, directory, late.instance.as_str()),
                why: match (late.directory, late.reported_at) {
                    _ if late.suspended => v.say("left-suspended"),
                    (Some(version), Some(at)) => v
                        .with("version", version)
                        .with("at", v.moment(at))
                        .say("left-version"),
                    _ => v.say("left-unreported"),
                },
            });
            left.collect()
        }
        Step::UseRoot | Step::WithdrawRoot => {
            // Who does not trust the root that remains comes back only by hand, and is named first.
            let mut cut_off: Vec<_> = keys.authority.cut_off.iter().collect();
            cut_off.sort_by_key(|lost| lost.trusts_next);
            let left = cut_off.into_iter().map(|lost| Left {
                at: one(&lost.instance),
                name: named(v, directory, lost.instance.as_str()),
                why: match lost.reported_at {
                    _ if lost.suspended => v.say("left-suspended"),
                    None => v.say("left-unreported"),
                    Some(_) if !lost.said => v.say("left-silent"),
                    Some(at) if step == Step::UseRoot => {
                        v.with("at", v.moment(at)).say("left-untrusting")
                    }
                    Some(at) if !lost.trusts_next => {
                        v.with("at", v.moment(at)).say("left-for-good")
                    }
                    Some(at) => v.with("at", v.moment(at)).say("left-certificate"),
                },
            });
            left.collect()
        }
    }
}
