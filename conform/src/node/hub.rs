//! The hub that the kit plays for a node. It keeps the contract but where it
//! is meant to break it: batches are refused for a while, lost, taken in part
//! and receipted falsely; the first page that brings each case is spoiled, and
//! so is that of each later version of the directory. Whatever the node does is
//! written down.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use lapor_certs::{ChallengeResponse, EnrolRequest, RenewRequest};
use lapor_protocol::delivery::{Cursor, StreamHead};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Verifier;
use lapor_protocol::limits::LINE_BYTES;
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::receipt::Stream;
use lapor_protocol::seal::Wrap;
use lapor_protocol::wire::{CaseKeys, Limits, NDJSON, OutboxHead, PREFIX, VERSION, WellKnown};
use tokio::sync::watch;

use super::listen::{Reply, Request};
use super::seen::{Acked, Call, Impostor, MISPRINTS, Seen, Treated};
use super::state::{Member, State};
use super::world::World;

/// Longer than a client takes for a second batch that waits for nothing.
const SLOW: Duration = Duration::from_millis(300);

pub struct PlayedHub {
    state: Mutex<State>,
    /// How many batches have not been answered yet.
    under_way: AtomicUsize,
    /// Rung whenever something was written down.
    pub moved: watch::Sender<u64>,
    now_ms: i64,
}

