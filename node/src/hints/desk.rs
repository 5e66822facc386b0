//! Hints for a case at this node, and likely duplicates of a report that is being written.

use std::collections::BTreeMap;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use serde_json::Value;

use super::adviser::Adviser;
use super::likely::{Features, Rarity};
use super::recollection::told;
use super::{Hints, LikelyDuplicate, LikelyDuplicates, Matter, Sketch, knowledge};
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
        self.routing_hints(&matter(&view)).await
    }

    /// The same of a report that is not filed yet.
    pub async fn routing_hints(&self, matter: &Matter) -> Result<Hints, NodeError> {
        let (institutions, past) = (self.institutions().await, self.past().await?);
        let adviser = Adviser {
            knowledge: knowledge::shipped(),
            institutions: &institutions,
            past: &past,
        };
        let hints = adviser.hints(matter, self.instance().ok(), HINTS);
        Ok(Hints { hints })
    }

    /// Open cases of the last 180 days that a report may repeat, for officers; never one that is rahasia.
    pub async fn likely_duplicates(&self, sketch: &Sketch) -> Result<LikelyDuplicates, NodeError> {
        self.likely_among(sketch, |case| !case.secret).await
    }

    /// The same for everybody: of the reports that everybody may read.
    pub async fn public_duplicates(&self, sketch: &Sketch) -> Result<LikelyDuplicates, NodeError> {
        self.likely_among(sketch, |case| case.public).await
    }

    async fn likely_among(
        &self,
        sketch: &Sketch,
        may_be_told: impl Fn(&CaseSummary) -> bool,
    ) -> Result<LikelyDuplicates, NodeError> {
        let now = self.clock().now_ms();
        let mut remembered = self.remembered().await?;
        remembered.retain(|(_, case)| {
            let summary = &case.summary;
            may_be_told(summary)
                && summary.state.is_some_and(State::is_open)
                && now - summary.filed_at <= RECENT_MS
        });
        let others: BTreeMap<CaseId, &Features> = remembered
            .iter()
            .map(|(id, case)| (*id, &case.features))
            .collect();
        let rarity = Rarity::among(others.values().copied());
        let (region, coordinates) = (sketch.region.clone(), sketch.coordinates);
        let report = Features::of(&sketch.title, &sketch.content, region, coordinates);
        let mut duplicates = Vec::new();
        for (id, likeness, distance_m) in rarity.likest(&report, &others, DUPLICATES) {
            let case = remembered.iter().find(|(known, _)| *known == id);
            let state = self.state_now(id).await?.filter(|state| state.is_open());
            if let (Some((_, case)), Some(state)) = (case, state) {
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

    /// `None` for a case whose birth the hub has refused meanwhile: no list shows it any more, so
    /// nothing else tells that it has gone.
    async fn state_now(&self, case: CaseId) -> Result<Option<State>, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::cases::case(&mut tx, &case.to_string()).await?;
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
        content: told.content,
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
    use lapor_migrations::throwaway::databases;
    use lapor_protocol::receipt::Stream;
    use serde_json::json;

    use super::*;
    use crate::casework::{Filed, NewReport};
    use crate::hints::Reason;
    use crate::sync::Link;
    use crate::testing::{PaperHub, Place};

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
    async fn a_case_that_has_been_erased_is_forgotten() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let filed = file(&place.node, json!({})).await;
            assert_eq!(place.node.remembered().await.unwrap().len(), 1);
            place.clock.advance(1);
            let erase = json!({"kind": "case.redacted", "body": {"reason": "reporter_request"}});
            let act = serde_json::from_value(erase).unwrap();
            place.node.act(filed.case, act, "test").await.unwrap();
            let hub = PaperHub::of(&place);
            let link = Link::over(place.node.clone(), hub).unwrap();
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            assert!(place.node.remembered().await.unwrap().is_empty());
            let likely = place
                .node
                .likely_duplicates(&sketch("jalan nasional"))
                .await
                .unwrap();
            assert!(likely.duplicates.is_empty());
        }
    }
}
