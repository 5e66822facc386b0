//! What the desks of a demo find beside the reports of the sample: units with their cases, answers
//! that wait for a superior and one that was given back, evidence that is wanted, a request for an
//! identity, a report that was split, and an act that came too late.
//!
//! What only a desk does is done as the commands of the program do it: by a node that is opened
//! beside, or instead of, the one that serves.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lapor_node::casework::{CaseFilter, CaseView, KeyState, NewAct, NewDraft, Sight, Tray};
use lapor_node::node::Node;
use lapor_node::settings::Settings;
use lapor_node::staff::StaffRole;
use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::Category;
use lapor_web::clock::SystemClock;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::PATIENCE;
use super::api::Api;
use super::cast::DESK;
use super::folder::Folder;
use super::people::units_for;
use super::play::Nodes;

/// The desk of which all of it is shown.
pub const CITY: &str = "kota-bandung";
/// Categories of that desk in which a proposal to close needs evidence, and a public answer the
/// signature of a superior; none of the sample's reports for it.
pub const EVIDENCE: &str = "Pekerjaan Umum dan Penataan Ruang/Pasar";
pub const SUPERVISED: &str = "Netralitas ASN";

/// Cases of one tray that are given to units.
const GIVEN: u32 = 24;
const GLANCE: Duration = Duration::from_millis(100);

/// Cases of the scenes that are furnished further.
pub struct Scenes {
    waiting: CaseId,
    returned: CaseId,
    late: CaseId,
}

/// Files what the scenes are about, while all nodes serve.
pub async fn file(nodes: &Nodes) -> anyhow::Result<Scenes> {
    let city = node(nodes, CITY)?;
    let desk = node(nodes, DESK)?;
    let market = file_one(city, "Atap Pasar Kosambi bocor", EVIDENCE, false).await?;
    let waiting = file_one(city, "Lurah ikut rapat pemenangan calon", SUPERVISED, false).await?;
    let returned = file_one(city, "Spanduk calon di kantor kelurahan", SUPERVISED, false).await?;
    let double = "Trotoar rusak dan parkir liar di Jalan Sumatra";
    let double = file_one(city, double, "Perhubungan/Parkir Liar", false).await?;
    let late = "Antrean panjang di loket kependudukan";
    let late = file_one(city, late, "Kependudukan/KTP Elektronik", false).await?;
    for case in [market, waiting, returned, double, late] {
        act(city, case, "case.verified", json!({}), None).await?;
    }
    let half = json!({
        "title": "Parkir liar di Jalan Sumatra",
        "content": "Bagian kedua laporan: mobil diparkir di atas trotoar setiap sore.",
    });
    let category = json!({ "category": "Perhubungan/Parkir Liar" });
    act(city, double, "case.split", category, Some(half)).await?;

    let hidden = "Pungutan di luar ketentuan di kantor pertanahan";
    let hidden = file_one(city, hidden, "Politik dan Hukum", true).await?;
    let returns = json!({ "reason": "belongs_to_another" });
    let said = json!({ "text": "Kantor pertanahan bukan kewenangan kami." });
    act(city, hidden, "case.returned", returns, Some(said)).await?;
    // It was received before as well: the desk has it once it has come back.
    until(desk, hidden, |view| {
        let has = view.summary.custodian.as_ref().map(InstanceId::as_str);
        has == Some(DESK) && view.key == KeyState::Held
    })
    .await?;
    let why = json!({ "text": "Petugas perlu mencocokkan nomor berkas dengan pelapor." });
    act(
        desk,
        hidden,
        "identity.requested",
        json!({ "purpose": "visit" }),
        Some(why),
    )
    .await?;
    seen(desk, late, "verified").await?;
    Ok(Scenes {
        waiting,
        returned,
        late,
    })
}

/// Furnishes the large desks while their nodes rest; what is done here goes out when they serve.
pub async fn furnish(folder: &Folder, scenes: &Scenes) -> anyhow::Result<()> {
    for slug in [CITY, DESK] {
        let settings = Settings::load(&folder.node_config(slug))?;
        let node = Node::open(&settings, Arc::new(SystemClock)).await?;
        let officer = somebody(&node, StaffRole::Officer).await?;
        give_to_units(&node, slug, &officer).await?;
        if slug == CITY {
            draft(&node, scenes, &officer).await?;
            let said = json!({ "text": "Loket kami tambah mulai pekan depan." });
            let body = json!({ "proposes_to_close": false });
            let late = new_act("case.followed_up", &body, Some(&said))?;
            node.act(scenes.late, late, &officer).await?;
        }
        node.db().close().await;
    }
    Ok(())
}

/// The national desk takes back a case whose institution has acted on it without a line.
pub async fn recall(nodes: &Nodes, scenes: &Scenes) -> anyhow::Result<()> {
    let desk = node(nodes, DESK)?;
    let body = json!({ "reason": "disposed_in_error" });
    let said = json!({ "text": "Kami tangani dari pusat." });
    act(desk, scenes.late, "case.recalled", body, Some(said)).await?;
    ruled(desk, scenes.late).await
}

