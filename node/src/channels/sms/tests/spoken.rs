//! A node with a line to the stand-in of a message centre.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use lapor_migrations::on;
use lapor_stand_ins::smsc::{self, Sms, Smsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::channels::delivery::Spoken;
use crate::channels::settings::SmsSettings;
use crate::channels::sms::{alphabet, of};
use crate::channels::{Channel, Lines};
use crate::node::Node;
use crate::testing::{Place, databases};

pub const SITI: &str = "+628123456789";
pub const BUDI: &str = "+628129999999";
pub const REPORT: &str = "Lampu jalan padam di Cihampelas sejak hari Minggu.";
pub const MINUTE_MS: i64 = 60_000;

pub struct Networked {
    pub place: Place,
    pub smsc: Smsc,
    pub line: Arc<dyn Channel>,
    pub stop: CancellationToken,
    pub listening: Option<JoinHandle<()>>,
    lines: Lines,
}

pub fn settings(folder: &Path, address: &str) -> SmsSettings {
    let path = folder.join("smpp-password");
    std::fs::write(&path, smsc::PASSWORD).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut settings = SmsSettings {
        number: Some(smsc::NUMBER.into()),
        ..SmsSettings::default()
    };
    settings.smpp.address = Some(address.into());
    settings.smpp.system_id = Some(smsc::SYSTEM_ID.into());
    settings.smpp.password_file = Some(path);
    settings
}

/// A text in the default alphabet.
pub fn sms(from: &str, text: &str) -> Sms {
    Sms {
        from: from.into(),
        text: alphabet::to_septets(text),
        ..Sms::default()
    }
}

/// What the reports say, in the order in which they were filed.
pub async fn reports(node: &Node) -> Vec<String> {
    const SQL: &str = "select case_id from cases order by filed_at, case_id";
    let mut tx = node.read_tx().await.unwrap();
    let cases: Vec<String> = on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_all(c).await).unwrap();
    drop(tx);
    let mut texts = Vec::new();
    for case in cases {
        let view = node.case(case.parse().unwrap()).await.unwrap();
        let words = view.history[0].words.clone().unwrap();
        texts.push(words["content"].as_str().unwrap().to_owned());
    }
    texts
}

impl Networked {
    pub async fn on(change: impl Fn(&mut SmsSettings)) -> Vec<Self> {
        lapor_certs::tls::install_default_provider();
        let mut all = Vec::new();
        for db in databases().await {
            let smsc = Smsc::open().await.unwrap();
            let mut place = Place::joined("kota-bandung", db).await;
            let mut sms = settings(&place.settings.node.keys, &smsc.address);
            change(&mut sms);
            let line = of(&sms).unwrap().unwrap();
            place.settings.channels.sms = sms;
            place.node = place.reopened().await;
            let (node, listener) = (place.node.clone(), line.clone());
            let stop = CancellationToken::new();
            let until = stop.clone();
            let listening = tokio::spawn(async move { listener.listen(&node, &until).await });
            all.push(Self {
                lines: Lines(vec![line.clone()]),
                listening: Some(listening),
                place,
                smsc,
                line,
                stop,
            });
        }
        all
    }

    /// With lines that are bound.
    pub async fn bound() -> Vec<Self> {
        let all = Self::on(|_| {}).await;
        for one in &all {
            one.smsc.bound().await.unwrap();
        }
        all
    }

    pub fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    /// The network hands a message over, and is told that it is kept.
    pub async fn takes(&self, sms: &Sms) {
        assert_eq!(self.smsc.delivers(sms).await, Some(0));
    }

    pub async fn hears(&self) {
        while self.node().hear_round(&self.lines).await.unwrap() > 0 {}
    }

    pub async fn speaks(&self) {
        while matches!(
            self.node().say_round(&*self.line).await.unwrap(),
            Spoken::Worked(_)
        ) {}
    }

    pub async fn reports(&self) -> Vec<String> {
        reports(self.node()).await
    }

    /// Kinds of the messages of the only case, with the text of the last.
    pub async fn course(&self) -> (Vec<String>, String) {
        const SQL: &str = "select case_id from cases";
        let mut tx = self.node().read_tx().await.unwrap();
        let case: String = on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_one(c).await).unwrap();
        drop(tx);
        let view = self.node().case(case.parse().unwrap()).await.unwrap();
        let kinds = view.history.iter().map(|entry| entry.kind.clone());
        let words = view.history.last().unwrap().words.clone().unwrap();
        (
            kinds.collect(),
            words["text"].as_str().unwrap_or_default().to_owned(),
        )
    }

    pub async fn column(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap()
    }

    /// States of what was to be said.
    pub async fn outbox(&self) -> Vec<String> {
        self.column("select state from channel_outbox order by number")
            .await
    }

    /// States of what was taken.
    pub async fn taken(&self) -> Vec<String> {
        self.column("select state from channel_taken order by number")
            .await
    }
}