impl PlayedHub {
    pub fn new(world: World, now_ms: i64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(world)),
            under_way: AtomicUsize::new(0),
            moved: watch::Sender::new(0),
            now_ms,
        })
    }

    /// What was written down so far, with the world in which it happened.
    pub fn look<T>(&self, at: impl FnOnce(&Seen, &World) -> T) -> T {
        let state = self.state();
        at(&state.seen, &state.world)
    }

    /// Answers somebody without a certificate.
    pub fn strange(&self, request: &Request) -> Reply {
        let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
        let reply = match (request.method.as_str(), path) {
            ("POST", "/enrol") => self.enrol(request),
            ("POST", "/certificates/challenge") => Reply::json(
                200,
                &ChallengeResponse {
                    nonce: Digest::of(b"challenge"),
                },
            ),
            ("POST", "/certificates/recover") => Reply::refused(Code::RecoveryInvalid),
            _ => self.well_known(request),
        };
        self.rings();
        reply
    }

    /// Who is shown to who connects now; `None` for the hub itself.
    pub fn shows(&self) -> Option<Impostor> {
        let mut state = self.state();
        let impostor = state.next_impostor()?;
        state.seen.impostors.push((impostor, false));
        Some(impostor)
    }

    /// Answers the node. While impostors are to be shown, each answer ends its
    /// connection.
    pub async fn answer(&self, request: Request) -> Reply {
        if let Some(impostor) = request.shown {
            self.state().seen.asked_of(impostor);
            return Reply::Cut;
        }
        let reply = self.reply(request).await;
        if self.state().next_impostor().is_some() {
            reply.closing()
        } else {
            reply
        }
    }

    async fn reply(&self, request: Request) -> Reply {
        self.state().seen.calls.push(Call {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            bytes: request.body.len(),
            certificates: request.certificates,
        });
        let Some(path) = request.path.strip_prefix(PREFIX) else {
            return self.well_known(&request);
        };
        let reply = match (request.method.as_str(), path) {
            ("GET", "/outbox/head") => self.outbox_head(&request),
            ("GET", "/outbox") => self.outbox_again(&request),
            ("POST", "/outbox") => self.batch(&request).await,
            ("GET", "/inbox") => self.inbox(&request).await,
            ("GET", "/public") => self.public(&request).await,
            ("POST", "/inbox/ack") => self.acknowledge(&request),
            ("GET", "/directory") => self.directory(&request).await,
            ("POST", "/health") => self.health(&request),
            ("POST", "/certificates/renew") => self.renew(&request),
            ("GET", path) if is_keys(path) => self.keys(path),
            ("PUT", path) if is_keys(path) => Reply::done(),
            _ => Reply::refused(Code::NotFound),
        };
        self.rings();
        reply
    }

    fn well_known(&self, request: &Request) -> Reply {
        if request.path != "/.well-known/lapor" {
            return Reply::refused(Code::NotFound);
        }
        let state = self.state();
        let known = WellKnown {
            trust_domain: state.world.domain.to_string(),
            versions: vec![VERSION.into()],
            software: concat!("lapor-conform ", env!("CARGO_PKG_VERSION")).into(),
            time: self.now_ms,
            key_ids: vec![state.world.hub.kid().clone()],
            kinds: vec!["report.filed".into()],
            limits: Limits::default(),
        };
        Reply::json(200, &known)
    }

    fn enrol(&self, request: &Request) -> Reply {
        let Ok(asked) = serde_json::from_slice::<EnrolRequest>(&request.body) else {
            return Reply::refused(Code::MalformedRequest);
        };
        let mut state = self.state();
        let secret = state.world.invitation.secret.hash();
        let checked = asked.check(&secret);
        let invited = asked.instance == state.world.invitation.instance;
        let outcome = match &checked {
            Ok(_) if invited => Ok(()),
            Ok(_) => Err(format!("it joins as {}", asked.instance)),
            Err(error) => Err(error.to_string()),
        };
        if state.seen.enrolments.is_empty() {
            state.seen.joined = serde_json::from_slice(&request.body).unwrap_or_default();
        }
        state.seen.enrolments.push((asked.clone(), outcome.clone()));
        let Some(checked) = checked.ok().filter(|_| invited) else {
            return Reply::problem(
                Problem::new(Code::EnrolmentInvalid).with_detail(outcome.err().unwrap_or_default()),
            );
        };
        let Ok(signing) = Verifier::from_jwk(&asked.signing.jwk) else {
            return Reply::refused(Code::EnrolmentInvalid);
        };
        state.member = Some(Member {
            signing,
            sealing: asked.sealing.clone(),
        });
        match state.world.admit(&asked, &checked.tls_key) {
            Ok(answer) => Reply::json(201, &answer),
            Err(_) => Reply::refused(Code::Internal),
        }
    }

    fn outbox_head(&self, request: &Request) -> Reply {
        let mut state = self.state();
        if let Some(conflict) = state.boots(request) {
            return conflict;
        }
        Reply::json(
            200,
            &OutboxHead {
                head: state.head,
                accepted: state.head.seq,
                archived: 0,
            },
        )
    }

    fn outbox_again(&self, request: &Request) -> Reply {
        let state = self.state();
        let of_first_epoch = request.number("epoch") == 1;
        let lines = state.chain.iter().skip(request.number("after") as usize);
        let lines = lines.filter(|_| of_first_epoch).take(500);
        let lines: Vec<String> = lines.map(|line| line.to_line() + "\n").collect();
        Reply::bytes(200, NDJSON, lines.concat().into_bytes())
    }

    /// What was taken is answered after a while, in which nobody who waits for the
    /// answer sends another batch.
    async fn batch(&self, request: &Request) -> Reply {
        let others = self.under_way.fetch_add(1, Ordering::SeqCst);
        if others > 0 {
            self.state().seen.at_once += 1;
        }
        let reply = self.outbox(request);
        if matches!(reply, Reply::Answer { status: 200, .. }) {
            tokio::time::sleep(SLOW).await;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        reply
    }

    fn outbox(&self, request: &Request) -> Reply {
        let mut state = self.state();
        if let Some(conflict) = state.boots(request) {
            return conflict;
        }
        let lines = match read_batch(&request.body) {
            Ok(lines) => lines,
            Err(fault) => {
                state.note(Treated::Refused, Vec::new(), Some(fault));
                return Reply::refused(Code::MalformedBatch);
            }
        };
        let treated = state.treatment(lines.len());
        let sent_away = match treated {
            Treated::Overloaded => Some(Code::Overloaded),
            Treated::Maintenance => Some(Code::Maintenance),
            _ => None,
        };
        if let Some(code) = sent_away {
            state.note(treated, lines, None);
            return Reply::refused(code);
        }
        if treated == Treated::Excepted {
            let answer = state.excepted();
            state.note(treated, lines, None);
            return Reply::json(200, &answer);
        }
        let taken = match treated {
            Treated::InPart => &lines[..1],
            _ => &lines[..],
        };
        let answer = state.accept(taken, self.now_ms);
        let fault = answer.exceptions.first().map(|exception| {
            let detail = exception.detail.as_deref().unwrap_or_default();
            format!("{} {detail}", exception.code.as_str())
        });
        let treated = if fault.is_some() {
            Treated::Refused
        } else {
            treated
        };
        state.note(treated, lines, fault);
        match treated {
            Treated::CutOff => Reply::Cut,
            Treated::Falsely(how) => Reply::json(200, &state.falsely(answer, how)),
            _ => {
                if treated == Treated::Receipted {
                    state.rule(self.now_ms);
                    if state.seen.brought == 0 {
                        state.bring_news(self.now_ms);
                    }
                }
                Reply::json(200, &answer)
            }
        }
    }

    async fn inbox(&self, request: &Request) -> Reply {
        let Some(after) = cursor_of(request) else {
            return Reply::refused(Code::CursorMalformed);
        };
        let end = |state: &State| state.seen.end();
        self.wait(request, |state| end(state) != after).await;
        let mut state = self.state();
        let place = state.end_at(after.dseq);
        if place != Some(after.hash) {
            return Reply::refused(Code::CursorMismatch);
        }
        let news = state.stream.len() > after.dseq as usize + 1;
        let spoil = state.seen.next_spoil().filter(|_| news);
        state.seen.pages.push((after.to_string(), spoil));
        let limit = request.asks("limit").and_then(|text| text.parse().ok());
        let limit = limit.unwrap_or(500);
        if spoil.is_none() {
            let end = (state.stream.len() as u64).min(after.dseq + limit as u64);
            state.seen.given = state.seen.given.max(end);
        }
        let page = state.page(after, limit, spoil, self.now_ms);
        Reply::bytes(200, NDJSON, page)
    }

    /// Nothing is public here.
    async fn public(&self, request: &Request) -> Reply {
        self.wait(request, |_| false).await;
        let state = self.state();
        let head = StreamHead {
            recipient: None,
            stream: Stream::Public,
            depoch: 1,
            dseq: 0,
            hash: Digest::ZERO,
            at: self.now_ms,
        };
        let line = head.sign(&state.world.hub).to_line();
        Reply::bytes(200, NDJSON, format!("{{\"head\":{line}}}\n").into_bytes())
    }

    fn acknowledge(&self, request: &Request) -> Reply {
        let mut state = self.state();
        let ack = state.read_ack(&request.body);
        let given = state.seen.given;
        let fits = ack.is_ok();
        let end = state.seen.end().dseq;
        let caught_up = ack
            .as_ref()
            .is_ok_and(|ack| ack.stream == Stream::Inbox && ack.accepted == end && given == end);
        state.seen.acks.push(Acked { ack, given });
        if caught_up && state.seen.brought > 0 {
            state.bring_news(self.now_ms);
        }
        if fits {
            Reply::done()
        } else {
            Reply::refused(Code::SignatureInvalid)
        }
    }

    async fn directory(&self, request: &Request) -> Reply {
        let since = request.number("since");
        self.wait(request, |state| state.world.directory.len() as u64 > since)
            .await;
        let mut state = self.state();
        let misprint = state.misprint(since);
        let misprinted = misprint.and_then(|one| state.world.misprinted(one).ok());
        state.seen.since.push((since, misprint));
        let page = misprinted.unwrap_or_else(|| state.world.page_of_directory(since));
        let printed = state.seen.since.iter().filter(|(_, one)| one.is_some());
        let goes_on = printed.count() < MISPRINTS.len() && misprint.is_none();
        if state.prints && goes_on && !page.versions.is_empty() {
            // Only a slug that cannot be read keeps it from being published.
            let _ = state.world.publish_another();
        }
        Reply::json(200, &page)
    }

    /// From now on the directory goes on, each version misprinted once.
    pub fn print(&self) -> Result<()> {
        let mut state = self.state();
        state.prints = true;
        let version = state.world.publish_notice();
        state.seen.noticed_in = Some(version);
        state.world.publish_another()?;
        drop(state);
        self.rings();
        Ok(())
    }

    /// No wraps beside those of the stream, but of the case to which none came.
    fn keys(&self, path: &str) -> Reply {
        let case = path.split('/').nth(2).and_then(|text| text.parse().ok());
        let Some(case) = case else {
            return Reply::refused(Code::CaseUnknown);
        };
        let state = self.state();
        let is_keyless = state.seen.keyless == Some(case);
        let kept_back = if is_keyless {
            &state.kept_back[..]
        } else {
            &[]
        };
        Reply::json(
            200,
            &CaseKeys {
                case,
                wraps: kept_back.to_vec(),
                missing: Vec::new(),
            },
        )
    }

    fn health(&self, request: &Request) -> Reply {
        let Ok(health) = serde_json::from_slice(&request.body) else {
            return Reply::refused(Code::MalformedRequest);
        };
        self.state().seen.health.push(health);
        Reply::done()
    }

    fn renew(&self, request: &Request) -> Reply {
        let asked: Option<RenewRequest> = serde_json::from_slice(&request.body).ok();
        let Some((asked, key)) = asked.and_then(|asked| {
            let key = asked.check().ok()?;
            Some((asked, key))
        }) else {
            return Reply::refused(Code::MalformedRequest);
        };
        let mut state = self.state();
        state.seen.renewals.push(asked.csr);
        match state.world.renew(&key) {
            Ok(answer) => Reply::json(200, &answer),
            Err(_) => Reply::refused(Code::Internal),
        }
    }

    /// As long as a request asks to, until something holds.
    async fn wait(&self, request: &Request, holds: impl Fn(&State) -> bool) {
        let wait = Duration::from_secs(request.number("wait").min(25));
        let mut moved = self.moved.subscribe();
        let waiting = async {
            while !holds(&self.state()) {
                if moved.changed().await.is_err() {
                    return;
                }
            }
        };
        // Whoever has waited long enough is answered as it is.
        let _ = tokio::time::timeout(wait, waiting).await;
    }

    fn rings(&self) {
        self.moved.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cursor_of(request: &Request) -> Option<Cursor> {
    match request.asks("after") {
        None => Some(Cursor::START),
        Some(text) => text.parse().ok(),
    }
}

fn read_batch(body: &[u8]) -> Result<Vec<(Envelope, Vec<Wrap>)>, String> {
    let lines = body.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.trim_ascii().is_empty());
    let read = lines.map(|line| {
        if line.len() > LINE_BYTES {
            return Err(format!("a line of {} bytes", line.len()));
        }
        let line: BatchLine<'_> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
        let envelope = Envelope::parse(line.envelope.get().as_bytes());
        Ok((envelope.map_err(|e| e.to_string())?, line.wraps))
    });
    let read: Vec<_> = read.collect::<Result<_, String>>()?;
    if read.is_empty() {
        return Err("no line at all".into());
    }
    Ok(read)
}

fn is_keys(path: &str) -> bool {
    path.starts_with("/cases/") && path.ends_with("/keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Keys;

    #[test]
    fn a_line_that_is_too_long_is_no_line_of_a_batch() {
        let signer = Keys::from_seed(7).signing;
        let of = |bytes: usize| {
            let envelope = Envelope::sign("x", vec![b'x'; 3], &signer).to_line();
            let line = format!("{{\"envelope\":{envelope}}}");
            format!("{line}{}", " ".repeat(bytes - line.len()))
        };
        assert_eq!(read_batch(of(LINE_BYTES).as_bytes()).unwrap().len(), 1);
        let fault = read_batch(of(LINE_BYTES + 1).as_bytes()).unwrap_err();
        assert!(fault.contains("524289 bytes"), "{fault}");
    }
}
