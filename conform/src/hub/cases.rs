//! A case that goes from one institution to another: who is told what, which
//! ruling, and with which keys.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::case::Withheld;
use lapor_protocol::dsse::MESSAGE_TYPE;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::keys::Verifier;
use lapor_protocol::page::Delivered;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::{ContentKey, Context, Sealed, Subject, Wrap};
use lapor_protocol::seal::{open_words, seal_words, wrap};
use lapor_protocol::wire::CaseKeys;
use serde_json::{Value, json};

use super::batches::{accepted, accepted_lines};
use super::{Stage, directory, items_of};
use crate::check::Check;
use crate::client::{Asked, Player, Said};

pub const CHECKS: [Check<Stage>; 5] = [
    Check {
        name: "tells an author the ruling of its messages, and gives it no bytes",
        keeps: &[
            "A message goes whole to the parties before it and after it, except: the author gets its ruling without its bytes",
            "The hub gives each case message a `case_seq`, an `ordered_at` and an effect.",
            "`own`: you wrote it and hold the bytes; `not_entitled`: you may not read it; `ruling_only`: you wrote it and are no party.",
        ],
        run: |stage| Box::pin(own_rulings(stage)),
    },
    Check {
        name: "brings a case whole to whom it is disposed, with its key",
        keeps: &[
            "Every kind about a case goes to the parties of the case.",
            "items of a new party's history trail",
            "Wraps stand beside the message with which they came and, all that you have of a case, beside the first item of that case in every page.",
            "Of those beside a message that is applied the hub keeps the ones for a party of the case as the message leaves it",
            "Without it, `envelope` must be there",
            "Beside the item in its line stand `envelope`, `wraps?` for this recipient, and `trace?`.",
            "| `kind`, `envelope_id` | required | |",
            "| GET `/envelopes/{id}` | 200 | the exact line, without a line break; for the author and those who were sent it |",
        ],
        run: |stage| Box::pin(brings_a_case(stage)),
    },
    Check {
        name: "rules as the rules say",
        keeps: &[
            "| `malformed` | the body cannot be read, breaks a limit, or is of an unknown kind |",
            "| `duplicate` | the author has used this id before; no `case_seq`, the item names the first, nobody but the author gets it |",
            "| `unauthorised` | a role that the author never held, or a target that it may not name |",
            "| `stale` | a role that the author held and no longer holds, or a term that has ended |",
            "| `inapplicable` | the state does not allow it |",
            "| `applied` | otherwise |",
            "A **body** (also `sealed` or `attachments`) that cannot be read is accepted and ruled `malformed`, because it is evidence.",
            "Who is not entitled gets the item without envelope, so that no `case_seq` is missing.",
            "`sealed` (optional) holds the words.",
            "A message is known by its author and its id for ever.",
            "| `effect`, `reason` | | the ruling |",
            "| `first` | duplicates | the envelope id of the first |",
            "- `malformed`: `kind_unknown`, `body_invalid`",
        ],
        run: |stage| Box::pin(rules(stage)),
    },
    Check {
        name: "keeps the wraps of a case for its parties",
        keeps: &[
            "`GET /cases/{case}/keys` gives the wraps for the caller and, to a party, `missing`: the parties without a wrap for the sealing key that the directory shows, the caller and the origin included.",
            "GET is 404 `case_unknown` to who is neither a party nor has a wrap, PUT to who is no party.",
            "Any party that holds the key may put further wraps.",
            "| PUT, GET `/cases/{case}/keys` | 204, 200 | wraps of the case's content key |",
            "| 404 | `case_unknown` | `never` | The case is not held here for you |",
        ],
        run: |stage| Box::pin(keeps_wraps(stage)),
    },
    Check {
        name: "tells who has left a case of its erasure, and of nothing that it missed",
        keeps: &[
            "An applied `case.redacted` goes whole to everyone who ever was a party (`ever_party`), too; to who is none any more alone, at its place in the case and without what came between.",
            "If one becomes a party again, it gets all that it missed, this message once more among it.",
        ],
        run: |stage| Box::pin(erases_where_it_was(stage)),
    },
];

/// A case of the first player.
pub struct Filed {
    pub case: CaseId,
    pub key: ContentKey,
    pub report: Said,
}

impl Filed {
    /// The reference of its report: the custody of whoever filed it.
    pub fn term(&self) -> Value {
        json!({ "author": self.report.payload["author"], "id": self.report.payload["id"] })
    }

    fn commitment(&self) -> lapor_protocol::ids::Digest {
        self.key.commitment()
    }
}

