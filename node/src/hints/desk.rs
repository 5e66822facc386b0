//! Hints for a case at this node, and likely duplicates of a report that is being written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use serde_json::Value;

use super::adviser::Adviser;
use super::likely::{Features, Rarity};
use super::neighbours::Readers;
use super::recollection::{Remembered, told};
use super::{Hints, LikelyDuplicate, LikelyDuplicates, Matter, Sketch, UnitHint, knowledge};
use crate::casework::{CaseSummary, CaseView, state_of};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Hints of a case.
const HINTS: usize = 5;
/// Likely duplicates of a report.
const DUPLICATES: usize = 5;
/// A report older than this is no longer about the same trouble: 180 days.
const RECENT_MS: i64 = 180 * 86_400_000;

impl Node {
    /// Whom a case may concern, the likeliest first, with reasons.
    pub async fn hints(&self, case: CaseId) -> Result<Hints, NodeError> {
        let view = self.case(case).await?;
        let mut matter = matter(&view);
        matter.excluded.extend(self.barred(&view.excluded));
        Ok(Hints {
            units: self.unit_hints(&matter, &view.summary).await?,
            ..self.advised(&matter, Readers::Officers).await?
        })
    }

    /// Open units that a case may go to, but for the one that has it.
    async fn unit_hints(
        &self,
        matter: &Matter,
        case: &CaseSummary,
    ) -> Result<Vec<UnitHint>, NodeError> {
        let past = self.past_of_units().await?;
        let units = self.units().await?;
        let found = past.ask(matter).into_iter().filter_map(|weighed| {
            let unit = units.iter().find(|unit| unit.id.as_str() == weighed.unit)?;
            let fits = unit.closed_at.is_none() && case.unit.as_deref() != Some(&*weighed.unit);
            fits.then(|| UnitHint {
                name: unit.name.clone(),
                unit: weighed.unit,
                score: (weighed.score * 10.0).round() as u32,
                reasons: weighed.reasons,
            })
        });
        Ok(found.take(HINTS).collect())
    }

    /// The same of a report that is not filed yet, for everybody: of the past only what everybody may
    /// read.
    pub async fn public_hints(&self, matter: &Matter) -> Result<Hints, NodeError> {
        self.advised(matter, Readers::Everybody).await
    }

    async fn advised(&self, matter: &Matter, readers: Readers) -> Result<Hints, NodeError> {
        let (institutions, past) = (self.institutions().await, self.past(readers).await?);
        let adviser = Adviser {
            knowledge: knowledge::shipped(),
            institutions: &institutions,
            past: &past,
        };
        let hints = adviser.hints(matter, self.instance().ok(), HINTS);
        Ok(Hints {
            hints,
            units: Vec::new(),
        })
    }

    /// Open cases of the last 180 days that a report may repeat, for officers; never one that is rahasia.
    pub async fn likely_duplicates(&self, sketch: &Sketch) -> Result<LikelyDuplicates, NodeError> {
        self.likely_among(sketch, Readers::Officers).await
    }

    /// The same for everybody: of the reports that everybody may read, and of their places no more than
    /// in which cell each lies.
    pub async fn public_duplicates(&self, sketch: &Sketch) -> Result<LikelyDuplicates, NodeError> {
        self.likely_among(sketch, Readers::Everybody).await
    }

    async fn likely_among(
        &self,
        sketch: &Sketch,
        readers: Readers,
    ) -> Result<LikelyDuplicates, NodeError> {
        let since = self.clock().now_ms() - RECENT_MS;
        let may_be_told = |case: &CaseSummary| {
            readers.may_be_told(case)
                && case.state.is_some_and(State::is_open)
                && case.filed_at >= since
        };
        let latest = self.remembered().await?;
        let known: BTreeSet<CaseId> = latest.iter().map(|(id, _)| *id).collect();
        let mut cases: BTreeMap<CaseId, Arc<Remembered>> = latest.into_iter().collect();
        cases.retain(|_, case| may_be_told(&case.summary));
        let rarity = Rarity::among(cases.values().map(|case| case.features(readers)));
        let (region, coordinates) = (sketch.region.clone(), sketch.coordinates);
        let report = Features::of(&sketch.title, &sketch.content, region, coordinates);
        let others = self.neighbours(&report, &rarity, readers, since, &known);
        let mut others = others.await?;
        others.retain(|(_, case)| may_be_told(&case.summary));
        cases.extend(others);
        let features: BTreeMap<CaseId, &Features> = cases
            .iter()
            .map(|(id, case)| (*id, case.features(readers)))
            .collect();
        let mut duplicates = Vec::new();
        let grain = readers.grain();
        for (id, likeness, distance_m) in rarity.likest(&report, &features, grain, DUPLICATES) {
            let state = self.state_now(id, readers).await?;
            let state = state.filter(|state| state.is_open());
            if let (Some(case), Some(state)) = (cases.get(&id), state) {
                duplicates.push(LikelyDuplicate {
                    case: id,
                    ticket: case.summary.ticket.clone(),
                    title: case.title.clone(),
                    state,
                    custodian: case.summary.custodian.clone(),
                    likeness,
                    distance_m,
                    filed_at: case.summary.filed_at,
                });
            }
        }
        Ok(LikelyDuplicates { duplicates })
    }

