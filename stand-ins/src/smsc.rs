//! A message centre of a network, by SMPP 3.4: it lets one client bind, hands messages over, keeps
//! what is submitted, and tells receipts. It refuses, throttles, is silent or drops the line as it
//! is ordered. By the specification (https://smpp.org/SMPP_v3_4_Issue1_2.pdf).

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use rusmpp::pdus::{
    BindReceiverResp, BindTransceiverResp, BindTransmitterResp, DeliverSm, SubmitSm, SubmitSmResp,
};
use rusmpp::tlvs::{MessageDeliveryRequestTlvValue as Parameter, TlvValue};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{AnyOctetString, COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessagePayload, MessageState, Npi, Ton};
use rusmpp::{Command, CommandStatus, Pdu};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as Turns, mpsc, oneshot};
use tokio_util::codec::Framed;

/// What the client says to bind.
pub const SYSTEM_ID: &str = "lapor";
pub const PASSWORD: &str = "sandi";
/// The number to which people write.
pub const NUMBER: &str = "1708";
/// Events that wait to be looked at.
const EVENTS: usize = 1024;
/// A text longer than this goes as a parameter.
const SHORT: usize = 254;
const REFUSED_BIND: u32 = 0x0d;

type Line = Framed<TcpStream, CommandCodec>;

/// The centre; dropped, it lets nobody in any more.
pub struct Smsc {
    pub address: String,
    shared: Arc<Shared>,
    events: Turns<mpsc::Receiver<Event>>,
    door: tokio::task::JoinHandle<()>,
}

/// What the client has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `transceiver`, `transmitter` or `receiver`.
    Bound(&'static str),
    Refused,
    Submitted(Submitted),
    Enquired,
    Unbound,
    /// The line is gone.
    Left,
}

/// What the client has submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// What the centre calls it.
    pub id: String,
    pub from: String,
    pub to: String,
    pub coding: u8,
    pub bytes: Vec<u8>,
    pub wants_receipt: bool,
}

/// What becomes of what is submitted next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// A status other than 0.
    Status(u32),
    /// None, ever.
    Silence,
    /// The line is dropped instead.
    Drop,
    /// The receipt comes first: `DELIVRD`.
    ReceiptFirst,
}

/// A message of somebody, as a network carries it.
#[derive(Debug, Clone, Default)]
pub struct Sms {
    pub from: String,
    pub coding: u8,
    /// Without a header.
    pub text: Vec<u8>,
    pub header: Vec<u8>,
    /// Reference, number of parts and which of them it is, as parameters.
    pub sar: Option<(u16, u8, u8)>,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    count: u64,
    /// Lines on which something can be handed over, the latest last.
    lines: Vec<mpsc::Sender<Deliver>>,
    /// Those that are to be dropped.
    drops: Vec<Arc<tokio::sync::Notify>>,
    away: bool,
}

struct Shared {
    state: Mutex<State>,
    events: mpsc::Sender<Event>,
}

/// Something to be handed over, and who waits for the status.
struct Deliver {
    pdu: Pdu,
    status: oneshot::Sender<u32>,
}

