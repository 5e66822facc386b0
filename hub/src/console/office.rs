//! What the console says of itself to the pages about its people.

use std::collections::BTreeMap;
use std::net::IpAddr;

use lapor_web::ApiProblem;
use lapor_web::accounts::cookie::Cookies;
use lapor_web::accounts::{
    Account, AccountError, Accounts, Doors, NewAccount, Role, Secret, Staffed,
};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::mail::{Letterhead, Postbox};
use lapor_web::page::{Link, Visit};
use lapor_web::peer::network;
use lapor_web::people::{
    AuditAsked, AuditLine, Gift, Office, Places, Refused, RoleWords, SIGN_IN, Words, refusal,
};
use lapor_web::sign_on::SignOn;
use lapor_web::throttle::Rate;

use super::alarms::called;
use super::audit_words::Reader;
use super::roles::{ConsoleRole, WORDS};
use super::{ACCOUNT, Answer, Console, ROOT, names};
use crate::alarms::letterhead;
use crate::audit::By;
use crate::clock::Clock;
use crate::store;
use crate::vouching;

const FACTOR: &str = "/konsol/akun/kode";
pub const STAFF: &str = "/konsol/petugas";
const AUDIT: &str = "/konsol/audit";
/// Ways to the provider that one network may begin.
const WAYS: Rate = Rate::new(50, 3000);

/// What an operator finds at the own account; an auditor finds the last of it.
const ADMINISTERED: &[Link] = &[
    Link {
        to: STAFF,
        name: text_id("staff-title"),
    },
    Link {
        to: AUDIT,
        name: text_id("audit-title"),
    },
];

impl Staffed for Console {
    fn accounts(&self) -> &Accounts {
        Console::accounts(self)
    }

    fn cookies(&self) -> Cookies {
        Cookies {
            https: self.settings.is_https(),
        }
    }

    fn doors(&self) -> Doors {
        Doors {
            sign_in: SIGN_IN,
            factor: FACTOR,
        }
    }
}

impl Office for Console {
    const PLACES: Places = Places {
        root: ROOT,
        begun: ROOT,
        account: ACCOUNT,
        factor: FACTOR,
        staff: STAFF,
        audit: AUDIT,
    };

    const WORDS: Words = Words {
        sign_in_lead: text_id("console-sign-in-lead"),
        forgotten_lead: text_id("console-forgotten-lead"),
        forgotten_admin: text_id("console-forgotten-operator"),
        setup_about: text_id("console-setup-about"),
        setup_where: text_id("console-setup-where"),
        setup_command: "lapor-hub account setup-link",
        setup_lead: text_id("console-setup-lead"),
        setup_done: text_id("console-setup-done"),
        account_administer: text_id("console-administer"),
        audit_subject: text_id("console-audit-subject"),
        audit_subject_field: "instansi",
    };

    const ROLES: &'static [RoleWords] = WORDS;
    const SAYS_WHY: bool = true;