/// The next message of a chain, its words sealed under the key of the case.
pub fn worded(
    player: &mut Player,
    (kind, case, key): (&str, CaseId, &ContentKey),
    mut payload: Value,
    words: &Value,
) -> Result<Said> {
    let drawn = player.payload(kind, Some(case), payload["body"].take());
    for (field, value) in drawn.as_object().into_iter().flatten() {
        payload[field] = value.clone();
    }
    let author = player.id.clone();
    let id: MessageId = serde_json::from_value(payload["id"].clone())?;
    let context = Context {
        kind,
        id,
        case,
        author: &author,
    };
    let sealed = seal_words(key, context, words.to_string().as_bytes(), player.entropy())?;
    payload["sealed"] = json!(sealed);
    Ok(player.tell(&payload))
}

/// A report with words and, if wanted, attachments; it has not been sent.
pub fn filed(player: &mut Player, attachments: Value) -> Result<Filed> {
    let (case, key) = (player.new_case(), ContentKey::generate(player.entropy()));
    let mut payload = json!({ "body": {
        "classification": "complaint", "channel": "web", "commitment": key.commitment(),
    }});
    if attachments.is_array() {
        payload["attachments"] = attachments;
    }
    let words = json!({ "title": "Uji kesesuaian", "content": "Laporan uji dari lapor-conform." });
    let report = worded(player, ("report.filed", case, &key), payload, &words)?;
    Ok(Filed { case, key, report })
}

/// Disposes a case to another institution; it has not been sent.
pub fn disposed(player: &mut Player, filed: &Filed, to: &InstanceId) -> Result<Said> {
    let payload = json!({ "term": filed.term(), "body": { "target": to } });
    let words = json!({ "text": "Mohon ditindaklanjuti." });
    let about = ("case.disposed", filed.case, &filed.key);
    worded(player, about, payload, &words)
}

/// The content key for a member, to the sealing key that the directory shows.
pub async fn wrapped(player: &mut Player, filed: &Filed, to: &InstanceId) -> Result<Wrap> {
    wrapped_about(player, Subject::Case(filed.case), &filed.key, to).await
}

/// The same for whatever a key opens.
pub async fn wrapped_about(
    player: &mut Player,
    subject: Subject,
    key: &ContentKey,
    to: &InstanceId,
) -> Result<Wrap> {
    let directory = directory(player).await?;
    let entry = directory.latest().instance(to).cloned();
    let entry = entry.context("the directory lacks who has joined")?;
    let sealing = entry.sealing_key().context("who has joined has no key")?;
    let made = wrap(key, subject, to, &sealing.jwk, player.entropy())?;
    Ok(made)
}

pub fn with_wraps(said: &Said, wraps: &[&Wrap]) -> String {
    said.line_with(&format!("\"wraps\":{}", json!(wraps)))
}

/// Files and disposes to the second player, with its wraps.
pub async fn file_and_dispose(stage: &mut Stage) -> Result<(Filed, Said)> {
    stage.may_dispose().await?;
    let (player, other) = stage.players();
    let filed = filed(player, json!(null))?;
    let id = player.id.clone();
    let own = wrapped(player, &filed, &id).await?;
    let theirs = wrapped(player, &filed, &other.id).await?;
    let disposal = disposed(player, &filed, &other.id)?;
    let lines = [
        with_wraps(&filed.report, &[&own]),
        with_wraps(&disposal, &[&theirs]),
    ];
    accepted_lines(player, &lines, &[&filed.report, &disposal]).await?;
    Ok((filed, disposal))
}

/// Effect and reason, as they stand in an item.
pub fn ruled(delivered: &Delivered) -> String {
    let ruling = serde_json::to_value(delivered.item.ruling).unwrap_or_default();
    let word = |field: &str| ruling[field].as_str().unwrap_or_default().to_owned();
    format!("{} {}", word("effect"), word("reason"))
        .trim_end()
        .to_owned()
}

async fn own_rulings(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let filed = filed(player, json!(null))?;
    accepted(player, &[&filed.report]).await?;
    let items = items_of(player, filed.case).await?;
    ensure!(items.len() == 1, "{} items of one report", items.len());
    let [only] = &items[..] else {
        anyhow::bail!("{} items of one report", items.len());
    };
    let item = &only.item;
    ensure!(ruled(only) == "applied", "ruled {}", ruled(only));
    ensure!(item.case_seq == Some(1), "case_seq {:?}", item.case_seq);
    ensure!(
        item.envelope_id == filed.report.id() && item.kind == "report.filed",
        "another message"
    );
    ensure!(
        item.withheld == Some(Withheld::Own),
        "withheld {:?}",
        item.withheld
    );
    let theirs = items_of(other, filed.case).await?;
    ensure!(theirs.is_empty(), "it went to who is no party");
    Ok(())
}

