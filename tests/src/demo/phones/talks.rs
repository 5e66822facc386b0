//! The conversations that are played, all at once: what people write where they write already, what
//! the institutions do, and that the answer comes back there. Each waits for what it needs and fails
//! if it is not said.

use lapor_node::casework::{CaseView, KeyState, ticket};
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_web::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::Held;
use super::bubbles::By;
use super::figures::latest_case;
use super::lines::Line;
use super::office;
use crate::demo::api::Api;
use crate::demo::cast::DESK;
use crate::demo::deadline;
use crate::demo::folder::Folder;
use crate::demo::play::Nodes;
use crate::demo::scenes::{CITY, act, file_one, node, until};

/// Longer than one message holds.
const LAMPS: &str = "LAMPU Lampu jalan di Jalan Cihampelas padam sejak hari Minggu malam, dari depan \
    rumah sakit sampai jembatan penyeberangan. Semalam ada pengendara motor yang jatuh karena lubang \
    tidak kelihatan. Mohon segera diperbaiki.";
const PAVEMENT: &str = "@LAPOR1708 Trotoar di depan Stasiun Bandung rusak parah, pejalan kaki turun ke jalan raya. #lapor";
const WASTE: &str =
    "#lapor Sampah di Pasar Caringin menumpuk sejak Jumat, baunya sampai ke jalan raya.";
const HOLES: &str = "Jalan berlubang di depan sekolah, sudah dua motor jatuh minggu ini.";
const SIGNALS: &str =
    "Lampu lalu lintas di Kota Bandung mati sejak pagi, macet panjang di perempatan.";
const RIVER: &str =
    "Sampah menyumbat saluran air di Jalan Asia Afrika, air meluap ke trotoar tiap hujan.";
const COUNTER: &str = "Perihal: Loket kependudukan di Kota Bandung tutup\n\
    Loket kependudukan di kecamatan kami tutup sejak Senin tanpa pengumuman. Warga yang datang jauh \
    pulang tanpa dilayani.";
const PATCH: &str = "Jalan Lengkong Besar berlubang di depan halte, motor sering tergelincir.";
const CRACK: &str = "Aspal retak di Jalan Lengkong Kecil";

pub async fn hold(held: &Held, folder: &Folder, nodes: &Nodes) -> anyhow::Result<()> {
    let talks = Talks {
        held,
        folder,
        desk: node(nodes, DESK)?,
        city: node(nodes, CITY)?,
    };
    tokio::try_join!(
        talks.by_sms(),
        talks.on_x(),
        talks.on_a_page(),
        talks.by_whatsapp(),
        talks.by_telegram(),
        talks.by_letter(),
        talks.of_a_city(),
        talks.with_a_city(),
    )?;
    Ok(())
}

struct Talks<'a> {
    held: &'a Held,
    folder: &'a Folder,
    desk: &'a Api,
    city: &'a Api,
}

