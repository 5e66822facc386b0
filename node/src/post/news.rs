//! What has happened in a case, for its reporter and for those who follow it:
//! each thing once, when the hub has ruled it, and never in the words of an
//! institution. Whoever has not proved an address gets no letter, because the
//! ticket opens what only the reporter should see.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};

use super::{Draft, Kind, Letterhead, NEWS_KEPT_MS, Said};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{case_path, name_of, ticket_path};
use crate::reporters::{Event, leave_for, letters_go_to};
use crate::store;

/// Cases looked at in one go.
const AT_ONCE: i64 = 100;
/// Followers read in one go.
const FOLLOWERS: i64 = 200;
/// Things that one letter tells, at most; the page has the rest.
const TOLD: usize = 10;

/// What a letter tells of a case.
struct News<'a> {
    case: &'a Case,
    title: Option<String>,
    ticket: Option<String>,
    events: Vec<&'a Event>,
}

impl Node {
    /// Writes letters about all cases that have changed. Returns how many.
    pub(super) async fn write_news(&self) -> Result<usize, NodeError> {
        let (mut after, mut written) = (String::new(), 0);
        loop {
            let mut tx = self.read_tx().await?;
            let due = store::told::due(&mut tx, &after, AT_ONCE).await?;
            drop(tx);
            let Some((last, _)) = due.last() else {
                return Ok(written);
            };
            after.clone_from(last);
            for (case, asked) in due {
                match self.write_news_of(&case, asked).await {
                    Ok(letters) => written += letters,
                    Err(error @ NodeError::Database(_)) => return Err(error),
                    // What is wrong with one case keeps no news of another.
                    Err(error) => tracing::warn!(%error, case, "no news of a case can be written"),
                }
            }
        }
    }

    async fn write_news_of(&self, text: &str, asked: i64) -> Result<usize, NodeError> {
        let id = store::case_id(text)?;
        let mut tx = self.write_tx().await?;
        store::told::settle(&mut tx, text, asked).await?;
        let case = match self.shown_case(&mut tx, id).await {
            Ok(case) => case,
            Err(NodeError::NotFound { .. }) => return Ok(tx.commit().await.map(|()| 0)?),
            Err(error) => return Err(error),
        };
        let told = store::told::told(&mut tx, text).await?;
        let events = self.heard_by_reporter(&mut tx, id).await?;
        let fresh: Vec<(&Event, String)> = events
            .iter()
            .filter(|event| !event.pending && tellable(event).is_some())
            .filter_map(|event| Some((event, event.message?.to_string())))
            .filter(|(_, message)| !told.contains(message))
            .collect();
        for (_, message) in &fresh {
            store::told::tell(&mut tx, text, message).await?;
        }
        let row = store::cases::case(&mut tx, text).await?;
        let row = row.ok_or_else(|| NodeError::damaged("a shown case has no row"))?;
        let news = News {
            case: &case,
            title: row.glance.title.filter(|_| !case.secret),
            ticket: row.ticket,
            events: fresh.into_iter().map(|(event, _)| event).collect(),
        };
        let mut written = 0;
        if !news.events.is_empty() && !case.redacted {
            written += self.tell_reporter(&mut tx, id, &news).await?;
        }
        if matches!(case.state, State::Archived | State::Merged) {
            written += self.take_leave(&mut tx, id, &case).await?;
        } else if row.public == 1 && !news.events.is_empty() {
            written += self.tell_followers(&mut tx, id, &news).await?;
        }
        tx.commit().await?;
        Ok(written)
    }

    async fn tell_reporter(
        &self,
        tx: &mut Tx,
        id: CaseId,
        news: &News<'_>,
    ) -> Result<usize, NodeError> {
        let text = id.to_string();
        let address = letters_go_to(tx, &text).await?;
        let (Some(address), Some(ticket)) = (address, &news.ticket) else {
            return Ok(0);
        };
        let leave = leave_for(tx, &text, "").await?;
        let head = Letterhead::of(self);
        let words = head.write(|v| {
            let mut paragraphs = vec![
                v.with("ticket", ticket)
                    .with("institution", head.institution())
                    .say("letter-news-own"),
            ];
            paragraphs.extend(self.course(v, news));
            paragraphs.push(v.say("letter-news-read"));
            paragraphs.push(head.at(&ticket_path(ticket)));
            paragraphs.extend(head.leave_foot(v, &leave));
            Said {
                subject: v.with("ticket", ticket).say("letter-news-own-subject"),
                paragraphs,
            }
        });
        let draft = Draft {
            kind: Kind::News,
            address: &address,
            case: Some(&text),
            words,
            leave: Some(leave),
            expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
        };
        self.write_letter(tx, draft).await?;
        Ok(1)
    }

