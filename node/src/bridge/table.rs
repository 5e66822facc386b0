//! Cases that are answered here as a table, in the columns in which complaints come in. What is
//! *rahasia* stands in none, and nobody's name does.

use std::io::Write;

use lapor_protocol::case::State;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use lapor_web::table::harmless;

use super::export::answers;
use super::run::{BridgeError, Progress};
use super::shape::{ALONE, is_number};
use crate::casework::{CaseFilter, CaseView};
use crate::channels::voice;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

const PAGE: u32 = 200;
const COLUMNS: [&str; 15] = [
    "id",
    "nomor_tiket",
    "tanggal_laporan",
    "judul",
    "isi",
    "klasifikasi",
    "kategori",
    "wilayah",
    "lokasi",
    "tanggal_kejadian",
    "status",
    "instansi",
    "anonim",
    "tindak_lanjut",
    "tanggal_tindak_lanjut",
];
/// What is handed over as a table, and what it is called there.
const ENDED: [(State, &str); 3] = [
    (State::Answered, "Proses"),
    (State::Closed, "Selesai"),
    (State::Archived, "Diarsipkan"),
];

impl Node {
    /// Writes cases that are answered, closed or archived here as a table. Returns how many, and how
    /// many were left out because they are *rahasia* or their words are gone.
    pub async fn bridge_table(
        &self,
        out: &mut (dyn Write + Send),
        progress: Progress<'_>,
    ) -> Result<(usize, usize), BridgeError> {
        let broken = |error: csv::Error| NodeError::File(std::io::Error::other(error));
        let mut table = csv::Writer::from_writer(out);
        table.write_record(COLUMNS).map_err(broken)?;
        let (mut written, mut without) = (0, 0);
        for (state, status) in ENDED {
            let filter = CaseFilter {
                state: Some(state),
                custodian: Some(self.instance()?.clone()),
                ..CaseFilter::default()
            };
            let mut after = None;
            loop {
                let page = self.cases(&filter, after.as_deref(), PAGE).await?;
                for one in &page.cases {
                    let view = self.case(one.case).await?;
                    let Some(row) = row(self, &view, status).await? else {
                        without += 1;
                        continue;
                    };
                    let row = row.iter().map(|cell| harmless(cell).into_owned());
                    table.write_record(row).map_err(broken)?;
                    written += 1;
                }
                progress(written, written + without);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        table.flush().map_err(NodeError::File)?;
        Ok((written, without))
    }
}

async fn row(
    node: &Node,
    view: &CaseView,
    status: &str,
) -> Result<Option<[String; 15]>, NodeError> {
    let first = view.history.first().and_then(|entry| entry.words.as_ref());
    let Some(words) = first.filter(|_| !view.summary.secret) else {
        return Ok(None);
    };
    let mut tx = node.read_tx().await?;
    let bridged = store::bridge::of_case(&mut tx, &view.summary.case.to_string()).await?;
    drop(tx);
    let said = |field: &str| words[field].as_str().unwrap_or_default().to_owned();
    let ids = bridged.map(|row| (row.their_id, row.tracking));
    let (id, tracking) = ids.unwrap_or_default();
    let id = Some(id).filter(|id| !id.starts_with(ALONE));
    let answers = answers(node, view)?;
    let texts: Vec<&str> = answers.iter().map(|one| one.text.as_str()).collect();
    let summary = &view.summary;
    let born = view.history.first().and_then(|entry| entry.body.as_ref());
    let incident = born.and_then(|body| body["incident_date"].as_str());
    Ok(Some([
        id.unwrap_or_default(),
        tracking
            .or_else(|| own_number(view))
            .or_else(|| summary.ticket.clone())
            .unwrap_or_else(|| summary.case.to_string()),
        written(node, summary.filed_at),
        said("title"),
        said("content"),
        summary.classification.map_or("", kind).to_owned(),
        text(summary.category.as_ref().map(Category::as_str)),
        text(summary.region.as_ref().map(RegionCode::as_str)),
        said("place"),
        text(incident),
        status.to_owned(),
        called(node, view),
        if summary.anonymous { "ya" } else { "tidak" }.to_owned(),
        texts.join("\n\n"),
        answers
            .last()
            .map(|last| written(node, last.at))
            .unwrap_or_default(),
    ]))
}

/// The number of the application that the case came from, by which that one knows it again. One with
/// other marks cannot stand in the column.
fn own_number(view: &CaseView) -> Option<String> {
    let number = view.summary.own_number.as_deref()?;
    is_number(number).then(|| number.to_owned())
}

fn called(node: &Node, view: &CaseView) -> String {
    let directory = node.directory();
    let custodian = view.summary.custodian.as_ref();
    let entry = custodian.and_then(|one| directory.latest().instance(one));
    entry.map(|entry| entry.name.clone()).unwrap_or_default()
}

/// `31-12-2026` where this institution is.
fn written(node: &Node, at: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at);
    let day = time.map(|time| time.with_timezone(&voice(node).zone()));
    day.map(|day| day.format("%d-%m-%Y").to_string())
        .unwrap_or_default()
}

pub(super) fn kind(classification: Classification) -> &'static str {
    match classification {
        Classification::Complaint => "Pengaduan",
        Classification::InformationRequest => "Permintaan Informasi",
        Classification::Aspiration => "Aspirasi",
    }
}

fn text(told: Option<&str>) -> String {
    told.unwrap_or_default().to_owned()
}