impl Talks<'_> {
    /// A keyword and two messages; a question and its answer; another institution does it; a rating.
    async fn by_sms(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::Sms;
        self.asks(LINE, LAMPS, "Nomor tiket").await?;
        let case = self.verified(LINE).await?;
        let question = json!({
            "questions": ["Di depan bangunan nomor berapa yang paling gelap?"],
            "forms": [{"as": "text"}],
        });
        let held = act(self.desk, case, "case.held", json!({}), Some(question));
        self.hears(LINE, "petugas bertanya", held).await?;
        self.asks(
            LINE,
            "Di depan nomor 12, dekat halte.",
            "sudah kami teruskan",
        )
        .await?;
        settled(self.desk, case, State::Verified).await?;
        let deadline = deadline(SystemClock.now_ms())?;
        let disposed = json!({"target": CITY, "deadline": deadline});
        let said = json!({"text": "Mohon ditindaklanjuti sesuai kewenangan."});
        act(self.desk, case, "case.disposed", disposed, Some(said)).await?;
        settled(self.city, case, State::Disposed).await?;
        let done = self.follows_up(self.city, case, "Lampu sudah kami ganti semalam.", true);
        self.hears(LINE, "Balas YA", done).await?;
        self.asks(LINE, "YA", "selesai. Bagaimana").await?;
        self.asks(LINE, "5", "atas penilaian").await?;
        settled(self.desk, case, State::Closed).await
    }

    /// A thread in which somebody else speaks too, and its reporter goes on below the answer.
    async fn on_x(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::X;
        self.asks(LINE, PAVEMENT, "Nomor tiket").await?;
        let other = "Betul, saya juga hampir jatuh di situ kemarin.";
        self.held.writes(LINE, By::Other, other).await?;
        let case = self.verified(LINE).await?;
        let begun = self.follows_up(self.desk, case, "Petugas memeriksa trotoar besok.", false);
        self.hears(LINE, "Laporan ", begun).await?;
        let where_it_is = "Yang paling parah di pintu selatan, dekat halte.";
        self.asks(LINE, where_it_is, "sudah kami teruskan").await?;
        Ok(())
    }

    /// A comment with a private reply, and a question about its ticket in Messenger.
    async fn on_a_page(&self) -> anyhow::Result<()> {
        let after = self.held.bubbles.count();
        let told = self.asks(Line::Facebook, WASTE, "Nomor tiket").await?;
        let publicly = "Silakan lihat pesan";
        self.held
            .bubbles
            .hears(Line::Facebook, after, publicly)
            .await?;
        let mut words = told.split(' ');
        let own = words.find_map(|word| ticket::parse(word.trim_end_matches('.')));
        let own = own.unwrap_or_default();
        self.asks(Line::Messenger, &format!("STATUS {own}"), &own)
            .await?;
        Ok(())
    }

    /// What is missing is asked for: a place that is shared, and a picture.
    async fn by_whatsapp(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::Whatsapp;
        self.asks(LINE, HOLES, "Di mana tepatnya").await?;
        self.hears(LINE, "Ada foto", self.held.shares_place(LINE))
            .await?;
        self.hears(LINE, "Balas YA", self.held.sends_picture(LINE))
            .await?;
        self.asks(LINE, "YA", "Nomor tiket").await?;
        self.verified(LINE).await?;
        Ok(())
    }

    async fn by_telegram(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::Telegram;
        self.asks(LINE, "/start", "Tulis keluhan").await?;
        self.asks(LINE, SIGNALS, "Ada foto").await?;
        self.hears(LINE, "Balas YA", self.held.sends_picture(LINE))
            .await?;
        self.asks(LINE, "YA", "Nomor tiket").await?;
        let case = self.verified(LINE).await?;
        let begun = self.follows_up(self.desk, case, "Teknisi dalam perjalanan.", false);
        self.hears(LINE, "Teknisi", begun).await?;
        Ok(())
    }

    /// A letter with a subject, and an answer below a letter of the desk.
    async fn by_letter(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::Email;
        self.held.mail.is_read().await?;
        self.asks(LINE, COUNTER, "Nomor tiket").await?;
        let case = self.verified(LINE).await?;
        let question = json!({
            "questions": ["Di kecamatan mana?"],
            "forms": [{"as": "text"}],
        });
        let held = act(self.desk, case, "case.held", json!({}), Some(question));
        self.hears(LINE, "petugas bertanya", held).await?;
        self.asks(LINE, "Di Kecamatan Lengkong.", "sudah kami teruskan")
            .await?;
        settled(self.desk, case, State::Verified).await?;
        let begun = self.follows_up(self.desk, case, "Loket kami buka lagi besok.", false);
        self.hears(LINE, "buka lagi", begun).await?;
        Ok(())
    }

    /// What people report to a city itself is a case of its node, and a case of the node is work of the
    /// city; what the city has done proposes to close both.
    async fn with_a_city(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::City;
        let office = &self.held.office;
        office.is_followed().await?;
        let after = self.held.bubbles.count();
        let fed = file_one(self.city, CRACK, office::CATEGORY, false).await?;
        act(self.city, fed, "case.verified", json!({}), None).await?;
        let told = self.asks(LINE, PATCH, ": laporan ").await?;
        let (number, case) = told.split_once(": laporan ").unwrap_or_default();
        let case: CaseId = case.parse()?;
        settled(self.city, case, State::Received).await?;
        act(self.city, case, "case.verified", json!({}), None).await?;
        settled(self.city, case, State::Verified).await?;
        let told = self.held.bubbles.hears(LINE, after, CRACK).await?;
        let other = told.split(": ").next().unwrap_or_default();
        for number in [number, other] {
            self.held.closes(number, "Selesai: sudah kami tambal.");
        }
        settled(self.city, case, State::Answered).await?;
        settled(self.city, fed, State::Answered).await
    }

    /// There and back: the application of a city files, and reads what became of it.
    async fn of_a_city(&self) -> anyhow::Result<()> {
        const LINE: Line = Line::Open311;
        let told = self.asks(LINE, RIVER, ": ").await?;
        let case: CaseId = told.split(':').next().unwrap_or_default().parse()?;
        settled(self.city, case, State::Received).await?;
        act(self.city, case, "case.verified", json!({}), None).await?;
        settled(self.city, case, State::Verified).await?;
        let done = self.follows_up(self.city, case, "Saluran sudah kami keruk.", true);
        self.hears(LINE, "keruk", done).await?;
        let confirmed = json!({"by": "reporter", "through_officer": false});
        let closed = act(self.city, case, "case.closed", confirmed, None);
        self.hears(LINE, "Sudah ditutup: ", closed).await?;
        settled(self.city, case, State::Closed).await
    }

    /// The desk takes up what was last filed on a channel, which is told there.
    async fn verified(&self, line: Line) -> anyhow::Result<CaseId> {
        let case = latest_case(self.folder, line).await?;
        settled(self.desk, case, State::Received).await?;
        let verified = act(self.desk, case, "case.verified", json!({}), None);
        self.hears(line, "Laporan ", verified).await?;
        settled(self.desk, case, State::Verified).await?;
        Ok(case)
    }

    async fn follows_up(
        &self,
        node: &Api,
        case: CaseId,
        text: &str,
        proposes_to_close: bool,
    ) -> anyhow::Result<()> {
        let body = json!({"proposes_to_close": proposes_to_close});
        let said: Value = json!({"text": text});
        act(node, case, "case.followed_up", body, Some(said)).await
    }

    /// Somebody writes, and is told something with these words.
    async fn asks(&self, line: Line, text: &str, words: &str) -> anyhow::Result<String> {
        let writing = self.held.writes(line, By::Citizen, text);
        self.hears(line, words, writing).await
    }

    /// Something is done, and people are told something with these words.
    async fn hears(
        &self,
        line: Line,
        words: &str,
        doing: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<String> {
        let after = self.held.bubbles.count();
        doing.await?;
        self.held.bubbles.hears(line, after, words).await
    }
}

/// Until the hub has ruled what was done, and a node sees the case so.
async fn settled(node: &Api, case: CaseId, state: State) -> anyhow::Result<()> {
    let is_so = |view: &CaseView| {
        let summary = &view.summary;
        summary.state == Some(state) && summary.pending == 0 && view.key == KeyState::Held
    };
    until(node, case, is_so).await
}
