//! What is known of the order of what members have brought back: each author's
//! chain, and of each message that anybody was told of, its ruling, when it was
//! ordered, and its places.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use lapor_migrations::Tx;
use lapor_protocol::case::Ruling;
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, Digest, EnvelopeId, InstanceId};
use lapor_protocol::message::Message;

use super::stated;
use super::working::{Mark, Rows};
use crate::error::HubError;
use crate::store;
use crate::store::chains::Chain;
use crate::store::retrieved::Place;
use crate::streams::StreamKey;
use crate::stuck::Stuck;

/// What members were told of a message.
#[derive(Debug, Clone)]
pub struct Known {
    pub ruling: Ruling,
    pub directory: u64,
    pub ordered_at: i64,
    /// Cases and the places in them.
    pub places: Vec<(CaseId, u64)>,
}

/// What is not in the record yet.
pub struct Plan {
    pub known: HashMap<EnvelopeId, Known>,
    /// Where every chain of the hub stands, as messages get their places.
    pub chains: HashMap<InstanceId, Chain>,
    queues: BTreeMap<InstanceId, VecDeque<Place>>,
    /// How many are left that were ordered at a moment, in a version of the directory.
    left: BTreeMap<(i64, u64), usize>,
    claimed: HashMap<(CaseId, u64), EnvelopeId>,
    /// Hashes of items, by recipient and `dseq`.
    expected: HashMap<(String, u64), Digest>,
    /// Whose copy contradicts the record, and those who are not waited for and keep some back: they
    /// have no say.
    apart: HashSet<InstanceId>,
}

impl Plan {
    /// Reads what was brought to a hub whose directory ends like this; an inner error says what is missing.
    pub async fn read(tx: &mut Tx, directory: &Directory) -> Result<Result<Self, Stuck>, HubError> {
        let brought = store::retrieved::envelopes(tx).await?;
        let mut plan = Self {
            known: HashMap::new(),
            chains: store::chains::all(tx).await?,
            queues: BTreeMap::new(),
            left: BTreeMap::new(),
            claimed: HashMap::new(),
            expected: HashMap::new(),
            apart: HashSet::new(),
        };
        let ids: HashSet<EnvelopeId> = brought.iter().map(|place| place.id).collect();
        plan.apart = apart(tx, directory, &ids).await?;
        if let Err(why) = plan.read_items(tx, &ids).await? {
            return Ok(Err(why));
        }
        plan.read_versions(tx, &brought).await?;
        Ok(plan.queue(brought).map(|()| plan))
    }

    /// Of what nobody was told, what has made a version of the directory: everybody sees that one.
    async fn read_versions(&mut self, tx: &mut Tx, brought: &[Place]) -> Result<(), HubError> {
        let untold = brought
            .iter()
            .filter(|place| !self.known.contains_key(&place.id));
        let mut made = Vec::new();
        for place in untold {
            let line = store::retrieved::line(tx, place.id).await?;
            let (line, _) = line.ok_or_else(|| HubError::damaged("a message has gone"))?;
            let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
            let message = Message::parse(&envelope.payload).map_err(HubError::damaged)?;
            made.extend(message.body.ok().map(|body| (place, body)));
        }
        made.retain(|(_, body)| stated::changes(body));
        if made.is_empty() {
            return Ok(());
        }
        let versions = stated::versions(tx).await?;
        for (place, body) in made {
            let Some(version) = stated::by(&versions, &place.author, &body) else {
                continue;
            };
            let known = Known {
                ruling: Ruling::APPLIED,
                directory: version.version - 1,
                ordered_at: version.at,
                places: Vec::new(),
            };
            let moment = (known.ordered_at, known.directory);
            *self.left.entry(moment).or_default() += 1;
            self.known.insert(place.id, known);
        }
        Ok(())
    }

