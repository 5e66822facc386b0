//! A stage for the browser tests: two nodes that are really served, of a fleet with
//! cases in several states, for as long as somebody holds its standard input open.
//! It prints one line of JSON: where it is, and which pages are worth a look; and
//! for each line that it reads, the institutions exchange what they have, and it
//! prints an empty object.

mod channels;
mod console;
mod reporters;
mod routes;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use lapor_migrations::Kind;
use lapor_node::casework::{Decider, NewReport};
use lapor_node::cities::CitySettings;
use lapor_node::doors;
use lapor_node::feed::Wanted;
use lapor_node::hooks::{self, NewHook};
use lapor_node::node::Node;
use lapor_node::post::{Delivery, Encryption};
use lapor_node::publishing::{NewProgramme, NewProgress};
use lapor_node::settings::Settings;
use lapor_node::staff::{PASSWORD as PASSWORD_PAGE, SETUP, StaffRole, link_at};
use lapor_node::tokens::{Bounds, NewToken, Rights, Role, Scope, Scopes, create_for};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_web::accounts::{NewAccount, Secret};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::demo::drawing::drawing;
use crate::fleet::Fleet;
use crate::fleet::member::{BANDUNG, KEMENPU, KEMENSOS, Member, OMBUDSMAN, PLN, PUSAT};
use crate::fleet::words::{act, worded};

/// The password of every account on the stage.
const PASSWORD: &str = "gerimis tujuh kelapa sepeda";

/// Memory of one hash of a password: a browser logs in more often than an officer does.
const HASH_KIB: u32 = 64;

/// The programme that the stage's reports are about.
const PROGRAMME: &str = "trotoar-braga";

/// Serve a node with cases to a browser until standard input ends
#[derive(Parser)]
#[command(name = "lapor-stage")]
struct Options {
    /// The database; PostgreSQL needs lapor-test-postgres around this
    #[arg(value_parser = ["sqlite", "postgres"])]
    database: String,
}