async fn brings_a_case(stage: &mut Stage) -> Result<()> {
    let (filed, disposal) = file_and_dispose(stage).await?;
    let (player, other) = stage.players();
    let items = items_of(other, filed.case).await?;
    let signer = Verifier::from_jwk(&player.signing.public())?;
    let seqs: Vec<_> = items.iter().map(|one| one.item.case_seq).collect();
    ensure!(seqs == [Some(1), Some(2)], "case_seq {seqs:?}");
    for (delivered, said) in items.iter().zip([&filed.report, &disposal]) {
        let envelope = delivered.envelope.as_ref();
        let envelope = envelope.context("the bytes are withheld from a party")?;
        ensure!(*envelope == said.envelope, "another envelope");
        envelope.verify(MESSAGE_TYPE, &signer)?;
        ensure!(ruled(delivered) == "applied", "ruled {}", ruled(delivered));
        let line = other.get(&format!("/envelopes/{}", said.id())).await?;
        line.is_success().context("the line by its id")?;
        let sent = said.envelope.to_line();
        ensure!(line.body == sent.as_bytes(), "another line by its id");
    }
    let wraps = &items[0].wraps;
    let mine = wraps
        .iter()
        .find(|wrap| wrap.recipient == other.id)
        .context("no wrap beside the first item of the case")?;
    let subject = Subject::Case(filed.case);
    let key = other.opener.unwrap(mine, subject, &filed.commitment())?;
    let sealed: Sealed = serde_json::from_value(filed.report.payload["sealed"].clone())?;
    let context = Context {
        kind: "report.filed",
        id: serde_json::from_value(filed.report.payload["id"].clone())?,
        case: filed.case,
        author: &player.id,
    };
    open_words(&key, context, &sealed)?;
    Ok(())
}

/// A note whose words are no sealed words.
fn with_unread_words(player: &mut Player, case: CaseId) -> Said {
    let mut payload = player.payload("case.noted", Some(case), json!({}));
    payload["sealed"] = json!("none");
    player.tell(&payload)
}

async fn rules(stage: &mut Stage) -> Result<()> {
    let (filed, disposal) = file_and_dispose(stage).await?;
    let (player, other) = stage.players();
    let case = filed.case;
    let text = json!({ "text": "Sudah ditinjau." });
    let follows = |who: &mut Player, term: Value| {
        let payload = json!({ "term": term, "body": {} });
        worded(who, ("case.followed_up", case, &filed.key), payload, &text)
    };
    let now = json!({ "author": player.id, "id": disposal.payload["id"] });
    let mut again = player.payload("case.noted", Some(case), json!({}));
    again["id"] = filed.report.payload["id"].clone();
    let theirs = [
        (follows(other, now)?, "applied"),
        (
            other.say("case.closed", Some(case), json!({ "by": "reporter" })),
            "unauthorised not_origin",
        ),
    ];
    let ours = [
        (player.tell(&again), "duplicate"),
        (follows(player, filed.term())?, "stale term_ended"),
        (
            player.say("case.rated", Some(case), json!({ "score": 5 })),
            "inapplicable not_closed",
        ),
        (
            player.say("case.rated", Some(case), json!({ "score": 9 })),
            "malformed body_invalid",
        ),
        (
            player.say("case.danced", Some(case), json!({})),
            "malformed kind_unknown",
        ),
        (with_unread_words(player, case), "malformed body_invalid"),
    ];
    for (who, said) in [(&*other, &theirs[..]), (&*player, &ours[..])] {
        let all: Vec<&Said> = said.iter().map(|(said, _)| said).collect();
        accepted(who, &all).await?;
        let items = items_of(who, case).await?;
        for (said, expected) in said {
            let found = items
                .iter()
                .find(|one| one.item.envelope_id == said.id())
                .with_context(|| format!("no item of a message that is `{expected}`"))?;
            let ruled = ruled(found);
            ensure!(ruled == *expected, "expected `{expected}`, ruled `{ruled}`");
            let first = (*expected == "duplicate").then(|| filed.report.id());
            ensure!(found.item.first == first, "`first` of {ruled}");
            ensure!(
                first.is_none() == found.item.case_seq.is_some(),
                "case_seq of {ruled}"
            );
        }
    }
    is_gapless(&items_of(player, case).await?)?;
    let told = items_of(other, case).await?;
    is_gapless(&told)?;
    let of = |said: &Said| told.iter().find(|one| one.item.envelope_id == said.id());
    ensure!(
        of(&ours[0].0).is_none(),
        "a duplicate went to another party"
    );
    let malformed = of(&ours[3].0).context("a malformed message has no item")?;
    ensure!(
        malformed.item.withheld == Some(Withheld::NotEntitled),
        "a malformed message went to another party"
    );
    Ok(())
}

