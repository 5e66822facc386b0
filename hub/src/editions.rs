//! Editions of what the whole federation goes by: the categories, the calendar of
//! holidays, the tables of regions. Which there are, which is in force, who goes
//! by which since when, and how a new one differs from the one in force.
//!
//! Only the national desk publishes categories and calendars; the hub compares
//! and counts.

use std::collections::{BTreeMap, BTreeSet};

use lapor_migrations::Tx;
use lapor_protocol::calendar::day_at;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::calendar_updated::HolidayKind;
use lapor_protocol::kinds::{CalendarUpdated, TaxonomyUpdated};
use lapor_web::categories::first_edition;
use lapor_web::{holidays, regions};
use serde::Serialize;
use utoipa::ToSchema;

use crate::casework::weeks::ZONE;
use crate::error::HubError;
use crate::ground::Ground;
use crate::published::{self, Published};
use crate::rotation::active;
use crate::store;
use crate::store::adoptions::Adoption;

/// What has editions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Taxonomy,
    Calendar,
    Regions,
}

/// One edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Edition {
    /// Empty for the one that each program ships.
    pub name: String,
    /// Unix ms; when the hub took it in. `None` for what comes with the programs, and for what is
    /// damaged at the hub.
    pub published_at: Option<i64>,
    pub in_force: bool,
    /// Active institutions that say they go by it.
    pub adopted_by: usize,
}

/// All editions of one thing, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EditionShelf)]
pub struct Shelf {
    pub what: What,
    pub editions: Vec<Edition>,
    /// Active institutions that go by another edition than the one in force.
    pub lagging: usize,
    /// Published editions that cannot be read at the hub because their messages are damaged there.
    pub damaged: usize,
}

/// What an institution goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Held {
    pub what: What,
    /// Empty for the one that its program ships.
    pub edition: String,
    /// Unix ms; when it first said so.
    pub since: i64,
    /// It is not the one in force.
    pub lags: bool,
}

/// One active institution; without anything held, its program does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Holder {
    #[schema(value_type = String)]
    pub instance: InstanceId,
    pub name: String,
    pub held: Vec<Held>,
}

/// Editions and who goes by them; those that lag first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Editions {
    pub shelves: Vec<Shelf>,
    pub holders: Vec<Holder>,
    /// Active institutions whose programs do not say what they go by.
    pub silent: usize,
}

/// How an edition differs from the one in force; while none has been published, that is the one
/// which each program ships.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// Name of the edition in force; `None` of the one that each program ships.
    pub before: Option<String>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Entries that stay as they are.
    pub kept: usize,
    /// Days of a calendar, today or later, that are free by the one in force and working days by this
    /// one: deadlines that run over them end sooner.
    pub sooner: Vec<String>,
    /// The reverse: deadlines that run over them end later.
    pub later: Vec<String>,
}

impl What {
    pub const ALL: [Self; 3] = [Self::Taxonomy, Self::Calendar, Self::Regions];

    /// As adoptions are noted.
    pub fn code(self) -> &'static str {
        match self {
            Self::Taxonomy => "taxonomy",
            Self::Calendar => "calendar",
            Self::Regions => "regions",
        }
    }

    /// The edition that everybody should go by.
    fn in_force(self, directory: &Directory) -> &str {
        match self {
            Self::Taxonomy => directory.taxonomy().unwrap_or_default(),
            Self::Calendar => directory.calendar().unwrap_or_default(),
            Self::Regions => regions::EDITION,
        }
    }
}

impl Holder {
    pub fn lags(&self) -> bool {
        self.held.iter().any(|held| held.lags)
    }

    pub fn of(&self, what: What) -> Option<&Held> {
        self.held.iter().find(|held| held.what == what)
    }
}

/// How many active institutions say that they go by each edition.
pub async fn adoptions(
    ground: &Ground,
    tx: &mut Tx,
) -> Result<BTreeMap<(What, String), usize>, HubError> {
    let directory = ground.directory.current();
    let takes_part: BTreeSet<&InstanceId> = active(&directory).map(|entry| &entry.id).collect();
    let mut counts = BTreeMap::new();
    for adoption in store::adoptions::all(tx).await? {
        let mut known = What::ALL.into_iter();
        let what = known.find(|what| what.code() == adoption.what);
        if let Some(what) = what.filter(|_| takes_part.contains(&adoption.slug)) {
            *counts.entry((what, adoption.edition)).or_default() += 1;
        }
    }
    Ok(counts)
}

impl Editions {
    pub async fn read(ground: &Ground) -> Result<Self, HubError> {
        let directory = ground.directory.current();
        let mut tx = ground.db.read().await?;
        let adoptions = store::adoptions::all(&mut tx).await?;
        let taxonomies = published::taxonomies(&mut tx).await?;
        let calendars = published::calendars(&mut tx).await?;
        tx.rollback().await?;
        taxonomies.note(ground).await;
        calendars.note(ground).await;
        let mut noted: BTreeMap<InstanceId, Vec<Adoption>> = BTreeMap::new();
        for adoption in adoptions {
            let of = noted.entry(adoption.slug.clone()).or_default();
            of.push(adoption);
        }
        let mut holders: Vec<Holder> = active(&directory)
            .map(|entry| Holder {
                instance: entry.id.clone(),
                name: entry.name.clone(),
                held: noted
                    .remove(&entry.id)
                    .map_or_else(Vec::new, |noted| held(&directory, &noted)),
            })
            .collect();
        holders.sort_by_key(|holder| (!holder.lags(), !holder.held.is_empty()));
        let mut shelves = Vec::new();
        for what in What::ALL {
            let published = match what {
                What::Taxonomy => names(&taxonomies),
                What::Calendar => names(&calendars),
                What::Regions => (Vec::new(), 0),
            };
            shelves.push(shelf(what, what.in_force(&directory), published, &holders));
        }
        Ok(Self {
            silent: holders.iter().filter(|one| one.held.is_empty()).count(),
            shelves,
            holders,
        })
    }
}

