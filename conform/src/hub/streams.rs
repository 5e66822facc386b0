//! What a member reads: pages, cursors, long polls and acknowledgements.

use std::str::FromStr as _;

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::case::Withheld;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::dsse::{ACK_TYPE, Envelope};
use lapor_protocol::ids::{Digest, InstanceKind};
use lapor_protocol::keys::Signer;
use lapor_protocol::page::{Delivered, read_page};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Ack, Exception, ExceptionState, Stream};
use serde_json::json;

use super::batches::accepted;
use super::{Stage, directory, whole_stream};
use crate::check::Check;
use crate::client::{Answered, Keys, Player};

pub const CHECKS: [Check<Stage>; 5] = [
    Check {
        name: "delivers a gapless stream under signed heads, and the same again",
        keeps: &[
            "Each recipient has its own gapless stream, `inbox`; all share one more, `public`.",
            "A page is NDJSON: lines of items, then one line with the signed head.",
            "| `dprev` | required | SHA-256 of the exact bytes of the item before (the value of `item` as it stands in its line); zeros for the first |",
            "The head must name your stream and end exactly where the page's last item does; a page without it is incomplete.",
            "An empty page is its head alone.",
            "| `dseq` | required | gapless in the stream, from 1 |",
            "| `directory`, `ordered_at` | required | |",
            "| `head.v1+json` | the head of a stream | hub |",
            "`after` is a cursor, the start if left out; `limit` 1 to 500",
        ],
        run: |stage| Box::pin(pages(stage)),
    },
    Check {
        name: "refuses a cursor that is not of the stream, and says where it ends",
        keeps: &[
            "One that is not of this stream is answered `cursor_mismatch`, one beyond it `cursor_ahead`.",
            "A **cursor** is `depoch.dseq.hash`, decimal without leading zeros or signs, `hash` the SHA-256 of the item at `dseq`; `1.0.` and 64 zeros is the start.",
            "| 409 | `cursor_mismatch` | `resync` | The cursor is not of this stream |",
            "| 409 | `cursor_ahead` | `resync` | The cursor is beyond the stream |",
            "| 400 | `cursor_malformed` | `resync` | The cursor cannot be read |",
            "a cursor in its written form with `cursor_mismatch` and `cursor_ahead` (the end of that stream)",
        ],
        run: |stage| Box::pin(cursors(stage)),
    },
    Check {
        name: "answers a long poll as soon as something arrives",
        keeps: &["at the end of the stream, answered as soon as something arrives |"],
        run: |stage| Box::pin(long_poll(stage)),
    },
    Check {
        name: "takes acknowledgements that their recipient signed, and lets them only rise",
        keeps: &[
            "**Acknowledgements** are signed by the recipient.",
            "They only rise; an older one changes nothing and is no error.",
            "`head` is the hash of the item at `accepted`, zeros at 0; it is checked like a cursor.",
            "| POST `/inbox/ack` | 204 | a signed acknowledgement, also of the public stream |",
            "An acknowledgement or an epoch request that is signed and whose payload cannot be read gets 400 `malformed_request`.",
            "| `ack.v1+json` | an acknowledgement | the recipient's signing key |",
            "| `ACK_EXCEPTIONS` | 1,000 | exceptions in one acknowledgement |",
            "`settled` (at most `accepted`): applied up to here",
        ],
        run: |stage| Box::pin(acknowledgements(stage)),
    },
    Check {
        name: "shows programmes to everybody, and what was not applied to nobody but its author",
        keeps: &[
            "An author finds its public messages twice: in the public stream with the envelope, and as `own` in its inbox; those that were not applied only in its inbox, as `ruling_only`.",
            "`recipient` is absent on the public stream.",
            "| GET `/public?after=&limit=&wait=` | 200 NDJSON | |",
            "| `taxonomy.updated`, `calendar.updated` | U `not_desk` |",
        ],
        run: |stage| Box::pin(public(stage)),
    },
];

fn bytes_of(items: &[Delivered]) -> Vec<&[u8]> {
    items.iter().map(|one| one.bytes.as_slice()).collect()
}

async fn pages(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let whole = whole_stream(player, Stream::Inbox, 500).await?;
    ensure!(whole.len() > 3, "{} items of many messages", whole.len());
    let again = whole_stream(player, Stream::Inbox, 500).await?;
    ensure!(bytes_of(&again) == bytes_of(&whole), "another stream");
    let by_three = whole_stream(player, Stream::Inbox, 3).await?;
    ensure!(
        bytes_of(&by_three) == bytes_of(&whole),
        "another stream in small pages"
    );
    let answered = player.get("/inbox").await?;
    let media = answered.header("content-type");
    ensure!(media == Some("application/x-ndjson"), "a page as {media:?}");
    Ok(())
}

pub async fn end_of(player: &Player) -> Result<Cursor> {
    let whole = whole_stream(player, Stream::Inbox, 500).await?;
    Ok(whole.last().context("an empty stream")?.cursor)
}

/// Cursors that name no place of a stream: one of another stream, and one beyond its end.
fn astray(end: Cursor) -> [Cursor; 2] {
    let other = Cursor {
        hash: Digest::of(b"another stream"),
        ..end
    };
    let dseq = end.dseq + 1;
    [other, Cursor { dseq, ..other }]
}

/// That a refusal of a cursor names the end of the stream.
fn names_the_end(answered: &Answered, code: Code, end: Cursor) -> Result<()> {
    answered.is_refused(code)?;
    let expected = answered.problem()?.expected;
    ensure!(
        expected == Some(json!(end.to_string())),
        "`expected` is {expected:?}, the stream ends at {end}"
    );
    Ok(())
}

