//! The console of central staff: pages on a listener of its own. A handler
//! reads a request, calls the hub and renders a template; it knows no SQL and
//! no rule. Who may log in, and the pages about them, are [`lapor_web`]'s.

mod acts;
mod admission;
mod alarms;
mod api;
mod approvals;
mod audit_words;
mod belonging;
mod bulk;
mod casework;
mod consequences;
mod edition_faults;
mod editions;
mod federation;
mod instances;
mod invite;
mod key_terms;
mod keys;
mod listed;
mod live;
mod many;
mod measures;
mod names;
mod office;
mod over_time;
mod patterns;
mod resting;
mod roadmap;
mod roles;
mod settings;
mod sheet;
mod standing;
mod steps;
mod table;
#[cfg(test)]
mod tests;
mod trying;
mod upkeep;
mod visits;
pub(crate) mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use lapor_web::accounts::{Accounts, HashCost, Rules};
use lapor_web::bearer::Recent;
use lapor_web::language::{Texts, text_id};
use lapor_web::page::{self, Area, Facts, Link, Shelf, Site};
use lapor_web::regions::outlines;
use lapor_web::sign_on::SignOn;
use lapor_web::throttle::Throttle;
use lapor_web::{ApiProblem, entrance, people, serving};
use rust_embed::RustEmbed;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::Hub;
use crate::audit::AuditLog;
use crate::casework::weeks::ZONE;
use crate::error::HubError;
use crate::ground::Ground;
use crate::keys as own_keys;
use crate::tokens::Bearer;

pub use roles::{ConsoleRole, ConsoleRoleError};
pub use settings::ConsoleSettings;

/// Where the console begins.
pub const ROOT: &str = "/konsol";
/// Where alarms are seen.
pub const ALARMS: &str = "/konsol/alarm";
const ACCOUNT: &str = "/konsol/akun";
/// What authenticator apps show.
const ISSUER: &str = "Lapor Hub";
/// In which dates of the pages are written.
const MINUTE_MS: i64 = 60_000;
/// How often ended sessions are removed.
const SWEEP: Duration = Duration::from_hours(1);

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "id",
        customise: |bundle| { lapor_web::language::prepare(bundle); },
    };
}

/// The words of the console's own pages.
pub fn texts() -> Texts {
    &TEXTS
}

static AREAS: &[Area] = &[Area {
    root: ROOT,
    name: text_id("console-name"),
    for_members: true,
    links: &[
        Link {
            to: ROOT,
            name: text_id("console-federation"),
        },
        Link {
            to: instances::PATH,
            name: text_id("console-instances"),
        },
        Link {
            to: casework::PATH,
            name: text_id("console-casework"),
        },
        Link {
            to: ALARMS,
            name: text_id("console-alarms"),
        },
        Link {
            to: roadmap::PATH,
            name: text_id("roadmap-title"),
        },
        Link {
            to: upkeep::PATH,
            name: text_id("console-upkeep"),
        },
        Link {
            to: approvals::PATH,
            name: text_id("console-approvals"),
        },
        Link {
            to: ACCOUNT,
            name: text_id("console-account"),
        },
    ],
}];

/// Scripts of the console's own.
#[derive(RustEmbed)]
#[folder = "assets"]
struct Scripts;

/// The drawing of the provinces on the shelf.
const DRAWING: &str = "peta.svg";

type Answer<T> = Result<T, ApiProblem>;

/// The console of a hub.
pub struct Console {
    hub: Arc<Hub>,
    settings: ConsoleSettings,
    accounts: Accounts,
    sign_on: SignOn,
    /// What slows down whoever begins at the provider too often.
    ways: Throttle,
    /// Tokens of programs that were looked up a moment ago.
    tokens: Recent<Bearer>,
    /// Invitations of many, whose lines are kept in memory for a while.
    rounds: bulk::Rounds,
    /// Secrets of webhooks that wait to be shown.
    secrets: alarms::Secrets,
    /// One permit for each test of a connection that may run.
    trials: Semaphore,
}

impl Console {
    /// As the hub's settings say.
    pub fn of(hub: &Arc<Hub>) -> Arc<Self> {
        Self::with(hub, hub.settings().console.clone())
    }

    pub fn with(hub: &Arc<Hub>, settings: ConsoleSettings) -> Arc<Self> {
        let site = settings.public_url.as_ref().map(ToString::to_string);
        Arc::new(Self {
            sign_on: SignOn::of(&hub.settings().single_sign_on, site),
            accounts: accounts(&hub.ground, &settings),
            hub: Arc::clone(hub),
            settings,
            ways: Throttle::default(),
            tokens: Recent::default(),
            rounds: bulk::Rounds::default(),
            secrets: alarms::Secrets::default(),
            trials: Semaphore::new(trying::AT_ONCE),
        })
    }

    /// Who may log in.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub fn settings(&self) -> &ConsoleSettings {
        &self.settings
    }
}

