//! The institutions of the federation as a list by their names, narrowed by words, kind and province.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::{DirectoryAt, InstanceEntry};
use lapor_protocol::ids::InstanceId;
use lapor_web::language::Voice;
use lapor_web::naming::{begins, has, same, words};
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::regions::national;
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::federation::{kinds, provinces};
use super::instances::{Line, PATH, acts, line};
use super::names::called;
use super::words::kind_words;
use super::{Answer, Console, admission, invite, many};

/// Institutions on one page.
const PAGE: usize = 50;

/// What the visitor wants to see; everything without it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    cari: String,
    jenis: String,
    provinsi: String,
    /// The slug of the last institution of the page before.
    sesudah: String,
}

#[derive(Template)]
#[template(path = "console/instances.html")]
struct Page {
    v: Voice,
    here: &'static str,
    wanted: Wanted,
    kinds: Vec<(&'static str, String)>,
    provinces: Vec<(&'static str, &'static str)>,
    /// Whether there is any institution at all.
    any: bool,
    /// How many are found.
    found: usize,
    lines: Vec<Line>,
    first: Option<String>,
    next: Option<String>,
    /// Where somebody who may invite does so.
    invite_at: Option<&'static str>,
    many_at: &'static str,
}

pub async fn list(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let waiting = admission::waiting(&console).await?;
    let waits = |id: &InstanceId| waiting.iter().any(|(waiting, _)| waiting.id == *id);
    let directory = console.hub.ground.directory.current();
    let world = directory.latest();
    let after = wanted.after(&v, world)?;
    let mut found = wanted.found(&v, world);
    found.sort_by_cached_key(|entry| place(&v, world, entry));
    let shown: Vec<&InstanceEntry> = found
        .iter()
        .copied()
        .filter(|entry| {
            let after = after.as_ref();
            after.is_none_or(|after| place(&v, world, entry) > *after)
        })
        .take(PAGE + 1)
        .collect();
    let last = shown.get(PAGE - 1).filter(|_| shown.len() > PAGE);
    let page = Page {
        v,
        here: PATH,
        kinds: kinds(&v),
        provinces: provinces(),
        any: world.instances().next().is_some(),
        found: found.len(),
        lines: shown
            .iter()
            .take(PAGE)
            .map(|entry| line(&v, world, entry, waits(&entry.id)))
            .collect(),
        first: after.is_some().then(|| wanted.path("")),
        next: last.map(|last| wanted.path(last.id.as_str())),
        invite_at: acts(&member).then_some(invite::PATH),
        many_at: many::PATH,
        wanted,
    };
    let title = v.say("console-instances");
    member.visit.shell(title).wide().show(&page)
}

impl Wanted {
    /// Where the page begins: after an institution.
    fn after(&self, v: &Voice, world: DirectoryAt<'_>) -> Answer<Option<(String, InstanceId)>> {
        if self.sesudah.is_empty() {
            return Ok(None);
        }
        let entry = self.sesudah.parse().ok().and_then(|id| world.instance(&id));
        let unknown = || ApiProblem::invalid().with_detail("sesudah: expected an institution.");
        entry
            .map(|entry| Some(place(v, world, entry)))
            .ok_or_else(unknown)
    }

    fn found<'a>(&self, v: &Voice, world: DirectoryAt<'a>) -> Vec<&'a InstanceEntry> {
        let narrowed = world
            .instances()
            .filter(|entry| self.jenis.is_empty() || entry.kind.as_str() == self.jenis)
            .filter(|entry| self.provinsi.is_empty() || self.is_in(entry));
        named(v, narrowed.collect(), &self.cari)
    }

    fn is_in(&self, entry: &InstanceEntry) -> bool {
        let region = entry.region.as_ref();
        let province = region.and_then(|code| national().province_of(code));
        province.is_some_and(|province| province.code.as_str() == self.provinsi)
    }

    /// The same list from its beginning, or after an institution.
    fn path(&self, after: &str) -> String {
        let fields = [
            ("cari", self.cari.as_str()),
            ("jenis", self.jenis.as_str()),
            ("provinsi", self.provinsi.as_str()),
            ("sesudah", after),
        ];
        LocalPath::asking(PATH, fields).to_string()
    }
}

