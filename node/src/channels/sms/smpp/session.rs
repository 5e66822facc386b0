//! One line: connected, bound, tried in silence, bound again after it was lost, with a farewell at
//! the end. Answers find their message by the number of the sequence; no more than a window of them
//! is out at once.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rusmpp::pdus::{DeliverSm, DeliverSmResp};
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use tokio::net::TcpStream;
use tokio::sync::{MutexGuard, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::codec::Framed;
use tokio_util::sync::CancellationToken;

use super::super::super::heard::Raw;
use super::super::super::{Channel, Unsaid};
use super::pdu::{self, Delivery, Role};
use super::wire::{Received, Wire};
use super::{Answer, Order, Smpp, receipts};
use crate::node::Node;
use crate::sync::Backoff;

const CONNECT: Duration = Duration::from_secs(10);
/// For how long a bind and a farewell may be unanswered, and a command unread.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// For how long nothing is said to a network that is told too much.
const SLOWER: Duration = Duration::from_mins(1);
/// A message that comes again within so long was not answered; later it is another.
const SAME_MS: i64 = 15 * 60 * 1000;
/// A network does not hand over again what was acknowledged so soon.
const SOON: Duration = Duration::from_secs(5);
/// Short texts of one line that are remembered.
const REMEMBERED: usize = 4096;
const LAST_SEQUENCE: u32 = 0x7fff_ffff;

type Line = Framed<TcpStream, Wire>;

/// Keeps a line until `stop`.
pub async fn keep(
    smpp: &Smpp,
    role: Role,
    (channel, node): (&dyn Channel, &Node),
    stop: &CancellationToken,
) {
    let mut backoff = Backoff::default();
    loop {
        let connected = tokio::select! {
            connected = connect(smpp, role) => connected,
            () = stop.cancelled() => return,
        };
        let problem = match connected {
            Ok(line) => {
                backoff.reset();
                tracing::info!(?role, "the line to the network is bound");
                if role != Role::Out {
                    node.note_fetched(channel.name()).await;
                }
                if role != Role::In {
                    node.note_opened(channel.name()).await;
                }
                let mut session = Session::new(smpp, role, channel, node).await;
                match session.serve(line, stop).await {
                    Ok(()) if stop.is_cancelled() => return,
                    Ok(()) => "the network has ended the line".to_owned(),
                    Err(error) => format!("the line was lost: {error}"),
                }
            }
            Err(problem) => problem,
        };
        tracing::warn!(?role, "{problem}");
        if role != Role::Out {
            node.note_unfetched(channel.name(), &problem).await;
        }
        if role != Role::In {
            smpp.trouble.send_replace(Some(problem));
        }
        let pause = backoff.next(LONGEST_PAUSE, None);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Opens a line and binds it.
async fn connect(smpp: &Smpp, role: Role) -> Result<Line, String> {
    let away = |error: &dyn std::fmt::Display| format!("the network cannot be reached: {error}");
    let address = smpp.settings.address.clone().unwrap_or_default();
    let stream = timeout(CONNECT, TcpStream::connect(address)).await;
    let stream = stream.map_err(|error| away(&error))?;
    let stream = stream.map_err(|error| away(&error))?;
    let mut line = Framed::new(stream, Wire);
    let request = pdu::bind(role, &smpp.system_id, &smpp.password);
    let request = request.ok_or("the line cannot be bound with these settings")?;
    let bind = Command::new(CommandStatus::EsmeRok, 1, request);
    line.send(bind).await.map_err(|error| away(&error))?;
    let silent = "the network does not answer the bind";
    let answer = timeout(PATIENCE, line.next()).await.map_err(|_| silent)?;
    match answer {
        Some(Ok(Received::Command(answer))) if answer.sequence_number() == 1 => {
            match answer.status() {
                CommandStatus::EsmeRok => Ok(line),
                status => Err(format!("the network refuses the bind ({})", named(status))),
            }
        }
        Some(Err(error)) => Err(away(&error)),
        _ => Err("the network answers the bind with something else".into()),
    }
}

/// A line that is bound.
struct Session<'a> {
    smpp: &'a Smpp,
    channel: &'a dyn Channel,
    node: &'a Node,
    /// What is to be submitted, where this line submits.
    queue: Option<MutexGuard<'a, mpsc::Receiver<Order>>>,
    /// What was submitted and is not answered.
    out: BTreeMap<u32, oneshot::Sender<Answer>>,
    sequence: u32,
    /// How often short texts came over this line and were acknowledged soon.
    heard: BTreeMap<String, u32>,
    /// The line was tried and has not answered.
    tried: bool,
}

impl<'a> Session<'a> {
    async fn new(smpp: &'a Smpp, role: Role, channel: &'a dyn Channel, node: &'a Node) -> Self {
        let queue = match role {
            Role::In => None,
            Role::Both | Role::Out => Some(smpp.queue.lock().await),
        };
        Self {
            smpp,
            channel,
            node,
            queue,
            out: BTreeMap::new(),
            sequence: 1,
            heard: BTreeMap::new(),
            tried: false,
        }
    }

    /// Serves the line until it ends.
    async fn serve(&mut self, mut line: Line, stop: &CancellationToken) -> io::Result<()> {
        if self.queue.is_some() {
            self.smpp.trouble.send_replace(None);
        }
        let served = self.goes_on(&mut line, stop).await;
        if self.queue.is_some() {
            // Before the queue is emptied, so that nothing more is put into it.
            let problem = "the line was lost".to_owned();
            self.smpp.trouble.send_replace(Some(problem));
        }
        while let Some((_, answer)) = self.out.pop_first() {
            let problem = "the line was lost before the network answered what was submitted";
            let _ = answer.send(Err(Unsaid::Unanswered(problem.into())));
        }
        if let Some(queue) = &mut self.queue {
            // Whoever queued something is told that the line is gone.
            while queue.try_recv().is_ok() {}
        }
        served
    }

    async fn goes_on(&mut self, line: &mut Line, stop: &CancellationToken) -> io::Result<()> {
        let every = Duration::from_secs(self.smpp.settings.enquire_seconds.into());
        let mut silence = interval_at(Instant::now() + every, every);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.out.retain(|_, answer| !answer.is_closed());
            let room = self.out.len() < usize::from(self.smpp.settings.window);
            tokio::select! {
                received = line.next() => {
                    let Some(received) = received else {
                        return Ok(());
                    };
                    silence.reset();
                    if !self.heard(line, received?).await? {
                        return Ok(());
                    }
                }
                Some(order) = next(&mut self.queue), if room => self.submit(line, order).await?,
                _ = silence.tick() => self.enquire(line).await?,
                () = stop.cancelled() => return self.take_leave(line).await,
            }
        }
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence % LAST_SEQUENCE + 1;
        self.sequence
    }

    async fn submit(&mut self, line: &mut Line, order: Order) -> io::Result<()> {
        // Nobody waits for it any more: it is said again from the queue of the database.
        if order.answer.is_closed() {
            return Ok(());
        }
        let sequence = self.next_sequence();
        self.out.insert(sequence, order.answer);
        let command = Command::new(CommandStatus::EsmeRok, sequence, order.submit);
        put(line, command).await
    }

    async fn enquire(&mut self, line: &mut Line) -> io::Result<()> {
        if self.tried {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it is silent"));
        }
        self.tried = true;
        let sequence = self.next_sequence();
        let enquiry = Command::new(CommandStatus::EsmeRok, sequence, Pdu::EnquireLink);
        put(line, enquiry).await
    }

    /// Says that this node goes. What comes until then is not answered, and comes again.
    async fn take_leave(&mut self, line: &mut Line) -> io::Result<()> {
        let sequence = self.next_sequence();
        let unbind = Command::new(CommandStatus::EsmeRok, sequence, Pdu::Unbind);
        put(line, unbind).await?;
        let answered = async {
            while let Some(Ok(received)) = line.next().await {
                if matches!(&received, Received::Command(c) if c.id() == CommandId::UnbindResp) {
                    break;
                }
            }
        };
        let _ = timeout(PATIENCE, answered).await;
        Ok(())
    }

    /// Takes what came; says whether the line goes on.
    async fn heard(&mut self, line: &mut Line, received: Received) -> io::Result<bool> {
        self.tried = false;
        let command = match received {
            Received::Command(command) => *command,
            Received::Unreadable {
                command_id,
                sequence,
                pdu,
            } => {
                let answer = self.unreadable(command_id, sequence, &pdu).await;
                put(line, answer).await?;
                return Ok(true);
            }
        };
        let sequence = command.sequence_number();
        let answer = |status, pdu: Pdu| Some(Command::new(status, sequence, pdu));
        let answer = match (command.id(), command.pdu()) {
            (CommandId::DeliverSm, Some(Pdu::DeliverSm(deliver))) => {
                let status = self.delivered(deliver).await;
                answer(status, DeliverSmResp::default().into())
            }
            (CommandId::SubmitSmResp | CommandId::GenericNack, _) => {
                self.answered(&command);
                None
            }
            (CommandId::EnquireLink, _) => answer(CommandStatus::EsmeRok, Pdu::EnquireLinkResp),
            (CommandId::Unbind, _) => {
                let resp = Command::new(CommandStatus::EsmeRok, sequence, Pdu::UnbindResp);
                put(line, resp).await?;
                return Ok(false);
            }
            (CommandId::EnquireLinkResp | CommandId::AlertNotification, _) => None,
            _ => answer(CommandStatus::EsmeRinvcmdid, Pdu::GenericNack),
        };
        if let Some(answer) = answer {
            put(line, answer).await?;
        }
        Ok(true)
    }

    /// Keeps a message that cannot be taken apart; refuses any other such command.
    async fn unreadable(&self, command_id: u32, sequence: u32, pdu: &[u8]) -> Command {
        if command_id != u32::from(CommandId::DeliverSm) {
            return Command::new(CommandStatus::EsmeRinvcmdlen, sequence, Pdu::GenericNack);
        }
        // Its head has the number of the sequence, which changes.
        let id = hex::encode(pdu.get(16..).unwrap_or_default());
        let status = self.taken(id, pdu::kept_whole(pdu)).await;
        Command::new(status, sequence, DeliverSmResp::default())
    }

    async fn delivered(&mut self, deliver: &DeliverSm) -> CommandStatus {
        if receipts::is_notice(deliver.esm_class) {
            return self.told(deliver).await;
        }
        let delivery = Delivery::of(deliver);
        let id = delivery.id();
        if !delivery.is_short() {
            return self.taken(id, delivery.kept()).await;
        }
        let before = self.heard.get(&id).copied().unwrap_or_default();
        let came = Instant::now();
        let status = self.taken(format!("{id} {before}"), delivery.kept()).await;
        if status == CommandStatus::EsmeRok && came.elapsed() < SOON {
            if self.heard.len() >= REMEMBERED {
                self.heard.clear();
            }
            self.heard.insert(id, before + 1);
        }
        status
    }

    async fn taken(&self, id: String, body: Vec<u8>) -> CommandStatus {
        let raw = [Raw { id, body }];
        let taken = self.node.take_in_anew(self.channel, &raw, SAME_MS);
        acknowledged(taken.await.map(drop))
    }

    async fn told(&self, deliver: &DeliverSm) -> CommandStatus {
        let Some(receipt) = receipts::read(deliver) else {
            return CommandStatus::EsmeRok;
        };
        let Some(fate) = receipt.fate else {
            return CommandStatus::EsmeRok;
        };
        let name = self.channel.name();
        acknowledged(self.node.take_receipt(name, &receipt.id, &fate).await)
    }

    fn answered(&mut self, command: &Command) {
        // A late answer to what was given up finds nobody.
        let Some(answer) = self.out.remove(&command.sequence_number()) else {
            return;
        };
        let id = match command.pdu() {
            Some(Pdu::SubmitSmResp(resp)) => Some(resp.message_id().as_str().to_owned()),
            _ => None,
        };
        let _ = answer.send(match command.id() {
            CommandId::GenericNack => refused(command.status()),
            _ => heard_back(command.status(), id.filter(|id| !id.is_empty())),
        });
    }
}

/// Writes a command. A network that reads nothing holds up neither the line nor whoever speaks on it.
async fn put(line: &mut Line, command: Command) -> io::Result<()> {
    let slow = || io::Error::new(io::ErrorKind::TimedOut, "the network reads nothing");
    timeout(PATIENCE, line.send(command))
        .await
        .map_err(|_| slow())?
}

/// The next order; never, where a line takes none.
async fn next(queue: &mut Option<MutexGuard<'_, mpsc::Receiver<Order>>>) -> Option<Order> {
    match queue {
        Some(queue) => queue.recv().await,
        None => std::future::pending().await,
    }
}

/// What the network is told: to try again while this node cannot keep anything.
fn acknowledged(taken: Result<(), crate::error::NodeError>) -> CommandStatus {
    match taken {
        Ok(()) => CommandStatus::EsmeRok,
        Err(error) => {
            tracing::warn!(%error, "what a network hands over cannot be kept now");
            CommandStatus::EsmeRxTAppn
        }
    }
}

fn heard_back(status: CommandStatus, id: Option<String>) -> Answer {
    match status {
        CommandStatus::EsmeRok => Ok(id),
        other => refused(other),
    }
}

fn refused(status: CommandStatus) -> Answer {
    let said = |what: &str| format!("{what} ({})", named(status));
    Err(match status {
        CommandStatus::EsmeRthrottled | CommandStatus::EsmeRmsgqful => Unsaid::Slower(SLOWER),
        // Not now, or ours to mend: it costs no message anything.
        CommandStatus::EsmeRsyserr
        | CommandStatus::EsmeRinvbndsts
        | CommandStatus::EsmeRinvsrcadr
        | CommandStatus::EsmeRinvsrcton
        | CommandStatus::EsmeRinvsrcnpi
        | CommandStatus::EsmeRinvdstton
        | CommandStatus::EsmeRinvdstnpi
        | CommandStatus::EsmeRsertypunauth
        | CommandStatus::EsmeRprohibited => {
            Unsaid::Down(said("the network takes nothing from this node"))
        }
        CommandStatus::EsmeRinvmsglen
        | CommandStatus::EsmeRinvdstadr
        | CommandStatus::EsmeRinvesmclass
        | CommandStatus::EsmeRinvdcs
        | CommandStatus::EsmeRdeliveryfailure
        | CommandStatus::EsmeRsertypdenied => {
            Unsaid::Never(said("the network refuses the message"))
        }
        _ => Unsaid::Later(said("the network does not take the message")),
    })
}

/// A status as the manuals of networks name it.
fn named(status: CommandStatus) -> String {
    format!("{:#x}", u32::from(status))
}
