//! A hub is looked at: two institutions join it and say what members say,
//! rightly and wrongly.
//!
//! What is said stays in the hub's record for ever. The run belongs before a
//! hub that nobody works with yet.

mod authority;
mod batches;
mod blobs;
mod bodies;
mod cases;
mod chains;
mod doors;
mod joining;
mod keys;
mod rulings;
mod streams;
mod together;
mod told;
mod wraps;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use lapor_protocol::directory::{Directory, InstanceEntry};
use lapor_protocol::ids::{CaseId, InstanceKind};
use lapor_protocol::page::{Delivered, read_page};
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::DirectoryPage;

use crate::check::{self, Check, Untried};
use crate::client::{Applicant, Forge, Joined, Keys, Player};
use crate::report::Report;
use crate::standing::Side;

/// Two who have not joined.
pub struct Applicants {
    first: Applicant,
    second: Applicant,
}

/// Two who have.
pub struct Stage {
    first: Joined,
    second: Joined,
}

/// Lines of invitations for two institutions that have not joined, and the
/// time (Unix ms).
pub struct Terms<'a> {
    pub invitations: [&'a str; 2],
    pub now_ms: i64,
    /// `None` but where a story tries the checks themselves.
    pub forge: Option<Arc<Forge>>,
}

/// Looks at a hub. An error says why nothing can be said of it.
pub async fn look(terms: Terms<'_>) -> Result<Report> {
    let apply = |line| Applicant::new(line, Keys::drawn()?, terms.now_ms);
    let [first, second] = terms.invitations;
    let mut applicants = Applicants {
        first: apply(first).context("the first invitation")?,
        second: apply(second).context("the second invitation")?,
    };
    applicants.first.door.forge.clone_from(&terms.forge);
    applicants.second.door.forge.clone_from(&terms.forge);
    let mut findings = check::make(&joining::BEFORE, &mut applicants).await;
    // Whoever joins is answered truly: without a member nothing more could be tried.
    applicants.first.door.forge = None;
    applicants.second.door.forge = None;
    let mut stage = Stage {
        first: join(applicants.first).await?,
        second: join(applicants.second).await?,
    };
    for joined in [&mut stage.first, &mut stage.second] {
        joined.player.forge.clone_from(&terms.forge);
    }
    for checks in all() {
        findings.extend(check::make(checks, &mut stage).await);
    }
    let domain = &stage.first.answer.trust_domain;
    Ok(Report {
        side: Side::Hub,
        subject: format!("hub of {domain} at {}", stage.first.player.hub),
        findings,
    })
}

/// What these checks hold a hub to.
pub fn sentences() -> impl Iterator<Item = &'static str> {
    let after = all().into_iter().flat_map(check::sentences_of);
    check::sentences_of(&joining::BEFORE).chain(after)
}

/// In the order in which they are made: those that freeze a chain or replace
/// a key come last.
fn all() -> [&'static [Check<Stage>]; 13] {
    [
        &joining::AFTER,
        &doors::CHECKS,
        &batches::CHECKS,
        &bodies::CHECKS,
        &cases::CHECKS,
        &together::CHECKS,
        &rulings::CHECKS,
        &authority::CHECKS,
        &wraps::CHECKS,
        &streams::CHECKS,
        &blobs::CHECKS,
        &chains::CHECKS,
        &keys::CHECKS,
    ]
}

async fn join(applicant: Applicant) -> Result<Joined> {
    let id = applicant.door.invitation.instance.clone();
    let joined = applicant.join().await;
    let joined = joined.with_context(|| format!("{id} cannot join"))?;
    let head = joined.player.head_at_hub().await;
    head.with_context(|| {
        format!("{id} has joined and is not let in; invite it so that nobody has to approve it")
    })?;
    Ok(joined)
}

impl Stage {
    /// Both players, the first of whom files and the second of whom gets.
    fn players(&mut self) -> (&mut Player, &mut Player) {
        (&mut self.first.player, &mut self.second.player)
    }

    /// That the first may dispose to the second; otherwise nothing can be
    /// seen of what a case brings to another institution.
    async fn may_dispose(&self) -> Result<()> {
        let [from, to] = self.entries().await?;
        if covers(&from, &to) {
            return Ok(());
        }
        let why = format!(
            "{} has no authority over {}: invite it with `slug:{}` among what it disposes to",
            from.id, to.id, to.id
        );
        Err(Untried(why).into())
    }

    /// That the rulings of a story are the same at every hub: neither player has
    /// a part in every case, and the second has no authority over the first.
    async fn are_plain(&self) -> Result<()> {
        let [first, second] = self.entries().await?;
        for entry in [&first, &second] {
            if matches!(entry.kind, InstanceKind::Pusat | InstanceKind::Pengawas) {
                let why = format!("{} is a {}: invite a city", entry.id, entry.kind.as_str());
                return Err(Untried(why).into());
            }
        }
        if covers(&second, &first) {
            let why = format!("{} has authority over {}", second.id, first.id);
            return Err(Untried(why).into());
        }
        Ok(())
    }

    /// Both players, as the directory shows them.
    async fn entries(&self) -> Result<[InstanceEntry; 2]> {
        let directory = directory(&self.first.player).await?;
        let entry = |joined: &Joined| {
            let entry = directory.latest().instance(&joined.player.id).cloned();
            entry.context("the directory lacks who has joined")
        };
        Ok([entry(&self.first)?, entry(&self.second)?])
    }
}

fn covers(from: &InstanceEntry, to: &InstanceEntry) -> bool {
    let region = to.region.as_ref();
    let mut authority = from.disposes_to.iter();
    authority.any(|pattern| pattern.covers(&to.id, to.kind, region))
}

/// The whole directory, checked version by version from the keys of enrolment.
async fn directory(of: &Player) -> Result<Directory> {
    let mut directory = Directory::trusting(of.hub_keys.clone());
    loop {
        let path = format!("/directory?since={}", directory.version());
        let page: DirectoryPage = of.get(&path).await?.taken()?;
        for version in &page.versions {
            directory.apply(version)?;
        }
        if directory.version() >= page.latest || page.versions.is_empty() {
            return Ok(directory);
        }
    }
}

/// Everything in a stream so far, checked page by page.
async fn whole_stream(of: &Player, stream: Stream, limit: usize) -> Result<Vec<Delivered>> {
    let mut items: Vec<Delivered> = Vec::new();
    loop {
        let after = items
            .last()
            .map_or(lapor_protocol::delivery::Cursor::START, |item| item.cursor);
        let path = format!("/{}?after={after}&limit={limit}", stream.as_str());
        let answered = of.get(&path).await?;
        answered.is_success()?;
        let key = |envelope: &_| of.hub_key(envelope);
        let page = read_page(&answered.body, after, stream, &of.id, key)?;
        anyhow::ensure!(page.len() <= limit, "{} items for {limit}", page.len());
        if page.is_empty() {
            return Ok(items);
        }
        items.extend(page);
    }
}

/// The items of one case.
async fn items_of(of: &Player, case: CaseId) -> Result<Vec<Delivered>> {
    let mut items = whole_stream(of, Stream::Inbox, 500).await?;
    items.retain(|delivered| delivered.item.case == Some(case));
    Ok(items)
}
