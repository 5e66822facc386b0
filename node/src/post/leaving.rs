//! How the following of a case ends, and where it leads: with a merge into the other case and back
//! from it, and to a last letter where the case is read here no more.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};

use super::letterhead::leave_foot;
use super::news::{FOLLOWERS, OLD_MS, to_follower};
use super::{Draft, Kind, Letterhead, NEWS_KEPT_MS, Said, letterhead};
use crate::casework::{CaseSummary, Left, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::onward::Onward;
use crate::portal::{case_path, name_of};
use crate::reporters::{Event, follow};
use crate::store;

impl Node {
    /// Tells those who follow a case that is read here no more, without a word of it, and ends
    /// the following of each with the letter. Where it was merged they follow the other one, where
    /// its words were erased they read why, and where nothing more is heard of it, who had it then.
    pub(super) async fn take_leave(&self, id: CaseId, case: &Case) -> Result<usize, NodeError> {
        let (text, head) = (id.to_string(), letterhead(self));
        let erased = self.erased_lately(id).await?;
        let news = !case.secret && (!case.redacted || erased.is_some());
        let told = |contact: &str| news && contact.contains('@');
        let left = self.left_of(id).await?.filter(|_| !case.redacted);
        let mut written = 0;
        loop {
            let mut tx = self.write_tx().await?;
            let row = store::cases::case(&mut tx, &text).await?;
            let ruled = row.map(|row| row.ruled()).transpose()?.flatten();
            // It may go on here again: then they follow it still, and the next round tells them that.
            if !ruled.is_some_and(|case| self.is_left(&case)) {
                return Ok(written);
            }
            let onward = if left.is_some() {
                None
            } else {
                public_target(&mut tx, case).await?
            };
            let page = store::support::followers(&mut tx, &text, "", FOLLOWERS as i64).await?;
            for (contact, _) in &page {
                store::support::end_following(&mut tx, &text, contact).await?;
                if !told(contact) {
                    store::support::forget_leaves(&mut tx, &text, contact).await?;
                    continue;
                }
                let (words, leave) = match onward {
                    Some(into) => {
                        let now = self.clock().now_ms();
                        let target = into.to_string();
                        let leave = follow(&mut tx, &target, contact, now).await?;
                        store::support::lead_on(&mut tx, &text, contact, &target).await?;
                        (
                            head.write(|v| {
                                followed_on(v, &head, text_id("letter-news-moved"), into, &leave)
                            }),
                            Some(leave),
                        )
                    }
                    None => (
                        head.write(|v| match &left {
                            Some(left) => self.gone_on(v, &head, left),
                            None => self.ended(v, &head, erased.as_ref()),
                        }),
                        None,
                    ),
                };
                let draft = Draft {
                    kind: Kind::News,
                    address: contact,
                    case: Some(&text),
                    words,
                    leave,
                    expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
                };
                self.write_letter(&mut tx, draft).await?;
                written += 1;
            }
            if page.len() < FOLLOWERS {
                // Who was led on leaves the other one by the letters about this one too.
                if onward.is_none() {
                    store::support::forget_followers(&mut tx, &text).await?;
                }
                if case.redacted {
                    forget_ways_back(&mut tx, &text).await?;
                }
                tx.commit().await?;
                return Ok(written);
            }
            tx.commit().await?;
        }
    }

    /// That the words of a case were erased, if it is news still.
    async fn erased_lately(&self, id: CaseId) -> Result<Option<Event>, NodeError> {
        let begun = self.clock().now_ms() - OLD_MS;
        let mut tx = self.read_tx().await?;
        let events = self.heard_by_reporter(&mut tx, id).await?.into_iter();
        let mut erased = events.filter(|event| event.kind == "case.redacted" && event.at > begun);
        Ok(erased.next_back())
    }

    /// How a case left this institution, if it did.
    async fn left_of(&self, id: CaseId) -> Result<Option<Left>, NodeError> {
        let mut tx = self.read_tx().await?;
        let found = summaries(&mut tx, &[&id.to_string()]).await?;
        Ok(found.first().and_then(CaseSummary::left))
    }

    /// Whether nobody follows a case here any more: it is read elsewhere, or nowhere.
    pub(super) fn is_left(&self, case: &Case) -> bool {
        let directory = self.directory();
        let heard = |me| case.is_party(me, directory.latest());
        case.redacted
            || matches!(case.state, State::Archived | State::Merged)
            || !self.instance().is_ok_and(heard)
    }

    /// That a following has ended because nothing more is heard here of the case.
    fn gone_on(&self, v: &Voice, head: &Letterhead, left: &Left) -> Said {
        let onward = Onward::of(self, v, left);
        let ended = v
            .with("institution", head.institution())
            .say("letter-news-left");
        let mut paragraphs = vec![ended, onward.said];
        paragraphs.extend(left.origin.as_ref().map(|origin| {
            let at = v
                .with("institution", name_of(self, origin))
                .say("letter-news-left-at");
            let portal = onward.portal.map(|to| format!(" {to}"));
            at + &portal.unwrap_or_default()
        }));
        let national = onward.national;
        paragraphs.extend(national.map(|at| format!("{} {at}", v.say("left-or"))));
        to_follower(v, head, paragraphs)
    }

    /// That a following has ended, and why where the words were erased.
    fn ended(&self, v: &Voice, head: &Letterhead, erased: Option<&Event>) -> Said {
        let ended = if erased.is_some() {
            text_id("letter-news-erased")
        } else {
            text_id("letter-news-ended")
        };
        let mut paragraphs = vec![v.with("institution", head.institution()).say(ended)];
        paragraphs.extend(erased.map(|event| self.line(v, event, text_id("event-erased"))));
        to_follower(v, head, paragraphs)
    }

    /// Tells those who followed a case before it was merged that it goes on by itself again, and has
    /// them follow it beside the other one, unless they have left that. Waits while not everybody
    /// may read it.
    pub(super) async fn lead_back(&self, id: CaseId) -> Result<usize, NodeError> {
        let (text, head) = (id.to_string(), letterhead(self));
        let mut tx = self.read_tx().await?;
        if store::support::led_on(&mut tx, &text, 1).await?.is_empty() {
            return Ok(0);
        }
        drop(tx);
        let mut written = 0;
        loop {
            let mut tx = self.write_tx().await?;
            let row = store::cases::case(&mut tx, &text).await?;
            if row.as_ref().is_some_and(|row| row.erased == 1) {
                forget_ways_back(&mut tx, &text).await?;
                tx.commit().await?;
                return Ok(written);
            }
            if row.is_none_or(|row| row.public != 1) {
                return Ok(written);
            }
            let led = store::support::led_on(&mut tx, &text, FOLLOWERS as i64).await?;
            let now = self.clock().now_ms();
            for contact in &led {
                store::support::end_leading(&mut tx, &text, contact).await?;
                let leave = follow(&mut tx, &text, contact, now).await?;
                let draft = Draft {
                    kind: Kind::News,
                    address: contact,
                    case: Some(&text),
                    words: head.write(|v| {
                        followed_on(v, &head, text_id("letter-news-led-back"), id, &leave)
                    }),
                    leave: Some(leave),
                    expires_at: Some(now + NEWS_KEPT_MS),
                };
                self.write_letter(&mut tx, draft).await?;
                written += 1;
            }
            tx.commit().await?;
            if led.len() < FOLLOWERS {
                return Ok(written);
            }
        }
    }
}

/// Nobody is ever led back to a case whose words were erased.
async fn forget_ways_back(tx: &mut Tx, case: &str) -> Result<(), NodeError> {
    store::support::forget_led(tx, case).await?;
    Ok(store::support::forget_followers(tx, case).await?)
}

/// Where a case was merged into one that everybody may read, that one.
async fn public_target(tx: &mut Tx, case: &Case) -> Result<Option<CaseId>, NodeError> {
    let Some(merged) = &case.merged else {
        return Ok(None);
    };
    let row = store::cases::case(tx, &merged.into.to_string()).await?;
    Ok(row.filter(|row| row.public == 1).map(|_| merged.into))
}

/// That whoever followed another case follows this one.
fn followed_on(v: &Voice, head: &Letterhead, why: TextId, to: CaseId, leave: &str) -> Said {
    let mut paragraphs = vec![
        v.with("institution", head.institution()).say(why),
        head.at(&case_path(to)),
    ];
    paragraphs.extend(leave_foot(head, v, leave));
    to_follower(v, head, paragraphs)
}
