//! The figures for a spreadsheet: a header in English, numbers as they were
//! counted, and no cell that could be taken for a formula.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lapor_protocol::calendar::{day_at, last_day};
use lapor_protocol::directory::Directory;
use lapor_web::people::Member;
use lapor_web::table::harmless;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::parts::period;
use crate::casework::Kept;
use crate::casework::figures::{Figures, Sum};
use crate::casework::weeks::ZONE;
use crate::console::approvals::failed;
use crate::console::{Answer, Console};

pub const PATH: &str = "/konsol/kasus/tabel/{table}";
const SUMS: [&str; 12] = [
    "received",
    "open",
    "overdue",
    "unaccepted",
    "unanswered",
    "dispositions_ended",
    "dispositions_returned",
    "misrouted_per_mille",
    "answered",
    "answer_median_ms",
    "answer_90th_ms",
    "until",
];

#[derive(Deserialize)]
pub struct TablePath {
    table: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    kurun: String,
}

type Rows = Vec<Vec<String>>;

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<TablePath>,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let asked = period(&wanted.kurun, v.now_ms())?;
    let figures = Kept::figures(&console.hub, asked).await;
    let figures = figures.map_err(|error| failed(&error))?;
    let directory = console.hub.ground.directory.current();
    let rows = match path.table.as_str() {
        "instansi.csv" => institutions(&directory, &figures, &v.machine_time(figures.until)),
        "perpindahan.csv" => hops(&figures, &v.machine_time(figures.until)),
        "langkah.csv" => steps(&figures, &v.machine_time(figures.until)),
        _ => return Err(ApiProblem::not_found()),
    };
    let text = written(&rows).map_err(|error| {
        tracing::error!(%error, "a table cannot be written");
        ApiProblem::internal()
    })?;
    let (from, through) = (day_at(ZONE, figures.from), last_day(ZONE, figures.until));
    let name = format!(
        "attachment; filename=\"kasus-{from}-{through}-{}\"",
        path.table
    );
    let name = HeaderValue::from_str(&name).map_err(|_| ApiProblem::internal())?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

fn institutions(directory: &Directory, figures: &Figures, until: &str) -> Rows {
    let mut header = vec!["institution", "name", "kind", "region"];
    header.extend(SUMS);
    let world = directory.latest();
    let rows = figures.by_institution.iter().map(|(slug, sum)| {
        let entry = slug.parse().ok().and_then(|id| world.instance(&id));
        let region = entry.and_then(|entry| entry.region.as_ref());
        let mut row = vec![
            slug.clone(),
            harmless(entry.map_or(slug.as_str(), |entry| entry.name.as_str())).into_owned(),
            entry.map_or("", |entry| entry.kind.as_str()).to_owned(),
            region.map_or_else(String::new, |code| code.as_str().to_owned()),
        ];
        row.extend(cells(sum, until));
        row
    });
    with_header(&header, rows)
}

fn hops(figures: &Figures, until: &str) -> Rows {
    let mut header = vec!["hop"];
    header.extend(SUMS);
    let rows = figures.by_hop.iter().map(|(hop, sum)| {
        let mut row = vec![hop.clone()];
        row.extend(cells(sum, until));
        row
    });
    with_header(&header, rows)
}

fn steps(figures: &Figures, until: &str) -> Rows {
    let rows = figures.by_step.iter().map(|of| {
        vec![
            of.step.as_str().to_owned(),
            number(of.waiting),
            number(of.overdue),
            number(of.ran_out),
            until.to_owned(),
        ]
    });
    with_header(&["step", "waiting", "overdue", "ran_out", "until"], rows)
}

fn cells(sum: &Sum, until: &str) -> [String; SUMS.len()] {
    [
        sum.received.to_string(),
        sum.open.to_string(),
        sum.overdue.to_string(),
        sum.unaccepted.to_string(),
        sum.unanswered.to_string(),
        sum.ended.to_string(),
        sum.returned.to_string(),
        number(sum.misrouted_per_mille()),
        sum.answered.to_string(),
        number(sum.answer_median_ms),
        number(sum.answer_ninetieth_ms),
        until.to_owned(),
    ]
}

/// An empty cell is a number of nothing.
fn number(number: Option<i64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn with_header(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Rows {
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    std::iter::once(header).chain(rows).collect()
}

fn written(rows: &Rows) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}
