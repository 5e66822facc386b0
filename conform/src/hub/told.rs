//! Stories of cases that members tell, each act with the ruling that the contract
//! gives it, one act a line:
//!
//! `BY NAME CASE KIND TERM BODY [attachments LIST] -> RULING`
//!
//! `-` stands for what an act has not, `*` for a case that nobody has named. A body
//! behind `+` is a sound report with these fields. A text `@…` in it stands for
//! what it names: `@first` and `@second`, a case (one letter), the reference of an
//! act or its id (`@NAME.id`), `@long N` letters, a list of one thing `@times N`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::page::Delivered;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::batches::accepted;
use super::cases::ruled;
use super::{Stage, whole_stream};
use crate::client::{Player, Said};

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    First,
    Second,
}

#[derive(Debug, Clone, Copy)]
struct Act<'a> {
    line: &'a str,
    by: By,
    name: &'a str,
    case: &'a str,
    kind: &'a str,
    term: &'a str,
    body: &'a str,
    attachments: Option<&'a str>,
    ruled: &'a str,
}

/// What names stand for, and which cases there are.
struct Told {
    ids: [InstanceId; 2],
    cases: BTreeMap<String, CaseId>,
    /// References of the acts that have a name.
    said: BTreeMap<String, Value>,
    born: BTreeSet<CaseId>,
    /// A clock that lags by a day: it is advisory.
    created_at: i64,
}

/// An act that was said, and the item that its author must get for it.
struct Awaited<'a> {
    act: Act<'a>,
    id: EnvelopeId,
    case: Option<CaseId>,
    /// Whether it has a place in a case.
    placed: bool,
}

