//! One look at the federation: how many institutions have each colour, every
//! institution as a tile beside a map of the provinces, and whoever needs
//! attention with the reasons. The page is whole without a script; with one it
//! follows the picture as it changes.

mod map;
mod urgency;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceKind;
use lapor_web::Query;
use lapor_web::language::Voice;
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::regions::{self, outlines};
use serde::Deserialize;

use self::map::{Shape, province, shapes};
use self::urgency::urgency;
use super::approvals::failed;
use super::instances::one;
use super::measures;
use super::names::named;
use super::words::{age, colour, finding, kind_words, rules, state_words};
use super::{Answer, Console, DRAWING, ROOT, live, upkeep};
use crate::watch::{self, Bounds, Instance, Picture, State as Colour};

pub use self::map::{codes, provinces, several};

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
