//! What has happened in a case, for its reporter and for those who follow it:
//! each thing once, when the hub has ruled it, and never in the words of an
//! institution. Whoever has not proved an address gets no letter, because the
//! ticket opens what only the reporter should see.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};

use super::letterhead::leave_foot;
use super::own_acts::{New, as_own, is_closed_by_reporter, told_of_followed};
use super::{Draft, Kind, Letterhead, NEWS_KEPT_MS, Said, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{CONVERSATION, case_path, name_of, talk_path, ticket_path, why};
use crate::reporters::{Event, HeardOf, leave_for};
use crate::store;
use crate::store::cases::CaseRow;

/// Cases looked at in one go.
const AT_ONCE: i64 = 100;
/// Followers who are told in one transaction.
pub(super) const FOLLOWERS: usize = 200;
/// What is older is news to nobody.
pub(super) const OLD_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Things that one letter tells, at most; the page has the rest.
const TOLD: usize = 10;

/// What a letter tells of a case.
pub(super) struct News<'a> {
    pub case: &'a Case,
    pub title: Option<String>,
    pub events: Vec<&'a Event>,
}

impl<'a> News<'a> {
    fn of(case: &'a Case, row: CaseRow, events: Vec<&'a Event>) -> Self {
        Self {
            case,
            title: row.glance.title.filter(|_| !case.secret),
            events,
        }
    }

    /// How many questions the reporter is to answer, where the case waits for it.
    fn asked(&self) -> Option<usize> {
        let last = self.events.iter().rfind(|event| event.kind == "case.held");
        let waits = self.case.state == State::Held && !self.case.secret;
        last.filter(|_| waits).map(|event| event.questions.len())
    }
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

    /// Tells what is new of a case. What a crash leaves behind is told by the next run.
    async fn write_news_of(&self, text: &str, asked: i64) -> Result<usize, NodeError> {
        let written = match self.tell_news(store::case_id(text)?).await {
            Err(NodeError::NotFound { .. }) => 0,
            told => told?,
        };
        let mut tx = self.write_tx().await?;
        store::told::settle(&mut tx, text, asked).await?;
        tx.commit().await?;
        Ok(written)
    }

    async fn tell_news(&self, id: CaseId) -> Result<usize, NodeError> {
        let behind = self.tell_followers(id).await?;
        let asked = self.tell_identity_asks(id).await?;
        let (own, ended) = self.begin_news(id).await?;
        let others = match ended {
            Some(case) => self.take_leave(id, &case).await?,
            None => self.lead_back(id).await? + self.tell_followers(id).await?,
        };
        Ok(behind + asked + own + others)
    }

    /// Tells the reporter what is new, and notes of what followers are to be told. Returns how many
    /// letters that were, and a case that nobody follows any more: not before the hub has ruled that it
    /// ended, for an own act may turn out to be without effect.
    pub(super) async fn begin_news(&self, id: CaseId) -> Result<(usize, Option<Case>), NodeError> {
        let text = id.to_string();
        let mut tx = self.write_tx().await?;
        let case = self.shown_case(&mut tx, id).await?;
        let told = store::told::told(&mut tx, &text).await?;
        let heard = self.heard_of(&mut tx, &case).await?;
        let new = self.new_of(&case, &heard);
        let (to_reporter, messages) = new.untold(&told);
        let row = store::cases::case(&mut tx, &text).await?;
        let row = row.ok_or_else(|| NodeError::damaged("a shown case has no row"))?;
        let ended = row.ruled()?.filter(|case| self.is_left(case));
        let waits = ended.is_none() && self.is_left(&case);
        let some = store::support::followers(&mut tx, &text, "", 1).await?;
        let followed = (row.public == 1 || waits) && ended.is_none() && !some.is_empty();
        for message in &messages {
            let told_to = followed.then_some("");
            store::told::tell(&mut tx, &text, message, told_to).await?;
        }
        let mut written = 0;
        // What is left of one whose words were erased is that they were.
        let erased = |event: &&Event| event.kind == "case.redacted";
        if !to_reporter.is_empty() && (!case.redacted || to_reporter.iter().any(erased)) {
            let news = News::of(&case, row, to_reporter);
            written += self.tell_reporter(&mut tx, id, &news).await?;
        }
        tx.commit().await?;
        Ok((written, ended))
    }

    /// What is news to whoever reported a case, of what is heard of it: ruled, and not too old.
    pub(crate) fn news_of(&self, case: &Case, heard: &HeardOf) -> Vec<Event> {
        self.new_of(case, heard).to_reporter
    }

