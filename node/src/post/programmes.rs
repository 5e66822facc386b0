//! What was published of a programme, for those who follow it: each thing once, when it has its
//! place on the public stream.

use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{ProgrammeProgressed, ProgrammePublished, ProgrammeRef};
use lapor_web::language::Voice;

use super::letterhead::leave_foot;
use super::{Draft, Kind, Letterhead, NEWS_KEPT_MS, Said, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::programmes::{path, status_words};
use crate::reporters::{followed_text, leave_for};
use crate::store;
use crate::store::followed::FollowerRow;

/// Followers who are told in one transaction.
const AT_ONCE: i64 = 200;
/// Things that one letter tells, at most; the page has the rest.
const TOLD: usize = 10;

/// Something that was published.
struct Told {
    at: i64,
    /// How far the programme has come; none where its text was changed.
    progress: Option<ProgrammeProgressed>,
}

impl Node {
    /// Writes to all who follow a programme what they have not been told. Returns how many letters.
    pub(super) async fn write_programme_news(&self) -> Result<usize, NodeError> {
        let mut written = 0;
        loop {
            let mut tx = self.write_tx().await?;
            let behind = store::followed::behind(&mut tx, AT_ONCE).await?;
            for follower in &behind {
                match self.tell_programme(&mut tx, follower).await {
                    Ok(told) => written += usize::from(told),
                    Err(error @ NodeError::Database(_)) => return Err(error),
                    // What cannot be read of one programme keeps no letter of another; it is passed over.
                    Err(error) => {
                        let (owner, slug) = (&follower.owner, &follower.slug);
                        tracing::warn!(%error, owner, slug, "no news of a programme can be written");
                    }
                }
            }
            tx.commit().await?;
            if behind.len() < AT_ONCE as usize {
                return Ok(written);
            }
        }
    }

    /// Writes to one of them; says whether there was something to write.
    async fn tell_programme(&self, tx: &mut Tx, follower: &FollowerRow) -> Result<bool, NodeError> {
        let news = store::followed::news(tx, follower).await?;
        let last = news.last().map_or(follower.told, |(number, ..)| *number);
        store::followed::tell(tx, follower, last).await?;
        let owner: InstanceId = store::instance_id(&follower.owner)?;
        let row = store::public::programme(tx, &follower.owner, &follower.slug).await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let published: ProgrammePublished = store::read(serde_json::from_str(&row.published))?;
        let told: Vec<Told> = news
            .into_iter()
            .map(|(_, kind, body, at)| told(&kind, &body, at))
            .collect::<Result<_, _>>()?;
        let programme = ProgrammeRef {
            owner,
            slug: follower.slug.clone(),
        };
        let about = followed_text(&programme);
        let leave = leave_for(tx, &about, &follower.contact).await?;
        let draft = letter(self, follower, (&programme, &published.name), &told, leave);
        self.write_letter(tx, draft).await?;
        Ok(true)
    }
}

fn told(kind: &str, body: &str, at: i64) -> Result<Told, NodeError> {
    let progressed = kind == "programme.progressed";
    let progress = progressed.then(|| store::read(serde_json::from_str(body)));
    Ok(Told {
        at,
        progress: progress.transpose()?,
    })
}

fn letter<'a>(
    node: &Node,
    follower: &'a FollowerRow,
    (programme, name): (&ProgrammeRef, &str),
    told: &[Told],
    leave: String,
) -> Draft<'a> {
    let head: Letterhead = letterhead(node);
    let skipped = told.len().saturating_sub(TOLD);
    let words = head.write(|v| {
        let lines: Vec<String> = told[skipped..].iter().map(|one| line(v, one)).collect();
        let mut paragraphs = vec![
            v.with("name", name).say("letter-programme"),
            lines.join("\n"),
            v.say("letter-news-read"),
            head.at(&path(&programme.owner, &programme.slug)),
        ];
        paragraphs.extend(leave_foot(&head, v, &leave));
        Said {
            subject: v.with("name", name).say("letter-programme-subject"),
            paragraphs,
        }
    });
    Draft {
        kind: Kind::News,
        address: &follower.contact,
        case: None,
        words,
        leave: Some(leave),
        expires_at: Some(node.clock().now_ms() + NEWS_KEPT_MS),
    }
}

fn line(v: &Voice, told: &Told) -> String {
    let day = v.date(told.at);
    let Some(progress) = &told.progress else {
        return format!("- {day}: {}", v.say("letter-programme-text"));
    };
    let percent = v.with("n", progress.percent).say("programme-percent");
    let status = v.say(status_words(progress.status).0);
    let words = match progress.text.trim() {
        "" => String::new(),
        words => format!(": {words}"),
    };
    format!("- {day}: {percent}, {status}{words}")
}
