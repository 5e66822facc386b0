//! The institutions of a directory as hints look for them: by id, by the place that they govern,
//! by the names that people call them.

use std::collections::HashMap;

use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;

use super::knowledge::Role;
use super::phrases::Phrases;

/// A slug shorter than this is too often an ordinary word; the knowledge names such institutions.
const SHORTEST_SLUG: usize = 4;

/// An institution as far as hints look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {
    pub id: InstanceId,
    pub kind: InstanceKind,
    pub name: String,
    pub region: Option<RegionCode>,
    pub active: bool,
}

/// All institutions that may be suggested.
pub struct Institutions {
    all: Vec<Institution>,
    ids: HashMap<String, usize>,
    governments: HashMap<String, usize>,
    desk: Option<usize>,
    /// What national institutions are called.
    pub names: Phrases<usize>,
}

impl Institutions {
    pub fn of_directory(directory: DirectoryAt<'_>) -> Self {
        let alive = directory
            .instances()
            .filter(|entry| entry.successor.is_none());
        Self::of(alive.map(|entry| Institution {
            id: entry.id.clone(),
            kind: entry.kind,
            name: entry.name.clone(),
            region: entry.region.clone(),
            active: entry.is_active(),
        }))
    }

    pub fn of(all: impl IntoIterator<Item = Institution>) -> Self {
        let mut found = Self {
            all: Vec::new(),
            ids: HashMap::new(),
            governments: HashMap::new(),
            desk: None,
            names: Phrases::default(),
        };
        for institution in all {
            found.add(institution);
        }
        found
    }

    fn add(&mut self, institution: Institution) {
        let place = self.all.len();
        self.ids.insert(institution.id.to_string(), place);
        match (institution.kind, &institution.region) {
            (InstanceKind::Pusat, _) => self.desk = Some(place),
            (
                InstanceKind::Provinsi | InstanceKind::Kabupaten | InstanceKind::Kota,
                Some(region),
            ) => {
                self.governments.insert(region.to_string(), place);
            }
            (InstanceKind::Provinsi | InstanceKind::Kabupaten | InstanceKind::Kota, None) => {}
            _ => {
                for name in called(&institution) {
                    self.names.add(&name, place);
                }
            }
        }
        self.all.push(institution);
    }

    pub fn at(&self, place: usize) -> &Institution {
        &self.all[place]
    }

    pub fn place(&self, id: &InstanceId) -> Option<usize> {
        self.ids.get(id.as_str()).copied()
    }

    /// The government of exactly this region.
    pub fn government(&self, code: &str) -> Option<usize> {
        self.governments.get(code).copied()
    }

    /// Who has a role for a report about this region.
    pub fn in_role(&self, role: &Role, region: Option<&RegionCode>) -> Option<usize> {
        match role {
            Role::Named(slug) => self.ids.get(slug).copied(),
            Role::Desk => self.desk,
            Role::Regency => self.government(region?.as_str().get(..5)?),
            Role::Province => self.government(region?.as_str().get(..2)?),
        }
    }

    /// The role in which an institution had a report about this region: what was learnt in one
    /// city then holds in every other.
    pub fn role_of(&self, id: &InstanceId, region: Option<&RegionCode>) -> Role {
        let own = self.place(id).map(|place| &self.all[place]);
        let governs = own.filter(|own| self.is_government(own));
        match (governs.and_then(|own| own.region.as_ref()), region) {
            (Some(own), Some(region)) if region.within(own) => {
                if own.as_str().len() == 2 {
                    Role::Province
                } else {
                    Role::Regency
                }
            }
            _ if self.desk.is_some_and(|desk| self.all[desk].id == *id) => Role::Desk,
            _ => Role::Named(id.to_string()),
        }
    }

    fn is_government(&self, institution: &Institution) -> bool {
        let region = institution.region.as_ref();
        let place = region.and_then(|region| self.government(region.as_str()));
        place.is_some_and(|place| self.all[place].id == institution.id)
    }
}

/// The names of an institution: the long one without its legal form, what stands behind a stroke
/// or a dash, and the slug where it is no ordinary word.
fn called(institution: &Institution) -> Vec<String> {
    let mut names: Vec<String> = institution
        .name
        .split(['/', '-', '(', ')'])
        .map(|part| {
            let words = part.split_whitespace();
            let kept = words.filter(|word| !["PT", "Perum", "Persero", "Tbk"].contains(word));
            kept.collect::<Vec<_>>().join(" ")
        })
        .filter(|name| name.len() >= SHORTEST_SLUG)
        .collect();
    let slug = institution.id.as_str();
    let slug = slug.strip_prefix("bumn-").unwrap_or(slug);
    if slug.len() >= SHORTEST_SLUG {
        names.push(slug.replace('-', " "));
    }
    names.sort();
    names.dedup();
    names
}