    fn new_of(&self, case: &Case, heard: &HeardOf) -> New {
        let begun = self.clock().now_ms() - OLD_MS;
        // A half begins with the split, which is told as news of the whole.
        let own = heard.own.iter().skip(usize::from(case.parent.is_some()));
        let own = own.filter(|event| is_news_of(case, event));
        let (mut own, mut events): (Vec<_>, Vec<_>) = own.cloned().partition(is_closed_by_reporter);
        events.extend_from_slice(&heard.beyond);
        for told in [&mut own, &mut events] {
            told.retain(|event| is_ruled_news(event) && event.at > begun);
        }
        New {
            to_reporter: events,
            own,
        }
    }

    /// Tells followers what they have not been told yet.
    async fn tell_followers(&self, id: CaseId) -> Result<usize, NodeError> {
        let mut written = 0;
        while let Some(letters) = self.tell_some(id).await? {
            written += letters;
        }
        Ok(written)
    }

    /// The same for the next of them, in one transaction; `None` when nobody is behind, or while an
    /// own act that ends the case has not been ruled.
    pub(super) async fn tell_some(&self, id: CaseId) -> Result<Option<usize>, NodeError> {
        let text = id.to_string();
        // Read where it is written: another process may tell the same.
        let mut tx = self.write_tx().await?;
        let told = store::told::told(&mut tx, &text).await?;
        let behind: Vec<(&String, &String)> = told
            .iter()
            .filter_map(|(message, told_to)| Some((message, told_to.as_ref()?)))
            .collect();
        let Some(after) = behind.iter().map(|(_, told_to)| *told_to).min() else {
            return Ok(None);
        };
        let case = self.shown_case(&mut tx, id).await?;
        let row = store::cases::case(&mut tx, &text).await?;
        let row = row.ok_or_else(|| NodeError::damaged("a shown case has no row"))?;
        let ruled = row.ruled()?;
        if self.is_left(&case) && !ruled.is_some_and(|case| self.is_left(&case)) {
            return Ok(None);
        }
        let page = match row.public {
            1 => store::support::followers(&mut tx, &text, after, FOLLOWERS as i64).await?,
            _ => Vec::new(),
        };
        let mut events = self.heard_by_reporter(&mut tx, id).await?;
        as_own(&mut events, &told);
        let is_behind = |event: &&Event| {
            let message = event.message.map(|message| message.to_string());
            behind
                .iter()
                .any(|(known, _)| Some(*known) == message.as_ref())
        };
        let news = News::of(&case, row, events.iter().filter(is_behind).collect());
        let written = self.tell_these(&mut tx, id, &news, &page).await?;
        let last = page.last().filter(|_| page.len() == FOLLOWERS);
        let told_to = last.map(|(contact, _)| contact.as_str());
        store::told::tell_on(&mut tx, &text, told_to).await?;
        tx.commit().await?;
        Ok(Some(written))
    }

    pub(super) async fn tell_reporter(
        &self,
        tx: &mut Tx,
        id: CaseId,
        news: &News<'_>,
    ) -> Result<usize, NodeError> {
        let Some(reader) = self.news_reader(tx, id).await? else {
            return Ok(0);
        };
        let (text, ticket) = (id.to_string(), &reader.ticket);
        let half = reader.filed_as != id;
        let leave = leave_for(tx, &reader.filed_as.to_string(), "").await?;
        let head = letterhead(self);
        let words = head.write(|v| {
            let mut paragraphs = vec![
                v.with("ticket", ticket)
                    .with("institution", head.institution())
                    .say("letter-news-own"),
            ];
            paragraphs.extend(half.then(|| v.say("letter-news-half")));
            paragraphs.extend(self.course(v, news, tellable));
            if let Some(asked) = news.asked() {
                paragraphs.push(v.with("n", asked).say("letter-news-asked"));
                paragraphs.push(head.at(CONVERSATION));
            }
            paragraphs.push(v.say("letter-news-read"));
            paragraphs.push(head.at(&if half {
                talk_path(id)
            } else {
                ticket_path(ticket)
            }));
            paragraphs.extend(leave_foot(&head, v, &leave));
            Said {
                subject: v.with("ticket", ticket).say("letter-news-own-subject"),
                paragraphs,
            }
        });
        let draft = Draft {
            kind: Kind::News,
            address: &reader.address,
            case: Some(&text),
            words,
            leave: Some(leave),
            expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
        };
        self.write_letter(tx, draft).await?;
        Ok(1)
    }