    const ACTORS: &'static [(&'static str, TextId)] = &[
        ("token:", text_id("actors-programs")),
        ("cli:", text_id("actors-machine")),
        ("single_sign_on", text_id("actor-provider")),
        ("hub", text_id("actor-hub")),
        ("serve", text_id("actor-start")),
        ("nobody", text_id("actor-nobody")),
    ];
    const ACTS: &'static [(&'static str, TextId)] = &[
        ("instance.suspended", text_id("did-instance-suspended")),
        ("instance.resumed", text_id("did-instance-resumed")),
        (
            "instance.certificates_voided",
            text_id("did-instance-certificates-voided"),
        ),
        ("instance.admitted", text_id("did-instance-admitted")),
        ("instance.revoked", text_id("did-instance-revoked")),
        ("instance.replaced", text_id("did-instance-replaced")),
        (
            "instance.authority_changed",
            text_id("did-instance-authority-changed"),
        ),
        ("hub_key.announced", text_id("did-hub-key-announced")),
        ("hub_key.used", text_id("did-hub-key-used")),
        ("hub_key.retired", text_id("did-hub-key-retired")),
        ("authority.announced", text_id("did-authority-announced")),
        ("authority.used", text_id("did-authority-used")),
        ("authority.withdrawn", text_id("did-authority-withdrawn")),
        ("instance.tried", text_id("did-instance-tried")),
        ("roadmap.planned", text_id("did-roadmap-planned")),
        ("instance.invited", text_id("did-instance-invited")),
        (
            "instance.invitation_withdrawn",
            text_id("did-instance-invitation-withdrawn"),
        ),
        ("instance.registered", text_id("did-instance-registered")),
        ("alarm.acknowledged", text_id("did-alarm-acknowledged")),
        ("alarm.silenced", text_id("did-alarm-silenced")),
        ("alarm.silence_ended", text_id("did-alarm-silence-ended")),
        ("alarm.rule_added", text_id("did-alarm-rule-added")),
        ("alarm.rule_changed", text_id("did-alarm-rule-changed")),
        ("alarm.rule_enabled", text_id("did-alarm-rule-enabled")),
        ("alarm.rule_disabled", text_id("did-alarm-rule-disabled")),
        (
            "alarm.recipient_added",
            text_id("did-alarm-recipient-added"),
        ),
        (
            "alarm.recipient_changed",
            text_id("did-alarm-recipient-changed"),
        ),
        (
            "alarm.recipient_enabled",
            text_id("did-alarm-recipient-enabled"),
        ),
        (
            "alarm.recipient_disabled",
            text_id("did-alarm-recipient-disabled"),
        ),
        (
            "alarm.recipient_removed",
            text_id("did-alarm-recipient-removed"),
        ),
        ("alarm.secret_changed", text_id("did-alarm-secret-changed")),
        ("alarm.test_sent", text_id("did-alarm-test-sent")),
        ("alarm.sent_again", text_id("did-alarm-sent-again")),
        ("operator.rests", text_id("did-operator-rests")),
        ("operator.vouched", text_id("did-operator-vouched")),
        ("token.created", text_id("did-token-created")),
        ("token.revoked", text_id("did-token-revoked")),
        ("maintenance.planned", text_id("did-maintenance-planned")),
        ("backup.begun", text_id("did-backup-begun")),
        ("backup.tried", text_id("did-backup-tried")),
        ("recovery.closed", text_id("did-recovery-closed")),
        ("maintenance.ended", text_id("did-maintenance-ended")),
        (
            "maintenance.called_off",
            text_id("did-maintenance-called-off"),
        ),
    ];

    fn takes_two(&self) -> bool {
        self.settings.second_person
    }

    async fn create(
        &self,
        actor: &str,
        new: &NewAccount<'_>,
        rests: Option<&str>,
    ) -> Result<(Account, Secret), Refused> {
        let Some(reason) = rests else {
            return Ok(self.accounts().create(actor, new).await?);
        };
        let ground = &self.hub.ground;
        let by = By {
            reason,
            ..By::actor(actor)
        };
        let mut tx = ground.db.write().await.map_err(AccountError::from)?;
        let (account, secret) = self.accounts().create_in(&mut tx, actor, new).await?;
        let which = (account.id.as_str(), account.login.as_str());
        let (act, now) = (Gift::Account.code(), ground.clock.now_ms());
        let rested = vouching::rest_in(&mut tx, now, &by, which, act).await;
        rested.map_err(AccountError::from)?;
        tx.commit().await.map_err(AccountError::from)?;
        self.hub.alarms.ring();
        Ok((account, secret))
    }

    async fn rest(&self, actor: &str, account: &Account, gift: Gift, reason: &str) -> Answer<()> {
        let by = By {
            reason,
            ..By::actor(actor)
        };
        let which = (account.id.as_str(), account.login.as_str());
        let rested = vouching::rest(&self.hub.ground, &by, which, gift.code()).await;
        self.hub.alarms.ring();
        rested.map_err(|error| ApiProblem::database(&error))
    }

    async fn rests(&self, account: &Account) -> Answer<bool> {
        let rests = vouching::rests(&self.hub.ground, account.id.as_str()).await;
        rests.map_err(|error| ApiProblem::database(&error))
    }

    fn clock(&self) -> &dyn Clock {
        &*self.hub.ground.clock
    }

    fn sign_on(&self) -> &SignOn {
        &self.sign_on
    }

    fn site(&self) -> String {
        self.settings.site(self.settings.listen.0)
    }

    fn mails_links(&self) -> bool {
        self.hub.settings().mail.is_on()
    }

    fn postbox(&self) -> Result<Option<Postbox>, String> {
        Postbox::of(&self.hub.settings().mail).map_err(|error| error.to_string())
    }

    fn letterhead(&self) -> Letterhead {
        letterhead(&self.hub)
    }

    fn proxies(&self) -> &[IpAddr] {
        &self.settings.proxies
    }

    fn admit_sign_on(&self, address: IpAddr) -> Result<(), ApiProblem> {
        let now = self.hub.ground.clock.now_ms();
        let taken = self.ways.take(network(address), WAYS, now);
        taken.map_err(|often| refusal(&often.into()))
    }

    fn administered(role: &Role) -> &'static [Link] {
        if role.administers {
            ADMINISTERED
        } else if Self::reads_audit(role) {
            &ADMINISTERED[1..]
        } else {
            &[]
        }
    }

    fn reads_audit(role: &Role) -> bool {
        ConsoleRole::of(role, ConsoleRole::reads_audit)
    }

    fn setup_facts(&self, _visit: &Visit) -> Vec<(TextId, String)> {
        let domain = self.hub.ground.trust_domain.to_string();
        vec![(text_id("console-federation"), domain)]
    }

    async fn audit(&self, asked: &AuditAsked<'_>) -> Answer<Vec<AuditLine>> {
        let read = async {
            let mut tx = self.hub.ground.db.read().await?;
            let filter = (asked.actor, asked.action, asked.subject);
            let before = asked.before.unwrap_or(i64::MAX);
            let times = asked.from.unwrap_or(0)..asked.until.unwrap_or(i64::MAX);
            store::audit::page(&mut tx, before, times, filter, asked.limit).await
        };
        let rows = read.await.map_err(|error| ApiProblem::database(&error))?;
        let line = rows
            .into_iter()
            .map(|(number, at, actor, action, subject, detail)| AuditLine {
                number,
                at,
                actor,
                action,
                subject,
                detail,
            });
        Ok(line.collect())
    }

    async fn subjects(
        &self,
        v: &Voice,
        lines: &[AuditLine],
    ) -> Answer<BTreeMap<String, (String, String)>> {
        let directory = self.hub.ground.directory.current();
        let named = |line: &AuditLine| {
            let subject = line.subject.as_deref()?;
            let about = names::concerned(v, &directory, (line.action.as_str(), subject))?;
            Some((subject.to_owned(), about))
        };
        Ok(lines.iter().filter_map(named).collect())
    }

    async fn told(
        &self,
        v: &Voice,
        names: &BTreeMap<String, String>,
        lines: &[AuditLine],
    ) -> Answer<BTreeMap<i64, String>> {
        let called = called(self, v).await?;
        let directory = self.hub.ground.directory.current();
        let reader = Reader {
            v,
            names,
            called: &called,
            directory: &directory,
        };
        let lines = lines.iter();
        let told = lines.map(|line| (line.number, reader.told(&line.action, &line.detail)));
        Ok(told.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path) -> Vec<String> {
        let mut out = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                out.extend(sources(&path));
            } else {
                out.push(std::fs::read_to_string(path).unwrap());
            }
        }
        out
    }

    #[test]
    fn every_act_that_the_audit_log_can_hold_has_words() {
        let known: Vec<&str> = Console::ACTS.iter().map(|(code, _)| *code).collect();
        let areas = known.iter().filter_map(|code| code.split_once('.'));
        let areas: Vec<&str> = areas.map(|(area, _)| area).collect();
        let is_act = |text: &&str| {
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            let parts = text.split_once('.');
            parts.is_some_and(|(area, act)| areas.contains(&area) && act.chars().all(plain))
        };
        for source in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            for act in source.split('"').filter(is_act) {
                assert!(known.contains(&act), "{act}");
            }
        }
    }
}
