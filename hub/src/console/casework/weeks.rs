//! The weekly report: a list of weeks, and each as a page to be printed. A
//! week counts what happened in it and what stood when it was over.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_web::language::{TextId, Voice};
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::page::tables;
use super::parts::{
    Behind, Head, Line, Meanings, Steps, caveats, heads, line, of_week, week_words,
};
use crate::casework::Kept;
use crate::casework::weeks::Week;
use crate::console::approvals::failed;
use crate::console::{Answer, Console};
use crate::store;

pub const PATH: &str = "/konsol/kasus/minggu";
pub const ONE: &str = "/konsol/kasus/minggu/{senin}";
/// Weeks on one page.
const MOST: usize = 26;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    sebelum: String,
}

#[derive(Deserialize)]
pub struct OnePath {
    senin: NaiveDate,
}

#[derive(Template)]
#[template(path = "console/casework-weeks.html")]
struct ListPage {
    v: Voice,
    up_at: &'static str,
    weeks: Vec<WeekLine>,
    first: Option<String>,
    next: Option<String>,
}

struct WeekLine {
    to: String,
    name: String,
    /// It is not over.
    runs: bool,
}

#[derive(Template)]
#[template(path = "console/casework-week.html")]
struct ReportPage {
    v: Voice,
    list_at: &'static str,
    federation: String,
    name: String,
    runs: bool,
    counted_at: i64,
    caveats: Vec<String>,
    heads: Vec<Head>,
    lines: Vec<Line>,
    steps: Steps,
    meanings: Meanings,
    tables: Vec<(TextId, String)>,
}

pub async fn list(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let this = Week::at(v.now_ms());
    let latest = match wanted.sebelum.as_str() {
        "" => this,
        text => monday(text.parse().ok())?.before().min(this),
    };
    let first = first(&console).await?;
    let mut weeks: Vec<Week> = std::iter::successors(Some(latest), |week| Some(week.before()))
        .take(MOST + 1)
        .take_while(|week| first.is_some_and(|first| *week >= first))
        .collect();
    let more = weeks.len() > MOST;
    weeks.truncate(MOST);
    let last = weeks.last().map(|week| week.monday().to_string());
    let next = last.filter(|_| more);
    let page = ListPage {
        v,
        up_at: super::PATH,
        weeks: weeks
            .iter()
            .map(|week| WeekLine {
                to: one(*week),
                name: week_words(&v, *week),
                runs: *week == this,
            })
            .collect(),
        first: (latest != this).then(|| PATH.to_owned()),
        next: next.map(|last| LocalPath::asking(PATH, [("sebelum", last.as_str())]).to_string()),
    };
    let title = v.say("weeks-title");
    member.visit.shell(title).show(&page)
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(asked): Path<OnePath>,
) -> Answer<Response> {
    let v = member.visit.v;
    let week = monday(Some(asked.senin)).map_err(|_| ApiProblem::not_found())?;
    if week > Week::at(v.now_ms()) {
        return Err(ApiProblem::not_found());
    }
    let figures = Kept::figures(&console.hub, of_week(week)).await;
    let figures = figures.map_err(|error| failed(&error))?;
    let directory = console.hub.ground.directory.current();
    let mut sums: Vec<_> = figures.by_institution.iter().collect();
    sums.sort_by_key(|(slug, sum)| (std::cmp::Reverse(sum.overdue), *slug));
    let monday = week.monday().to_string();
    let behind = Behind {
        now: false,
        period: &monday,
    };
    let name = week_words(&v, week);
    let title = v.with("week", name.as_str()).say("week-title");
    let page = ReportPage {
        v,
        list_at: PATH,
        federation: member.visit.institution().to_owned(),
        runs: week == Week::at(v.now_ms()),
        counted_at: figures.counted_at,
        caveats: caveats(&v, &figures),
        heads: heads(&v, &figures, behind),
        lines: sums
            .into_iter()
            .map(|(slug, sum)| line(&v, &directory, slug, sum, behind))
            .collect(),
        steps: Steps::of(v, &figures, behind),
        meanings: Meanings::of(v),
        tables: tables(&monday),
        name,
    };
    member.visit.shell(title).wide().show(&page)
}

/// Where the report of a week stands.
fn one(week: Week) -> String {
    format!("{PATH}/{}", week.monday())
}

fn monday(day: Option<NaiveDate>) -> Answer<Week> {
    let week = day.and_then(Week::of_monday);
    week.ok_or_else(|| ApiProblem::invalid().with_detail("sebelum: expected a Monday."))
}

/// The week in which the first case was taken in.
async fn first(console: &Console) -> Answer<Option<Week>> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let first = store::casework::sums::first(&mut tx).await?;
        tx.rollback().await?;
        Ok(first)
    };
    let first: Result<Option<i64>, lapor_migrations::DbError> = read.await;
    let first = first.map_err(|error| ApiProblem::database(&error))?;
    Ok(first.map(Week::at))
}
