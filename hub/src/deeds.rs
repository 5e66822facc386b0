//! Acts of the console that can cut an institution off, change its rights or keep
//! an alarm from people, as data: what one person asks for and another confirms is
//! written down as it will be done. Another act is another variant with its line
//! in each function.

use std::sync::Arc;
use std::time::Duration;

use lapor_certs::RootPin;
use lapor_migrations::Tx;
use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::{Directory, Maintenance};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::KeyId;
use lapor_web::clock::instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alarms::{Quiet, Rule, acts, recipients};
use crate::audit::By;
use crate::changeover::{self, Changeover};
use crate::ground::Ground;
use crate::maintenance;
use crate::membership::{self, MembershipError};
use crate::{restored, rotation, succession};

const HOUR_MS: i64 = 3_600_000;
/// How often files are tried at which another process is, and after how long again.
const TRIES: usize = 50;
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A dangerous act with all that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "deed", rename_all = "snake_case")]
#[schema(as = Act)]
pub enum Deed {
    Suspend {
        #[schema(value_type = String)]
        instance: InstanceId,
    },
    Resume {
        #[schema(value_type = String)]
        instance: InstanceId,
    },
    /// Has no certificate count that it has: only its identity key brings one that does.
    VoidCertificates {
        #[schema(value_type = String)]
        instance: InstanceId,
    },
    /// Lets one take part that has joined and waits for it.
    Admit {
        #[schema(value_type = String)]
        instance: InstanceId,
    },
    /// For ever; with a successor, which is active (a merger), or with none.
    Revoke {
        #[schema(value_type = String)]
        instance: InstanceId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        successor: Option<InstanceId>,
    },
    /// Revokes an institution without its key and registers what takes its place.
    Replace {
        #[schema(value_type = String)]
        instance: InstanceId,
        #[schema(value_type = String)]
        successor: InstanceId,
    },
    /// Says anew whom it may dispose to.
    Entrust {
        #[schema(value_type = String)]
        instance: InstanceId,
        #[schema(value_type = Vec<String>)]
        disposes_to: Vec<Pattern>,
        /// Whether it stands in for an excluded desk; `None` leaves that as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stands_in: Option<bool>,
    },
    /// Names another signing key of the hub in the directory.
    AnnounceKey {
        #[schema(value_type = String)]
        key: KeyId,
    },
    /// Has it sign; even so means though some have not read of it.
    UseKey {
        #[schema(value_type = String)]
        key: KeyId,
        even_so: bool,
    },
    RetireKey {
        #[schema(value_type = String)]
        key: KeyId,
        even_so: bool,
    },
    /// Has another root trusted beside the current one.
    AnnounceAuthority {
        #[schema(value_type = String)]
        root: RootPin,
    },
    /// Has it certify; even so means though some would be cut off.
    UseAuthority {
        #[schema(value_type = String)]
        root: RootPin,
        even_so: bool,
    },
    WithdrawAuthority {
        #[schema(value_type = String)]
        root: RootPin,
        even_so: bool,
    },
    /// Has a rule of alarms tell fewer people, later or less.
    NarrowRule { rule: Box<Rule> },
    /// Switches a rule of alarms off, by its id.
    DisableRule { rule: String },
    /// Tells a recipient of alarms no more, by its id.
    DisableRecipient { recipient: String },
    /// Forgets one.
    RemoveRecipient { recipient: String },
    /// Tells nobody of something for so many hours from when it is done.
    Silence { quiet: Quiet, hours: i64 },
    /// Has the hub take nothing in for a time (Unix ms).
    Maintain { from: i64, until: i64 },
    /// Ends the time that is announced so (Unix ms), and for this reason, or calls it off; whichever
    /// is announced, where none is named, as builds of before wrote it down.
    EndMaintenance {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Waits for nobody more who has not been heard since the hub was restored.
    CloseRecovery,
}

impl Deed {
    /// How the audit log calls it where it is done at a moment (Unix ms).
    pub fn action(&self, now_ms: i64) -> &'static str {
        match self {
            Self::Suspend { .. } => "instance.suspended",
            Self::Resume { .. } => "instance.resumed",
            Self::VoidCertificates { .. } => "instance.certificates_voided",
            Self::Admit { .. } => "instance.admitted",
            Self::Revoke { .. } => "instance.revoked",
            Self::Replace { .. } => "instance.replaced",
            Self::Entrust { .. } => "instance.authority_changed",
            Self::AnnounceKey { .. } => "hub_key.announced",
            Self::UseKey { .. } => "hub_key.used",
            Self::RetireKey { .. } => "hub_key.retired",
            Self::AnnounceAuthority { .. } => "authority.announced",
            Self::UseAuthority { .. } => "authority.used",
            Self::WithdrawAuthority { .. } => "authority.withdrawn",
            Self::NarrowRule { .. } => "alarm.rule_changed",
            Self::DisableRule { .. } => "alarm.rule_disabled",
            Self::DisableRecipient { .. } => "alarm.recipient_disabled",
            Self::RemoveRecipient { .. } => "alarm.recipient_removed",
            Self::Silence { .. } => "alarm.silenced",
            Self::Maintain { .. } => "maintenance.planned",
            Self::EndMaintenance { .. } if self.calls_off(now_ms) => "maintenance.called_off",
            Self::EndMaintenance { .. } => "maintenance.ended",
            Self::CloseRecovery => "recovery.closed",
        }
    }