/// That no place of the case is missing, whatever is withheld.
fn is_gapless(items: &[Delivered]) -> Result<()> {
    let seqs: Vec<u64> = items.iter().filter_map(|one| one.item.case_seq).collect();
    let expected: Vec<u64> = (1..=seqs.len() as u64).collect();
    ensure!(seqs == expected, "the case has places {seqs:?}");
    Ok(())
}

async fn keeps_wraps(stage: &mut Stage) -> Result<()> {
    stage.may_dispose().await?;
    let (player, other) = stage.players();
    let filed = filed(player, json!(null))?;
    accepted(player, &[&filed.report]).await?;
    let path = format!("/cases/{}/keys", filed.case);
    let theirs = wrapped(player, &filed, &other.id).await?;
    let given = json!({ "case": filed.case, "wraps": [theirs] }).to_string();
    let put = Asked::new("PUT", &path).body("application/json", given);
    for asked in [Asked::new("GET", &path), put.clone()] {
        let answered = other.ask(&asked).await?;
        answered
            .is_refused(Code::CaseUnknown)
            .context("who is no party")?;
    }
    let disposal = disposed(player, &filed, &other.id)?;
    accepted(player, &[&disposal]).await?;
    let before: CaseKeys = player.get(&path).await?.taken()?;
    for id in [&player.id, &other.id] {
        ensure!(before.missing.contains(id), "`missing` lacks {id}");
    }
    let answered = player.ask(&put).await?;
    answered.is_success()?;
    ensure!(answered.status == 204, "status {}", answered.status);
    let after: CaseKeys = player.get(&path).await?.taken()?;
    ensure!(
        !after.missing.contains(&other.id) && after.missing.contains(&player.id),
        "`missing` is {:?}",
        after.missing
    );
    let kept: CaseKeys = other.get(&path).await?.taken()?;
    ensure!(kept.wraps == [theirs], "the wrap that was put is not there");
    Ok(())
}

async fn erases_where_it_was(stage: &mut Stage) -> Result<()> {
    stage.are_plain().await?;
    let (filed, disposal) = file_and_dispose(stage).await?;
    let (player, other) = stage.players();
    let (case, reason) = (filed.case, json!({ "reason": "other" }));
    let mut returned = other.payload("case.returned", Some(case), reason.clone());
    returned["term"] = json!({ "author": player.id, "id": disposal.payload["id"] });
    let returned = other.tell(&returned);
    accepted(other, &[&returned]).await?;
    let missed = player.say("case.rated", Some(case), json!({ "score": 5 }));
    let erased = player.say("case.redacted", Some(case), reason);
    accepted(player, &[&missed, &erased]).await?;
    let told = items_of(other, case).await?;
    let seqs: Vec<u64> = told.iter().filter_map(|one| one.item.case_seq).collect();
    ensure!(seqs == [1, 2, 3, 5], "case_seq {seqs:?}");
    let last = told.last().context("no items of the case")?;
    ensure!(ruled(last) == "applied", "ruled {}", ruled(last));
    let envelope = last.envelope.as_ref();
    let envelope = envelope.context("the erasure is withheld from who has left")?;
    ensure!(*envelope == erased.envelope, "another envelope");
    let line = other.get(&format!("/envelopes/{}", erased.id())).await?;
    line.is_success().context("the erasure by its id")?;
    let line = other.get(&format!("/envelopes/{}", missed.id())).await?;
    line.is_refused(Code::EnvelopeUnknown)
        .context("what came after it had left")?;
    let mut again = player.payload("case.disposed", Some(case), json!({ "target": other.id }));
    again["term"] = json!({ "author": other.id, "id": returned.payload["id"] });
    let again = player.tell(&again);
    accepted(player, &[&again]).await?;
    let told = items_of(other, case).await?;
    let seqs: Vec<u64> = told.iter().filter_map(|one| one.item.case_seq).collect();
    ensure!(
        seqs == [1, 2, 3, 5, 4, 5, 6],
        "back again, case_seq {seqs:?}"
    );
    Ok(())
}
