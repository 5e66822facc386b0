//! Programmes with their history, and the editions of taxonomy and calendar.

use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{CalendarUpdated, ProgrammePublished, TaxonomyUpdated};
use lapor_protocol::region::RegionCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::pictures::note_copies;
use super::spread::{built_in, parts_of};
use super::{
    CalendarView, Edition, Programme, ProgrammeEntry, ProgrammeFilter, ProgrammeList,
    ProgrammeView, Standing, TaxonomyView,
};
use crate::damage;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::public::{Conditions, ProgrammeRow, PublicationRow};

const MAX_PAGE: u32 = 200;
const MAX_PLACED: i64 = 1000;
const LOCATED_AT_ONCE: i64 = 64;
const TAXONOMY: &str = "taxonomy.updated";
const CALENDAR: &str = "calendar.updated";

impl Node {
    /// Programmes by owner and slug. `after` is `next` of the page before.
    pub async fn programmes(
        &self,
        filter: &ProgrammeFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ProgrammeList, NodeError> {
        let limit = i64::from(limit.clamp(1, MAX_PAGE));
        let (after_owner, after_slug) = match after {
            None => ("", ""),
            // An owner's name has no dot; a slug may have some.
            Some(text) => text.split_once('.').ok_or_else(|| {
                NodeError::Invalid("after: expected the `next` of the page before".into())
            })?,
        };
        let status = filter.status.map(serde_json::to_value).transpose();
        let status = status.map_err(NodeError::damaged)?;
        let wanted = Conditions {
            owner: filter.owner.as_ref().map(InstanceId::as_str),
            region: filter.region.as_ref().map(RegionCode::as_str),
            status: status.as_ref().and_then(Value::as_str),
            after_owner,
            after_slug,
        };
        let mut tx = self.read_tx().await?;
        let mut rows = store::public::programmes(&mut tx, &wanted, limit + 1).await?;
        let more = rows.len() as i64 > limit;
        rows.truncate(limit as usize);
        let mut programmes = listed(&rows);
        note_copies(&mut tx, &mut programmes).await?;
        let next = rows.last().filter(|_| more).map(key);
        Ok(ProgrammeList { programmes, next })
    }

    /// Programmes that say where they are built, the latest first, 1,000 at most of the whole country
    /// or 1,000 of a province and as many of those of which only its outline is known.
    pub async fn placed_programmes(
        &self,
        province: Option<&RegionCode>,
    ) -> Result<Vec<Programme>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = match province {
            Some(code) => {
                let mut rows = Vec::new();
                for part in parts_of(code) {
                    rows.extend(store::public::placed_in(&mut tx, part, MAX_PLACED).await?);
                }
                rows
            }
            None => store::public::placed(&mut tx, MAX_PLACED).await?,
        };
        Ok(listed(&rows))
    }

    /// Finds where programmes are built that an older version stored; a bounded number of them.
    /// Returns how many, 0 when nothing is left.
    pub(crate) async fn locate_programmes(&self) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let any = !store::public::unlocated(&mut tx, 1).await?.is_empty();
        drop(tx);
        if !any {
            return Ok(0);
        }
        let mut tx = self.write_tx().await?;
        let rows = store::public::unlocated(&mut tx, LOCATED_AT_ONCE).await?;
        for row in &rows {
            // One that is damaged is on no map.
            let published = serde_json::from_str::<ProgrammePublished>(&row.published).ok();
            let part = published.as_ref().and_then(built_in);
            store::public::put_programme(&mut tx, row, part.as_deref()).await?;
        }
        tx.commit().await?;
        Ok(rows.len())
    }

    /// A programme as it stands, without what was published about it before; `None` of one that is not
    /// here, or whose row is damaged.
    pub async fn known_programme(
        &self,
        owner: &InstanceId,
        slug: &str,
    ) -> Result<Option<Programme>, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::public::programme(&mut tx, owner.as_str(), slug).await?;
        Ok(listed(row.as_slice()).pop())
    }

    /// A programme with all that was published about it, as far as it can be read.
    pub async fn programme(
        &self,
        owner: &InstanceId,
        slug: &str,
    ) -> Result<ProgrammeView, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::public::programme(&mut tx, owner.as_str(), slug).await?;
        let row =
            row.ok_or_else(|| NodeError::not_found("programme", &format!("{owner}/{slug}")))?;
        let history = store::public::of_programme(&mut tx, owner.as_str(), slug).await?;
        let mut programme = programme(&row)?;
        note_copies(&mut tx, std::slice::from_mut(&mut programme)).await?;
        Ok(ProgrammeView {
            programme,
            history: damage::readable(
                "publications",
                &history,
                |row: &PublicationRow| format!("{owner} {}", row.message_id),
                entry,
            ),
        })
    }

    /// An edition of the categories by name, or the one in force.
    pub async fn taxonomy(&self, edition: Option<&str>) -> Result<TaxonomyView, NodeError> {
        let directory = self.directory();
        let mut tx = self.read_tx().await?;
        let editions = editions(&mut tx, TAXONOMY, directory.taxonomy()).await?;
        let taxonomy: Option<TaxonomyUpdated> = match edition {
            Some(name) => Some(stated(&mut tx, TAXONOMY, name).await?),
            None => standing_in(&mut tx, TAXONOMY, &editions).await?,
        };
        Ok(TaxonomyView { taxonomy, editions })
    }

    /// An edition of the holidays by name, or the one in force.
    pub async fn calendar(&self, edition: Option<&str>) -> Result<CalendarView, NodeError> {
        let directory = self.directory();
        let mut tx = self.read_tx().await?;
        let editions = editions(&mut tx, CALENDAR, directory.calendar()).await?;
        let calendar: Option<CalendarUpdated> = match edition {
            Some(name) => Some(stated(&mut tx, CALENDAR, name).await?),
            None => standing_in(&mut tx, CALENDAR, &editions).await?,
        };
        Ok(CalendarView { calendar, editions })
    }
}

