//! SMPP 3.4 with the message centre of a network: this node keeps a line open, takes what comes over
//! it before it answers, and submits what is to be said.

mod pdu;
mod receipts;
mod session;
mod udh;
mod wire;

use std::time::Duration;

use rusmpp::pdus::SubmitSm;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::super::heard::Address;
use super::super::settings::{Bind, ChannelSettingsError, SmppSettings, SmsSettings};
use super::super::{Channel, Unsaid};
use super::secret;
use crate::node::Node;
use pdu::Role;
pub use pdu::{is_ours, read, shape};
#[cfg(test)]
pub use wire::{Received, Wire};

/// For how long a line may take to be there.
const LINE: Duration = Duration::from_secs(3);
/// Seconds for which an answer may be waited for: all that is held at once is over before it is held
/// no more.
const LONGEST_ANSWER: u32 = 60;
/// A window of more holds nothing back.
const WIDEST: u16 = 1000;

/// The way to a network.
pub struct Smpp {
    settings: SmppSettings,
    number: String,
    system_id: String,
    password: String,
    orders: mpsc::Sender<Order>,
    queue: Mutex<mpsc::Receiver<Order>>,
    /// Why nothing can be submitted now; `None` while the line is bound.
    trouble: watch::Sender<Option<String>>,
}

/// Something to be submitted, and who waits for what becomes of it.
pub struct Order {
    submit: SubmitSm,
    answer: oneshot::Sender<Answer>,
}

type Answer = Result<Option<String>, Unsaid>;

/// What is kept of all that a network says on a line, for the crate `lapor-parsers`.
#[cfg(feature = "parsers")]
pub fn kept_of(said: &[u8]) -> Vec<Vec<u8>> {
    use tokio_util::codec::Decoder as _;
    let (mut said, mut kept) = (bytes::BytesMut::from(said), Vec::new());
    while let Ok(Some(received)) = wire::Wire.decode(&mut said) {
        let command = match received {
            wire::Received::Unreadable { pdu, .. } => {
                kept.push(pdu::kept_whole(&pdu));
                continue;
            }
            wire::Received::Command(command) => command,
        };
        if let Some(rusmpp::Pdu::DeliverSm(deliver)) = command.pdu() {
            receipts::read(deliver);
            kept.push(pdu::Delivery::of(deliver).kept());
        }
    }
    kept
}

impl Smpp {
    pub fn of(settings: &SmsSettings) -> Result<Self, ChannelSettingsError> {
        let (smpp, needed) = (&settings.smpp, ChannelSettingsError::Needed);
        let wrong = |problem| Err(ChannelSettingsError::Smpp(problem));
        let number = settings.number.clone().ok_or(needed("number"))?;
        let system_id = smpp.system_id.clone().ok_or(needed("smpp.system_id"))?;
        let file = smpp.password_file.as_ref();
        let file = file.ok_or(needed("smpp.password_file"))?;
        let password = secret("smpp.password_file", file)?;
        let port = smpp.address.as_deref().and_then(|at| at.rsplit_once(':'));
        if !port.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
            return wrong("address: expected host and port, such as smsc.example.net:2775");
        }
        if !(1..=WIDEST).contains(&smpp.window) || smpp.enquire_seconds == 0 {
            return wrong("window, enquire_seconds: expected 1 to 1000 messages, and seconds");
        }
        if !(1..=LONGEST_ANSWER).contains(&smpp.answer_seconds) {
            return wrong("answer_seconds: expected 1 to 60 seconds");
        }
        if pdu::bind(Role::Both, &system_id, &password).is_none() {
            return wrong(
                "system_id, password_file: 15 and 8 signs of ASCII at most, as SMPP has it",
            );
        }
        let (orders, queue) = mpsc::channel(usize::from(smpp.window));
        Ok(Self {
            settings: smpp.clone(),
            number,
            system_id,
            password,
            orders,
            queue: Mutex::new(queue),
            trouble: watch::Sender::new(Some("the line is not bound yet".into())),
        })
    }

    pub async fn say(&self, to: &Address, words: &str) -> Answer {
        let Some(submit) = pdu::submit(&self.settings, &self.number, to, words) else {
            return Err(Unsaid::Never("no number that SMPP can write".into()));
        };
        let mut trouble = self.trouble.subscribe();
        let bound = tokio::time::timeout(LINE, trouble.wait_for(Option::is_none)).await;
        let bound = bound.is_ok_and(|bound| bound.is_ok());
        if !bound {
            let why = self.trouble.borrow().clone();
            return Err(Unsaid::Down(why.unwrap_or_default()));
        }
        let lost = || Unsaid::Down("the line was lost before it was submitted".into());
        let (answer, answered) = oneshot::channel();
        let order = Order { submit, answer };
        let asked = async {
            self.orders.send(order).await.map_err(|_| lost())?;
            answered.await.map_err(|_| lost())?
        };
        let patience = Duration::from_secs(self.settings.answer_seconds.into());
        let silent = |_| {
            let problem = "the network does not answer what is submitted";
            Err(Unsaid::Unanswered(problem.into()))
        };
        let answer = tokio::time::timeout(patience, asked).await;
        answer.unwrap_or_else(silent)
    }

    /// Keeps the line, or one for each direction, until `stop`.
    pub async fn listen(&self, channel: &dyn Channel, node: &Node, stop: &CancellationToken) {
        let keep = |role| session::keep(self, role, (channel, node), stop);
        match self.settings.bind {
            Bind::Transceiver => keep(Role::Both).await,
            Bind::Pair => {
                tokio::join!(keep(Role::Out), keep(Role::In));
            }
        }
    }
}