    async fn read_items(
        &mut self,
        tx: &mut Tx,
        brought: &HashSet<EnvelopeId>,
    ) -> Result<Result<(), Stuck>, HubError> {
        let mut held: HashSet<EnvelopeId> = HashSet::new();
        let mut missing: BTreeMap<EnvelopeId, String> = BTreeMap::new();
        let mut after = (String::new(), 0, 0);
        loop {
            let page = store::retrieved::items(tx, (&after.0, after.1, after.2)).await?;
            let Some(last) = page.last() else { break };
            after = (last.to.clone(), last.depoch, last.dseq);
            let apart = |to: &str| self.apart.iter().any(|member| member.as_str() == to);
            let page: Vec<_> = page.into_iter().filter(|row| !apart(&row.to)).collect();
            for row in page {
                let item: Item = serde_json::from_str(&row.text).map_err(HubError::damaged)?;
                self.expected.insert((row.to, row.dseq), row.hash);
                let id = item.envelope_id;
                if brought.contains(&id) {
                    self.learn(&item);
                } else if held.contains(&id) || missing.contains_key(&id) {
                    // Looked for once.
                } else if store::envelopes::is_here(tx, id).await? {
                    held.insert(id);
                } else {
                    missing.insert(id, item.kind);
                }
            }
        }
        Ok(match missing.first_key_value() {
            None => Ok(()),
            Some((id, kind)) => Err(Stuck::Withheld {
                messages: missing.len(),
                of_kind: kind.clone(),
                first: id.to_string(),
            }),
        })
    }

    fn learn(&mut self, item: &Item) {
        let place = item.case.zip(item.case_seq);
        if let Some(place) = place {
            self.claimed.insert(place, item.envelope_id);
        }
        let known = self.known.entry(item.envelope_id).or_insert_with(|| {
            let moment = (item.ordered_at, item.directory);
            *self.left.entry(moment).or_default() += 1;
            Known {
                ruling: item.ruling,
                directory: item.directory,
                ordered_at: item.ordered_at,
                places: Vec::new(),
            }
        });
        if let Some(place) = place.filter(|place| !known.places.contains(place)) {
            known.places.push(place);
        }
    }

    /// Lines up each author's messages behind the last one that the hub holds.
    fn queue(&mut self, brought: Vec<Place>) -> Result<(), Stuck> {
        let mut after: HashMap<(InstanceId, EnvelopeId), Place> = HashMap::new();
        let mut authors: HashSet<InstanceId> = HashSet::new();
        let count = brought.len();
        for place in brought {
            authors.insert(place.author.clone());
            let key = (place.author.clone(), place.prev);
            if let Some(other) = after.insert(key, place) {
                return Err(Stuck::Forked {
                    author: other.author,
                });
            }
        }
        let mut queued = 0;
        for author in authors {
            let chain = self.chains.get(&author);
            let mut last = chain.map_or(Digest::ZERO, |chain| chain.head.id);
            let mut queue = VecDeque::new();
            while let Some(place) = after.remove(&(author.clone(), last)) {
                last = place.id;
                queue.push_back(place);
            }
            queued += queue.len();
            self.queues.insert(author, queue);
        }
        let left = after.into_values();
        match left.into_iter().find(|of| !self.apart.contains(&of.author)) {
            None => Ok(()),
            Some(place) => Err(Stuck::Apart {
                messages: count - queued,
                epoch: place.epoch,
                seq: place.seq,
                author: place.author,
            }),
        }
    }

    /// The earliest moment at which something was ordered that is left.
    pub fn due(&self) -> Option<(i64, u64)> {
        self.left.keys().next().copied()
    }

    /// What may come next: of what was ordered at that moment first, then of what nobody knows.
    pub fn candidates(&self, due: Option<(i64, u64)>) -> Vec<Place> {
        let fronts = || self.queues.values().filter_map(VecDeque::front);
        let is_due = |place: &&Place| {
            let known = self.known.get(&place.id);
            known.is_some_and(|known| due == Some((known.ordered_at, known.directory)))
        };
        let unknown = |place: &&Place| !self.known.contains_key(&place.id);
        let both = fronts().filter(is_due).chain(fronts().filter(unknown));
        both.cloned().collect()
    }

