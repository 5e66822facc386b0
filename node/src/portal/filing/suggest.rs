//! What the form suggests: regions for what is typed, whom a report may concern
//! and why, reports that it may repeat. The same words serve the page and the
//! pieces of it that a script asks for while somebody writes.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use lapor_web::language::Voice;
use lapor_web::page::{Choice, Form, Visit};
use lapor_web::{ApiProblem, Json, Query};
use serde::{Deserialize, Serialize};

use super::draft;
use crate::api::{Address, problem};
use crate::hints::{Hint, Reason, Sketch};
use crate::node::Node;
use crate::personal::mask;
use crate::place::spot;
use crate::portal::track::state_words;
use crate::portal::{Answer, name_of, report};
use crate::regions;

/// Regions for what is typed.
const REGIONS: usize = 8;
/// Institutions that are suggested.
const HINTS: usize = 3;
/// Steps in which a distance is said. It is that to the middle of a cell of about this size, whose
/// report may lie anywhere in it.
const STEP_M: u32 = 500;
/// Characters below which nothing is looked for.
const LEAST: usize = 12;

/// A public report that this one may repeat.
pub struct Alike {
    pub title: String,
    pub state: String,
    pub tone: &'static str,
    pub custodian: Option<String>,
    /// To the cell in which it lies, so that it leads to no house.
    pub distance: Option<String>,
    pub filed_at: i64,
    pub support_at: String,
}

#[derive(Template)]
#[template(path = "portal/alike.html")]
struct Likely {
    v: Voice,
    alike: Vec<Alike>,
}

#[derive(Template)]
#[template(path = "portal/hints.html")]
struct Advice<'a> {
    v: Voice,
    form: &'a Form,
    hints: &'a [Choice],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionQuery {
    q: String,
}

#[derive(Serialize)]
pub struct Named {
    name: String,
}

/// Names of regions that fit, as the form takes them.
pub async fn regions(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    Query(query): Query<RegionQuery>,
) -> Answer<Json<Vec<Named>>> {
    node.admit_question(address).map_err(|e| problem(&e))?;
    let all = regions::national();
    let found = all.search(&query.q, REGIONS).into_iter();
    let names = found.filter_map(|region| all.display_name(&region.code));
    Ok(Json(names.map(|name| Named { name }).collect()))
}

/// What becomes of the region of a form when its place has changed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// What the field of the region is to hold; nothing where it stays.
    region: Option<String>,
    /// What is said of it; empty where the two agree.
    said: String,
}

/// The region of a place, where the one that is written is another. In the body, because an
/// address would be kept.
pub async fn place(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    form: Form,
) -> Answer<Json<Moved>> {
    node.admit_question(address).map_err(|e| problem(&e))?;
    Ok(Json(moved(&visit.v, &form)))
}

fn moved(v: &Voice, form: &Form) -> Moved {
    let Ok(Some(at)) = draft::degrees(form) else {
        return Moved::default();
    };
    let spot = spot(at.latitude(), at.longitude());
    let written = regions::national().meant(form.text("wilayah"));
    if written.is_some_and(|region| spot.may_lie_in(&region)) {
        return Moved::default();
    }
    let place = spot.words(v);
    match spot.province() {
        Some(province) => Moved {
            region: regions::national().display_name(&province),
            said: v.with("region", place).say("filing-region-moved"),
        },
        None => Moved {
            region: None,
            said: v.with("place", place).say("filing-region-ask"),
        },
    }
}

/// A piece of the form: reports like the one that is being written.
pub async fn likely(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    form: Form,
) -> Answer<Response> {
    node.admit_question(address).map_err(|e| problem(&e))?;
    let alike = alike(&node, &visit.v, &draft::sketch(&form)).await?;
    piece(&Likely { v: visit.v, alike })
}

/// A piece of the form: whom the report may concern.
pub async fn advice(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    form: Form,
) -> Answer<Response> {
    node.admit_question(address).map_err(|e| problem(&e))?;
    let hints = hints(&node, &visit.v, &form).await?;
    piece(&Advice {
        v: visit.v,
        form: &form,
        hints: &hints,
    })
}