    /// `None` for a case whose birth the hub has refused meanwhile, or of which nothing more is heard
    /// here: no list of open cases shows it any more, so nothing else tells that it has gone. Nor for one
    /// that was erased, or of which these readers may not be told any more, since it was remembered.
    async fn state_now(&self, case: CaseId, readers: Readers) -> Result<Option<State>, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::cases::case(&mut tx, &case.to_string()).await?;
        let row = row.filter(|row| row.left_at.is_none() && row.erased == 0);
        let row = row.filter(|row| readers.may_read(row));
        Ok(row.as_ref().and_then(state_of))
    }
}

/// What a case says for routing: words, clear facts, who had it and gave it back.
fn matter(view: &CaseView) -> Matter {
    let told = told(view);
    let named = |body: &Value, field: &str| -> Option<InstanceId> {
        body.get(field)?.as_str()?.parse().ok()
    };
    let mut matter = Matter {
        title: told.title,
        content: told.content + &told.added,
        place: told.place,
        category: view.summary.category.clone(),
        region: view.summary.region.clone(),
        excluded: view.excluded.iter().cloned().collect(),
        ..Matter::default()
    };
    for entry in &view.history {
        let applied = entry
            .effect
            .is_none_or(|effect| effect.as_str() == "applied");
        let (Some(body), true) = (&entry.body, applied) else {
            continue;
        };
        match (entry.kind.as_str(), &entry.author) {
            ("report.filed", _) => matter.suggested = named(body, "suggested"),
            ("case.returned", Some(author)) => {
                matter
                    .returned
                    .push((author.clone(), named(body, "suggested")));
            }
            _ => {}
        }
    }
    matter
}

#[cfg(test)]
mod tests {
    use lapor_migrations::on;
    use lapor_protocol::receipt::Stream;
    use serde_json::json;

    use super::*;
    use crate::casework::{Coordinates, Filed, NewReport, Sight};
    use crate::hints::{Reason, UnitReason};
    use crate::sync::Link;
    use crate::testing::{PaperHub, Place, acts, databases};

    async fn file(node: &Node, fields: Value) -> Filed {
        let mut report = json!({
            "classification": "complaint",
            "title": "Jalan nasional berlubang di Cileunyi",
            "content": "Lubang besar di jalan nasional dekat gerbang tol, dua motor jatuh.",
            "region": "32.73",
            "coordinates": {"latitude": -6.93, "longitude": 107.71},
            "channel": "web",
        });
        for (name, value) in fields.as_object().unwrap() {
            report[name] = value.clone();
        }
        let report: NewReport = serde_json::from_value(report).unwrap();
        node.file(report, "test").await.unwrap()
    }

    fn sketch(content: &str) -> Sketch {
        Sketch {
            title: "Lubang di jalan nasional".into(),
            content: content.into(),
            region: "32.73".parse().ok(),
            coordinates: None,
        }
    }

    #[tokio::test]
    async fn the_hints_of_a_case_name_institutions_with_reasons_and_none_that_is_excluded() {
        for db in databases().await {
            let place = Place::joined("pusat", db).await;
            let filed = file(&place.node, json!({})).await;
            let hints = place.node.hints(filed.case).await.unwrap().hints;
            assert_eq!(hints[0].institution.as_str(), "kemenpu");
            assert!(hints[0].active && !hints[0].own);
            let subject = |reason: &Reason| matches!(reason, Reason::Subject { words } if words.contains(&"jalan nasional".to_owned()));
            assert!(hints[0].reasons.iter().any(subject));

            let excluded = file(&place.node, json!({"excluded": ["kemenpu"]})).await;
            let hints = place.node.hints(excluded.case).await.unwrap().hints;
            assert!(
                hints
                    .iter()
                    .all(|hint| hint.institution.as_str() != "kemenpu")
            );

            let suggested = file(
                &place.node,
                json!({"suggested": "kab-garut", "title": "Tolong", "content": "Mohon bantuannya"}),
            )
            .await;
            let hints = place.node.hints(suggested.case).await.unwrap().hints;
            assert_eq!(hints[0].institution.as_str(), "kab-garut");
            assert_eq!(hints[0].reasons, [Reason::Reporter]);
            assert!(!hints[0].active);
        }
    }

