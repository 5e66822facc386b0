//! What somebody has to be told of a clock, and when. Whoever sends it asks
//! [`Node::untold_notices`]; nothing here knows an address.

use lapor_migrations::Tx;
use lapor_protocol::calendar::{Calendar, begin_of, end_of, zone};
use lapor_protocol::case::Case;
use lapor_protocol::deadline::{Clock, ClockKind};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId};

use super::DeadlineSettings;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::notices::NoticeRow;

/// What is told of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// It runs out soon.
    Warning,
    /// It has run out.
    Overdue,
    /// It had run out and nothing has happened since.
    Escalated,
}

/// Who is told, at this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// Whoever works on the case here.
    Handler,
    /// Whoever leads those who work on it.
    Leader,
    /// Whoever has disposed of it to the institution that is late, or watches over it.
    Disposer,
    /// The reporter, whose silence closes the case.
    Reporter,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub case: CaseId,
    pub clock: ClockKind,
    pub kind: NoticeKind,
    pub recipient: Recipient,
    /// Unix ms.
    pub due: i64,
    row: NoticeRow,
}

/// A place in the order of notices, whether what stands there can be read or not.
pub struct Place(NoticeRow);

/// A notice with the moment from which it is to be told, in Unix ms.
pub(super) struct Planned {
    pub at: i64,
    /// From here on it says nothing any more.
    pub until: i64,
    pub row: NoticeRow,
}

impl NoticeKind {
    const ALL: [Self; 3] = [Self::Warning, Self::Overdue, Self::Escalated];

    fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Overdue => "overdue",
            Self::Escalated => "escalated",
        }
    }
}

impl Recipient {
    const ALL: [Self; 4] = [Self::Handler, Self::Leader, Self::Disposer, Self::Reporter];

    fn as_str(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Leader => "leader",
            Self::Disposer => "disposer",
            Self::Reporter => "reporter",
        }
    }
}

impl Node {
    /// What is to be told and has not been, oldest first, behind a place among them, of at most
    /// `limit`; and the place behind which the rest is, if there may be more. A case may have moved
    /// on meanwhile: look before telling.
    pub async fn untold_notices(
        &self,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<(Vec<Notice>, Option<Place>), NodeError> {
        let mut tx = self.read_tx().await?;
        let after = after.map(|place| &place.0);
        let rows = store::notices::untold(&mut tx, after, i64::from(limit)).await?;
        let full = rows.len() as u64 >= u64::from(limit);
        let more = rows.last().filter(|_| full).cloned().map(Place);
        let readable = rows.into_iter().filter_map(|row| {
            let notice = Notice::of(row);
            // One that nobody can read keeps none of another case.
            let told = |error: &NodeError| tracing::warn!(%error, "a notice cannot be read");
            notice.inspect_err(told).ok()
        });
        Ok((readable.collect(), more))
    }

    /// A notice is told with what this transaction writes, or says nothing any more; says whether
    /// nobody has been told of it before.
    pub(crate) async fn notice_told(
        &self,
        tx: &mut Tx,
        notice: &Notice,
    ) -> Result<bool, NodeError> {
        let now = self.clock().now_ms();
        Ok(store::notices::told(tx, &notice.row, now).await?)
    }
}

impl Notice {
    fn of(row: NoticeRow) -> Result<Self, NodeError> {
        let clock = ClockKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == row.clock);
        let kind = NoticeKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == row.notice);
        let recipient = Recipient::ALL
            .into_iter()
            .find(|who| who.as_str() == row.recipient);
        let unknown = || NodeError::damaged("a notice of an unknown kind");
        Ok(Self {
            case: store::case_id(&row.case_id)?,
            clock: clock.ok_or_else(unknown)?,
            kind: kind.ok_or_else(unknown)?,
            recipient: recipient.ok_or_else(unknown)?,
            due: row.due_at,
            row,
        })
    }
}

/// Everything that `me` has to tell of the clocks of a case, in time or late.
pub(super) fn plan(
    case: &Case,
    clocks: &[Clock],
    me: &InstanceId,
    world: DirectoryAt<'_>,
    calendar: &Calendar,
    settings: &DeadlineSettings,
) -> Vec<Planned> {
    let entry = world.instance(&case.custodian);
    let zone = zone(entry.map_or("", |entry| &entry.time_zone));
    let desk = case.desk(world).map(|desk| &desk.id);
    let above = case.stack.last().or(desk);
    let mut out = Vec::new();
    for clock in clocks {
        let (Some(due), Some(due_on)) = (clock.due, clock.due_on) else {
            continue;
        };
        let warn = begin_of(
            zone,
            calendar.days_before(due_on, settings.warn_working_days),
        );
        let late = calendar.due_on(due_on, settings.escalate_working_days, &[]);
        let late = late.map_or(i64::MAX, |day| end_of(zone, day));
        let mut tell = |kind: NoticeKind, recipient: Recipient, at: i64, until: i64| {
            out.push(Planned {
                at,
                until,
                row: NoticeRow {
                    case_id: case.id.to_string(),
                    clock: clock.kind.as_str().to_owned(),
                    started_at: clock.started,
                    notice: kind.as_str().to_owned(),
                    recipient: recipient.as_str().to_owned(),
                    due_at: due,
                    made_at: 0,
                },
            });
        };
        if clock.kind == ClockKind::Silence {
            if case.origin == *me {
                tell(NoticeKind::Warning, Recipient::Reporter, warn, due);
            }
        } else if case.custodian == *me {
            tell(NoticeKind::Warning, Recipient::Handler, warn, due);
            tell(NoticeKind::Overdue, Recipient::Handler, due, i64::MAX);
            tell(NoticeKind::Escalated, Recipient::Leader, late, i64::MAX);
        } else if above == Some(me) {
            tell(NoticeKind::Escalated, Recipient::Disposer, late, i64::MAX);
        }
    }
    out
}
