//! Lists of cases: the desk's and the public's. Who may see what is a condition of the query, never
//! a filter behind it, and every order has an index.

use lapor_migrations::{Bulk, Composed, Tx, Value, on};
use lapor_protocol::region::RegionCode;

use super::Stored;
use super::cases::{CaseRow, listed};

/// What whoever asks may see.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// *Rahasia* as well.
    pub secrets: bool,
    /// Only what lies on the desk of these units.
    pub units: Option<&'a [String]>,
    /// Only what lies in these provinces and regencies.
    pub regions: Option<&'a [RegionCode]>,
}

impl Limits<'_> {
    /// Whether every case may be seen.
    fn are_none(&self) -> bool {
        self.secrets && self.units.is_none() && self.regions.is_none()
    }
}

/// A condition on cases; all of a list must hold.
#[derive(Debug, Clone)]
pub enum Condition<'a> {
    State(&'a str),
    Outcome(&'a str),
    Custodian(&'a str),
    Origin(&'a str),
    OnBehalfOf(&'a str),
    Classification(&'a str),
    /// First level of the taxonomy, or a category below it.
    Category(&'a str),
    CategoryRoot(&'a str),
    Province(&'a str),
    Regency(&'a str),
    /// A district or village: regency, and the code with all below it.
    Within(&'a str, &'a str),
    Programme(&'a str, &'a str),
    Unit(&'a str),
    Officer(&'a str),
    /// With one of these officers.
    OfficerAmong(&'a [String]),
    /// With one of these officers, or with none and in this unit.
    For(&'a [String], Option<&'a str>),
    /// Given to somebody who has not opened it since.
    Handed,
    Tray(&'a str),
    /// Not at its end.
    Open,
    /// In our hands and not with the reporter.
    Running,
    /// A supervisor has joined, and it is not at its end.
    Escalated,
    /// Of what others handle, and is not at its end, this institution has a copy.
    Copied,
    Pending,
    /// An own act on it had no effect.
    Failed,
    /// Marked as possible abuse, which nobody has looked at and cleared.
    Suspect,
    /// The others.
    Unsuspected,
    /// New, and nobody has looked at it.
    Unseen,
    /// This account has not been told by letter that it lies in its tray.
    Untold(&'a str),
    Case(&'a str),
    Ticket(&'a str),
    /// The number in the institution's own application.
    OwnNumber(&'a str),
    /// A category of the institution's own tree, or a first level of it with all below.
    LocalCategory(&'a str),
    Secret(bool),
    FiledFrom(i64),
    FiledBefore(i64),
    /// Its clock has run out by this moment, here or with whoever has it now.
    RunOut(i64),
    /// Its clock had run out, nothing has happened since, and somebody here is to be told so.
    LongOverdue(i64),
}

impl Condition<'_> {
    /// Appends the condition on the table `cases`, which may stand beside others in the query.
    pub(super) fn add_to(&self, query: &mut Composed) {
        match *self {
            Self::State(state) => query.add(" and state = {}", [state.into()]),
            Self::Outcome(outcome) => query.add(" and outcome = {}", [outcome.into()]),
            Self::Custodian(id) => query.add(" and custodian = {}", [id.into()]),
            Self::Origin(id) => query.add(" and origin = {}", [id.into()]),
            Self::OnBehalfOf(id) => query.add(" and on_behalf_of = {}", [id.into()]),
            Self::Classification(class) => query.add(" and classification = {}", [class.into()]),
            Self::Category(category) => query.add(" and category = {}", [category.into()]),
            Self::CategoryRoot(root) => query.add(" and category_root = {}", [root.into()]),
            Self::Province(code) => query.add(" and province = {}", [code.into()]),
            Self::Regency(code) => query.add(" and regency = {}", [code.into()]),
            Self::Within(regency, code) => query.add(
                " and regency = {} and substr(region, 1, length({})) = {}",
                [regency.into(), code.into(), code.into()],
            ),
            Self::Programme(owner, slug) => query.add(
                " and programme_owner = {} and programme_slug = {}",
                [owner.into(), slug.into()],
            ),
            Self::Unit(unit) => query.add(" and unit = {}", [unit.into()]),
            Self::Officer(officer) => query.add(" and officer = {}", [officer.into()]),
            Self::OfficerAmong(officers) => {
                query.add(" and ", []);
                among(query, officers);
            }
            Self::For(officers, unit) => {
                query.add(" and (", []);
                among(query, officers);
                let unit = unit.map(str::to_owned);
                query.add(" or officer is null and unit = {})", [unit.into()]);
            }
            Self::Handed => query.add(
                " and exists (select 1 from assignments given
                    where given.case_id = cases.case_id and given.taken_at is null)",
                [],
            ),
            Self::Tray(tray) => query.add(" and tray = {}", [tray.into()]),
            Self::Open => query.add(" and tray <> 'ended'", []),
            // Said so that no other index than the one that gives the order of work fits: SQLite would
            // go through three trays by another and sort all of them.
            Self::Running => query.add(
                " and case tray when 'new' then 1 when 'came_back' then 1 when 'working' then 1
                    else 0 end = 1",
                [],
            ),
            Self::Escalated => query.add(" and escalated = 1 and tray <> 'ended'", []),
            Self::Copied => query.add(" and copied = 1 and tray <> 'ended'", []),
            Self::Pending => query.add(" and pending > 0", []),
            Self::Failed => query.add(
                " and cases.case_id in (select case_id from outbox
                    where effect in ('stale', 'inapplicable', 'unauthorised')
                        and dropped_at is null)",
                [],
            ),
            Self::Suspect => query.add(
                " and tray <> 'ended' and cases.case_id in (select case_id from abuse_marks
                    where cleared_at is null)",
                [],
            ),
            Self::Unsuspected => query.add(
                " and (tray <> 'new' or not exists (select 1 from abuse_marks mark
                    where mark.case_id = cases.case_id and mark.cleared_at is null))",
                [],
            ),
            Self::Unseen => query.add(" and tray = 'new' and looked_at is null", []),
            Self::Untold(account) => query.add(
                " and not exists (select 1 from letter_cases told
                    where told.account = {} and told.case_id = cases.case_id
                        and told.tray = cases.tray)",
                [account.into()],
            ),
            Self::Case(case) => query.add(" and cases.case_id = {}", [case.into()]),
            Self::Ticket(ticket) => query.add(" and ticket = {}", [ticket.into()]),
            // As the index has it: whatever the case of letters and the blanks between them.
            Self::OwnNumber(number) => query.add(
                " and own_number is not null
                    and upper(replace(own_number, ' ', '')) = upper(replace({}, ' ', ''))",
                [number.into()],
            ),
            Self::LocalCategory(local) => query.add(
                " and local_category is not null and (local_category = {}
                    or substr(local_category, 1, length({}) + 1) = {} || '/')",
                [local.into(), local.into(), local.into()],
            ),
            Self::Secret(secret) => query.add(" and secret = {}", [i64::from(secret).into()]),
            // The bound is said so that the index of what has a clock is used.
            Self::RunOut(now) => query.add(
                " and tray <> 'ended' and runs_out_at < 9007199254740991 and runs_out_at <= {}",
                [now.into()],
            ),
            Self::LongOverdue(now) => query.add(
                " and tray <> 'ended' and runs_out_at < 9007199254740991 and runs_out_at <= {}
                    and exists (select 1 from notices told join deadlines runs
                        on runs.case_id = told.case_id and runs.clock = told.clock
                            and runs.due_at = told.due_at
                        where told.case_id = cases.case_id and told.notice = 'escalated')",
                [now.into()],
            ),
            Self::FiledFrom(at) => query.add(" and filed_at >= {}", [at.into()]),
            Self::FiledBefore(at) => query.add(" and filed_at < {}", [at.into()]),
        }
    }
}

fn among(query: &mut Composed, officers: &[String]) {
    let mut part = "officer in ({}";
    for officer in officers {
        query.add(part, [officer.as_str().into()]);
        part = ", {}";
    }
    query.add(
        if officers.is_empty() {
            "officer in ('')"
        } else {
            ")"
        },
        [],
    );
}

/// Appends who may see what; an institution that was excluded sees nothing any more.
pub(super) fn limit(query: &mut Composed, limits: Limits<'_>) {
    query.add(" and tray is not null", []);
    limit_further(query, limits);
}

fn limit_further(query: &mut Composed, limits: Limits<'_>) {
    if !limits.secrets {
        query.add(" and secret = 0", []);
    }
    if let Some(units) = limits.units {
        let mut part = " and unit in ({}";
        for unit in units {
            query.add(part, [unit.as_str().into()]);
            part = ", {}";
        }
        query.add(")", []);
    }
    if let Some(regions) = limits.regions {
        query.add(" and (1 = 0", []);
        for region in regions.iter().map(RegionCode::as_str) {
            let part = if region.len() == 2 {
                " or province = {}"
            } else {
                " or regency = {}"
            };
            query.add(part, [region.into()]);
        }
        query.add(")", []);
    }
}

/// Appends that a case, which the column before the condition names, is one that may be seen; nothing
/// where every case may.
pub(super) fn only_seen(query: &mut Composed, column: &'static str, limits: Limits<'_>) {
    if limits.are_none() {
        return;
    }
    query.add(column, []);
    query.add(" in (select cases.case_id from cases where true", []);
    limit(query, limits);
    query.add(")", []);
}

/// Which end of the changes comes first, what is to be worked on next, what runs out next, or what
/// has waited longest for its reporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Latest,
    Oldest,
    Work,
    Due,
    Waits,
}

impl Order {
    /// A row's place in this order, beside its id.
    pub fn place(self, row: &CaseRow) -> i64 {
        match self {
            Self::Latest | Self::Oldest => row.updated_at,
            Self::Work => row.work_at,
            Self::Due => row.runs_out_at,
            Self::Waits => row.waits_since,
        }
    }
}

/// Cases of the desk by their last change or by what runs out, behind a place in that order.
pub async fn of_desk(
    tx: &mut Tx,
    limits: Limits<'_>,
    conditions: &[Condition<'_>],
    order: Order,
    after: Option<(i64, &str)>,
    most: i64,
) -> Stored<Vec<CaseRow>> {
    let mut query = Composed::new(concat!("select ", listed!(), " from cases where true"));
    limit(&mut query, limits);
    for condition in conditions {
        condition.add_to(&mut query);
    }
    let (behind, end) = match order {
        Order::Latest => (
            " and (updated_at, case_id) < ({}, {})",
            " order by updated_at desc, case_id desc limit {}",
        ),
        Order::Oldest => (
            " and (updated_at, case_id) > ({}, {})",
            " order by updated_at, case_id limit {}",
        ),
        Order::Work => (
            " and (work_at, case_id) > ({}, {})",
            " order by work_at, case_id limit {}",
        ),
        Order::Due => (
            " and (runs_out_at, case_id) > ({}, {})",
            " order by runs_out_at, case_id limit {}",
        ),
        Order::Waits => (
            " and (waits_since, case_id) > ({}, {})",
            " order by waits_since, case_id limit {}",
        ),
    };
    if let Some((at, case)) = after {
        query.add(behind, [at.into(), case.into()]);
    }
    query.add(end, [most.into()]);
    tx.fetch_composed(query).await
}

/// How many cases fit. That a case has a tray is said so that SQLite does not take it for the
/// narrowest of the conditions, and go through every case by its tray.
pub async fn count(tx: &mut Tx, limits: Limits<'_>, conditions: &[Condition<'_>]) -> Stored<i64> {
    let mut query = Composed::new("select count(*) from cases where coalesce(tray, '') <> ''");
    limit_further(&mut query, limits);
    for condition in conditions {
        condition.add_to(&mut query);
    }
    let counted: Vec<(i64,)> = tx.fetch_composed(query).await?;
    Ok(counted.first().map_or(0, |(count,)| *count))
}

/// Cases of the desk in each tray that is worked from.
pub async fn tray_counts(
    tx: &mut Tx,
    limits: Limits<'_>,
    conditions: &[Condition<'_>],
) -> Stored<Vec<(String, i64)>> {
    let mut query = Composed::new(
        "select tray, count(*) from cases
        where tray in ('new', 'came_back', 'waiting', 'working', 'answered', 'elsewhere')",
    );
    limit(&mut query, limits);
    for condition in conditions {
        condition.add_to(&mut query);
    }
    query.add(" group by tray", []);
    tx.fetch_composed(query).await
}

/// Cases that lie elsewhere, by which of these institutions has them; none of one that has none.
pub async fn elsewhere_with(
    tx: &mut Tx,
    limits: Limits<'_>,
    custodians: &[&str],
) -> Stored<Vec<(String, i64)>> {
    if custodians.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Composed::new("");
    ask_elsewhere_with(&mut query, limits, custodians);
    tx.fetch_composed(query).await
}

/// That they lie elsewhere is said so that SQLite reads what these few institutions have, and does not
/// go through all that lies anywhere by its tray.
fn ask_elsewhere_with(query: &mut Composed, limits: Limits<'_>, custodians: &[&str]) {
    query.add(
        "select custodian, count(*) from cases where coalesce(tray, '') = 'elsewhere'",
        [],
    );
    let mut part = " and custodian in ({}";
    for custodian in custodians {
        query.add(part, [Value::from(*custodian)]);
        part = ", {}";
    }
    query.add(")", []);
    limit_further(query, limits);
    query.add(" group by custodian", []);
}

/// Public cases, latest first, behind a place in that order.
pub async fn of_public(
    tx: &mut Tx,
    conditions: &[Condition<'_>],
    after: Option<(i64, &str)>,
    most: i64,
) -> Stored<Vec<CaseRow>> {
    let mut query = Composed::new(concat!(
        "select ",
        listed!(),
        " from cases where public = 1"
    ));
    for condition in conditions {
        condition.add_to(&mut query);
    }
    if let Some((at, case)) = after {
        query.add(
            " and (filed_at, case_id) < ({}, {})",
            [at.into(), case.into()],
        );
    }
    query.add(
        " order by filed_at desc, case_id desc limit {}",
        [Value::from(most)],
    );
    tx.fetch_composed(query).await
}

/// Public cases by state, first level of the taxonomy and province.
pub async fn public_figures(
    tx: &mut Tx,
) -> Stored<Vec<(String, Option<String>, Option<String>, Option<String>, i64)>> {
    const SQL: &str = "select state, outcome, category_root, province, count(*) from cases
        where public = 1 group by state, outcome, category_root, province";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Public cases by who has them now.
pub async fn public_custodians(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select custodian, count(*) from cases
        where public = 1 and custodian is not null group by custodian";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Public cases by the institution's own tree.
pub async fn public_local_categories(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select local_category, count(*) from cases
        where public = 1 and local_category is not null group by local_category";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Public cases by regency or city.
pub async fn public_regencies(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select regency, count(*) from cases
        where public = 1 and regency is not null group by regency";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

static NAMED: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    concat!(
        ") select ",
        listed!(),
        " from cases where case_id in (select case_id from v)"
    ),
);

/// The rows of cases for a list, in no order.
pub async fn named(tx: &mut Tx, cases: Vec<Value>) -> Stored<Vec<CaseRow>> {
    tx.fetch_rows(&NAMED, cases).await
}

#[cfg(test)]
mod tests {
    use lapor_migrations::{Kind, Schema};

    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn sqlite_counts_what_a_few_institutions_have_without_going_through_all_that_lies_elsewhere()
     {
        let units = ["dishub".to_owned()];
        let limits = Limits {
            secrets: false,
            units: Some(&units),
            regions: None,
        };
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            let custodians = ["kemenpu", "kota-bandung"];
            let counted = elsewhere_with(&mut tx, limits, &custodians).await;
            assert_eq!(counted, Ok(vec![]), "{}", test.name);
            assert_eq!(elsewhere_with(&mut tx, limits, &[]).await, Ok(vec![]));
            if tx.kind() == Kind::Postgres {
                continue;
            }
            let mut query = Composed::new("explain query plan ");
            ask_elsewhere_with(&mut query, limits, &custodians);
            let plan: Vec<(i64, i64, i64, String)> = tx.fetch_composed(query).await.unwrap();
            let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
            assert_eq!(steps.len(), 1, "nothing is sorted: {steps:?}");
            assert!(
                steps[0].contains("cases_custodian (custodian=?)"),
                "{steps:?}"
            );
        }
    }
}