    /// The institution whose membership it changes.
    pub fn instance(&self) -> Option<&InstanceId> {
        match self {
            Self::Suspend { instance }
            | Self::Resume { instance }
            | Self::VoidCertificates { instance }
            | Self::Admit { instance }
            | Self::Revoke { instance, .. }
            | Self::Replace { instance, .. }
            | Self::Entrust { instance, .. } => Some(instance),
            _ => None,
        }
    }

    /// What it names beside that institution, for the audit log.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Revoke { successor, .. } => {
                successor.as_ref().map(|next| format!("successor: {next}"))
            }
            Self::Replace { successor, .. } => Some(format!("successor: {successor}")),
            Self::Entrust {
                disposes_to,
                stands_in,
                ..
            } => Some(succession::entrusted(disposes_to, *stands_in)),
            Self::NarrowRule { rule } => Some(format!("rule: {}", rule.said())),
            Self::DisableRule { rule } => Some(format!("rule: {rule}")),
            Self::DisableRecipient { recipient } | Self::RemoveRecipient { recipient } => {
                Some(format!("recipient: {recipient}"))
            }
            Self::Silence { quiet, hours } => {
                let (scope, of) = quiet.columns();
                Some(format!("{scope}: {of}, {hours} hours"))
            }
            Self::Maintain { from, until }
            | Self::EndMaintenance {
                from: Some(from),
                until: Some(until),
                ..
            } => Some(format!("from {} until {}", instant(*from), instant(*until))),
            _ => self.is_forced().then(|| "even so".to_owned()),
        }
    }

    /// The institution, the key or the root that it concerns, as the audit log names it.
    pub fn subject(&self) -> Option<String> {
        match self {
            Self::AnnounceKey { key } | Self::UseKey { key, .. } | Self::RetireKey { key, .. } => {
                Some(key.to_string())
            }
            Self::AnnounceAuthority { root }
            | Self::UseAuthority { root, .. }
            | Self::WithdrawAuthority { root, .. } => Some(root.to_hex()),
            Self::Silence { quiet, .. } => quiet.instance().map(ToOwned::to_owned),
            _ => self.instance().map(ToString::to_string),
        }
    }

    /// Whether it is done though somebody is left behind, which takes two people
    /// wherever there is a second one to ask.
    pub fn is_forced(&self) -> bool {
        matches!(
            self,
            Self::UseKey { even_so: true, .. }
                | Self::RetireKey { even_so: true, .. }
                | Self::UseAuthority { even_so: true, .. }
                | Self::WithdrawAuthority { even_so: true, .. }
        )
    }

    /// Whether it calls off a maintenance that has not begun at a moment (Unix ms).
    pub fn calls_off(&self, now_ms: i64) -> bool {
        matches!(self, Self::EndMaintenance { from: Some(from), .. } if *from > now_ms)
    }

    /// Whether it ends or calls off the maintenance that is announced so.
    pub fn means(&self, notice: &Maintenance) -> bool {
        match self {
            Self::EndMaintenance {
                from,
                until,
                reason,
            } => {
                from.is_none_or(|from| from == notice.from)
                    && until.is_none_or(|until| until == notice.until)
                    && reason
                        .as_ref()
                        .is_none_or(|reason| *reason == notice.reason)
            }
            _ => false,
        }
    }

    /// Does it in a transaction and writes it down. The directory is to be
    /// adopted once that is committed.
    pub async fn apply(
        &self,
        ground: &Ground,
        tx: &mut Tx,
        by: &By<'_>,
    ) -> Result<Arc<Directory>, MembershipError> {
        let now = ground.clock.now_ms();
        match self {
            Self::Suspend { instance } => membership::suspend_in(ground, tx, by, instance).await,
            Self::Resume { instance } => membership::resume_in(ground, tx, by, instance).await,
            Self::VoidCertificates { instance } => {
                membership::void_certificates_in(ground, tx, by, instance).await
            }
            Self::Admit { instance } => membership::admit_in(ground, tx, by, instance).await,
            Self::Revoke {
                instance,
                successor,
            } => succession::revoke_in(ground, tx, by, instance, successor.as_ref()).await,
            Self::Replace {
                instance,
                successor,
            } => succession::replace_in(ground, tx, by, instance, successor).await,
            Self::Entrust {
                instance,
                disposes_to,
                stands_in,
            } => {
                let given = (disposes_to.as_slice(), *stands_in);
                succession::entrust_in(ground, tx, by, instance, given).await
            }
            Self::AnnounceKey { key } => rotation::announce_in(ground, tx, by, key).await,
            Self::UseKey { key, even_so } => rotation::use_in(ground, tx, by, key, *even_so).await,
            Self::RetireKey { key, even_so } => {
                rotation::retire_in(ground, tx, by, key, *even_so).await
            }
            Self::AnnounceAuthority { root } => changeover::announce_in(ground, tx, by, root).await,
            Self::UseAuthority { root, even_so } => {
                changeover::use_in(ground, tx, by, root, *even_so).await
            }
            Self::WithdrawAuthority { root, even_so } => {
                changeover::withdraw_in(ground, tx, by, root, *even_so).await
            }
            Self::NarrowRule { rule } => {
                acts::narrow_rule_in(tx, now, by, rule).await?;
                Ok(ground.directory.current())
            }
            Self::DisableRule { rule } => {
                acts::disable_rule_in(tx, now, by, rule).await?;
                Ok(ground.directory.current())
            }
            Self::DisableRecipient { recipient } => {
                recipients::disable_in(tx, now, by, recipient).await?;
                Ok(ground.directory.current())
            }
            Self::RemoveRecipient { recipient } => {
                recipients::remove_in(tx, now, by, recipient).await?;
                Ok(ground.directory.current())
            }
            Self::Silence { quiet, hours } => {
                let until = now.saturating_add(hours.saturating_mul(HOUR_MS));
                acts::silence_in(tx, now, by, quiet, until).await?;
                Ok(ground.directory.current())
            }
            Self::Maintain { from, until } => {
                maintenance::plan_in(ground, tx, by, *from, *until).await
            }
            Self::EndMaintenance { .. } => maintenance::end_in(ground, tx, by, self).await,
            Self::CloseRecovery => {
                restored::close_in(ground, tx, by).await?;
                Ok(ground.directory.current())
            }
        }
    }
}