impl Smsc {
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (tx, rx) = mpsc::channel(EVENTS);
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            events: tx,
        });
        let door = tokio::spawn(let_in(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            events: Turns::new(rx),
            door,
        })
    }

    /// What the client does next.
    pub async fn next(&self) -> Option<Event> {
        self.events.lock().await.recv().await
    }

    /// The next thing that is submitted; what else happens until then is passed over.
    pub async fn submitted(&self) -> Option<Submitted> {
        loop {
            if let Event::Submitted(submitted) = self.next().await? {
                return Some(submitted);
            }
        }
    }

    /// Waits until the client has bound a line.
    pub async fn bound(&self) -> Option<&'static str> {
        loop {
            if let Event::Bound(kind) = self.next().await? {
                return Some(kind);
            }
        }
    }

    /// What becomes of what is submitted next.
    pub fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.state().replies.extend(replies);
    }

    /// Refuses every bind from now on, or lets in again.
    pub fn is_away(&self, away: bool) {
        self.shared.state().away = away;
    }

    pub fn drops_the_line(&self) {
        for line in self.shared.state().drops.drain(..) {
            line.notify_one();
        }
    }

    /// Hands a message over; answers with the status of the client, or `None` if the line is gone.
    pub async fn delivers(&self, sms: &Sms) -> Option<u32> {
        self.hands_over(deliver(sms)?).await
    }

    /// Tells in the usual text what became of something.
    pub async fn receipt(&self, id: &str, stat: &str) -> Option<u32> {
        self.hands_over(receipt(id, stat)?).await
    }

    /// Tells the same by parameters alone.
    pub async fn told_by_parameters(&self, id: &str, state: MessageState) -> Option<u32> {
        let id = COctetString::from_string(id.to_owned()).ok()?;
        let mut pdu = notice()?;
        pdu.push_tlv(Parameter::ReceiptedMessageId(id));
        pdu.push_tlv(Parameter::MessageState(state));
        self.hands_over(pdu).await
    }

    async fn hands_over(&self, pdu: DeliverSm) -> Option<u32> {
        let line = self.shared.state().lines.last().cloned()?;
        let (status, told) = oneshot::channel();
        let pdu = pdu.into();
        line.send(Deliver { pdu, status }).await.ok()?;
        told.await.ok()
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.door.abort();
        self.drops_the_line();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happened(&self, event: Event) {
        // Whoever looks at none of so many looks at nothing.
        let _ = self.events.try_send(event);
    }
}

async fn let_in(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let line = Framed::new(stream, CommandCodec::new().with_max_length(1 << 20));
            let _ = serve(line, &shared).await;
            shared.happened(Event::Left);
        });
    }
}

/// Serves a line until it ends, or is dropped.
async fn serve(mut line: Line, shared: &Shared) -> Option<()> {
    let request = line.next().await?.ok()?;
    let kind = bind(&mut line, &request, shared).await?;
    let (tx, mut deliveries) = mpsc::channel(16);
    let dropped = Arc::new(tokio::sync::Notify::new());
    {
        let mut state = shared.state();
        state.drops.push(dropped.clone());
        if kind != "transmitter" {
            state.lines.push(tx);
        }
    }
    shared.happened(Event::Bound(kind));
    let (mut sequence, mut out) = (1000, Vec::new());
    loop {
        tokio::select! {
            received = line.next() => {
                let command = received?.ok()?;
                answer(&mut line, &command, &mut out, shared).await?;
            }
            Some(Deliver { pdu, status }) = deliveries.recv() => {
                sequence += 1;
                out.push((sequence, status));
                say(&mut line, CommandStatus::EsmeRok, sequence, pdu).await?;
            }
            () = dropped.notified() => return None,
        }
    }
}

async fn bind(line: &mut Line, request: &Command, shared: &Shared) -> Option<&'static str> {
    let fits = |id: &str, password: &str| id == SYSTEM_ID && password == PASSWORD;
    let system_id = || COctetString::from_string("SMSC".to_owned()).unwrap_or_default();
    let (kind, fits, resp): (_, _, Pdu) = match request.pdu()? {
        Pdu::BindTransceiver(b) => (
            "transceiver",
            fits(b.system_id.as_str(), b.password.as_str()),
            BindTransceiverResp::new(system_id(), None).into(),
        ),
        Pdu::BindTransmitter(b) => (
            "transmitter",
            fits(b.system_id.as_str(), b.password.as_str()),
            BindTransmitterResp::new(system_id(), None).into(),
        ),
        Pdu::BindReceiver(b) => (
            "receiver",
            fits(b.system_id.as_str(), b.password.as_str()),
            BindReceiverResp::new(system_id(), None).into(),
        ),
        _ => return None,
    };
    if !fits || shared.state().away {
        shared.happened(Event::Refused);
        let status = CommandStatus::from(REFUSED_BIND);
        say(line, status, request.sequence_number(), resp).await?;
        return None;
    }
    say(
        line,
        CommandStatus::EsmeRok,
        request.sequence_number(),
        resp,
    )
    .await?;
    Some(kind)
}