/// The place of an institution in the list.
fn place(v: &Voice, world: DirectoryAt<'_>, entry: &InstanceEntry) -> (String, InstanceId) {
    (called(v, world, entry).to_lowercase(), entry.id.clone())
}

/// Those that have all the words which somebody typed; where none has, those that have words which
/// begin so, and where there are none of these either, those in whose name or slug it stands.
fn named<'a>(v: &Voice, all: Vec<&'a InstanceEntry>, typed: &str) -> Vec<&'a InstanceEntry> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return all;
    }
    let wanted = words(&typed);
    if !wanted.is_empty() {
        let own: Vec<Vec<String>> = all.iter().map(|entry| said(v, entry)).collect();
        let both: [fn(&str, &str) -> bool; 2] = [same, begins];
        for fits in both {
            let fitting = all.iter().zip(&own);
            let fitting = fitting.filter(|(_, own)| has(own, &wanted, fits));
            let fitting: Vec<&InstanceEntry> = fitting.map(|(entry, _)| *entry).collect();
            if !fitting.is_empty() {
                return fitting;
            }
        }
    }
    let stands = |entry: &&InstanceEntry| {
        entry.name.to_lowercase().contains(&typed) || entry.id.as_str().contains(&typed)
    };
    all.into_iter().filter(stands).collect()
}

/// The words by which an institution is found: of its name, its slug, its kind and its province.
fn said(v: &Voice, entry: &InstanceEntry) -> Vec<String> {
    let region = entry.region.as_ref();
    let province = region.and_then(|code| national().province_of(code));
    let kind = v.say(kind_words(entry.kind));
    let texts = [entry.name.as_str(), entry.id.as_str(), kind.as_str()];
    let texts = texts
        .into_iter()
        .chain(province.map(|province| province.name.as_str()));
    texts.flat_map(words).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_protocol::ids::InstanceKind;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    fn entry(slug: &str, kind: InstanceKind, name: &str, region: Option<&str>) -> InstanceEntry {
        let mut entry = InstanceEntry::registered(slug.parse().unwrap(), kind, name.to_owned());
        entry.region = region.map(|code| code.parse().unwrap());
        entry
    }

    #[test]
    fn an_institution_is_found_by_words_of_its_name_slug_kind_and_province() {
        let (kota, kabupaten) = (InstanceKind::Kota, InstanceKind::Kabupaten);
        let all = [
            entry(
                "kota-bandung",
                kota,
                "Pemerintah Kota Bandung",
                Some("32.73"),
            ),
            entry(
                "kab-bandung",
                kabupaten,
                "Pemerintah Kabupaten Bandung",
                Some("32.04"),
            ),
            entry(
                "kab-garut",
                kabupaten,
                "Pemerintah Kabupaten Garut",
                Some("32.05"),
            ),
            entry("bumn-pln", InstanceKind::Bumn, "PT PLN (Persero)", None),
            entry("kemenpu", InstanceKind::Kementerian, "Kementerian PU", None),
        ];
        let v = Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0);
        for (typed, expected) in [
            ("", "kota-bandung kab-bandung kab-garut bumn-pln kemenpu"),
            ("Pemkot Bandung", "kota-bandung"),
            ("bandung", "kota-bandung kab-bandung"),
            ("kab. bandung", "kab-bandung"),
            ("PLN", "bumn-pln"),
            ("kemenpu", "kemenpu"),
            ("kab-garut", "kab-garut"),
            ("kabupaten jawa barat", "kab-bandung kab-garut"),
            // Whole words come before beginnings, and those before any place in the name.
            ("pu", "kemenpu"),
            ("band", "kota-bandung kab-bandung"),
            ("arut", "kab-garut"),
            ("pemerintah", "kota-bandung kab-bandung kab-garut"),
            ("dinas bandung", ""),
            ("!?", ""),
        ] {
            let found = named(&v, all.iter().collect(), typed);
            let found: Vec<&str> = found.iter().map(|entry| entry.id.as_str()).collect();
            assert_eq!(found.join(" "), expected, "{typed}");
        }
    }
}
