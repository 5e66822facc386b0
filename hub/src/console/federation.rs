//! One look at the federation: how many institutions have each colour, every
//! institution as a tile beside a map of the provinces, and whoever needs
//! attention with the reasons. The page is whole without a script; with one it
//! follows the picture as it changes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::region::RegionCode;
use lapor_web::Query;
use lapor_web::language::Voice;
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::regions::{self, Outline, outlines};
use serde::Deserialize;

use super::approvals::failed;
use super::instances::one;
use super::measures;
use super::names::named;
use super::words::{age, colour, finding, kind_words, rules, state_words};
use super::{Answer, Console, DRAWING, ROOT, live, upkeep};
use crate::watch::{self, Bounds, Concern, Finding, Health, Instance, Picture, State as Colour};

/// Institutions that the list of the worst shows.
const WORST: usize = 50;
/// Of those, the ones that stand beside the tiles.
const FIRST: usize = 5;
/// Messages of a day from which a tile, or a place on the map, is larger.
const SIZES: [u64; 2] = [100, 1_000];

/// What the visitor wants to see; everything without it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    jenis: String,
    provinsi: String,
    keadaan: String,
    cari: String,
}

#[derive(Template)]
#[template(path = "console/federation.html")]
struct Page {
    v: Voice,
    here: &'static str,
    live_at: &'static str,
    counts: Vec<Count>,
    wanted: Wanted,
    asked: bool,
    /// Which institutions the grid shows.
    shown: String,
    kinds: Vec<(&'static str, String)>,
    provinces: Vec<(&'static str, &'static str)>,
    /// Provinces that are asked for as one, as the map has them.
    several: Option<(String, String)>,
    states: Vec<(&'static str, String)>,
    worst: Vec<Worst>,
    more: usize,
    /// All that need attention.
    ill: usize,
    /// What is added to the path of a tile to see what is measured.
    measures: &'static str,
    groups: Vec<Group>,
    drawing_at: String,
    view_box: &'static str,
    shapes: Vec<Shape>,
    rules: Vec<String>,
    /// Unix ms; when the hub looked.
    made_at: i64,
    /// How long ago that is, where it is no picture of this moment.
    old: Option<String>,
    /// Why nothing new is taken in, while the hub is being restored.
    restored: Option<String>,
    recovery_at: &'static str,
}

/// How many institutions have a colour, when they have it, and where only they
/// are shown.
struct Count {
    colour: &'static str,
    name: String,
    number: usize,
    to: String,
    rules: Vec<String>,
}

struct Worst {
    slug: String,
    at: String,
    name: String,
    colour: &'static str,
    state: String,
    reasons: Vec<String>,
}

struct Group {
    name: String,
    tiles: Vec<Tile>,
}

struct Tile {
    slug: String,
    at: String,
    colour: &'static str,
    size: u8,
    said: String,
}

struct Shape {
    id: &'static str,
    to: String,
    colour: &'static str,
    chosen: bool,
    said: String,
    /// Where its traffic stands on the map, and how large.
    centre: (f64, f64),
    radius: u8,
}

impl Wanted {
    fn takes(&self, instance: &Instance) -> bool {
        self.is_named(instance) && self.is_in(instance) && self.has_colour(instance)
    }

    /// Whether kind and name are those that are asked for.
    fn is_named(&self, instance: &Instance) -> bool {
        let kind = self.jenis.is_empty() || instance.kind.as_str() == self.jenis;
        let text = self.cari.trim().to_lowercase();
        let named = text.is_empty()
            || instance.name.to_lowercase().contains(&text)
            || instance.id.as_str().contains(&text);
        kind && named
    }

    fn is_in(&self, instance: &Instance) -> bool {
        let province = province(instance);
        let mut asked = self.provinsi.split(',').map(Some);
        self.provinsi.is_empty() || asked.any(|asked| asked == province)
    }

    fn has_colour(&self, instance: &Instance) -> bool {
        self.keadaan.is_empty() || colour(instance.health.state) == self.keadaan
    }

    /// The same page with only one colour, or with all of them again.
    fn with_state(&self, state: &str) -> String {
        let state = if self.keadaan == state { "" } else { state };
        self.path(&self.provinsi, state)
    }

    /// The same page with only a part of the map, or with all of it again.
    fn with_province(&self, codes: &str) -> String {
        let codes = if self.provinsi == codes { "" } else { codes };
        self.path(codes, &self.keadaan)
    }

    fn path(&self, provinces: &str, state: &str) -> String {
        LocalPath::asking(ROOT, self.fields(provinces, state)).to_string()
    }

    fn fields<'a>(&'a self, provinces: &'a str, state: &'a str) -> [(&'static str, &'a str); 4] {
        [
            ("jenis", &self.jenis),
            ("provinsi", provinces),
            ("keadaan", state),
            ("cari", &self.cari),
        ]
    }

    fn asks(&self) -> bool {
        let fields = self.fields(&self.provinsi, &self.keadaan);
        fields.iter().any(|(_, value)| !value.is_empty())
    }
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let picture = seen(&console).await?;
    let now_ms = console.hub.now_ms();
    let shown: Vec<&Instance> = picture
        .instances
        .values()
        .filter(|instance| wanted.takes(instance))
        .collect();
    let mut ill: Vec<&Instance> = shown
        .iter()
        .copied()
        .filter(|instance| instance.health.state > Colour::Green)
        .collect();
    ill.sort_by_key(|instance| {
        let health = &instance.health;
        (Reverse(health.state), urgency(health), &instance.name)
    });
    let directory = console.hub.ground.directory.current();
    let page = Page {
        v,
        here: ROOT,
        live_at: live::PATH,
        counts: counts(&v, &picture, &wanted, &console.hub.settings().watch),
        asked: wanted.asks(),
        shown: said(&v, &wanted),
        kinds: kinds(&v),
        provinces: provinces(),
        several: several(&wanted.provinsi),
        states: states(&v),
        worst: ill
            .iter()
            .take(WORST)
            .map(|of| worst(&v, &directory, of))
            .collect(),
        more: ill.len().saturating_sub(WORST),
        ill: ill.len(),
        measures: measures::BELOW,
        groups: groups(&v, &directory, &shown),
        drawing_at: member.visit.file(DRAWING),
        view_box: &outlines().view_box,
        shapes: shapes(&v, &picture, &wanted),
        rules: rules(&v, &console.hub.settings().watch)
            .into_iter()
            .map(|(_, rule)| rule)
            .collect(),
        made_at: picture.at,
        restored: restored(&console, &v),
        recovery_at: upkeep::RECOVERY,
        old: (!picture.is_current(now_ms)).then(|| age(&v, now_ms.saturating_sub(picture.at))),
        wanted,
    };
    let title = v.say("console-federation-title");
    member
        .visit
        .shell(title)
        .wide()
        .scripts(["federation.js", "tiles.js"])
        .show(&page)
}

/// What comes first among those of a colour: the rank of what gives it to them,
/// and how bad that is.
fn urgency(of: &Health) -> (u8, Reverse<i64>) {
    let give = of.findings.iter().filter(|found| found.state == of.state);
    let urgent = give.map(|found| (rank(found.concern), Reverse(extent(found))));
    urgent.min().unwrap_or((u8::MAX, Reverse(0)))
}

/// What breaks the exchange comes before what only may.
fn rank(concern: Concern) -> u8 {
    match concern {
        Concern::Frozen => 0,
        Concern::Twice => 1,
        Concern::Refused => 2,
        Concern::Silent => 3,
        Concern::Apart => 4,
        Concern::Unapplied => 5,
        Concern::Unsent => 6,
        Concern::SetAside => 7,
        Concern::Unreported => 8,
        Concern::Certificate => 9,
        Concern::Directory => 10,
        Concern::Disk => 11,
        Concern::Clock => 12,
        Concern::Backup => 13,
        Concern::Version => 14,
    }
}

/// More is worse, in the unit of the concern; what is not known has lasted longest.
fn extent(found: &Finding) -> i64 {
    let Some(measured) = found.measured else {
        return i64::MAX;
    };
    match found.concern {
        Concern::Certificate | Concern::Disk => measured.saturating_neg(),
        Concern::Clock => measured.saturating_abs(),
        _ => measured,
    }
}

/// Which institutions are asked for, in words.
fn said(v: &Voice, wanted: &Wanted) -> String {
    let named = |choices: &[(&str, String)], value: &str| {
        let mut choices = choices.iter();
        let choice = choices.find(|(code, _)| *code == value);
        choice.map_or_else(|| value.to_owned(), |(_, name)| name.clone())
    };
    let mut what = Vec::new();
    if !wanted.jenis.is_empty() {
        what.push(named(&kinds(v), &wanted.jenis));
    }
    if !wanted.provinsi.is_empty() {
        let together = several(&wanted.provinsi).map(|(_, names)| names);
        let provinces = provinces().into_iter();
        let provinces: Vec<_> = provinces
            .map(|(code, name)| (code, name.to_owned()))
            .collect();
        what.push(together.unwrap_or_else(|| named(&provinces, &wanted.provinsi)));
    }
    if !wanted.keadaan.is_empty() {
        what.push(named(&states(v), &wanted.keadaan));
    }
    let text = wanted.cari.trim();
    if !text.is_empty() {
        what.push(v.with("text", text).say("federation-named"));
    }
    if what.is_empty() {
        return v.say("federation-all");
    }
    v.with("what", what.join(", ")).say("federation-some")
}

/// Colours to choose from, the worst first.
fn states(v: &Voice) -> Vec<(&'static str, String)> {
    [Colour::Red, Colour::Yellow, Colour::Green, Colour::Grey]
        .map(|state| (colour(state), v.say(state_words(state))))
        .into()
}

/// What is said of a restore while nothing new is taken in.
fn restored(console: &Console, v: &Voice) -> Option<String> {
    let witness = &console.hub.witness;
    if witness.known_loss().is_some() {
        return Some(v.say("recovery-banner-lost"));
    }
    let listens = witness.listens(&console.hub.ground);
    listens.then(|| v.say("recovery-banner-listening"))
}

/// The picture as it was made last; the first is made now.
pub async fn seen(console: &Console) -> Answer<Arc<Picture>> {
    match console.hub.watch.picture() {
        none if none.at == 0 => watch::look(&console.hub).await.map_err(|e| failed(&e)),
        picture => Ok(picture),
    }
}

/// Of whatever else is asked for, whichever colour is.
fn counts(v: &Voice, picture: &Picture, wanted: &Wanted, bounds: &Bounds) -> Vec<Count> {
    let mut counts: BTreeMap<Colour, usize> = BTreeMap::new();
    let instances = picture.instances.values();
    for of in instances.filter(|of| wanted.is_named(of) && wanted.is_in(of)) {
        *counts.entry(of.health.state).or_default() += 1;
    }
    let rules = rules(v, bounds);
    let of_colour = |state: Colour| -> Vec<String> {
        let rules = rules.iter().filter(|(states, _)| states.contains(&state));
        rules.map(|(_, rule)| rule.clone()).collect()
    };
    [Colour::Red, Colour::Yellow, Colour::Green, Colour::Grey]
        .map(|state| Count {
            colour: colour(state),
            name: v.say(state_words(state)),
            number: counts.get(&state).copied().unwrap_or(0),
            to: wanted.with_state(colour(state)),
            rules: of_colour(state),
        })
        .into()
}

fn worst(v: &Voice, directory: &Directory, of: &Instance) -> Worst {
    Worst {
        slug: of.id.to_string(),
        at: one(&of.id),
        name: named(v, directory, of.id.as_str()),
        colour: colour(of.health.state),
        state: v.say(state_words(of.health.state)),
        reasons: of
            .health
            .findings
            .iter()
            .map(|found| finding(v, found))
            .collect(),
    }
}

fn tile(v: &Voice, directory: &Directory, of: &Instance) -> Tile {
    let reasons = of.health.findings.iter().map(|found| finding(v, found));
    let state = v.say(state_words(of.health.state));
    let name = named(v, directory, of.id.as_str());
    let said: Vec<String> = std::iter::once(format!("{name}: {state}"))
        .chain(reasons)
        .collect();
    Tile {
        slug: of.id.to_string(),
        at: one(&of.id),
        colour: colour(of.health.state),
        size: size(of.traffic),
        said: said.join("; "),
    }
}

/// 1 to 3.
pub fn size(traffic: u64) -> u8 {
    1 + SIZES.iter().filter(|least| traffic >= **least).count() as u8
}

/// By kind; regional governments by province.
fn groups(v: &Voice, directory: &Directory, shown: &[&Instance]) -> Vec<Group> {
    let mut groups: BTreeMap<(usize, String), Vec<Tile>> = BTreeMap::new();
    for of in shown {
        let tiles = groups.entry(group(v, of)).or_default();
        tiles.push(tile(v, directory, of));
    }
    let group = |((_, name), tiles)| Group { name, tiles };
    groups.into_iter().map(group).collect()
}

/// The place of a group among the others, and its name.
fn group(v: &Voice, of: &Instance) -> (usize, String) {
    let regional = matches!(
        of.kind,
        InstanceKind::Provinsi | InstanceKind::Kabupaten | InstanceKind::Kota
    );
    let province = of.region.as_ref().filter(|_| regional).and_then(|code| {
        let code = code.as_str().split('.').next()?.parse().ok()?;
        Some(regions::national().region(&code)?.name.clone())
    });
    match (of.kind, province) {
        (_, Some(province)) => (4, province),
        (InstanceKind::Pusat | InstanceKind::Pengawas, _) => (0, v.say("group-centre")),
        (InstanceKind::Kementerian, _) => (1, v.say("group-ministries")),
        (InstanceKind::Lembaga, _) => (2, v.say("group-agencies")),
        (InstanceKind::Bumn, _) => (3, v.say("group-enterprises")),
        _ => (5, v.say("group-regions")),
    }
}

/// Kinds of institutions to choose from.
pub fn kinds(v: &Voice) -> Vec<(&'static str, String)> {
    let word = |kind: InstanceKind| (kind.as_str(), v.say(kind_words(kind)));
    InstanceKind::ALL.into_iter().map(word).collect()
}

/// Provinces to choose from, by code.
pub fn provinces() -> Vec<(&'static str, &'static str)> {
    let codes = outlines().all().iter().flat_map(|outline| &outline.codes);
    let mut named: Vec<(&str, &str)> = codes
        .filter_map(|code| {
            Some((
                code.as_str(),
                regions::national().region(code)?.name.as_str(),
            ))
        })
        .collect();
    named.sort_by_key(|(_, name)| *name);
    named
}

/// Provinces that are asked for together, as one that can be chosen: an outline
/// may stand for several.
pub fn several(asked: &str) -> Option<(String, String)> {
    let mut drawn = outlines().all().iter();
    let outline = drawn.find(|outline| outline.codes.len() > 1 && codes(outline) == asked)?;
    Some((asked.to_owned(), name(outline)))
}

/// The codes of an outline as they are asked for.
pub fn codes(outline: &Outline) -> String {
    let codes: Vec<&str> = outline.codes.iter().map(RegionCode::as_str).collect();
    codes.join(",")
}

fn name(outline: &Outline) -> String {
    let codes = outline.codes.iter();
    let regions = codes.filter_map(|code| regions::national().region(code));
    let names: Vec<&str> = regions.map(|region| region.name.as_str()).collect();
    names.join(", ")
}

fn province(of: &Instance) -> Option<&str> {
    let code = of.region.as_ref().map(RegionCode::as_str);
    code.and_then(|code| code.split('.').next())
}

/// Each province in the colour of the worst that is in it and asked for; whichever
/// province is asked for, the others can be chosen.
fn shapes(v: &Voice, picture: &Picture, wanted: &Wanted) -> Vec<Shape> {
    let mut provinces: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
    let instances = picture.instances.values();
    for of in instances.filter(|of| wanted.is_named(of) && wanted.has_colour(of)) {
        if let Some(province) = province(of) {
            provinces.entry(province).or_default().push(of);
        }
    }
    let all = outlines().all().iter();
    all.map(|outline| shape(v, outline, &provinces, wanted))
        .collect()
}

fn shape(
    v: &Voice,
    outline: &'static Outline,
    provinces: &BTreeMap<&str, Vec<&Instance>>,
    wanted: &Wanted,
) -> Shape {
    let (codes, name) = (codes(outline), name(outline));
    let within: Vec<&Instance> = codes
        .split(',')
        .filter_map(|code| provinces.get(code))
        .flatten()
        .copied()
        .collect();
    let ill = within
        .iter()
        .filter(|of| of.health.state > Colour::Green)
        .count();
    let traffic = within.iter().map(|of| of.traffic).sum::<u64>();
    let worst = within.iter().map(|of| of.health.state).max();
    Shape {
        id: &outline.id,
        to: wanted.with_province(&codes),
        chosen: wanted.provinsi == codes,
        colour: worst.map_or("kosong", colour),
        said: match worst {
            None => v.with("name", name).say("federation-province-empty"),
            Some(_) => v
                .with("name", name)
                .with("n", within.len())
                .with("ill", ill)
                .with("traffic", traffic)
                .say("federation-province"),
        },
        centre: outline.centre(),
        radius: if traffic == 0 {
            0
        } else {
            2 * size(traffic) + 1
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn found(concern: Concern, state: Colour, measured: Option<i64>) -> Finding {
        Finding {
            concern,
            state,
            measured,
        }
    }

    fn red(concern: Concern, measured: Option<i64>) -> Health {
        Health {
            state: Colour::Red,
            findings: vec![found(concern, Colour::Red, measured)],
        }
    }

    #[test]
    fn the_worst_of_a_colour_come_by_what_is_wrong_and_then_by_how_long() {
        let backup = Health {
            state: Colour::Red,
            findings: vec![
                found(Concern::Backup, Colour::Red, Some(5)),
                found(Concern::Silent, Colour::Yellow, Some(900)),
            ],
        };
        let keys = [
            red(Concern::Frozen, None),
            red(Concern::Silent, None),
            red(Concern::Silent, Some(900)),
            red(Concern::Silent, Some(30)),
            red(Concern::Unapplied, Some(10_000)),
            red(Concern::Certificate, Some(-1)),
            red(Concern::Certificate, Some(7)),
            red(Concern::Clock, Some(-60)),
            red(Concern::Clock, Some(50)),
            backup,
            red(Concern::Version, None),
        ]
        .map(|health| urgency(&health));
        assert!(keys.windows(2).all(|two| two[0] < two[1]), "{keys:?}");
    }

    #[test]
    fn each_concern_has_a_rank_of_its_own() {
        let ranks: BTreeSet<u8> = Concern::ALL.into_iter().map(rank).collect();
        assert_eq!(ranks.len(), Concern::ALL.len());
    }
}