/// Answers what the client asks; `None` ends the line.
async fn answer(
    line: &mut Line,
    command: &Command,
    out: &mut Vec<(u32, oneshot::Sender<u32>)>,
    shared: &Shared,
) -> Option<()> {
    let sequence = command.sequence_number();
    match command.pdu() {
        Some(Pdu::SubmitSm(submit)) => submitted(line, sequence, submit, shared).await,
        Some(Pdu::EnquireLink) => {
            shared.happened(Event::Enquired);
            say(line, CommandStatus::EsmeRok, sequence, Pdu::EnquireLinkResp).await
        }
        Some(Pdu::Unbind) => {
            shared.happened(Event::Unbound);
            say(line, CommandStatus::EsmeRok, sequence, Pdu::UnbindResp).await?;
            None
        }
        _ => {
            if let Some(at) = out.iter().position(|(known, _)| *known == sequence) {
                let _ = out.swap_remove(at).1.send(command.status().into());
            }
            Some(())
        }
    }
}

async fn submitted(
    line: &mut Line,
    sequence: u32,
    submit: &SubmitSm,
    shared: &Shared,
) -> Option<()> {
    let (reply, id) = {
        let mut state = shared.state();
        state.count += 1;
        (state.replies.pop_front(), state.count.to_string())
    };
    let long = submit.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::MessagePayload(payload)) => Some(payload.value.to_vec()),
        _ => None,
    });
    shared.happened(Event::Submitted(Submitted {
        id: id.clone(),
        from: submit.source_addr.as_str().to_owned(),
        to: submit.destination_addr.as_str().to_owned(),
        coding: submit.data_coding.into(),
        bytes: long.unwrap_or_else(|| submit.short_message().to_vec()),
        wants_receipt: u8::from(submit.registered_delivery) & 1 == 1,
    }));
    let status = match reply {
        Some(Reply::Status(status)) => CommandStatus::from(status),
        Some(Reply::Silence) => return Some(()),
        Some(Reply::Drop) => return None,
        Some(Reply::ReceiptFirst) => {
            let early = receipt(&id, "DELIVRD")?;
            say(line, CommandStatus::EsmeRok, 1, early.into()).await?;
            CommandStatus::EsmeRok
        }
        None => CommandStatus::EsmeRok,
    };
    let id = COctetString::from_string(id).ok()?;
    let resp = SubmitSmResp::builder().message_id(id).build();
    say(line, status, sequence, resp.into()).await
}

async fn say(line: &mut Line, status: CommandStatus, sequence: u32, pdu: Pdu) -> Option<()> {
    line.send(Command::new(status, sequence, pdu)).await.ok()
}

fn deliver(sms: &Sms) -> Option<DeliverSm> {
    let digits = sms.from.strip_prefix('+');
    let is_name = sms.from.chars().any(char::is_alphabetic);
    let ton = if is_name {
        Ton::Alphanumeric
    } else {
        Ton::from(u8::from(digits.is_some()))
    };
    let class = if sms.header.is_empty() { 0 } else { 0x40 };
    let mut pdu = DeliverSm::builder()
        .source_addr_ton(ton)
        .source_addr_npi(Npi::Isdn)
        .source_addr(octets(digits.unwrap_or(&sms.from))?)
        .destination_addr(octets(NUMBER)?)
        .esm_class(EsmClass::from(class))
        .data_coding(DataCoding::from(sms.coding))
        .build();
    let bytes = [sms.header.as_slice(), &sms.text].concat();
    if bytes.len() > SHORT {
        let payload = MessagePayload::new(AnyOctetString::from_vec(bytes));
        pdu.push_tlv(Parameter::MessagePayload(payload));
    } else {
        pdu.set_short_message(OctetString::from_vec(bytes).ok()?);
    }
    if let Some((reference, total, place)) = sms.sar {
        pdu.push_tlv(Parameter::SarMsgRefNum(reference));
        pdu.push_tlv(Parameter::SarTotalSegments(total));
        pdu.push_tlv(Parameter::SarSegmentSeqnum(place));
    }
    Some(pdu)
}

fn notice() -> Option<DeliverSm> {
    let receipt = DeliverSm::builder()
        .source_addr(octets("628123456789")?)
        .destination_addr(octets(NUMBER)?)
        .esm_class(EsmClass::from(0x04));
    Some(receipt.build())
}

fn receipt(id: &str, stat: &str) -> Option<DeliverSm> {
    let text = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2611271000 done date:2611271001 stat:{stat} err:000 text:Laporan"
    );
    let mut pdu = notice()?;
    pdu.set_short_message(OctetString::from_string(text).ok()?);
    Some(pdu)
}

fn octets(text: &str) -> Option<COctetString<1, 21>> {
    COctetString::from_string(text.to_owned()).ok()
}
