//! How far a restored hub has come: what it has lost, whom it has heard, what they have brought back.

use std::collections::BTreeMap;

use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::InstanceId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Restore, last};
use crate::app::Hub;
use crate::damage::{self, Damaged};
use crate::error::HubError;
use crate::store;
use crate::store::retrieved::Brought;
use crate::store::state;
use crate::stuck::Stuck;
use crate::witness::{Conflict, Heard, Lack, Loss};

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It has not been restored, or that is over.
    Still,
    /// It was restored, and not everybody has been heard.
    Listening,
    /// Members hold what it has lost; it takes nothing in but what they bring back.
    Lost,
}

/// All that is known of it at one moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Recovery {
    pub stage: Stage,
    pub restore: Option<Restore>,
    pub loss: Option<Loss>,
    /// Why what members have brought back did not get its places, when that was tried last.
    pub stuck: Option<String>,
    /// The same by kind; `None` as well where a program of before noted it.
    pub stuck_by: Option<Stuck>,
    /// Unix ms; since when this process listens.
    pub since: i64,
    /// Active institutions: those who hold what is lost first, then those not read and those not heard.
    pub members: Vec<Member>,
    /// Messages whose bytes are damaged here, restored or not, until their authors have sent them once
    /// more.
    pub damaged: Vec<Damaged>,
}

/// An active institution, as far as this process has heard it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    #[schema(value_type = String)]
    pub id: InstanceId,
    pub name: String,
    /// Unix ms; when it showed first what it shows now.
    pub heard_at: Option<i64>,
    /// Whether it holds anything that the hub has signed.
    pub shows: bool,
    pub lacks: Vec<Lack>,
    /// Whether it shows what is signed with a key that this hub does not know, while a restore is
    /// open: the record may end before a change of keys. It counts as not heard.
    pub unread: bool,
    /// Messages that the hub has taken in of it since the restore; 0 without one.
    pub came: u64,
    /// What it has brought back since the last loss was shown.
    pub back: Back,
}

/// What a member has brought back, and whether that is all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Back {
    /// Versions of the directory.
    pub versions: u64,
    /// Items of its inbox and of the public stream.
    pub items: u64,
    /// Its own messages.
    pub messages: u64,
    /// Whether nothing more is wanted of it.
    pub whole: bool,
    /// What it holds where this hub has put something else since.
    pub conflict: Option<Conflict>,
}

impl From<&Brought> for Back {
    fn from(brought: &Brought) -> Self {
        Self {
            versions: brought.versions as u64,
            items: brought.items as u64,
            messages: brought.messages as u64,
            whole: brought.whole != 0,
            conflict: brought
                .conflict
                .as_deref()
                .and_then(|noted| serde_json::from_str(noted).ok()),
        }
    }
}

impl Member {
    /// Whether it has shown what it holds, and the hub could read it.
    pub fn is_heard(&self) -> bool {
        self.heard_at.is_some() && !self.unread
    }

    /// Whether nothing is wanted of it any more: it has brought back all that it holds, or shows
    /// nothing that is not here.
    pub fn is_whole(&self) -> bool {
        self.back.whole || (self.is_heard() && self.lacks.is_empty())
    }

    /// How much is lost as far as it shows, in items, messages and versions.
    pub fn gap(&self) -> u64 {
        let gaps = self.lacks.iter();
        gaps.map(|lack| lack.shown.saturating_sub(lack.held).max(1))
            .sum()
    }
}

impl Recovery {
    pub fn heard(&self) -> usize {
        let members = self.members.iter();
        members.filter(|member| member.is_heard()).count()
    }

    /// Of whom nothing is wanted any more.
    pub fn whole(&self) -> usize {
        let members = self.members.iter();
        members.filter(|member| member.is_whole()).count()
    }

    /// Versions, items and messages that members have brought back.
    pub fn back(&self) -> u64 {
        let back = self.members.iter().map(|member| &member.back);
        back.map(|back| back.versions + back.items + back.messages)
            .sum()
    }

    pub fn lacking(&self) -> usize {
        let members = self.members.iter();
        members.filter(|member| !member.lacks.is_empty()).count()
    }

    /// Messages taken in since the restore.
    pub fn came(&self) -> u64 {
        self.members.iter().map(|member| member.came).sum()
    }
}

pub async fn read(hub: &Hub) -> Result<Recovery, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let restore = last(&mut tx).await?;
    let open = restore.as_ref().filter(|one| one.closed_at.is_none());
    let came = match open {
        Some(open) => store::envelopes::counts_after(&mut tx, open.number).await?,
        None => Vec::new(),
    };
    let opened = open.is_some();
    let noted = state::read(&mut tx, state::STUCK).await?;
    let back = store::retrieved::members(&mut tx).await?;
    let damaged = damage::all(&mut tx).await?;
    tx.rollback().await?;
    let members = members(hub, opened, &came, &back);
    let stuck_by = noted.as_deref().and_then(Stuck::noted);
    let stuck = stuck_by.as_ref().map(ToString::to_string).or(noted);
    let loss = hub.witness.known_loss();
    let stage = match &loss {
        Some(_) => Stage::Lost,
        None if opened => Stage::Listening,
        None => Stage::Still,
    };
    Ok(Recovery {
        stage,
        restore,
        loss,
        stuck,
        stuck_by,
        since: hub.contacts.began_at(hub.now_ms()),
        members,
        damaged,
    })
}

fn members(
    hub: &Hub,
    opened: bool,
    came: &[(InstanceId, u64)],
    back: &BTreeMap<InstanceId, Brought>,
) -> Vec<Member> {
    let heard = hub.witness.heard();
    let directory = hub.ground.directory.current();
    let active = directory.latest().instances();
    let active = active.filter(|entry| entry.status == Status::Active);
    let member = |entry: &InstanceEntry| {
        let heard = heard.get(&entry.id);
        let count = came.iter().find(|(author, _)| *author == entry.id);
        Member {
            id: entry.id.clone(),
            name: entry.name.clone(),
            heard_at: heard.map(|heard| heard.at),
            shows: heard.is_some_and(Heard::shows),
            lacks: heard.map(|heard| heard.lacks.clone()).unwrap_or_default(),
            unread: opened && heard.is_some_and(|heard| heard.unread),
            came: count.map_or(0, |(_, count)| *count),
            back: back.get(&entry.id).map(Back::from).unwrap_or_default(),
        }
    };
    let mut members: Vec<Member> = active.map(member).collect();
    members.sort_by_key(|of| {
        (
            of.lacks.is_empty(),
            !of.unread,
            of.heard_at.is_some(),
            of.name.to_lowercase(),
        )
    });
    members
}