    /// Whether what was ordered since a mark is what members hold of it.
    pub fn agrees(&self, rows: &Rows, mark: &Mark, known: Option<&Known>) -> bool {
        let told = rows.deliveries[mark.deliveries()..].iter().all(|row| {
            let key = (row.to.column().to_owned(), row.dseq);
            let expected = self.expected.get(&key);
            expected.is_none_or(|hash| *hash == Digest::of(row.item.as_bytes()))
        });
        let ruled = &rows.rulings[mark.rulings()..];
        let places = || ruled.iter().filter_map(|row| row.case.zip(row.case_seq));
        told && match known {
            Some(known) => {
                ruled.iter().all(|row| row.ruling == known.ruling)
                    && known.places.iter().all(|at| places().any(|of| of == *at))
            }
            None => !places().any(|at| self.claimed.contains_key(&at)),
        }
    }

    /// A message has its place.
    pub fn advance(&mut self, place: &Place) {
        if let Some(queue) = self.queues.get_mut(&place.author) {
            queue.pop_front();
        }
        if let Some(known) = self.known.get(&place.id) {
            let moment = (known.ordered_at, known.directory);
            if let Some(count) = self.left.get_mut(&moment) {
                *count -= 1;
                if *count == 0 {
                    self.left.remove(&moment);
                }
            }
        }
        let chain = self
            .chains
            .entry(place.author.clone())
            .or_insert_with(|| Chain::new(place.author.clone()));
        chain.head.epoch = place.epoch;
        chain.head.seq = place.seq;
        chain.head.id = place.id;
    }

    /// Whose stream ends before what was brought of it, if any does.
    pub fn short(&self, heads: &[(StreamKey, Cursor)]) -> Option<Stuck> {
        let ends = heads.iter().map(|(to, end)| (to.column(), end.dseq));
        let ends: HashMap<&str, u64> = ends.collect();
        let is_short =
            |(to, dseq): &&(String, u64)| ends.get(to.as_str()).is_none_or(|end| *end < *dseq);
        let (to, dseq) = self.expected.keys().filter(is_short).min()?;
        let whose = Some(to.clone()).filter(|to| !to.is_empty());
        Some(Stuck::Short { item: *dseq, whose })
    }

    /// What could not be placed, if anything is left.
    pub fn stuck(&self) -> Option<Stuck> {
        let left: usize = self.queues.values().map(VecDeque::len).sum();
        let first = self.queues.values().find_map(VecDeque::front)?;
        Some(Stuck::Unfit {
            messages: left,
            epoch: first.epoch,
            seq: first.seq,
            author: first.author.clone(),
        })
    }
}

/// Who has no say: whose copy contradicts the record, and of those who take no part any more whoever has
/// not brought all that it shows, with the messages. They are not waited for, and stop nobody.
async fn apart(
    tx: &mut Tx,
    directory: &Directory,
    brought: &HashSet<EnvelopeId>,
) -> Result<HashSet<InstanceId>, HubError> {
    let (mut apart, mut barred) = (HashSet::new(), Vec::new());
    for (member, of) in store::retrieved::members(tx).await? {
        let takes_part = directory.latest().is_active(&member);
        if of.conflict.is_some() || (!takes_part && of.whole == 0) {
            apart.insert(member);
        } else if !takes_part {
            barred.push(member);
        }
    }
    if barred.is_empty() {
        return Ok(apart);
    }
    let mut after = (String::new(), 0, 0);
    loop {
        let page = store::retrieved::items(tx, (&after.0, after.1, after.2)).await?;
        let Some(last) = page.last() else {
            return Ok(apart);
        };
        after = (last.to.clone(), last.depoch, last.dseq);
        for row in page {
            let Some(member) = barred.iter().find(|member| member.as_str() == row.to) else {
                continue;
            };
            let item: Item = serde_json::from_str(&row.text).map_err(HubError::damaged)?;
            let id = item.envelope_id;
            if !brought.contains(&id) && !store::envelopes::is_here(tx, id).await? {
                apart.insert(member.clone());
            }
        }
    }
}