/// Every unit gets cases of each kind of work, with numbers of the institution's own application.
async fn give_to_units(node: &Node, slug: &str, officer: &str) -> anyhow::Result<()> {
    let mut number = 0;
    for tray in [
        Tray::New,
        Tray::CameBack,
        Tray::Waiting,
        Tray::Working,
        Tray::Answered,
    ] {
        let filter = CaseFilter {
            tray: Some(tray),
            ..CaseFilter::default()
        };
        let page = node.cases(&filter, None, GIVEN).await?;
        for case in &page.cases {
            let category = case.category.as_ref().map(Category::as_str);
            let units: Vec<&str> = units_for(slug, category).collect();
            let Some(unit) = units.get(number % units.len().max(1)) else {
                continue;
            };
            node.assign(&Sight::ALL, &[case.case], Some(*unit), None, officer)
                .await?;
            number += 1;
            let own = format!("{}-{number:04}", slug.to_uppercase());
            node.number(&Sight::ALL, case.case, Some(&own), officer)
                .await?;
        }
    }
    Ok(())
}

/// One answer waits for a superior, another came back from one.
async fn draft(node: &Node, scenes: &Scenes, officer: &str) -> anyhow::Result<()> {
    let leader = somebody(node, StaffRole::Leader).await?;
    for (case, key, text) in [
        (
            scenes.waiting,
            "01",
            "Lurah yang bersangkutan sudah kami mintai keterangan.",
        ),
        (scenes.returned, "02", "Spanduk sudah kami turunkan."),
    ] {
        let answer = NewDraft {
            text,
            proposes_to_close: false,
            attachments: &[],
        };
        let id = key.repeat(16);
        node.draft_answer(case, &id, &answer, officer).await?;
    }
    let drafts = node.answer_drafts(scenes.returned).await?;
    let draft = drafts.first().context("a draft was not kept")?;
    let remark = "Mohon sebut tanggalnya dan siapa yang menurunkan.";
    Ok(node.return_draft(&draft.id, remark, &leader).await?)
}

/// How the audit log names somebody of that role who belongs to no unit.
async fn somebody(node: &Node, role: StaffRole) -> anyhow::Result<String> {
    let accounts = node.accounts().list().await?;
    let mut fitting = accounts.iter().filter(|one| one.unit.is_none());
    let found = fitting.find(|one| one.role.code == role.as_str());
    Ok(found.context("a desk has nobody of a role")?.actor())
}

pub async fn file_one(
    node: &Api,
    title: &str,
    category: &str,
    anonymous: bool,
) -> anyhow::Result<CaseId> {
    let report = json!({
        "classification": "complaint",
        "title": title,
        "content": format!("{title}. Sudah beberapa hari; mohon ditangani."),
        "category": category,
        "region": "32.73",
        "anonymous": anonymous,
        "channel": "web",
        "reporter": { "name": "Warganet Rekaan", "phone": "+62 000-0000-9000" },
    });
    let filed = node.file(&report).await;
    Ok(filed
        .with_context(|| format!("{title} could not be filed"))?
        .case)
}

pub async fn act(
    node: &Api,
    case: CaseId,
    kind: &str,
    body: Value,
    words: Option<Value>,
) -> anyhow::Result<()> {
    let act = serde_json::to_value(new_act(kind, &body, words.as_ref())?)?;
    let acted = node.act(&case.to_string(), &act).await;
    acted.map(drop).with_context(|| format!("a scene: {kind}"))
}

fn new_act(kind: &str, body: &Value, words: Option<&Value>) -> anyhow::Result<NewAct> {
    let object = |value: &Value| value.as_object().cloned();
    Ok(NewAct {
        kind: kind.to_owned(),
        body: object(body).context("a body is an object")?,
        words: words.and_then(object),
        attachments: Vec::new(),
    })
}

pub fn node<'a>(nodes: &'a Nodes, slug: &str) -> anyhow::Result<&'a Api> {
    nodes
        .get(slug)
        .with_context(|| format!("{slug} has no node in this demo"))
}

/// Until a node can read a case in a state.
async fn seen(node: &Api, case: CaseId, state: &str) -> anyhow::Result<()> {
    until(node, case, |view| {
        let shown = view.summary.state.map(State::as_str);
        shown == Some(state) && view.key == KeyState::Held
    })
    .await
}

/// Until the hub has ruled what a node has done to a case.
async fn ruled(node: &Api, case: CaseId) -> anyhow::Result<()> {
    until(node, case, |view| view.summary.pending == 0).await
}

pub async fn until(
    node: &Api,
    case: CaseId,
    holds: impl Fn(&CaseView) -> bool,
) -> anyhow::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    while !node
        .case(&case.to_string())
        .await?
        .is_some_and(|view| holds(&view))
    {
        anyhow::ensure!(
            Instant::now() < give_up,
            "a scene does not come about at {}",
            node.slug()
        );
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}
