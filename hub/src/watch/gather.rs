//! Brings the picture together: the directory says who there is, the record
//! how far everybody is, the reports what they say of themselves, and the
//! running processes who is connected.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, InstanceEntry};
use lapor_protocol::ids::InstanceId;

use super::memory::{Dated, Memory};
use super::picture::{Instance, Picture, Told};
use super::refusals::Judged;
use super::rules::{Bounds, Health, State, judge};
use crate::app::Hub;
use crate::error::HubError;
use crate::replicas::Seen;
use crate::store;
use crate::store::acks::Progress;
use crate::store::chains::Chain;
use crate::store::joining::Admission;
use crate::store::reports::Report;
use crate::streams::StreamKey;

/// Further ahead than the clocks of a hub's processes are of each other.
const AHEAD_MS: i64 = 60_000;

/// A report that can be read, with what the hub noted beside it.
struct Heard {
    told: Told,
    apart_since: Option<i64>,
}

/// Everything that was read, before it is joined.
struct Read {
    /// Unix ms; nobody could be heard before.
    began_at: i64,
    contacts: HashMap<InstanceId, i64>,
    refusals: HashMap<InstanceId, Judged>,
    twice: HashSet<InstanceId>,
    connections: HashMap<InstanceId, usize>,
    heads: HashMap<StreamKey, u64>,
    chains: HashMap<InstanceId, Chain>,
    acks: HashMap<InstanceId, Progress>,
    heard: HashMap<InstanceId, Heard>,
    ends: HashMap<InstanceId, i64>,
    /// When each got its first certificate.
    begins: Arc<HashMap<InstanceId, i64>>,
    joined: HashMap<InstanceId, Admission>,
    earlier: Arc<HashMap<InstanceId, u64>>,
    /// When the first unacknowledged and the first unapplied item of each inbox
    /// were put there.
    told_at: HashMap<(InstanceId, u64), i64>,
    /// When the directory versions came into force that somebody lacks.
    versions: BTreeMap<u64, i64>,
}

/// The picture at the moment of a read transaction.
pub async fn gather(hub: &Hub, tx: &mut Tx, memory: &Memory) -> Result<Picture, HubError> {
    let at = hub.now_ms();
    let directory = hub.ground.directory.current();
    let read = Read::all(hub, tx, memory, &directory, at).await?;
    let bounds = &hub.settings().watch;
    let instances = directory.latest().instances().map(|entry| {
        let mut instance = read.instance(entry, bounds, at);
        instance.health = judge(&instance, bounds, at);
        (entry.id.clone(), instance)
    });
    Ok(Picture {
        at,
        instances: instances.collect(),
    })
}

impl Read {
    async fn all(
        hub: &Hub,
        tx: &mut Tx,
        memory: &Memory,
        directory: &Directory,
        now_ms: i64,
    ) -> Result<Self, HubError> {
        let Seen {
            began_at,
            mut contacts,
            connections,
            refusals,
            twice,
        } = hub.replicas.see(hub);
        let by_this_clock = |at: i64| by_this_clock(at, now_ms, began_at);
        for at in contacts.values_mut() {
            *at = by_this_clock(*at);
        }
        let depoch = hub.ground.depoch;
        let heads: HashMap<StreamKey, u64> = store::deliveries::heads(tx)
            .await?
            .into_iter()
            .map(|(key, head)| (key, head.dseq))
            .collect();
        // What was acknowledged in an earlier generation says nothing of this one.
        let acks: HashMap<InstanceId, Progress> = store::acks::all(tx)
            .await?
            .into_iter()
            .filter(|ack| ack.depoch == depoch)
            .map(|mut ack| {
                ack.received_at = by_this_clock(ack.received_at);
                (ack.recipient.clone(), ack)
            })
            .collect();
        let mut places = Vec::new();
        for (key, head) in &heads {
            let StreamKey::Inbox(id) = key else { continue };
            let (accepted, settled) = reached(acks.get(id));
            let waiting = [accepted, settled].into_iter().filter(|at| at < head);
            places.extend(waiting.map(|at| (id, at + 1)));
        }
        places.sort_unstable();
        places.dedup();
        let mut told_at = store::deliveries::told_at(tx, depoch, places).await?;
        let reports = store::reports::all(tx).await?;
        let mut heard: HashMap<InstanceId, Heard> = reports.into_iter().filter_map(heard).collect();
        for heard in heard.values_mut() {
            heard.told.at = by_this_clock(heard.told.at);
        }
        let mut versions = BTreeMap::new();
        for heard in heard.values() {
            let lacks = heard.told.report.directory.saturating_add(1);
            if lacks <= directory.version()
                && !versions.contains_key(&lacks)
                && let Some(at) = memory.in_force(tx, lacks).await?
            {
                versions.insert(lacks, at);
            }
        }
        let mut joined: HashMap<InstanceId, Admission> =
            store::joining::admissions(tx).await?.into_iter().collect();
        let items = told_at.iter_mut();
        let items = items.map(|((id, dseq), at)| (Dated::Item(id.clone(), *dseq), at));
        let lacked = versions.iter_mut();
        let lacked = lacked.map(|(version, at)| (Dated::Version(*version), at));
        let since = joined.iter_mut();
        let since = since.filter_map(|(id, of)| {
            let at = of.admitted_at.as_mut()?;
            Some((Dated::Member(id.clone()), at))
        });
        let ahead = items.chain(lacked).chain(since);
        memory.date_anew(ahead.filter(|(_, at)| is_ahead(**at, now_ms)), now_ms);
        let is_dated = |id: &InstanceId| joined.get(id).is_some_and(|of| of.admitted_at.is_some());
        let members = directory.latest().instances();
        let members = members.filter(|entry| entry.is_active() && !is_dated(&entry.id));
        let undated: Vec<&InstanceId> = members.map(|entry| &entry.id).collect();
        Ok(Self {
            began_at,
            contacts,
            refusals,
            twice,
            connections,
            heads,
            chains: store::chains::all(tx).await?,
            acks,
            heard,
            ends: store::joining::ends(tx).await?.into_iter().collect(),
            begins: memory.begins(tx, &undated).await?,
            joined,
            earlier: memory.earlier(tx, now_ms).await?,
            told_at,
            versions,
        })
    }