/// Tells a story, and holds the hub to each ruling.
pub async fn told(stage: &mut Stage, story: &str) -> Result<()> {
    stage.may_dispose().await?;
    stage.are_plain().await?;
    let acts = story.lines().map(Act::read).collect::<Result<Vec<_>>>()?;
    let (first, second) = stage.players();
    let mut told = Told::new(first, second);
    let mut awaited = [Vec::new(), Vec::new()];
    for turn in acts.chunk_by(|one, next| one.by == next.by) {
        let (player, awaited) = match turn[0].by {
            By::First => (&mut *first, &mut awaited[0]),
            By::Second => (&mut *second, &mut awaited[1]),
        };
        let mut said = Vec::new();
        for act in turn {
            let (one, awaits) = told.say(player, *act)?;
            said.push(one);
            awaited.push(awaits);
        }
        let all: Vec<&Said> = said.iter().collect();
        accepted(player, &all).await?;
    }
    let mut wrong = Vec::new();
    for (player, awaited) in [first, second].into_iter().zip(&awaited) {
        let items = whole_stream(player, Stream::Inbox, 500).await?;
        wrong.extend(awaited.iter().filter_map(|one| one.differs_from(&items)));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

impl<'a> Act<'a> {
    fn read(line: &'a str) -> Result<Self> {
        let no_act = || format!("no act: {line}");
        let (act, ruled) = line.rsplit_once(" -> ").with_context(no_act)?;
        let mut words = act.splitn(6, ' ');
        let mut word = || words.next().with_context(no_act);
        let by = match word()? {
            "first" => By::First,
            "second" => By::Second,
            _ => bail!(no_act()),
        };
        let (name, case, kind, term, content) = (word()?, word()?, word()?, word()?, word()?);
        let (body, attachments) = match content.split_once(" attachments ") {
            Some((body, list)) => (body, Some(list)),
            None => (content, None),
        };
        Ok(Self {
            line,
            by,
            name,
            case,
            kind,
            term,
            body,
            attachments,
            ruled,
        })
    }
}

impl Told {
    fn new(first: &Player, second: &Player) -> Self {
        Self {
            ids: [first.id.clone(), second.id.clone()],
            cases: BTreeMap::new(),
            said: BTreeMap::new(),
            born: BTreeSet::new(),
            created_at: first.now_ms - DAY_MS,
        }
    }

    /// The next message of who acts, as the act says.
    fn say<'a>(&mut self, player: &mut Player, act: Act<'a>) -> Result<(Said, Awaited<'a>)> {
        let case = match act.case {
            "-" => None,
            "*" => Some(player.new_case()),
            name => Some(self.case(player, name)),
        };
        let body = self.body(player, act)?;
        let child = body["child"].clone();
        let mut payload = player.payload(act.kind, case, body);
        payload["created_at"] = json!(self.created_at);
        if act.term != "-" {
            payload["term"] = self.meant(player, json!(act.term))?;
        }
        if let Some(list) = act.attachments {
            payload["attachments"] = self.meant(player, serde_json::from_str(list)?)?;
        }
        let said = player.tell(&payload);
        let reference = json!({ "author": payload["author"], "id": payload["id"] });
        self.said.insert(act.name.to_owned(), reference);
        if act.ruled == "applied" {
            let born = match act.kind {
                "report.filed" => case,
                "case.split" => Some(serde_json::from_value(child)?),
                _ => None,
            };
            self.born.extend(born);
        }
        let placed = case.is_some_and(|case| self.born.contains(&case));
        let id = said.id();
        Ok((
            said,
            Awaited {
                act,
                id,
                case,
                placed,
            },
        ))
    }

    fn body(&mut self, player: &mut Player, act: Act<'_>) -> Result<Value> {
        let Some(fields) = act.body.strip_prefix('+') else {
            return self.meant(player, serde_json::from_str(act.body)?);
        };
        let mut report = json!({
            "classification": "complaint", "channel": "web", "commitment": "@commitment",
        });
        let fields: Value = serde_json::from_str(fields)?;
        for (field, value) in fields.as_object().into_iter().flatten() {
            report[field] = value.clone();
        }
        self.meant(player, report)
    }

    fn case(&mut self, player: &mut Player, name: &str) -> CaseId {
        let cases = &mut self.cases;
        *cases
            .entry(name.to_owned())
            .or_insert_with(|| player.new_case())
    }

    /// A value with every name in it put in its place.
    fn meant(&mut self, player: &mut Player, value: Value) -> Result<Value> {
        match value {
            Value::String(text) => match text.strip_prefix('@') {
                Some(name) => self.named(player, name),
                None => Ok(Value::String(text)),
            },
            Value::Array(items) => self.items(player, items),
            Value::Object(fields) => {
                let mut meant = serde_json::Map::new();
                for (field, value) in fields {
                    meant.insert(field, self.meant(player, value)?);
                }
                Ok(Value::Object(meant))
            }
            plain => Ok(plain),
        }
    }

    fn items(&mut self, player: &mut Player, items: Vec<Value>) -> Result<Value> {
        let first = items.first().and_then(Value::as_str);
        let Some(times) = first.and_then(|text| text.strip_prefix("@times ")) else {
            let meant = items.into_iter().map(|item| self.meant(player, item));
            return meant.collect();
        };
        let times: usize = times.parse()?;
        let item = items.get(1).context("one thing that is repeated")?;
        (0..times)
            .map(|_| self.meant(player, item.clone()))
            .collect()
    }

    fn named(&mut self, player: &mut Player, name: &str) -> Result<Value> {
        if let Some(count) = name.strip_prefix("long ") {
            return Ok(json!("x".repeat(count.parse()?)));
        }
        if let Some(name) = name.strip_suffix(".id") {
            return Ok(self.reference(name)?["id"].clone());
        }
        Ok(match name {
            "first" => json!(self.ids[0]),
            "second" => json!(self.ids[1]),
            "commitment" => json!("ab".repeat(32)),
            "digest" => {
                let mut drawn = [0; 32];
                player.entropy().fill(&mut drawn);
                json!(hex::encode(drawn))
            }
            "sealed" => json!({ "nonce": "A".repeat(32), "ciphertext": "A".repeat(64) }),
            "inherited" => self.inherited("web"),
            "other-inheritance" => self.inherited("sms"),
            case if case.len() == 1 => json!(self.case(player, case)),
            act => self.reference(act)?.clone(),
        })
    }

    fn reference(&self, act: &str) -> Result<&Value> {
        let said = self.said.get(act);
        said.with_context(|| format!("nobody has said `{act}`"))
    }

    /// What a child takes from a case of the first that nobody else has touched.
    fn inherited(&self, channel: &str) -> Value {
        json!({
            "origin": self.ids[0], "stack": [], "copies": [], "supervisors": [], "excluded": [],
            "anonymous": false, "secret": false, "channel": channel, "escalated": false,
            "filed_at": self.created_at,
        })
    }
}

impl Awaited<'_> {
    /// What is wrong with how its author was told.
    fn differs_from(&self, items: &[Delivered]) -> Option<String> {
        let Act {
            line,
            ruled: expected,
            ..
        } = self.act;
        let is_it =
            |one: &&Delivered| one.item.envelope_id == self.id && one.item.case == self.case;
        let Some(found) = items.iter().find(is_it) else {
            return Some(format!("its author has no item: {line}"));
        };
        let ruled = ruled(found);
        let placed = found.item.case_seq.is_some();
        if ruled != expected {
            return Some(format!("ruled `{ruled}`: {line}"));
        }
        (placed != self.placed).then(|| {
            let place = found.item.case_seq;
            format!("with case_seq {place:?}: {line}")
        })
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::case::{Effect, Reason, Ruling};
    use lapor_protocol::delivery::{Cursor, Item};
    use lapor_protocol::ids::Digest;

    use super::*;

    #[test]
    fn a_line_is_an_act_and_what_is_none_is_said() {
        let act = Act::read(
            "first a-b c case.noted @x {\"a\": \"b c\"} attachments [1] -> stale term_ended",
        );
        let act = act.expect("it is one");
        let words = [act.name, act.case, act.kind, act.term, act.body, act.ruled];
        let expected = [
            "a-b",
            "c",
            "case.noted",
            "@x",
            "{\"a\": \"b c\"}",
            "stale term_ended",
        ];
        assert_eq!(words, expected);
        assert_eq!((act.by, act.attachments), (By::First, Some("[1]")));
        for wrong in [
            "",
            "third - a case.noted - {} -> applied",
            "first - a case.noted - {}",
        ] {
            assert!(Act::read(wrong).is_err(), "{wrong}");
        }
    }

    /// The item of a message, ruled and placed like this.
    fn item(case: CaseId, ruling: Ruling, case_seq: Option<u64>) -> Delivered {
        let id = Digest::of(b"it");
        let stated = json!({
            "depoch": 1, "dseq": 1, "dprev": Digest::ZERO, "case": case, "kind": "case.noted",
            "envelope_id": id, "effect": "applied", "directory": 1, "ordered_at": 1,
        });
        let mut item: Item = serde_json::from_value(stated).expect("an item");
        item.ruling = ruling;
        item.case_seq = case_seq;
        Delivered {
            item,
            bytes: Vec::new(),
            cursor: Cursor::START,
            envelope: None,
            line: None,
            wraps: Vec::new(),
            trace: None,
        }
    }

    #[test]
    fn another_ruling_another_place_and_no_item_are_found() {
        let case = CaseId::mint(1, [7; 10]);
        let line = "second - a case.noted - {} -> unauthorised never_party";
        let awaited = Awaited {
            act: Act::read(line).expect("an act"),
            id: Digest::of(b"it"),
            case: Some(case),
            placed: true,
        };
        let refused = Ruling {
            effect: Effect::Unauthorised,
            reason: Some(Reason::NeverParty),
        };
        let of_another = Ruling {
            reason: Some(Reason::NotOrigin),
            ..refused
        };
        let right = item(case, refused, Some(3));
        assert_eq!(awaited.differs_from(std::slice::from_ref(&right)), None);
        for (what, wrong, why) in [
            ("none", Vec::new(), "no item"),
            (
                "another case",
                vec![item(CaseId::mint(2, [7; 10]), refused, Some(3))],
                "no item",
            ),
            (
                "applied",
                vec![item(case, Ruling::APPLIED, Some(3))],
                "ruled `applied`",
            ),
            (
                "another reason",
                vec![item(case, of_another, Some(3))],
                "ruled `unauthorised not_origin`",
            ),
            ("no place", vec![item(case, refused, None)], "case_seq None"),
        ] {
            let found = awaited.differs_from(&wrong).unwrap_or_default();
            assert!(
                found.contains(why) && found.contains("case.noted"),
                "{what}: {found}"
            );
        }
    }

    #[test]
    fn every_story_can_be_told() {
        for story in super::super::rulings::STORIES {
            for line in story.lines() {
                let act = Act::read(line).unwrap_or_else(|error| panic!("{error}"));
                let body = act.body.strip_prefix('+').unwrap_or(act.body);
                for json in [Some(body), act.attachments].into_iter().flatten() {
                    assert!(serde_json::from_str::<Value>(json).is_ok(), "{line}");
                }
            }
        }
    }
}