pub fn main() -> ExitCode {
    let options = Options::parse();
    let kind = match options.database.as_str() {
        "postgres" => Kind::Postgres,
        _ => Kind::Sqlite,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(play(kind)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play(kind: Kind) -> anyhow::Result<()> {
    let city = Member {
        disposes_to: &["slug:kemenpu"],
        ..BANDUNG
    };
    let shutdown = CancellationToken::new();
    let mut fleet = Fleet::gather(kind, &[PUSAT, city, KEMENPU, KEMENSOS, OMBUDSMAN]).await;
    let bandung = fleet.at_mut(BANDUNG.slug);
    bandung.stop().await;
    arrange(&mut bandung.settings);
    channels::switch_on(&mut bandung.settings, &shutdown).await?;
    bandung.start().await;
    again_with(&mut fleet, OMBUDSMAN.slug, |settings| {
        // Where files find no room.
        settings.api.waiting_bytes = 1;
        settings.erasure.second_person = true;
    })
    .await;
    again_with(&mut fleet, PUSAT.slug, |_| {}).await;
    let supervisors = hire(fleet.at(OMBUDSMAN.slug).node(), "ombudsman.go.id").await?;
    let desk_staff = hire(fleet.at(PUSAT.slug).node(), "pusat.example").await?;
    let staff = hire(fleet.at(BANDUNG.slug).node(), "bandung.go.id").await?;
    write(fleet.at(BANDUNG.slug).node()).await?;
    announce(&fleet).await;
    let talks = reporters::furnish(fleet.at(BANDUNG.slug)).await;
    let (tickets, reports) = furnish(&fleet).await;
    let mut rare = rarely_seen(&fleet).await?;
    let handed = handed_about(&mut fleet).await;
    fleet.knock(PLN).await;

    let (base, serving) = serve(&fleet, BANDUNG.slug, &shutdown).await?;
    rare["talk"] = channels::furnish(fleet.at(BANDUNG.slug).node(), &base, &shutdown)
        .await?
        .into();
    let calling = hooks::run(fleet.at(BANDUNG.slug).node().clone(), shutdown.clone());
    let calling = tokio::spawn(calling);
    let (beside, also_serving) = serve(&fleet, OMBUDSMAN.slug, &shutdown).await?;
    let (national, serving_national) = serve(&fleet, PUSAT.slug, &shutdown).await?;
    let (unopened, serving_unopened) = serve(&fleet, KEMENPU.slug, &shutdown).await?;
    let console = console::open(&fleet, &shutdown).await?;
    let node = fleet.at(BANDUNG.slug).node();
    let told = json!({
        "console": console.told,
        "base": base,
        "now": node.clock().now_ms(),
        "routes": { "node": routes::read(&doors::router(node.clone())), "console": console.routes },
        "tickets": tickets,
        "reports": reports,
        "cases": cases(&fleet, &tickets).await,
        "staff": staff,
        "password": PASSWORD,
        "talks": talks,
        "rare": rare,
        "handed": handed,
        "webhooks": { "base": format!("{base}/api/v1"), "key": webhooks_key(&fleet).await? },
        "api": { "base": base, "keys": api_keys(&fleet).await? },
        "open311": { "base": format!("{base}/open311"), "key": open311_key(&fleet).await? },
        "setup": link_at(&unopened, SETUP, &setup_link(&fleet).await?),
        "supervisor": { "base": beside, "staff": supervisors, "password": PASSWORD },
        "pusat": { "base": national, "staff": desk_staff, "password": PASSWORD },
    });
    writeln!(std::io::stdout(), "{told}").context("nobody reads where the stage is")?;
    // Ends when whoever started this goes away, however it does.
    let (ask, mut asked) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let lines = std::io::stdin().lines().map_while(Result::ok);
        lines.map(|_| ask.blocking_send(())).find(Result::is_err)
    });
    while asked.recv().await.is_some() {
        fleet.settle().await;
        writeln!(std::io::stdout(), "{{}}").context("nobody waits for the exchange")?;
    }
    reading.await?;
    shutdown.cancel();
    serving.await??;
    calling.await?;
    also_serving.await??;
    serving_national.await??;
    serving_unopened.await??;
    console.ended().await?;
    fleet.ends_well().await;
    Ok(())
}

/// What the city has arranged.
fn arrange(settings: &mut Settings) {
    settings.portal.name = Some("Pemerintah Kota Bandung".into());
    settings.portal.contact = Some("Jl. Wastukancana No. 2, Bandung; (022) 000-0000".into());
    let national = "https://lapor.example.id".to_owned();
    settings.portal.national_url = Some(national.try_into().expect("an address"));
    let supervised = "Netralitas ASN".to_owned();
    settings.categories.supervision = vec![supervised.try_into().expect("a category")];
    settings.open311.enabled = true;
    settings.webhooks.local = true;
    settings.cities = vec![city_service()];
    settings.accounts.hash_memory_kib = HASH_KIB;
    // Both are away: the pages offer them all the same.
    let mail = &mut settings.mail;
    mail.host = Some("127.0.0.1".into());
    mail.port = 1;
    mail.encryption = Encryption::None;
    mail.from = Some("Lapor Bandung <lapor@bandung.go.id>".into());
    let provider = &mut settings.single_sign_on;
    provider.issuer = Some("http://127.0.0.1:1".into());
    provider.client_id = "lapor".into();
    provider.name = Some("Akun Bandung".into());
}

/// An institution that people log in to, with other settings.
async fn again_with(fleet: &mut Fleet, slug: &str, change: impl FnOnce(&mut Settings)) {
    let institution = fleet.at_mut(slug);
    institution.stop().await;
    institution.settings.accounts.hash_memory_kib = HASH_KIB;
    change(&mut institution.settings);
    institution.start().await;
}

/// A key with which programs file reports at Bandung.
async fn open311_key(fleet: &Fleet) -> anyhow::Result<String> {
    key(fleet, "aplikasi-kota", &[Scope::Open311Write]).await
}

/// A key with which programs arrange webhooks there, and file what these tell of.
async fn webhooks_key(fleet: &Fleet) -> anyhow::Result<String> {
    let scopes = [Scope::WebhooksWrite, Scope::CasesRead, Scope::ReportsFile];
    key(fleet, "aplikasi-webhook", &scopes).await
}

/// A key of each role, by the role.
async fn api_keys(fleet: &Fleet) -> anyhow::Result<serde_json::Value> {
    let mut keys = serde_json::Map::new();
    for role in [Role::Admin, Role::Reader, Role::Identity] {
        let made = key_with(fleet, &format!("aplikasi-{role}"), role.into()).await?;
        keys.insert(role.to_string(), made.into());
    }
    Ok(keys.into())
}

async fn key(fleet: &Fleet, name: &str, scopes: &[Scope]) -> anyhow::Result<String> {
    let scopes = Scopes::new(scopes.iter().copied())?;
    key_with(fleet, name, Rights::Scopes(scopes)).await
}

async fn key_with(fleet: &Fleet, name: &str, rights: Rights) -> anyhow::Result<String> {
    let new = NewToken {
        name,
        rights,
        bounds: Bounds::default(),
        expires_at: None,
        owner: None,
    };
    let node = fleet.at(BANDUNG.slug).node();
    let now = node.clock().now_ms();
    let made = create_for(node.db(), new, "stage", now).await?;
    Ok(made.to_string())
}

/// Serves an institution until `shutdown`; says where.
async fn serve(
    fleet: &Fleet,
    slug: &str,
    shutdown: &CancellationToken,
) -> anyhow::Result<(String, JoinHandle<anyhow::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let node = fleet.at(slug).node().clone();
    let serving = tokio::spawn(doors::serve(node, listener, shutdown.clone()));
    Ok((base, serving))
}

/// An account for each role at a host, and a second admin: the log-in by the role.
async fn hire(node: &Node, host: &str) -> anyhow::Result<serde_json::Value> {
    let unit = "dinas-pu".parse()?;
    node.add_unit("stage", &unit, "Dinas Pekerjaan Umum", None)
        .await?;
    let mut staff = serde_json::Map::new();
    for (called, role, name) in [
        ("admin", StaffRole::Admin, "Dewi Lestari"),
        ("second_admin", StaffRole::Admin, "Agus Salim"),
        ("officer", StaffRole::Officer, "Siti Aminah"),
        ("leader", StaffRole::Leader, "Budi Santoso"),
        ("identity_keeper", StaffRole::IdentityKeeper, "Rina Wijaya"),
    ] {
        let login = format!("{called}@{host}");
        let new = NewAccount {
            login: &login,
            name,
            role: role.as_str(),
            unit: None,
        };
        let (_, link) = node.create_account("stage", &new).await?;
        let from = [192, 0, 2, 7].into();
        let accounts = node.accounts();
        accounts
            .choose_password(&link, &PASSWORD.into(), from)
            .await?;
        staff.insert(called.to_owned(), login.into());
    }
    Ok(staff.into())
}

/// The link to the first set-up of an institution at which nobody has an account.
async fn setup_link(fleet: &Fleet) -> anyhow::Result<Secret> {
    let accounts = fleet.at(KEMENPU.slug).node().accounts();
    let made = accounts.setup_link("stage").await?;
    made.context("somebody has set it up already")
}

/// What pages show that few people see: a report in the hands of another institution, one that was
/// merged and whose erasure waits, a request for an identity, and the link of a new account.
async fn rarely_seen(fleet: &Fleet) -> anyhow::Result<serde_json::Value> {
    let bandung = fleet.at(BANDUNG.slug);
    let node = bandung.node();
    // Nobody takes what it is told.
    let nowhere = NewHook {
        name: "Aplikasi aduan kota",
        url: "http://127.0.0.1:1/lapor",
        wanted: Wanted::all(),
    };
    let (webhook, _) = node.make_webhook(nowhere, "stage").await?;
    let given = bandung
        .file(report(
            "Jembatan penyeberangan berkarat di Jalan Asia Afrika",
            false,
        ))
        .await;
    let kept = bandung
        .file(report("Marka jalan pudar di Jalan Merdeka", false))
        .await;
    let merged = bandung
        .file(report("Garis jalan hilang di Jalan Merdeka", false))
        .await;
    for case in [given, kept, merged] {
        bandung.verify(case).await;
    }
    bandung.dispose(given, KEMENPU.slug).await;
    let link = act("case.linked", json!({ "target_case": kept }));
    bandung.act(merged, link).await;
    fleet.settle().await;
    let officer = NewAccount {
        login: "baru@bandung.go.id",
        name: "Ujang Hidayat",
        role: StaffRole::Officer.as_str(),
        unit: None,
    };
    let (account, link) = node.create_account("stage", &officer).await?;
    let admin = Decider::officer(StaffRole::Admin, account.actor());
    let reason = RedactionReason::PersonalData;
    node.plan_erasure(kept, reason, &admin).await?;
    Ok(json!({
        "webhook": webhook.id,
        "given": given,
        "merged": merged,
        "planned": kept,
        "password": format!("{PASSWORD_PAGE}/{}", link.reveal()),
    }))
}

/// Reports that went from hand to hand: one that has left the city, one on which the city acted too
/// late, one that a supervisor may take over, and one in the hands of a ministry that is no more.
async fn handed_about(fleet: &mut Fleet) -> serde_json::Value {
    let (desk, bandung) = (fleet.at(PUSAT.slug), fleet.at(BANDUNG.slug));
    let left = desk.file(report("Plang jalan nasional roboh", false)).await;
    let late = desk
        .file(report("Rambu jalan nasional tertutup pohon", false))
        .await;
    let ended = desk
        .file(report("Bantuan tunai belum disalurkan", false))
        .await;
    let escalated = bandung
        .file(report("Bantuan banjir belum dibagikan", false))
        .await;
    for (case, to) in [(left, BANDUNG), (late, BANDUNG), (ended, KEMENSOS)] {
        desk.verify(case).await;
        desk.dispose(case, to.slug).await;
    }
    bandung.verify(escalated).await;
    bandung.escalate(escalated).await;
    fleet.settle().await;
    for case in [left, late] {
        desk.recall(case).await;
    }
    desk.catch_up().await;
    for sentence in ["Pohon dipangkas besok.", "Rambu sudah dibersihkan."] {
        bandung.follow_up(late, sentence).await;
    }
    fleet.settle().await;
    desk.dispose(late, BANDUNG.slug).await;
    fleet.dissolve(KEMENSOS.slug, KEMENPU.slug).await;
    fleet.settle().await;
    json!({ "left": left, "late": late, "ended": ended, "escalated": escalated })
}

/// A service of another application in the city, which nobody has asked yet.
fn city_service() -> CitySettings {
    let city = json!({
        "name": "bandung-311",
        "title": "Bandung 311",
        "url": "http://127.0.0.1:1/open311/v2",
        "map": [{ "code": "lampu", "category": "Perhubungan" }],
    });
    serde_json::from_value(city).expect("a city")
}

/// A letter that the mail server has not taken.
async fn write(node: &Arc<Node>) -> anyhow::Result<()> {
    node.ask_sign_in("warga@contoh.id", [192, 0, 2, 8].into())
        .await?;
    let delivery = Delivery::of(node)?.context("letters are off")?;
    delivery.round().await?;
    Ok(())
}

/// The ids of the cases behind the tickets.
async fn cases(fleet: &Fleet, tickets: &serde_json::Value) -> serde_json::Value {
    let mut cases = serde_json::Map::new();
    for (name, ticket) in tickets.as_object().into_iter().flatten() {
        let ticket = ticket.as_str().expect("a ticket");
        let view = fleet.at(BANDUNG.slug).node().case_by_ticket(ticket).await;
        let case = view.expect("a case of the stage").summary.case;
        cases.insert(name.clone(), case.to_string().into());
    }
    cases.into()
}

/// A programme of the city with its progress, and one that has not begun.
async fn announce(fleet: &Fleet) {
    let node = fleet.at(BANDUNG.slug).node();
    let upload = fleet.at(BANDUNG.slug).upload(&drawing(7)).await;
    let published = [
        json!({
            "pictures": [{ "upload": upload, "alt": "Rumah-rumah di tepi jalan, digambar sebagai contoh." }],
            "slug": PROGRAMME, "name": "Perbaikan trotoar Jalan Braga", "region": "32.73",
            "coordinates": { "latitude": -6.9175, "longitude": 107.6095 },
            "budget_idr": 4_750_000_000_i64, "start": "2026-03-02", "end": "2026-12-18",
            "description": "Trotoar sepanjang 1,2 km diperlebar, dengan jalur pemandu.\n\nProgram dan angka ini contoh.",
        }),
        json!({
            "slug": "taman-2027", "name": "Taman lingkungan di sepuluh kelurahan",
            "description": "Sepuluh taman kecil dengan tempat bermain. Contoh.",
        }),
    ];
    for programme in published {
        let programme: NewProgramme = serde_json::from_value(programme).expect("a programme");
        let published = node.publish_programme(programme, "stage").await;
        published.expect("it is published");
    }
    let progress = json!({
        "percent": 62, "status": "running", "text": "Sisi barat selesai; sisi timur dimulai Senin.",
    });
    let progress: NewProgress = serde_json::from_value(progress).expect("progress");
    let told = node.publish(progress.about(PROGRAMME.into()), "stage");
    told.await.expect("it is told");
}

/// Tickets by what became of their cases, and the ids of those that everybody may read.
async fn furnish(fleet: &Fleet) -> (serde_json::Value, serde_json::Value) {
    let bandung = fleet.at(BANDUNG.slug);
    let new = bandung
        .file(report("Lampu jalan padam di Jalan Cikutra", false))
        .await;
    let secret = bandung
        .file(report("Pungutan di loket pelayanan", true))
        .await;
    let worked = bandung
        .file(report("Jalan berlubang di depan Pasar Kosambi", false))
        .await;
    let closed = bandung
        .file(report("Sampah menumpuk di Taman Cilaki", false))
        .await;
    bandung.verify(worked).await;
    bandung.verify(closed).await;
    say(
        fleet,
        worked,
        false,
        "Tim bina marga sudah meninjau lokasi.\n\nPenambalan dijadwalkan hari Sabtu.",
    )
    .await;
    say(
        fleet,
        closed,
        true,
        "Sampah sudah diangkut dan jadwal pengangkutan ditambah.",
    )
    .await;
    fleet.settle().await;
    let confirmed = act(
        "case.closed",
        json!({ "by": "reporter", "through_officer": false }),
    );
    fleet.at(BANDUNG.slug).act(closed, confirmed).await;
    let ticket = async |case: CaseId| fleet.at(BANDUNG.slug).view(case).await.summary.ticket;
    let tickets = json!({
        "new": ticket(new).await,
        "secret": ticket(secret).await,
        "worked": ticket(worked).await,
        "closed": ticket(closed).await,
    });
    (tickets, json!({ "worked": worked, "closed": closed }))
}

async fn say(fleet: &Fleet, case: CaseId, proposes_to_close: bool, sentence: &str) {
    let body = json!({ "proposes_to_close": proposes_to_close });
    let words = json!({ "text": sentence });
    let followed_up = worded("case.followed_up", body, words);
    fleet.at(BANDUNG.slug).act(case, followed_up).await;
}

fn report(title: &str, secret: bool) -> NewReport {
    let report = json!({
        "classification": "complaint",
        "title": title,
        "content": format!("{title}. Sudah seminggu, mohon ditangani."),
        "region": "32.73",
        "category": "Pekerjaan Umum dan Penataan Ruang/Jalan",
        "programme": { "owner": BANDUNG.slug, "slug": PROGRAMME },
        "secret": secret,
        "channel": "web",
    });
    serde_json::from_value(report).expect("a report")
}