/// Name of the calendar's edition in force, once one has been published.
pub(crate) async fn calendar_in_force(
    tx: &mut Tx,
    named: Option<&str>,
) -> Result<Option<String>, NodeError> {
    in_force(tx, CALENDAR, named).await
}

/// Name of the taxonomy's edition in force, once one has been published.
pub(crate) async fn taxonomy_in_force(
    tx: &mut Tx,
    named: Option<&str>,
) -> Result<Option<String>, NodeError> {
    in_force(tx, TAXONOMY, named).await
}

async fn in_force(
    tx: &mut Tx,
    kind: &str,
    named: Option<&str>,
) -> Result<Option<String>, NodeError> {
    let editions = editions(tx, kind, named).await?;
    let current = editions.into_iter().find(|edition| edition.current);
    Ok(current.map(|edition| edition.edition))
}

/// The calendar's edition in force, or the one before it that can be read where a disk has damaged it;
/// `None` where none can.
pub(crate) async fn legible_calendar(
    tx: &mut Tx,
    named: Option<&str>,
) -> Result<Option<CalendarUpdated>, NodeError> {
    let editions = editions(tx, CALENDAR, named).await?;
    standing_in(tx, CALENDAR, &editions).await
}

/// What lists show of these rows; one that is damaged is left out of them.
fn listed(rows: &[ProgrammeRow]) -> Vec<Programme> {
    damage::readable("programmes", rows, key, programme)
}

/// Names a programme, also as where a page ends.
fn key(row: &ProgrammeRow) -> String {
    format!("{}.{}", row.owner, row.slug)
}

fn programme(row: &ProgrammeRow) -> Result<Programme, NodeError> {
    let progress = row
        .progress
        .as_deref()
        .map(|text| store::read(serde_json::from_str(text)))
        .transpose()?;
    Ok(Programme {
        owner: store::instance_id(&row.owner)?,
        published: store::read(serde_json::from_str(&row.published))?,
        pictures: Vec::new(),
        progress,
        pending: row.pending as u32,
        updated_at: row.updated_at,
    })
}

fn entry(row: &PublicationRow) -> Result<ProgrammeEntry, NodeError> {
    Ok(ProgrammeEntry {
        message: store::read(row.message_id.parse())?,
        standing: standing(row)?,
        kind: row.kind.clone(),
        reason: row.reason.clone(),
        at: row.at,
        body: store::read(serde_json::from_str(&row.body))?,
    })
}

fn standing(row: &PublicationRow) -> Result<Standing, NodeError> {
    match row.state.as_str() {
        "pending" => Ok(Standing::Pending),
        "published" => Ok(Standing::Published),
        "refused" => Ok(Standing::Refused),
        other => Err(NodeError::damaged(format!(
            "a publication is in the state {other}"
        ))),
    }
}

/// All editions, with the one in force marked: the one that the directory
/// names, or, while that has not arrived, the latest that has.
async fn editions(tx: &mut Tx, kind: &str, named: Option<&str>) -> Result<Vec<Edition>, NodeError> {
    let rows = store::public::editions(tx, kind).await?;
    let key = |row: &PublicationRow| format!("{kind} {}", row.name);
    let mut editions = damage::readable("publications", &rows, key, |row: &PublicationRow| {
        Ok(Edition {
            standing: standing(row)?,
            edition: row.name.clone(),
            current: false,
            reason: row.reason.clone(),
            at: row.at,
        })
    });
    let published = |edition: &Edition| edition.standing == Standing::Published;
    let named = editions
        .iter()
        .rposition(|edition| published(edition) && Some(edition.edition.as_str()) == named);
    if let Some(current) = named.or_else(|| editions.iter().rposition(published)) {
        editions[current].current = true;
    }
    Ok(editions)
}

/// The edition in force. Where it cannot be read the one before it stands in for it, as at the hub:
/// by these everything here is read and counted. `None` where none can be read.
async fn standing_in<T: DeserializeOwned>(
    tx: &mut Tx,
    kind: &'static str,
    editions: &[Edition],
) -> Result<Option<T>, NodeError> {
    let Some(current) = editions.iter().rposition(|edition| edition.current) else {
        return Ok(None);
    };
    let published = |edition: &&Edition| edition.standing == Standing::Published;
    for edition in editions[..=current].iter().rev().filter(published) {
        match stated(tx, kind, &edition.edition).await {
            Err(error @ NodeError::Database(_)) => return Err(error),
            Err(_) => damage::tell("publications", &format!("{kind} {}", edition.edition)),
            Ok(read) => return Ok(Some(read)),
        }
    }
    Ok(None)
}

/// What an edition of a name says.
async fn stated<T: DeserializeOwned>(
    tx: &mut Tx,
    kind: &'static str,
    name: &str,
) -> Result<T, NodeError> {
    let row = store::public::latest(tx, kind, name, None).await?;
    let row = row.ok_or_else(|| NodeError::not_found("edition", &name))?;
    store::read(serde_json::from_str(&row.body))
}
