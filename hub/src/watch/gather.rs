//! Brings the picture together: the directory says who there is, the record
//! how far everybody is, the reports what they say of themselves, and the
//! running process who is connected.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, DirectoryVersion, InstanceEntry};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;

use super::history::MONTH_STEP;
use super::picture::{Instance, Picture, Told};
use super::rules::{Health, State, judge};
use crate::app::Hub;
use crate::connections::Connections;
use crate::contacts::Contacts;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::acks::Progress;
use crate::store::chains::Chain;
use crate::store::reports::Report;
use crate::streams::StreamKey;

const DAY_MS: i64 = 86_400_000;

/// What only the running process knows.
pub struct Live<'a> {
    contacts: &'a Contacts,
    connections: &'a Connections,
}

/// Everything that was read, before it is joined.
struct Read {
    heads: HashMap<StreamKey, u64>,
    chains: HashMap<InstanceId, Chain>,
    acks: HashMap<InstanceId, Progress>,
    reports: HashMap<InstanceId, Report>,
    ends: HashMap<InstanceId, i64>,
    earlier: HashMap<InstanceId, u64>,
    /// When the first unacknowledged and the first unapplied item of each inbox
    /// were ordered.
    ordered: HashMap<(InstanceId, u64), i64>,
    /// When the directory versions came into force that somebody lacks.
    versions: BTreeMap<u64, i64>,
}

impl<'a> Live<'a> {
    pub fn of(hub: &'a Hub) -> Self {
        Self {
            contacts: &hub.contacts,
            connections: &hub.connections,
        }
    }
}

/// The picture at the moment of a read transaction.
pub async fn gather(
    ground: &Ground,
    tx: &mut Tx,
    live: Option<Live<'_>>,
) -> Result<Picture, HubError> {
    let at = ground.clock.now_ms();
    let directory = ground.directory.current();
    let read = Read::all(ground, tx, &directory, at).await?;
    let bounds = &ground.settings.watch;
    let instances = directory.latest().instances().map(|entry| {
        let mut instance = read.instance(entry, live.as_ref());
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
        ground: &Ground,
        tx: &mut Tx,
        directory: &Arc<Directory>,
        now_ms: i64,
    ) -> Result<Self, HubError> {
        let depoch = ground.depoch;
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
            .map(|ack| (ack.recipient.clone(), ack))
            .collect();
        let mut places = Vec::new();
        for (key, head) in &heads {
            let StreamKey::Inbox(id) = key else { continue };
            let (accepted, settled) = acks
                .get(id)
                .map_or((0, 0), |ack| (ack.accepted, ack.settled));
            places.extend(
                [accepted, settled]
                    .into_iter()
                    .filter(|at| at < head)
                    .map(|at| (id, at + 1)),
            );
        }
        places.sort_unstable();
        places.dedup();
        let ordered = store::deliveries::ordered(tx, depoch, places).await?;
        let reports: HashMap<InstanceId, Report> = store::reports::all(tx)
            .await?
            .into_iter()
            .map(|report| (report.slug.clone(), report))
            .collect();
        let mut versions = BTreeMap::new();
        for behind in behind(&reports, directory.version()) {
            if let Some(line) = store::directory::one(tx, behind).await? {
                versions.insert(behind, in_force_at(&line)?);
            }
        }
        let earlier = store::samples::earliest(tx, MONTH_STEP, now_ms - DAY_MS).await?;
        Ok(Self {
            heads,
            chains: store::chains::all(tx).await?,
            acks,
            reports,
            ends: store::joining::ends(tx).await?.into_iter().collect(),
            earlier: earlier.into_iter().collect(),
            ordered,
            versions,
        })
    }

    fn instance(&self, entry: &InstanceEntry, live: Option<&Live<'_>>) -> Instance {
        let id = &entry.id;
        let report = self.reports.get(id);
        let ack = self.acks.get(id);
        let (accepted, settled) = ack.map_or((0, 0), |ack| (ack.accepted, ack.settled));
        let received = self
            .heads
            .get(&StreamKey::Inbox(id.clone()))
            .copied()
            .unwrap_or(0);
        let ordered = |at: u64| self.ordered.get(&(id.clone(), at + 1)).copied();
        let contacts = [
            live.and_then(|live| live.contacts.last(id)),
            ack.map(|ack| ack.received_at),
            report.map(|report| report.at),
        ];
        let chain = self.chains.get(id);
        let sent = chain.map_or(0, |chain| sent(entry, chain));
        let told = report.and_then(told);
        let lacks = told.as_ref().map(|told| told.report.directory + 1);
        Instance {
            id: id.clone(),
            kind: entry.kind,
            name: entry.name.clone(),
            region: entry.region.clone(),
            status: entry.status,
            last_contact: contacts.into_iter().flatten().max(),
            connections: live.map_or(0, |live| live.connections.count(id)),
            chain: chain.map(|chain| chain.head.position()),
            frozen: chain.is_some_and(|chain| chain.frozen),
            sent,
            received,
            undelivered: received.saturating_sub(accepted),
            oldest_undelivered: ordered(accepted),
            unapplied: received.saturating_sub(settled),
            oldest_unapplied: ordered(settled),
            apart_since: report.and_then(|report| report.apart_since),
            certificate_expires: self.ends.get(id).copied(),
            directory_since: lacks.and_then(|lacks| self.versions.get(&lacks).copied()),
            traffic: self
                .earlier
                .get(id)
                .map_or(0, |earlier| (sent + received).saturating_sub(*earlier)),
            told,
            health: Health {
                state: State::Grey,
                findings: Vec::new(),
            },
        }
    }
}

/// The first version that each of those who are behind has not taken in.
fn behind(reports: &HashMap<InstanceId, Report>, current: u64) -> Vec<u64> {
    let mut versions: Vec<u64> = reports
        .values()
        .filter_map(told)
        .map(|told| told.report.directory)
        .filter(|version| *version < current)
        .map(|version| version + 1)
        .collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

fn in_force_at(line: &str) -> Result<i64, HubError> {
    let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
    let version: DirectoryVersion =
        serde_json::from_slice(&envelope.payload).map_err(HubError::damaged)?;
    Ok(version.at)
}

fn told(report: &Report) -> Option<Told> {
    Some(Told {
        at: report.at,
        report: serde_json::from_str(&report.text).ok()?,
        clock_offset: report.clock_offset,
    })
}

/// Messages accepted from an author in all its epochs.
fn sent(entry: &InstanceEntry, chain: &Chain) -> u64 {
    let closed = entry.epochs.iter().filter_map(|epoch| epoch.closed_at);
    closed.sum::<u64>() + chain.head.seq
}
