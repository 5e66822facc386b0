//! Casework across the federation: the figures of a period, and the
//! institutions behind them, in an order of the visitor's choice.

use std::cmp::Reverse;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::{Directory, InstanceEntry};
use lapor_protocol::region::RegionCode;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::parts::{
    Behind, Head, Line, Meanings, Steps, caveats, heads, line, period, periods, table_at,
};
use super::{PATH, case, weeks};
use crate::casework::Kept;
use crate::casework::figures::{Period, Sum};
use crate::console::approvals::failed;
use crate::console::federation::{kinds, provinces};
use crate::console::{Answer, Console};

/// Institutions on one page.
const MOST: usize = 100;

/// What the visitor wants to see.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    kurun: String,
    jenis: String,
    provinsi: String,
    urut: String,
    hal: String,
}

/// By what the institutions are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Overdue,
    Unaccepted,
    Unanswered,
    Misrouted,
    Slowest,
    Open,
    Name,
}

#[derive(Template)]
#[template(path = "console/casework.html")]
struct Page {
    v: Voice,
    here: &'static str,
    periods: Vec<(String, String, bool)>,
    wanted: Wanted,
    narrowed: bool,
    kinds: Vec<(&'static str, String)>,
    provinces: Vec<(&'static str, &'static str)>,
    said: String,
    caveats: Vec<String>,
    heads: Vec<Head>,
    orders: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    shown: String,
    first: Option<String>,
    next: Option<String>,
    steps: Steps,
    meanings: Meanings,
    tables: Vec<(TextId, String)>,
    weeks_at: &'static str,
    ask_at: &'static str,
}

impl Order {
    const ALL: [Self; 7] = [
        Self::Overdue,
        Self::Unaccepted,
        Self::Unanswered,
        Self::Misrouted,
        Self::Slowest,
        Self::Open,
        Self::Name,
    ];

    /// Its value in a query, and what it is called.
    fn named(self) -> (&'static str, TextId) {
        match self {
            Self::Overdue => ("terlambat", text_id("sum-overdue")),
            Self::Unaccepted => ("belum-diterima", text_id("sum-unaccepted")),
            Self::Unanswered => ("belum-dijawab", text_id("sum-unanswered")),
            Self::Misrouted => ("salah-alamat", text_id("sum-misrouted")),
            Self::Slowest => ("lambat", text_id("sum-median")),
            Self::Open => ("terbuka", text_id("sum-open")),
            Self::Name => ("nama", text_id("instance-name")),
        }
    }

    fn weight(self, sum: &Sum) -> i64 {
        match self {
            Self::Overdue => sum.overdue,
            Self::Unaccepted => sum.unaccepted,
            Self::Unanswered => sum.unanswered,
            Self::Misrouted => sum.misrouted_per_mille().unwrap_or(-1),
            Self::Slowest => sum.answer_median_ms.unwrap_or(-1),
            Self::Open => sum.open,
            Self::Name => 0,
        }
    }
}

impl Wanted {
    fn takes(&self, entry: Option<&InstanceEntry>) -> bool {
        let kind = entry.map(|entry| entry.kind.as_str());
        let region = entry.and_then(|entry| entry.region.as_ref());
        let province = region.map(RegionCode::as_str);
        let province = province.and_then(|code| code.split('.').next());
        (self.jenis.is_empty() || kind == Some(self.jenis.as_str()))
            && (self.provinsi.is_empty() || province == Some(self.provinsi.as_str()))
    }

    fn order(&self) -> Answer<Order> {
        if self.urut.is_empty() {
            return Ok(Order::Overdue);
        }
        let named = |order: &Order| order.named().0 == self.urut;
        let order = Order::ALL.into_iter().find(named);
        order.ok_or_else(|| ApiProblem::invalid().with_detail("urut: no such order."))
    }

    /// From 1.
    fn page(&self) -> Answer<usize> {
        if self.hal.is_empty() {
            return Ok(1);
        }
        let page = self.hal.parse().ok().filter(|page| *page > 0);
        let wrong = || ApiProblem::invalid().with_detail("hal: expected the number of a page.");
        page.ok_or_else(wrong)
    }

    fn path(&self, order: &str, page: &str) -> String {
        let fields = [
            ("kurun", self.kurun.as_str()),
            ("jenis", &self.jenis),
            ("provinsi", &self.provinsi),
            ("urut", order),
            ("hal", page),
        ];
        LocalPath::asking(PATH, fields).to_string()
    }
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let asked = period(&wanted.kurun, v.now_ms())?;
    let (order, number) = (wanted.order()?, wanted.page()?);
    let figures = Kept::figures(&console.hub, asked).await;
    let figures = figures.map_err(|error| failed(&error))?;
    let behind = Behind {
        now: matches!(asked, Period::Last(_)),
        period: &wanted.kurun,
    };
    let directory = console.hub.ground.directory.current();
    let sorted = sorted(&directory, &figures.by_institution, &wanted, order);
    let skipped = (number - 1).saturating_mul(MOST);
    let lines: Vec<Line> = sorted
        .iter()
        .skip(skipped)
        .take(MOST)
        .map(|(slug, sum)| line(&v, &directory, slug, sum, behind))
        .collect();
    let more = sorted.len() > skipped.saturating_add(MOST);
    let orders = Order::ALL.map(|each| {
        let (value, name) = each.named();
        (wanted.path(value, ""), v.say(name), each == order)
    });
    let page = Page {
        v,
        here: PATH,
        periods: periods(&v, &wanted.kurun),
        narrowed: [&wanted.kurun, &wanted.jenis, &wanted.provinsi]
            .iter()
            .any(|asked| !asked.is_empty()),
        kinds: kinds(&v),
        provinces: provinces(),
        said: v
            .with("from", v.moment(figures.from))
            .with("until", v.moment(figures.until))
            .say("figures-of"),
        caveats: caveats(&v, &figures),
        heads: heads(&v, &figures, behind),
        orders: orders.into(),
        shown: v.with("n", sorted.len()).say("figures-institutions"),
        lines,
        first: (number > 1).then(|| wanted.path(&wanted.urut, "")),
        next: more.then(|| wanted.path(&wanted.urut, &(number + 1).to_string())),
        steps: Steps::of(v, &figures, behind),
        meanings: Meanings::of(v),
        tables: tables(&wanted.kurun),
        weeks_at: weeks::PATH,
        ask_at: case::ASK,
        wanted,
    };
    let title = v.say("console-casework-title");
    member.visit.shell(title).wide().show(&page)
}

/// The tables for a spreadsheet, by what they are.
pub fn tables(period: &str) -> Vec<(TextId, String)> {
    vec![
        (text_id("table-institutions"), table_at("instansi", period)),
        (text_id("table-hops"), table_at("perpindahan", period)),
        (text_id("table-steps"), table_at("langkah", period)),
    ]
}

fn sorted<'a>(
    directory: &Directory,
    sums: impl IntoIterator<Item = (&'a String, &'a Sum)>,
    wanted: &Wanted,
    order: Order,
) -> Vec<(&'a str, &'a Sum)> {
    let world = directory.latest();
    let entry = |slug: &str| slug.parse().ok().and_then(|id| world.instance(&id));
    let mut shown: Vec<(&str, &Sum)> = sums
        .into_iter()
        .map(|(slug, sum)| (slug.as_str(), sum))
        .filter(|(slug, _)| wanted.takes(entry(slug)))
        .collect();
    shown.sort_by_cached_key(|(slug, sum)| {
        let name = entry(slug).map_or(*slug, |entry| entry.name.as_str());
        (Reverse(order.weight(sum)), name.to_owned())
    });
    shown
}