fn held(directory: &Directory, noted: &[Adoption]) -> Vec<Held> {
    let held = What::ALL.into_iter().filter_map(|what| {
        let noted = noted.iter().find(|one| one.what == what.code())?;
        Some(Held {
            what,
            edition: noted.edition.clone(),
            since: noted.since,
            lags: noted.edition != what.in_force(directory),
        })
    });
    held.collect()
}

/// `published` is names with the Unix ms of each, and how many cannot be read.
fn shelf(
    what: What,
    in_force: &str,
    (published, damaged): (Vec<(String, i64)>, usize),
    holders: &[Holder],
) -> Shelf {
    let held = || holders.iter().filter_map(|holder| holder.of(what));
    let mut editions: Vec<(String, Option<i64>)> = Vec::new();
    for (name, at) in published {
        if !editions.iter().any(|(known, _)| *known == name) {
            editions.push((name, Some(at)));
        }
    }
    let unpublished: BTreeSet<&str> = held()
        .map(|held| &*held.edition)
        .chain([in_force])
        .collect();
    for name in unpublished {
        if !editions.iter().any(|(known, _)| known == name) {
            editions.push((name.to_owned(), None));
        }
    }
    let edition = |(name, published_at): (String, Option<i64>)| Edition {
        in_force: name == in_force,
        adopted_by: held().filter(|held| held.edition == name).count(),
        name,
        published_at,
    };
    Shelf {
        what,
        lagging: held().filter(|held| held.lags).count(),
        damaged,
        editions: editions.into_iter().map(edition).collect(),
    }
}

fn names<T: published::Edition>(published: &Published<T>) -> (Vec<(String, i64)>, usize) {
    let whole = published.whole();
    let names = whole.map(|(edition, at)| (edition.name().to_owned(), *at));
    (names.collect(), published.damaged())
}

/// Whether an edition has this name: one that can be read, or the one in force.
fn is_used<T: published::Edition>(
    published: &Published<T>,
    named: Option<&str>,
    new: &str,
) -> bool {
    named == Some(new) || published.whole().any(|(edition, _)| edition.name() == new)
}

/// Whether a name has been used, and how a calendar differs from the one in force.
pub async fn compare_calendar(
    ground: &Ground,
    new: &CalendarUpdated,
) -> Result<(bool, Difference), HubError> {
    let mut tx = ground.db.read().await?;
    let published = published::calendars(&mut tx).await?;
    tx.rollback().await?;
    published.note(ground).await;
    let directory = ground.directory.current();
    let named = directory.calendar();
    let used = is_used(&published, named, &new.edition);
    let shipped = holidays::read(holidays::FIRST_EDITION, holidays::FIRST_NAME);
    let shipped = shipped.map_err(HubError::damaged)?;
    let in_force = named.and_then(|named| published.named(named));
    let before = in_force.unwrap_or(&shipped);
    let today = day_at(ZONE, ground.clock.now_ms());
    let in_force = in_force.map(|before| &*before.edition);
    let difference = Difference {
        sooner: holidays::worked(before, new, today),
        later: holidays::worked(new, before, today),
        ..differ(in_force, &days(before), &days(new))
    };
    Ok((used, difference))
}

/// The same of categories.
pub async fn compare_taxonomy(
    ground: &Ground,
    new: &TaxonomyUpdated,
) -> Result<(bool, Difference), HubError> {
    let published = taxonomies(ground).await?;
    let directory = ground.directory.current();
    let named = directory.taxonomy();
    let used = is_used(&published, named, &new.edition);
    let before = named.and_then(|named| published.named(named));
    let difference = differ(
        before.map(|before| &*before.edition),
        &categories(before.unwrap_or(first_edition())),
        &categories(new),
    );
    Ok((used, difference))
}

/// The categories in force; until an edition has been published, those that the programs ship.
pub async fn categories_in_force(ground: &Ground) -> Result<TaxonomyUpdated, HubError> {
    let published = taxonomies(ground).await?;
    let directory = ground.directory.current();
    let named = directory.taxonomy();
    let named = named.and_then(|named| published.named(named));
    Ok(named.unwrap_or(first_edition()).clone())
}

/// The published editions of categories. Authors of damaged ones are asked for them.
async fn taxonomies(ground: &Ground) -> Result<Published<TaxonomyUpdated>, HubError> {
    let mut tx = ground.db.read().await?;
    let published = published::taxonomies(&mut tx).await?;
    tx.rollback().await?;
    published.note(ground).await;
    Ok(published)
}

fn differ(before: Option<&str>, old: &BTreeSet<String>, new: &BTreeSet<String>) -> Difference {
    Difference {
        before: before.map(str::to_owned),
        added: new.difference(old).cloned().collect(),
        removed: old.difference(new).cloned().collect(),
        kept: new.intersection(old).count(),
        ..Difference::default()
    }
}

fn days(calendar: &CalendarUpdated) -> BTreeSet<String> {
    let days = calendar.days.iter().map(|day| {
        let kind = match day.kind {
            HolidayKind::NationalHoliday => "libur nasional",
            HolidayKind::CollectiveLeave => "cuti bersama",
        };
        format!("{} {} ({kind})", day.date, day.name)
    });
    days.collect()
}

fn categories(taxonomy: &TaxonomyUpdated) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for root in &taxonomy.roots {
        all.insert(root.name.clone());
        let below = root.below.iter();
        all.extend(below.map(|name| format!("{} / {name}", root.name)));
    }
    all
}