/// Who may log in to a console of these settings.
pub fn accounts(ground: &Ground, settings: &ConsoleSettings) -> Accounts {
    let rules = Rules {
        roles: roles::ROLES,
        factor_for: settings
            .second_factor
            .iter()
            .map(|role| role.as_str())
            .collect(),
        idle_ms: i64::from(settings.idle_minutes) * MINUTE_MS,
        longest_ms: i64::from(settings.longest_minutes) * MINUTE_MS,
        issuer: ISSUER.to_owned(),
        cost: HashCost {
            memory_kib: settings.hash_memory_kib,
            ..HashCost::STAFF
        },
    };
    Accounts::new(
        ground.db.clone(),
        Arc::clone(&ground.clock),
        Arc::new(AuditLog),
        own_keys::vault(&ground.settings),
        rules,
    )
}

/// Makes what a console needs beside the database; before it is served.
pub fn prepare(ground: &Ground) -> Result<(), HubError> {
    own_keys::make_factor_key(&ground.settings)
}

/// Serves until `shutdown`, then drains.
pub async fn serve(
    console: Arc<Console>,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let router = router(&console);
    tokio::select! {
        ended = serving::serve(listener, router, shutdown) => ended,
        never = sweep(&console) => never,
    }
}

/// All routes of the listener.
pub fn router(console: &Arc<Console>) -> Router {
    let site = Arc::new(site(console));
    let routes = people::routes::<Console>()
        .route("/", get(async || Redirect::to(ROOT)))
        .route(ROOT, get(federation::show))
        .route(live::PATH, get(live::stream))
        .route(instances::PATH, get(listed::list))
        .route(instances::ONE, get(instances::show))
        .route(measures::ONE, get(measures::show))
        .route(visits::ONE, get(visits::show))
        .route(acts::REVOKE, get(acts::ask_revoke).post(acts::revoke))
        .route(acts::REPLACE, get(acts::ask_replace).post(acts::replace))
        .route(acts::VOID, get(acts::ask_void).post(acts::void))
        .route(acts::ENTRUST, get(acts::ask_entrust).post(acts::entrust))
        .route(instances::ACT, post(instances::act))
        .merge(alarms::routes())
        .route(invite::PATH, get(invite::ask).post(invite::send))
        .route(invite::WITHDRAW, post(invite::withdraw))
        .route(many::PATH, get(many::ask))
        .route(many::CHECK, post(many::check))
        .route(many::BEGIN, post(many::begin))
        .route(many::ROUND, get(many::follow))
        .route(many::SHEETS, get(many::sheets))
        .route(many::LINES, get(many::lines))
        .route(many::FORGET, post(many::forget))
        .route(roadmap::PATH, get(roadmap::show))
        .route(roadmap::TABLE, get(roadmap::table))
        .route(roadmap::ONE, get(roadmap::place).post(roadmap::plan))
        .route(keys::PATH, get(keys::show))
        .route(keys::DATA, get(keys::data))
        .route(editions::PATH, get(editions::show))
        .route(editions::DATA, get(editions::data))
        .route(editions::CATEGORIES, get(editions::categories))
        .route(editions::CHECK, post(editions::check))
        .route(steps::PATH, get(steps::ask).post(steps::take))
        .route(trying::PATH, post(trying::attempt))
        .route(approvals::PATH, get(approvals::list))
        .route(admission::PATH, get(admission::ask).post(admission::admit))
        .route(approvals::ONE, post(approvals::decide))
        .route(resting::ONE, post(resting::vouch))
        .merge(upkeep::routes())
        .merge(casework::routes());
    let pages = page::pages(routes, &site).merge(api::routes(console));
    let received = page::receive(entrance::answer_missing(pages), &site);
    entrance::stand_before(received).with_state(Arc::clone(console))
}

/// What pages and letters say of the federation.
pub fn facts(settings: &ConsoleSettings) -> Facts {
    Facts {
        institution: settings.name.clone(),
        zone: ZONE,
        contact: settings.contact.clone(),
        national: None,
    }
}

fn site(console: &Console) -> Site {
    let settings = console.settings.clone();
    let clock = Arc::clone(&console.hub.ground.clock);
    let mut site = Site::new(texts(), AREAS, clock, move || facts(&settings));
    let hub = Arc::clone(&console.hub);
    site.waiting = Box::new(move |at| match at {
        ALARMS => hub.alarms.open(),
        approvals::PATH => hub.alarms.undecided(),
        _ => 0,
    });
    let ground = Arc::clone(&console.hub.ground);
    site.announced = Box::new(move |_, v| upkeep::announced(&ground, v));
    let is_https = console.settings.is_https();
    site.https = Box::new(move || is_https);
    let drawing = outlines().drawing();
    site.shelf =
        Shelf::shared()
            .with::<Scripts>()
            .holding(DRAWING, "image/svg+xml", drawing.as_bytes());
    site
}

async fn sweep(console: &Console) -> ! {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = console.accounts.sweep().await {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
        if let Err(error) = api::sweep(console).await {
            tracing::warn!(%error, "old answers to programs could not be removed");
        }
        if let Err(error) = crate::approvals::lapse(&console.hub.ground).await {
            tracing::warn!(%error, "acts that nobody has decided could not be dropped");
        }
    }
}