    async fn tell_these(
        &self,
        tx: &mut Tx,
        id: CaseId,
        news: &News<'_>,
        followers: &[(String, i64)],
    ) -> Result<usize, NodeError> {
        let (text, head) = (id.to_string(), letterhead(self));
        let mut written = 0;
        for (contact, since) in followers {
            let events = news.events.iter().filter(|event| event.at > *since);
            let news = News {
                events: events.copied().collect(),
                title: news.title.clone(),
                case: news.case,
            };
            if news.events.is_empty() || !contact.contains('@') {
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
        Ok(written)
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
        paragraphs.extend(self.course(v, news, told_of_followed));
        paragraphs.push(v.say("letter-news-read"));
        paragraphs.push(head.at(&case_path(id)));
        paragraphs.extend(leave_foot(head, v, leave));
        to_follower(v, head, paragraphs)
    }

    /// The title, if it may be said, and what happened as `told` has it, the latest last.
    fn course(
        &self,
        v: &Voice,
        news: &News<'_>,
        told: fn(&Event) -> Option<TextId>,
    ) -> Vec<String> {
        if news.case.secret {
            return Vec::new();
        }
        let skipped = news.events.len().saturating_sub(TOLD);
        let lines: Vec<String> = news.events[skipped..]
            .iter()
            .filter_map(|event| Some(self.line(v, event, told(event)?)))
            .collect();
        let title = news
            .title
            .as_ref()
            .map(|title| format!("\u{201c}{title}\u{201d}"));
        title.into_iter().chain([lines.join("\n")]).collect()
    }

    pub(super) fn line(&self, v: &Voice, event: &Event, said: TextId) -> String {
        let name = |id: &str| {
            let id = id.parse().ok()?;
            Some(name_of(self, &id))
        };
        let institution = event.to.as_deref().and_then(name).unwrap_or_default();
        // What its reporter did an institution has only passed on.
        let by = event.by.as_ref().filter(|_| !is_closed_by_reporter(event));
        let by = by.map(|by| name_of(self, by));
        let said = v.with("institution", institution).say(said);
        let why = why(self, v, event).map_or_else(String::new, |why| format!(". {why}"));
        let by = by.map_or_else(String::new, |by| format!(" ({by})"));
        format!("- {}: {said}{by}{why}", v.date(event.at))
    }
}

/// What is said to somebody who follows a case.
pub(super) fn to_follower(v: &Voice, head: &Letterhead, paragraphs: Vec<String>) -> Said {
    Said {
        subject: v
            .with("institution", head.institution())
            .say("letter-news-followed-subject"),
        paragraphs,
    }
}

/// Whether an event of its own history is news of a case: not that another report was merged into
/// it, or is no more.
fn is_news_of(case: &Case, event: &Event) -> bool {
    match event.kind.as_str() {
        "case.linked" => {
            let link = case.merged.as_ref().map(|merged| merged.link.id);
            link.is_some() && link == event.message
        }
        "case.unlinked" => event.into != Some(case.id),
        _ => true,
    }
}

/// All that is news to whoever reported a case, however old, of what they hear of it themselves and
/// of what was done wherever it went on.
pub(crate) fn ever_news<'h>(
    case: CaseId,
    own: &'h [Event],
    beyond: &'h [Event],
) -> impl Iterator<Item = &'h Event> {
    let of_another = move |event: &Event| {
        let is_link = ["case.linked", "case.unlinked"].contains(&event.kind.as_str());
        is_link && event.into == Some(case)
    };
    let own = own.iter();
    let own = own.filter(move |event| !of_another(event) && !is_closed_by_reporter(event));
    own.chain(beyond).filter(|event| is_ruled_news(event))
}

fn is_ruled_news(event: &Event) -> bool {
    !event.pending && tellable(event).is_some()
}

/// What is told of an event to whoever reported its case; a report was closed by another reporter
/// where it is one into which theirs was merged.
pub(crate) fn tellable(event: &Event) -> Option<TextId> {
    Some(match event.kind.as_str() {
        "case.verified" => text_id("event-verified"),
        "case.disposed" => text_id("event-disposed"),
        "case.held" => text_id("event-held"),
        "case.followed_up" if event.proposes_to_close => text_id("event-answered"),
        "case.followed_up" => text_id("event-followed-up"),
        "case.returned" => text_id("event-returned"),
        "case.archived" => text_id("event-archived"),
        "case.recalled" => text_id("event-recalled"),
        "case.reopened" => text_id("event-reopened"),
        "case.taken_over" => text_id("event-taken-over"),
        "case.redacted" => text_id("event-erased"),
        "case.linked" => text_id("event-merged"),
        "case.unlinked" => text_id("event-unmerged"),
        "case.split" => text_id("event-split"),
        "case.closed" if is_closed_by_reporter(event) => text_id("letter-closed-there"),
        "case.closed" if event.closed_by.as_deref() == Some("officer") => text_id("closed-officer"),
        "case.closed" => text_id("closed-silence"),
        _ => return None,
    })
}