async fn cursors(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let end = end_of(player).await?;
    let at = |cursor: Cursor| format!("/inbox?after={cursor}");
    let start = player.get(&at(Cursor::START)).await?;
    start.is_success().context("the start")?;
    for text in ["x", "1.1", "1.01.ab", "+1.0.ab"] {
        ensure!(Cursor::from_str(text).is_err());
        let answered = player.get(&format!("/inbox?after={text}")).await?;
        answered.is_refused(Code::CursorMalformed).context(text)?;
    }
    let [other, ahead] = astray(end);
    let elsewhere = Cursor {
        depoch: end.depoch + 1,
        ..end
    };
    for (cursor, code) in [
        (other, Code::CursorMismatch),
        (elsewhere, Code::CursorMismatch),
        (ahead, Code::CursorAhead),
    ] {
        names_the_end(&player.get(&at(cursor)).await?, code, end)?;
    }
    Ok(())
}

async fn long_poll(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let end = end_of(player).await?;
    let said = player.report().1;
    let player = &*player;
    let path = format!("/inbox?after={end}&wait=25");
    let all = [&said];
    let (page, sent) = tokio::join!(player.get(&path), accepted(player, &all));
    sent?;
    let page = page?;
    page.is_success()?;
    let key = |envelope: &_| player.hub_key(envelope);
    let items = read_page(&page.body, end, Stream::Inbox, &player.id, key)?;
    let arrived = items.iter().any(|one| one.item.envelope_id == said.id());
    ensure!(arrived, "answered without what has arrived");
    Ok(())
}

/// An acknowledgement of its inbox, not signed yet.
pub fn ack_of(player: &Player, at: Cursor, settled: u64) -> Ack {
    Ack {
        recipient: player.id.clone(),
        stream: Stream::Inbox,
        depoch: at.depoch,
        accepted: at.dseq,
        settled,
        head: at.hash,
        exceptions: Vec::new(),
        at: player.now_ms,
    }
}

async fn acknowledgements(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let whole = whole_stream(player, Stream::Inbox, 500).await?;
    let [first, .., last] = &whole[..] else {
        anyhow::bail!("{} items", whole.len());
    };
    let (first, last) = (first.cursor, last.cursor);
    let post = async |ack: &Ack, signer: &Signer| {
        let line = ack.sign(signer).to_line();
        player.post("/inbox/ack", line).await
    };
    for at in [last, first, last] {
        let answered = post(&ack_of(player, at, at.dseq), &player.signing).await?;
        answered.is_success()?;
        ensure!(answered.status == 204, "status {}", answered.status);
    }
    let strange = post(&ack_of(player, last, last.dseq), &Keys::drawn()?.signing).await?;
    strange.refused()?.context("one of a stranger was taken")?;
    let beyond = ack_of(player, first, first.dseq + 1).sign(&player.signing);
    let mute = Envelope::sign(ACK_TYPE, b"{}".to_vec(), &player.signing);
    let many = (0..=1000).map(|dseq| Exception {
        dseq,
        state: ExceptionState::Parked,
        reason: "kind_unknown".into(),
    });
    let many = Ack {
        exceptions: many.collect(),
        ..ack_of(player, last, last.dseq)
    };
    let many = many.sign(&player.signing);
    for (what, envelope) in [
        ("settled beyond accepted", beyond),
        ("of no field", mute),
        ("1,001 exceptions", many),
    ] {
        let answered = player.post("/inbox/ack", envelope.to_line()).await?;
        answered.is_refused(Code::MalformedRequest).context(what)?;
    }
    let [other, ahead] = astray(last);
    for (at, code) in [(other, Code::CursorMismatch), (ahead, Code::CursorAhead)] {
        let ack = ack_of(player, at, first.dseq);
        let answered = post(&ack, &player.signing).await?;
        names_the_end(&answered, code, last)?;
    }
    let public = whole_stream(player, Stream::Public, 500).await?;
    let read = public.last().map_or(Cursor::START, |item| item.cursor);
    let ack = Ack {
        stream: Stream::Public,
        ..ack_of(player, read, read.dseq)
    };
    let answered = post(&ack, &player.signing).await?;
    answered.is_success().context("of the public stream")
}

async fn public(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let body = json!({
        "slug": "uji-kesesuaian", "name": "Uji kesesuaian", "description": "Dari lapor-conform.",
    });
    let said = player.say("programme.published", None, body);
    let edition = json!({ "edition": "uji", "roots": [{ "name": "Uji" }] });
    let wrong = player.say("taxonomy.updated", None, edition);
    accepted(player, &[&said, &wrong]).await?;
    let shown = whole_stream(other, Stream::Public, 500).await?;
    let found =
        |items: &[Delivered], id| items.iter().find(|one| one.item.envelope_id == id).cloned();
    let programme = found(&shown, said.id()).context("a programme is not public")?;
    ensure!(
        programme.envelope.as_ref() == Some(&said.envelope),
        "a programme without its envelope"
    );
    let inbox = whole_stream(player, Stream::Inbox, 500).await?;
    let own = found(&inbox, said.id()).context("its author is not told")?;
    ensure!(
        own.item.withheld == Some(Withheld::Own),
        "withheld {:?}",
        own.item.withheld
    );
    let directory = directory(player).await?;
    let desk = directory.latest().instance(&player.id).cloned();
    if desk.is_some_and(|entry| entry.kind == InstanceKind::Pusat) {
        return Ok(());
    }
    ensure!(
        found(&shown, wrong.id()).is_none(),
        "it is public, and has no effect"
    );
    let ruled = found(&inbox, wrong.id()).context("its author is not told")?;
    ensure!(
        ruled.item.withheld == Some(Withheld::RulingOnly) && !ruled.item.ruling.applied(),
        "an edition of who is no desk"
    );
    Ok(())
}
