//! How cases of a demo end beside what the plans let their reporters confirm: at the word of an
//! officer, by silence, and with their words erased.
//!
//! They begin on the first day, because it is time that ends them: the nodes close and erase by
//! themselves, in the weeks that pass.

use lapor_node::casework::{KeyState, Outcome};
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::api::Api;
use super::cast::DESK;
use super::federation::Stage;
use super::play::Nodes;
use super::programs::run;
use super::scenes::{CITY, act, file_one, node, ruled, until};

const CATEGORY: &str = "Kependudukan/KTP Elektronik";
const CONFIRMED: &str = "Nama di kartu keluarga salah ketik";
const NOTED: &str = "Jadwal rekam KTP berubah tanpa kabar";
const SILENT: &str = "Loket kependudukan tutup sebelum jamnya";
const ERASED: &str = "Data keluarga ditempel di papan pengumuman";

/// Cases whose officer proposed to close them, by what comes of it.
pub struct Endings {
    confirmed: CaseId,
    noted: CaseId,
    silent: CaseId,
    /// Confirmed as well, before.
    erased: CaseId,
}

/// Files and answers them, and lets reporters say what they say.
pub async fn begin(stage: &Stage<'_>, nodes: &Nodes) -> anyhow::Result<Endings> {
    let city = node(nodes, CITY)?;
    let (confirmed, noted, silent, erased) = tokio::try_join!(
        answered(city, CONFIRMED),
        answered(city, NOTED),
        answered(city, SILENT),
        answered(city, ERASED),
    )?;
    for (case, through_officer) in [(confirmed, false), (noted, true), (erased, false)] {
        let closed = json!({ "by": "reporter", "through_officer": through_officer });
        act(city, case, "case.closed", closed, None).await?;
    }
    ruled(city, erased).await?;
    let case = erased.to_string();
    let erase = ["reporter", "erase", &case, "--reason", "reporter_request"];
    let config = stage.folder.node_config(CITY);
    run(&stage.programs.node, &config, &erase, None).await?;
    Ok(Endings {
        confirmed,
        noted,
        silent,
        erased,
    })
}

/// Until all have come about, once the weeks have passed.
pub async fn come(nodes: &Nodes, endings: &Endings) -> anyhow::Result<()> {
    let (city, desk) = (node(nodes, CITY)?, node(nodes, DESK)?);
    for (case, outcome) in [
        (endings.confirmed, Outcome::Confirmed),
        (endings.noted, Outcome::Officer),
        (endings.silent, Outcome::Silence),
    ] {
        until(city, case, |view| {
            view.summary.outcome == Some(outcome) && view.summary.pending == 0
        })
        .await?;
    }
    for node in [city, desk] {
        until(node, endings.erased, |view| {
            view.key == KeyState::Erased && view.summary.pending == 0
        })
        .await?;
    }
    Ok(())
}

/// Files a report of which an officer says on the same day that it is done.
async fn answered(city: &Api, title: &str) -> anyhow::Result<CaseId> {
    let case = file_one(city, title, CATEGORY, false).await?;
    act(city, case, "case.verified", json!({}), None).await?;
    let body = json!({ "proposes_to_close": true });
    let said = json!({ "text": "Sudah kami perbaiki. Mohon dikonfirmasi." });
    act(city, case, "case.followed_up", body, Some(said)).await?;
    ruled(city, case).await?;
    Ok(case)
}
