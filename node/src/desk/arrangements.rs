//! What is arranged at this node and how it is arranged: after the first account as steps that can
//! be passed over, later as one page. Most of it stands in `node.toml`, which only whoever runs the
//! machine changes; nothing secret is shown.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::kinds::Category;
use lapor_web::Query;
use lapor_web::language::{TextId, Voice, text_id};
use serde::Deserialize;

use super::{ACCOUNT, Answer, Officer, STAFF, own_categories, shared, units};
use crate::api::problem;
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/pengaturan";
/// The first of the steps after the first account.
pub const BEGIN: &str = "/meja/pengaturan?langkah=1";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct StepQuery {
    langkah: Option<usize>,
}

#[derive(Template)]
#[template(path = "desk/arrangements.html")]
struct Arrangements {
    v: Voice,
    title: String,
    parts: Vec<Part>,
    /// Which step it is of how many, and the next.
    step: Option<(usize, usize)>,
    next: String,
}

/// Something that is arranged.
struct Part {
    name: String,
    /// What is in force.
    stands: String,
    done: bool,
    how: String,
    /// Lines of `node.toml`, as they would stand there.
    example: &'static str,
    /// The page on which it is done instead.
    at: &'static str,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<StepQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let visit = &officer.visit;
    let v = visit.v;
    let mut parts = parts(&node, &v).await?;
    let count = parts.len();
    let step = query.langkah.filter(|step| (1..=count).contains(step));
    if let Some(step) = step {
        parts = vec![parts.swap_remove(step - 1)];
    }
    let title = v.say(step.map_or(text_id("arranged-title"), |_| text_id("arranged-begin")));
    let page = Arrangements {
        v,
        title: title.clone(),
        parts,
        step: step.map(|step| (step, count)),
        next: match step {
            Some(step) if step < count => format!("{PATH}?langkah={}", step + 1),
            _ => STAFF.to_owned(),
        },
    };
    visit.shell(title).within(ACCOUNT).show(&page)
}

async fn parts(node: &Node, v: &Voice) -> Answer<Vec<Part>> {
    let settings = node.settings();
    let open = || v.say("arranged-none");
    let said =
        |(name, how): (TextId, TextId), stands: Option<String>, example: &'static str| Part {
            name: v.say(name),
            done: stands.is_some(),
            stands: stands.unwrap_or_else(open),
            how: v.say(how),
            example,
            at: "",
        };
    let units = shared::units(node).await?;
    let names: Vec<String> = units.into_iter().map(|unit| unit.label).collect();
    let local = node.local_categories().await;
    let local = local.map_err(|error| problem(&error))?;
    let mail = settings.mail.host.as_ref().map(|host| {
        let from = settings.mail.from.clone().unwrap_or_default();
        v.with("host", host)
            .with("from", from)
            .with("hour", u64::from(settings.mail.digest_hour))
            .say("arranged-mail-is")
    });
    let categories = |all: &[Category]| {
        let names: Vec<&str> = all.iter().map(Category::as_str).collect();
        Some(names.join("; ")).filter(|names| !names.is_empty())
    };
    let approval = settings
        .answers
        .approval
        .then(|| v.say("arranged-approval-all"))
        .or_else(|| categories(&settings.categories.supervision));
    let deadlines = &settings.deadlines;
    let deadlines = v
        .with("warn", u64::from(deadlines.warn_working_days))
        .with("escalate", u64::from(deadlines.escalate_working_days))
        .say("arranged-deadlines-are");
    Ok(vec![
        said(
            (text_id("setup-contact"), text_id("arranged-contact-how")),
            settings.portal.contact.clone(),
            "[portal]\ncontact = \"Jalan Wastukencana 2, telepon 022 123456\"",
        ),
        said(
            (text_id("arranged-mail"), text_id("arranged-mail-how")),
            mail,
            "[mail]\nhost = \"smtp.bandung.go.id\"\nfrom = \"Lapor Kota Bandung <lapor@bandung.go.id>\"",
        ),
        Part {
            at: units::PATH,
            ..said(
                (text_id("units-title"), text_id("arranged-units-how")),
                Some(names.join("; ")).filter(|names| !names.is_empty()),
                "",
            )
        },
        Part {
            at: own_categories::PATH,
            ..said(
                (
                    text_id("own-categories-title"),
                    text_id("arranged-own-categories-how"),
                ),
                (!local.local.is_empty()).then(|| {
                    v.with("n", local.local.len())
                        .say("arranged-own-categories-are")
                }),
                "",
            )
        },
        said(
            (
                text_id("arranged-approval"),
                text_id("arranged-approval-how"),
            ),
            approval,
            "[answers]\napproval = true",
        ),
        said(
            (
                text_id("arranged-evidence"),
                text_id("arranged-evidence-how"),
            ),
            categories(&settings.categories.evidence),
            "[categories]\nevidence = [\"Pekerjaan Umum dan Penataan Ruang/Jalan\"]",
        ),
        said(
            (
                text_id("arranged-deadlines"),
                text_id("arranged-deadlines-how"),
            ),
            Some(deadlines),
            "[deadlines]\nwarn_working_days = 1",
        ),
    ])
}
