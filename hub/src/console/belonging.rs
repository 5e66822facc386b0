//! How an institution belongs to the federation, on its page: the line that it
//! has not used, whose key it has shown, whom it may dispose to.

use askama::Template;
use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::Digest;
use lapor_web::language::Voice;
use lapor_web::page::Form;

use super::acts::Act;
use super::admission;
use super::instances::one;
use super::names::whom;
use super::{invite, trying};
use crate::error::HubError;
use crate::membership::fingerprint;
use crate::store;

#[derive(Template)]
#[template(path = "console/belonging.html")]
pub struct Belonging {
    v: Voice,
    /// SHA-256 of its identity key, as its node shows it.
    fingerprint: Option<String>,
    authority: Vec<String>,
    /// Name and page of the institution that takes its place.
    successor: Option<(String, String)>,
    invitation: Option<Invitation>,
    /// Where it is let in that has joined and waits for it.
    admit_at: Option<String>,
    form: Form,
    /// Whether whoever looks may act.
    acts: bool,
    /// Address and title of what an operator may do beyond suspending.
    deeds: Vec<(String, String)>,
    /// Where the line to it is tried.
    try_at: Option<String>,
}

/// Of an institution that has not joined.
struct Invitation {
    /// Unix ms; `None` where no line is good.
    until: Option<i64>,
    invited: bool,
    again_at: String,
    withdraw_at: String,
}

impl Belonging {
    pub async fn of(
        v: &Voice,
        directory: &Directory,
        tx: &mut Tx,
        entry: &InstanceEntry,
        acts: bool,
    ) -> Result<Self, HubError> {
        let until = store::joining::open_until(tx, &entry.id, v.now_ms()).await?;
        let waits = matches!(entry.status, Status::Registered | Status::Invited);
        let successor = entry.successor.as_ref();
        let joined = store::joining::waits(tx, &entry.id).await?;
        let joined = joined && entry.status == Status::Suspended;
        Ok(Self {
            v: *v,
            fingerprint: fingerprint(entry).map(Digest::read_out),
            authority: entry.disposes_to.iter().map(ToString::to_string).collect(),
            successor: successor.map(|id| (whom(v, directory, id.as_str()), one(id))),
            invitation: waits.then(|| Invitation {
                until,
                invited: entry.status == Status::Invited,
                again_at: invite::ask_at(&entry.id),
                withdraw_at: invite::WITHDRAW.replace("{slug}", entry.id.as_str()),
            }),
            admit_at: joined.then(|| admission::at(&entry.id)),
            form: Form::empty(),
            acts,
            try_at: (acts && entry.status == Status::Active)
                .then(|| trying::PATH.replace("{slug}", entry.id.as_str())),
            deeds: Act::offered(entry)
                .into_iter()
                .filter(|_| acts)
                .map(|act| (act.at(&entry.id), v.say(act.title())))
                .collect(),
        })
    }

    /// Whether it has joined and waits for an operator.
    pub fn waits(&self) -> bool {
        self.admit_at.is_some()
    }
}