    fn instance(&self, entry: &InstanceEntry, bounds: &Bounds, now_ms: i64) -> Instance {
        let id = &entry.id;
        let heard = self.heard.get(id);
        let told = heard.map(|heard| heard.told.clone());
        let ack = self.acks.get(id);
        let (accepted, settled) = reached(ack);
        let received = self.heads.get(&StreamKey::Inbox(id.clone()));
        let received = received.copied().unwrap_or(0);
        let told_at = |at: u64| self.told_at.get(&(id.clone(), at + 1)).copied();
        let contacts = [
            self.contacts.get(id).copied(),
            ack.map(|ack| ack.received_at),
            told.as_ref().map(|told| told.at),
        ];
        let chain = self.chains.get(id);
        let sent = chain.map_or(0, |chain| sent(entry, chain));
        let earlier = self.earlier.get(id).copied().unwrap_or(0);
        Instance {
            id: id.clone(),
            kind: entry.kind,
            name: entry.name.clone(),
            region: entry.region.clone(),
            status: entry.status,
            waits_since: self.waits_since(entry),
            member_since: self.member_since(id),
            last_contact: contacts.into_iter().flatten().max(),
            hub_began_at: self.began_at,
            connections: self.connections.get(id).copied().unwrap_or(0),
            chain: chain.map(|chain| chain.head.position()),
            frozen: chain.is_some_and(|chain| chain.frozen),
            twice: self.twice.contains(id),
            refused_since: self.refusals.get(id).and_then(|judged| judged.since),
            judged: self.refusals.contains_key(id),
            sent,
            received,
            undelivered: received.saturating_sub(accepted),
            oldest_undelivered: told_at(accepted),
            unapplied: received.saturating_sub(settled),
            oldest_unapplied: told_at(settled),
            apart_since: heard.and_then(|heard| heard.apart_since),
            certificate_expires: self.certificate_expires(id, bounds, now_ms),
            directory_since: self.directory_since(id),
            traffic: chain.map_or(0, |_| (sent + received).saturating_sub(earlier)),
            told,
            health: Health {
                state: State::Grey,
                findings: Vec::new(),
            },
        }
    }
}

impl Read {
    /// As the hub issued the latest; an earlier end that the institution tells of counts while it is
    /// told, for whoever renewed since says so with the next report.
    fn certificate_expires(&self, id: &InstanceId, bounds: &Bounds, now_ms: i64) -> Option<i64> {
        let issued = self.ends.get(id).copied();
        let told = self.heard.get(id).map(|heard| &heard.told);
        let told = told.filter(|told| issued.is_none() || told.is_fresh(bounds, now_ms));
        let said = told.map(|told| told.report.certificate_expires);
        let ends = [issued, said.filter(|ends| *ends > 0)];
        ends.into_iter().flatten().min()
    }

    /// Nobody has lacked a version for longer than it could read one.
    fn directory_since(&self, id: &InstanceId) -> Option<i64> {
        let told = &self.heard.get(id)?.told;
        let lacks = told.report.directory.saturating_add(1);
        let in_force = self.versions.get(&lacks).copied()?;
        let member = self.member_since(id);
        Some(member.map_or(in_force, |since| in_force.max(since)))
    }

    fn member_since(&self, id: &InstanceId) -> Option<i64> {
        let joined = self.joined.get(id).and_then(|joined| joined.admitted_at);
        joined.or_else(|| self.begins.get(id).copied())
    }

    fn waits_since(&self, entry: &InstanceEntry) -> Option<i64> {
        let joined = self.joined.get(&entry.id)?;
        joined.waits(entry).then_some(joined.asked_at)
    }
}

/// A moment that was noted by a clock that has been set back since: it was before this hub is
/// known to have listened, and nobody is heard or has reported by it as long as that time lasts.
fn by_this_clock(at: i64, now_ms: i64, began_at: i64) -> i64 {
    if is_ahead(at, now_ms) {
        began_at
    } else {
        at.min(now_ms)
    }
}

fn is_ahead(at: i64, now_ms: i64) -> bool {
    at.saturating_sub(now_ms) > AHEAD_MS
}

fn reached(ack: Option<&Progress>) -> (u64, u64) {
    ack.map_or((0, 0), |ack| (ack.accepted, ack.settled))
}

fn heard(report: Report) -> Option<(InstanceId, Heard)> {
    let told = Told {
        at: report.at,
        report: serde_json::from_str(&report.text).ok()?,
        clock_offset: report.clock_offset,
    };
    let heard = Heard {
        told,
        apart_since: report.apart_since,
    };
    Some((report.slug, heard))
}

/// Messages accepted from an author in all its epochs.
fn sent(entry: &InstanceEntry, chain: &Chain) -> u64 {
    let closed = entry.epochs.iter().filter_map(|epoch| epoch.closed_at);
    closed.sum::<u64>() + chain.head.seq
}