    async fn tell_followers(
        &self,
        tx: &mut Tx,
        id: CaseId,
        news: &News<'_>,
    ) -> Result<usize, NodeError> {
        let (text, head) = (id.to_string(), Letterhead::of(self));
        let (mut after, mut written) = (String::new(), 0);
        loop {
            let page = store::support::followers(tx, &text, &after, FOLLOWERS).await?;
            let Some((last, _)) = page.last() else {
                return Ok(written);
            };
            after.clone_from(last);
            for (contact, since) in page.iter().filter(|(contact, _)| contact.contains('@')) {
                let events = news.events.iter().filter(|event| event.at > *since);
                let news = News {
                    events: events.copied().collect(),
                    title: news.title.clone(),
                    ticket: None,
                    case: news.case,
                };
                if news.events.is_empty() {
                    continue;
                }
                let leave = leave_for(tx, &text, contact).await?;
                let words = head.write(|v| self.followed(v, &head, id, &news, &leave));
                let draft = Draft {
                    kind: Kind::News,
                    address: contact,
                    case: Some(&text),
                    words,
                    leave: Some(leave),
                    expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
                };
                self.write_letter(tx, draft).await?;
                written += 1;
            }
        }
    }

    /// Tells those who follow a case that is read here no more, without a word of it, and ends
    /// the following.
    async fn take_leave(&self, tx: &mut Tx, id: CaseId, case: &Case) -> Result<usize, NodeError> {
        let (text, head) = (id.to_string(), Letterhead::of(self));
        let (mut after, mut written) = (String::new(), 0);
        loop {
            let page = store::support::followers(tx, &text, &after, FOLLOWERS).await?;
            let Some((last, _)) = page.last() else {
                store::support::forget(tx, &text).await?;
                return Ok(written);
            };
            after.clone_from(last);
            let told = |contact: &str| contact.contains('@') && !case.secret && !case.redacted;
            for (contact, _) in page.iter().filter(|(contact, _)| told(contact)) {
                let draft = Draft {
                    kind: Kind::News,
                    address: contact,
                    case: Some(&text),
                    words: head.write(|v| ended(v, &head)),
                    leave: None,
                    expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
                };
                self.write_letter(tx, draft).await?;
                written += 1;
            }
        }
    }

    fn followed(
        &self,
        v: &Voice,
        head: &Letterhead,
        id: CaseId,
        news: &News<'_>,
        leave: &str,
    ) -> Said {
        let mut paragraphs = vec![
            v.with("institution", head.institution())
                .say("letter-news-followed"),
        ];
        paragraphs.extend(self.course(v, news));
        paragraphs.push(v.say("letter-news-read"));
        paragraphs.push(head.at(&case_path(id)));
        paragraphs.extend(head.leave_foot(v, leave));
        Said {
            subject: v
                .with("institution", head.institution())
                .say("letter-news-followed-subject"),
            paragraphs,
        }
    }

    /// The title, if it may be said, and what happened, the latest last.
    fn course(&self, v: &Voice, news: &News<'_>) -> Vec<String> {
        if news.case.secret {
            return Vec::new();
        }
        let skipped = news.events.len().saturating_sub(TOLD);
        let lines: Vec<String> = news.events[skipped..]
            .iter()
            .filter_map(|event| self.line(v, event))
            .collect();
        let title = news
            .title
            .as_ref()
            .map(|title| format!("\u{201c}{title}\u{201d}"));
        title.into_iter().chain([lines.join("\n")]).collect()
    }

    fn line(&self, v: &Voice, event: &Event) -> Option<String> {
        let name = |id: &str| {
            let id = id.parse().ok()?;
            Some(name_of(self, &id))
        };
        let said = tellable(event)?;
        let institution = event.to.as_deref().and_then(name).unwrap_or_default();
        let by = event.by.as_ref().map(|by| name_of(self, by));
        let said = v.with("institution", institution).say(said);
        let by = by.map_or_else(String::new, |by| format!(" ({by})"));
        Some(format!("- {}: {said}{by}", v.date(event.at)))
    }
}

fn ended(v: &Voice, head: &Letterhead) -> Said {
    Said {
        subject: v
            .with("institution", head.institution())
            .say("letter-news-followed-subject"),
        paragraphs: vec![
            v.with("institution", head.institution())
                .say("letter-news-ended"),
        ],
    }
}

/// What is told of an event; the reporter's own acts are not.
fn tellable(event: &Event) -> Option<TextId> {
    Some(match event.kind.as_str() {
        "case.verified" => text_id("event-verified"),
        "case.disposed" => text_id("event-disposed"),
        "case.held" => text_id("event-held"),
        "case.followed_up" => text_id("event-followed-up"),
        "case.returned" => text_id("event-returned"),
        "case.archived" => text_id("event-archived"),
        "case.closed" if event.closed_by.as_deref() != Some("reporter") => text_id("event-closed"),
        _ => return None,
    })
}