/// Open public reports that one may repeat; numbers of people are hidden in them.
pub async fn alike(node: &Node, v: &Voice, sketch: &Sketch) -> Result<Vec<Alike>, ApiProblem> {
    if sketch.title.chars().count() + sketch.content.chars().count() < LEAST {
        return Ok(Vec::new());
    }
    let found = node.public_duplicates(sketch).await;
    let found = found.map_err(|e| problem(&e))?.duplicates.into_iter();
    let alike = found.map(|one| {
        let (state, tone) = state_words(one.state);
        Alike {
            title: mask(&one.title).into_owned(),
            state: v.say(state),
            tone,
            custodian: one.custodian.as_ref().map(|id| name_of(node, id)),
            distance: one.distance_m.map(|metres| distance(v, metres)),
            filed_at: one.filed_at,
            support_at: report::support_path(one.case),
        }
    });
    Ok(alike.collect())
}

/// Institutions that a report may concern, each with the reason.
pub async fn hints(node: &Node, v: &Voice, form: &Form) -> Result<Vec<Choice>, ApiProblem> {
    let found = node.public_hints(&draft::matter(node, form).await?).await;
    let found = found.map_err(|e| problem(&e))?.hints.into_iter();
    let hints = found.take(HINTS).map(|hint| choice(node, v, &hint));
    Ok(hints.collect())
}

fn choice(node: &Node, v: &Voice, hint: &Hint) -> Choice {
    let reasons: Vec<String> = hint
        .reasons
        .iter()
        .take(2)
        .map(|reason| said(node, v, reason))
        .collect();
    Choice::new(hint.institution.as_str(), name_of(node, &hint.institution)).hint(reasons.join(" "))
}

fn said(node: &Node, v: &Voice, reason: &Reason) -> String {
    match reason {
        Reason::Named { words } => v.with("words", words.join(", ")).say("filing-hint-named"),
        Reason::Subject { words } => v.with("words", words.join(", ")).say("filing-hint-subject"),
        Reason::Category { category } => v.with("category", category).say("filing-hint-category"),
        Reason::Place { region, .. } => v.with("region", region).say("filing-hint-place"),
        Reason::Past { cases } => v.with("n", *cases).say("filing-hint-past"),
        Reason::Reporter => v.say("filing-hint-reporter"),
        Reason::Returned { by } => v
            .with("institution", name_of(node, by))
            .say("filing-hint-returned"),
    }
}

fn distance(v: &Voice, metres: u32) -> String {
    match metres.max(1).div_ceil(STEP_M) * STEP_M {
        metres @ ..1000 => v.with("n", metres).say("distance-m"),
        metres => v.with("n", metres.div_ceil(1000)).say("distance-km"),
    }
}

/// A piece of a page, for a script of our own.
fn piece(piece: &impl Template) -> Answer<Response> {
    let text = piece.render().map_err(|error| {
        tracing::error!(%error, "a piece of a page cannot be made");
        ApiProblem::internal()
    })?;
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

#[cfg(test)]
mod tests {
    use lapor_web::language::Language;

    use super::*;
    use crate::doors::texts;

    #[test]
    fn the_region_follows_the_place_and_says_so() {
        let v = Voice::new(Language::Indonesian, texts(), chrono_tz::UTC, 0);
        let read = |region: &str, latitude: &str, longitude: &str| {
            let fields = [
                ("wilayah", region),
                ("lintang", latitude),
                ("bujur", longitude),
            ];
            moved(&v, &Form::of(fields))
        };
        let home = "Kota Bandung, Jawa Barat";
        assert_eq!(read(home, "-6,9175", "107,6191"), Moved::default());
        assert_eq!(read(home, "", ""), Moved::default());
        let away = read(home, "-7.2575", "112.7521");
        assert_eq!(away.region.as_deref(), Some("Jawa Timur"));
        assert!(
            away.said.contains("diubah menjadi Jawa Timur"),
            "{}",
            away.said
        );
        // Several provinces were one when the outline was drawn: it is asked, not guessed.
        let papua = read(home, "-2.5916", "140.669");
        assert_eq!(papua.region, None);
        assert!(papua.said.contains("Papua"), "{}", papua.said);
        let jakarta = read("", "-6.2", "106.82").region;
        assert_eq!(jakarta.as_deref(), Some("Daerah Khusus Ibukota Jakarta"));
        // Islands that the outlines lack, or draw with their neighbours.
        for (regency, latitude, longitude) in [
            ("Kabupaten Natuna, Kepulauan Riau", "3.94", "108.39"),
            ("Kabupaten Simeulue, Aceh", "2.48", "96.38"),
            ("Kota Ternate, Maluku Utara", "0.79", "127.38"),
            ("Kabupaten Maluku Barat Daya, Maluku", "-8.07", "127.18"),
        ] {
            let stays = read(regency, latitude, longitude);
            assert_eq!(stays, Moved::default(), "{regency}");
        }
    }
}
