//! The clocks of a case as its history moves them: which run, and which ran
//! out before they were met. One that was met in time leaves nothing behind.

use lapor_protocol::case::Case;
use lapor_protocol::deadline::{Clock, ClockKind};
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an institution is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It decides whether the case is its own.
    Verification,
    /// It does anything at all with what was disposed to it; no clock of its own.
    Acceptance,
    /// It answers in public for the first time.
    FirstAnswer,
    /// It answers in full.
    Handling,
    /// It answers by the date that the disposer has set.
    Disposer,
    /// The institution where it was filed closes it after the reporter's silence.
    Closing,
}

/// A clock that runs, or that was met after it had run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ran {
    pub hop: u32,
    /// Whose it was to meet it.
    #[schema(value_type = String)]
    pub institution: InstanceId,
    pub step: Step,
    /// Unix ms; when it runs out or ran out. `None` while it is paused.
    pub ran_out_at: Option<i64>,
    /// Unix ms; when what it waited for had happened, or ceased to be expected.
    pub met_at: Option<i64>,
}

/// The clocks of one case.
#[derive(Debug, Default)]
pub struct Clocks {
    running: Vec<Running>,
    ran: Vec<Ran>,
}

#[derive(Debug)]
struct Running {
    kind: ClockKind,
    started: i64,
    /// A clock may come back after it was met, and is late only from then on.
    appeared_at: i64,
    ran: Ran,
}

impl Step {
    pub const ALL: [Self; 6] = [
        Self::Verification,
        Self::Acceptance,
        Self::FirstAnswer,
        Self::Handling,
        Self::Disposer,
        Self::Closing,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Acceptance => "acceptance",
            Self::FirstAnswer => "first_answer",
            Self::Handling => "handling",
            Self::Disposer => "disposer",
            Self::Closing => "closing",
        }
    }

    /// The step that a clock watches.
    pub fn of(kind: ClockKind) -> Self {
        match kind {
            ClockKind::Verification => Self::Verification,
            ClockKind::FirstFollowUp => Self::FirstAnswer,
            ClockKind::InformationRequest
            | ClockKind::Complaint
            | ClockKind::OversightComplaint => Self::Handling,
            ClockKind::Disposer => Self::Disposer,
            ClockKind::Silence => Self::Closing,
        }
    }
}

impl Clocks {
    /// Takes in which clocks are awaited after a message at `at` (Unix ms).
    pub fn take(&mut self, case: &Case, awaited: Vec<Clock>, at: i64, hop: u32) {
        let mut former = std::mem::take(&mut self.running);
        for clock in awaited {
            let institution = match clock.kind {
                ClockKind::Silence => &case.origin,
                _ => &case.custodian,
            };
            let same = former.iter().position(|running| {
                running.kind == clock.kind
                    && running.started == clock.started
                    && running.ran.institution == *institution
            });
            let appeared_at = match same {
                Some(place) => former.swap_remove(place).appeared_at,
                None => at,
            };
            self.running.push(Running {
                kind: clock.kind,
                started: clock.started,
                appeared_at,
                ran: Ran {
                    hop,
                    institution: institution.clone(),
                    step: Step::of(clock.kind),
                    ran_out_at: clock.due.map(|due| due.max(appeared_at)),
                    met_at: None,
                },
            });
        }
        let met = former.into_iter().map(|running| Ran {
            met_at: Some(at),
            ..running.ran
        });
        self.ran
            .extend(met.filter(|ran| ran.ran_out_at.is_some_and(|out| out < at)));
    }

    /// Those that ran out and were met, then those that still run.
    pub fn all(self) -> Vec<Ran> {
        let running = self.running.into_iter().map(|running| running.ran);
        self.ran.into_iter().chain(running).collect()
    }
}
