//! What the desk of the Ombudsman finds beside the escalated reports of the sample: a case that it
//! watches, with a note for those who work on it, and one that it has taken into its own hands.

use lapor_node::casework::{CaseView, KeyState};
use lapor_protocol::ids::{CaseId, InstanceId};
use serde_json::json;

use super::api::Api;
use super::cast::SUPERVISOR;
use super::play::Nodes;
use super::scenes::{CITY, act, file_one, node, until};

const CATEGORY: &str = "Kependudukan/KTP Elektronik";
const WATCHED: &str = "Surat pindah belum terbit sesudah tiga kali datang";
const TAKEN: &str = "Diminta membayar agar KTP selesai lebih cepat";

/// Two reporters agree that the Ombudsman looks into their cases, which the city has verified.
pub async fn play(nodes: &Nodes) -> anyhow::Result<()> {
    let (city, ombudsman) = (node(nodes, CITY)?, node(nodes, SUPERVISOR)?);
    let (watched, taken) = tokio::try_join!(
        escalated(city, ombudsman, WATCHED),
        escalated(city, ombudsman, TAKEN)
    )?;
    let note = json!({ "text": "Kami pantau. Mohon jawab pelapor dalam tujuh hari." });
    act(ombudsman, watched, "case.noted", json!({}), Some(note)).await?;
    act(ombudsman, taken, "case.taken_over", json!({}), None).await?;
    for node in [city, ombudsman] {
        until(node, taken, |view| {
            let has = view.summary.custodian.as_ref().map(InstanceId::as_str);
            has == Some(SUPERVISOR) && view.summary.pending == 0
        })
        .await?;
    }
    Ok(())
}

/// Files a report and escalates it, until the Ombudsman can read it.
async fn escalated(city: &Api, ombudsman: &Api, title: &str) -> anyhow::Result<CaseId> {
    let case = file_one(city, title, CATEGORY, false).await?;
    act(city, case, "case.verified", json!({}), None).await?;
    let consent = json!({ "consent": true });
    act(city, case, "case.escalated", consent, None).await?;
    let reads = |view: &CaseView| view.summary.escalated && view.key == KeyState::Held;
    until(ombudsman, case, reads).await?;
    Ok(case)
}