/// Does it at once, in a transaction of its own.
pub async fn act(ground: &Ground, by: &By<'_>, deed: &Deed) -> Result<(), MembershipError> {
    let mut tx = ground.db.write().await?;
    let directory = deed.apply(ground, &mut tx, by).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    if deed.instance().is_none() {
        settle(ground).await;
    }
    Ok(())
}

/// Brings the files of keys and authority to what has been decided. It is done
/// again every minute: what fails here is no reason to say that the act failed.
pub async fn settle(ground: &Ground) {
    tidy(ground);
    for _ in 0..TRIES {
        match decided(ground).await {
            Some(change) if !follow(ground, &change) => tokio::time::sleep(AGAIN_AFTER).await,
            _ => return,
        }
    }
    tracing::warn!(
        "another process is changing the authority's folder; what was decided follows once it is done"
    );
}

/// The same every minute: on a thread that answers nobody, and not at all while another process is
/// at the files.
pub async fn settle_again(ground: &Arc<Ground>) {
    let change = decided(ground).await;
    let beside = Arc::clone(ground);
    let settling = tokio::task::spawn_blocking(move || {
        tidy(&beside);
        if let Some(change) = change {
            follow(&beside, &change);
        }
    });
    if let Err(error) = settling.await {
        tracing::error!(%error, "the files of keys and authority could not be looked at");
    }
}

fn tidy(ground: &Ground) {
    if let Err(error) = ground.signers.tidy(&ground.directory.current()) {
        tracing::error!(%error, "the files of retired signing keys could not be brought in order");
    }
}

async fn decided(ground: &Ground) -> Option<Changeover> {
    let decided = changeover::decided(ground).await;
    decided.unwrap_or_else(|error| {
        tracing::error!(%error, "what was decided of the authority could not be read");
        None
    })
}

/// `false` while another process is at the files.
fn follow(ground: &Ground, change: &Changeover) -> bool {
    changeover::follow(ground, change).unwrap_or_else(|error| {
        tracing::error!(%error, "the files of the authority could not be brought in order");
        true
    })
}
