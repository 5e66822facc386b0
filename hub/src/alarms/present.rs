//! What an alarm is about as it stands now: an age that was measured when it
//! opened is not shown as one of today.

use lapor_migrations::Tx;

use super::condition::Condition;
use super::judge::{Level, OwnFinding};
use super::own;
use crate::app::Hub;
use crate::error::HubError;
use crate::store::alarms::live::AlarmRow;
use crate::watch::{Picture, State};

/// A picture with how the hub itself stands.
pub struct Present<'a> {
    pub picture: &'a Picture,
    /// Whether the picture is of this moment.
    current: bool,
    own: Vec<OwnFinding>,
}

impl<'a> Present<'a> {
    pub async fn read(hub: &Hub, tx: &mut Tx, picture: &'a Picture) -> Result<Self, HubError> {
        Ok(Self {
            current: picture.is_current(hub.now_ms()),
            own: own::look(hub, tx, picture).await?,
            picture,
        })
    }

    /// What is found now of what an alarm is about; `None` where nothing is, or
    /// where it is not known.
    pub fn of(&self, alarm: &AlarmRow) -> Option<Level> {
        match alarm.condition.parse().ok()? {
            Condition::Hub(own) => {
                let known = self.own.iter().find(|(of, _)| *of == own)?.1;
                known.filter(|level| level.state > State::Green)
            }
            Condition::Institution(concern) => {
                let id = alarm.subject.parse().ok()?;
                let of = self.picture.instances.get(&id).filter(|_| self.current)?;
                let mut findings = of.health.findings.iter();
                let found = findings.find(|finding| finding.concern == concern)?;
                Some(Level {
                    state: found.state,
                    measured: found.measured,
                })
            }
        }
    }
}