    #[tokio::test]
    async fn a_report_is_likely_to_repeat_an_open_public_one_and_never_a_secret_one() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let open = file(node, json!({})).await;
            file(node, json!({"secret": true})).await;
            file(
                node,
                json!({"title": "Paspor", "content": "Paspor saya belum terbit."}),
            )
            .await;
            let text = "Ada lubang besar di jalan nasional Cileunyi dekat gerbang tol";
            let found = node
                .likely_duplicates(&sketch(text))
                .await
                .unwrap()
                .duplicates;
            assert_eq!(
                found.iter().map(|each| each.case).collect::<Vec<_>>(),
                [open.case]
            );
            assert_eq!(found[0].ticket.as_deref(), Some(open.ticket.as_str()));
            assert!(!format!("{found:?}").contains("Cileunyi"));

            let other = node
                .likely_duplicates(&sketch(""))
                .await
                .unwrap()
                .duplicates;
            assert!(other.len() <= 1);
            place.clock.advance(RECENT_MS + 1);
            let old = node
                .likely_duplicates(&sketch(text))
                .await
                .unwrap()
                .duplicates;
            assert!(old.is_empty());
        }
    }

    #[tokio::test]
    async fn what_has_become_secret_or_was_erased_since_it_was_remembered_is_told_to_nobody() {
        const SECRET: &str = "update cases set secret = 1, public = 0 where case_id = $1";
        const ERASED: &str = "update cases set erased = 1 where case_id = $1";
        for change in [SECRET, ERASED] {
            for db in databases().await {
                let place = Place::joined("kota-bandung", db).await;
                let node = &place.node;
                let case = file(node, json!({})).await.case;
                acts(&place, case, "case.verified", json!({}), None).await;
                place.clock.advance(1000);
                let later = json!({"title": "Paspor", "content": "Paspor saya belum terbit."});
                file(node, later).await;
                let likely = sketch("Ada lubang besar di jalan nasional Cileunyi");
                let found = node.public_duplicates(&likely).await.unwrap();
                assert_eq!(found.duplicates.len(), 1);
                let (text, mut tx) = (case.to_string(), node.write_tx().await.unwrap());
                let done =
                    on!(&mut tx, c => sqlx::query(change).bind(&text).execute(c).await.map(drop));
                done.unwrap();
                tx.commit().await.unwrap();
                let remembered = node.remembered().await.unwrap();
                let still = remembered.iter().find(|(id, _)| *id == case).unwrap();
                assert!(!still.1.summary.secret, "it was not noticed");
                let told = node.public_duplicates(&likely).await.unwrap();
                assert!(told.duplicates.is_empty(), "{change}");
                let told = node.likely_duplicates(&likely).await.unwrap();
                assert!(told.duplicates.is_empty(), "{change}");
            }
        }
    }

    #[tokio::test]
    async fn a_case_that_has_been_erased_is_forgotten() {
        // The second time after the clock was set back.
        for by_ms in [1, -3_600_000] {
            for db in databases().await {
                let place = Place::joined("kota-bandung", db).await;
                let filed = file(&place.node, json!({})).await;
                assert_eq!(place.node.remembered().await.unwrap().len(), 1);
                place.clock.set_off(by_ms);
                let erase =
                    json!({"kind": "case.redacted", "body": {"reason": "reporter_request"}});
                let act = serde_json::from_value(erase).unwrap();
                place.node.act(filed.case, act, "test").await.unwrap();
                let hub = PaperHub::of(&place);
                let link = Link::over(place.node.clone(), hub).unwrap();
                link.push().await.unwrap();
                link.pull(Stream::Inbox, 0).await.unwrap();
                let remembered = place.node.remembered().await.unwrap();
                assert!(remembered.is_empty(), "{by_ms}");
                let likely = place
                    .node
                    .likely_duplicates(&sketch("jalan nasional"))
                    .await
                    .unwrap();
                assert!(likely.duplicates.is_empty());
            }
        }
    }

    #[tokio::test]
    async fn a_case_that_cannot_be_read_keeps_no_other_from_being_compared() {
        const DAMAGE: &str = "update cases set fold = '{' where case_id = $1";
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let damaged = file(node, json!({})).await.case.to_string();
            let mut tx = node.write_tx().await.unwrap();
            let done =
                on!(&mut tx, c => sqlx::query(DAMAGE).bind(&damaged).execute(c).await.map(drop));
            done.unwrap();
            tx.commit().await.unwrap();
            let whole = file(node, json!({})).await.case;
            let asked = sketch("Lubang besar, dua motor jatuh.");
            let found = node.likely_duplicates(&asked).await.unwrap().duplicates;
            let cases: Vec<CaseId> = found.iter().map(|each| each.case).collect();
            assert_eq!(cases, [whole]);
            assert!(!node.hints(whole).await.unwrap().hints.is_empty());
        }
    }

    /// What the latest cases do not have any more the index of words still finds: at a large node a
    /// neighbour's report of three weeks ago is not among them.
    #[tokio::test]
    async fn a_report_that_is_not_among_the_latest_is_found_in_its_region() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let old = file(node, json!({})).await;
            let secret = file(node, json!({"secret": true})).await;
            let away = file(node, json!({"region": "35.78", "coordinates": null})).await;
            // Before that it is shown to nobody else.
            acts(&place, old.case, "case.verified", json!({}), None).await;
            while node.catch_up_words().await.unwrap() > 0 {}
            place.clock.advance(21 * 86_400_000);
            let new = file(
                node,
                json!({"title": "Paspor", "content": "Belum terbit juga."}),
            )
            .await;
            assert_eq!(node.remembered().await.unwrap().len(), 4);
            for case in [old.case, secret.case, away.case] {
                node.forgets(case).await;
            }
            let left = node.remembered().await.unwrap();
            assert_eq!(
                left.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
                [new.case]
            );
            let asked = sketch("Ada lubang besar di jalan nasional Cileunyi dekat gerbang tol");
            for found in [
                node.likely_duplicates(&asked).await.unwrap(),
                node.public_duplicates(&asked).await.unwrap(),
            ] {
                let cases: Vec<CaseId> = found.duplicates.iter().map(|each| each.case).collect();
                assert_eq!(cases, [old.case]);
            }
            place.clock.advance(RECENT_MS);
            let late = node.likely_duplicates(&asked).await.unwrap();
            assert!(late.duplicates.is_empty());
        }
    }

    #[tokio::test]
    async fn everybody_learns_in_which_cell_a_report_lies_and_officers_where() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let at = |latitude: f64, longitude: f64| {
                let degrees = json!({"latitude": latitude, "longitude": longitude});
                json!({"coordinates": degrees})
            };
            let one = file(node, at(-6.9342, 107.7108)).await.case;
            let other = file(node, at(-6.9309, 107.7143)).await.case;
            for case in [one, other] {
                acts(&place, case, "case.verified", json!({}), None).await;
            }
            let asked = |latitude: f64, longitude: f64| Sketch {
                coordinates: Coordinates::of(latitude, longitude).ok(),
                ..sketch("Lubang besar, dua motor jatuh.")
            };
            let of = |found: &LikelyDuplicates, case: CaseId| {
                let mut found = found.duplicates.iter();
                let found = found.find(|each| each.case == case);
                found.map(|each| (each.likeness, each.distance_m))
            };
            let mut told = BTreeSet::new();
            for step in -15..=15 {
                let away = f64::from(step) * 0.002;
                for (north, east) in [(away, 0.0), (0.0, away)] {
                    let (latitude, longitude) = (-6.9325 + north, 107.7125 + east);
                    let found = node.public_duplicates(&asked(latitude, longitude)).await;
                    let found = found.unwrap();
                    let answer = of(&found, one);
                    assert_eq!(answer, of(&found, other), "{latitude}, {longitude}");
                    told.insert(answer);
                }
            }
            assert!(told.len() > 10, "what is near is likelier: {told:?}");
            let here = asked(-6.9342, 107.7108);
            let roughly = node.public_duplicates(&here).await.unwrap();
            let metres = of(&roughly, one).unwrap().1.unwrap();
            assert!((200..=400).contains(&metres), "{metres}");
            let exactly = node.likely_duplicates(&here).await.unwrap();
            assert_eq!(of(&exactly, one).unwrap().1, Some(0));
            assert!(of(&exactly, other).unwrap().1 > Some(400));
        }
    }

    #[tokio::test]
    async fn what_a_reporter_added_later_is_compared_for_officers_alone() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let case = file(node, json!({})).await.case;
            acts(&place, case, "case.verified", json!({}), None).await;
            let added = "Tepatnya di belakang bengkel Wijaya.";
            let words = Some(json!({ "text": added }));
            acts(&place, case, "report.completed", json!({}), words).await;
            let asked = Sketch {
                title: added.into(),
                ..sketch("")
            };
            let cases = |found: LikelyDuplicates| -> Vec<CaseId> {
                found.duplicates.iter().map(|each| each.case).collect()
            };
            let officers = node.likely_duplicates(&asked).await.unwrap();
            assert_eq!(cases(officers), [case]);
            let everybody = node.public_duplicates(&asked).await.unwrap();
            assert!(cases(everybody).is_empty());
            let filed = sketch("Lubang besar, dua motor jatuh.");
            let everybody = node.public_duplicates(&filed).await.unwrap();
            assert_eq!(cases(everybody), [case]);
        }
    }

    /// Whoever tries words at the form does not learn that somebody has reported them in secret.
    #[tokio::test]
    async fn everybody_is_advised_by_what_everybody_may_read() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let handled = async |secret: bool| {
                let words = "Bendahara Wijayakusuma memotong honor guru";
                let report = json!({"title": words, "content": words, "secret": secret});
                let case = file(node, report).await.case;
                acts(&place, case, "case.verified", json!({}), None).await;
                let words = Some(json!({"text": "Sudah ditindaklanjuti."}));
                acts(&place, case, "case.followed_up", json!({}), words).await;
                case
            };
            // How many like it went somewhere, as officers and as everybody are told.
            let told = async |title: &str| {
                let matter = Matter {
                    title: title.into(),
                    region: "32.73".parse().ok(),
                    ..Matter::default()
                };
                let cases = |hints: Hints| {
                    let reasons = hints.hints.into_iter().flat_map(|hint| hint.reasons);
                    let past = reasons.map(|reason| match reason {
                        Reason::Past { cases } => cases,
                        _ => 0,
                    });
                    past.sum::<u32>()
                };
                let officers = node.advised(&matter, Readers::Officers).await.unwrap();
                let everybody = node.public_hints(&matter).await.unwrap();
                (cases(officers), cases(everybody))
            };
            handled(true).await;
            assert_eq!(told("honor guru Wijayakusuma").await, (1, 0));
            let public = handled(false).await;
            assert_eq!(told("honor guru Wijayakusuma").await, (2, 1));
            // Nor what a reporter added later to what everybody reads.
            place.clock.advance(1);
            let words = Some(json!({ "text": "Kepala sekolahnya Sastrodimejo." }));
            acts(&place, public, "report.completed", json!({}), words).await;
            assert_eq!(told("Sastrodimejo").await, (1, 0));
        }
    }

    #[tokio::test]
    async fn a_unit_is_suggested_from_where_reports_of_the_like_went() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            for unit in ["dinas-pu", "dinkes", "tutup"] {
                let id = unit.parse().unwrap();
                node.add_unit("test", &id, unit, None).await.unwrap();
            }
            let given = async |unit: &str| {
                place.clock.advance(1);
                let case = file(node, json!({})).await.case;
                let cases = [case];
                let assigned = node.assign(&Sight::ALL, &cases, Some(unit), None, "test");
                assigned.await.unwrap();
                case
            };
            let before = file(node, json!({})).await.case;
            assert!(node.hints(before).await.unwrap().units.is_empty());
            for unit in ["dinas-pu", "dinas-pu", "dinkes", "tutup"] {
                given(unit).await;
            }
            let closes = "tutup".parse().unwrap();
            node.close_unit("test", &closes).await.unwrap();
            let units = node.hints(before).await.unwrap().units;
            let ids: Vec<&str> = units.iter().map(|hint| hint.unit.as_str()).collect();
            assert_eq!(ids, ["dinas-pu", "dinkes"], "and none that is closed");
            assert_eq!(units[0].reasons, [UnitReason::Words { cases: 2 }]);
            let has_it = given("dinas-pu").await;
            let units = node.hints(has_it).await.unwrap().units;
            assert!(units.iter().all(|hint| hint.unit != "dinas-pu"));
        }
    }
}
