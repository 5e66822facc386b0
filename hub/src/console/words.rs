//! What the console says of health: colours, kinds, reasons and the rules
//! behind them, in both languages from one place.

use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_web::language::{TextId, Voice, text_id};

use crate::alarms::{Condition, Own, Severity};
use crate::membership::MembershipError;
use crate::watch::{Bound, Bounds, COPY_OVER_MS, Concern, Finding, State};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The class of a colour, which is its value in a query as well.
pub fn colour(state: State) -> &'static str {
    match state {
        State::Grey => "kelabu",
        State::Green => "hijau",
        State::Yellow => "kuning",
        State::Red => "merah",
    }
}

pub fn state_words(state: State) -> TextId {
    match state {
        State::Grey => text_id("state-grey"),
        State::Green => text_id("state-green"),
        State::Yellow => text_id("state-yellow"),
        State::Red => text_id("state-red"),
    }
}

pub fn kind_words(kind: InstanceKind) -> TextId {
    match kind {
        InstanceKind::Pusat => text_id("kind-pusat"),
        InstanceKind::Kementerian => text_id("kind-kementerian"),
        InstanceKind::Lembaga => text_id("kind-lembaga"),
        InstanceKind::Provinsi => text_id("kind-provinsi"),
        InstanceKind::Kabupaten => text_id("kind-kabupaten"),
        InstanceKind::Kota => text_id("kind-kota"),
        InstanceKind::Bumn => text_id("kind-bumn"),
        InstanceKind::Pengawas => text_id("kind-pengawas"),
    }
}

/// Why a membership is not changed.
pub fn membership_words(v: &Voice, error: &MembershipError) -> String {
    let named = |id: &InstanceId, words: TextId| v.with("name", id.to_string()).say(words);
    match error {
        MembershipError::Unknown(id) => named(id, text_id("membership-unknown")),
        MembershipError::Joined { .. } => v.say("invite-joined"),
        MembershipError::Status { .. }
        | MembershipError::NotWaiting(_)
        | MembershipError::Unapproved(_)
        | MembershipError::Rotation(_) => v.say("console-status-changed"),
        MembershipError::Kind { known, .. } => {
            let known = v.say(kind_words(*known));
            v.with("kind", known).say("invite-other-kind")
        }
        MembershipError::SecondDesk(desk) => named(desk, text_id("invite-second-desk")),
        MembershipError::LastDesk(desk) => named(desk, text_id("membership-last-desk")),
        MembershipError::OwnSuccessor(_) => v.say("act-successor-itself"),
        MembershipError::IdleSuccessor { .. } => v.say("act-successor-idle"),
        MembershipError::Taken(_) => v.say("act-successor-taken"),
        MembershipError::NoSupervisor => v.say("invite-no-supervisor"),
        MembershipError::SecondSupervisor(other) => {
            named(other, text_id("invite-second-supervisor"))
        }
        MembershipError::Alarm(_)
        | MembershipError::Maintenance(_)
        | MembershipError::Recovery(_) => v.say("console-not-allowed"),
        MembershipError::Hub(_) => v.say("membership-hub"),
    }
}

/// A reason for a colour, with what was measured.
pub fn finding(v: &Voice, found: &Finding) -> String {
    let measured = found.measured;
    let aged = |known: TextId, unknown: TextId| match measured {
        Some(ms) => v.with("age", age(v, ms)).say(known),
        None => v.say(unknown),
    };
    match found.concern {
        Concern::Silent => aged(text_id("concern-silent"), text_id("concern-never-heard")),
        Concern::Unsent => aged(text_id("concern-unsent"), text_id("concern-unsent-unknown")),
        Concern::Unapplied => aged(
            text_id("concern-unapplied"),
            text_id("concern-unapplied-unknown"),
        ),
        Concern::Apart => aged(text_id("concern-apart"), text_id("concern-apart-unknown")),
        Concern::Directory => aged(
            text_id("concern-directory"),
            text_id("concern-directory-unknown"),
        ),
        Concern::Unreported => aged(
            text_id("concern-unreported"),
            text_id("concern-unreported-unknown"),
        ),
        Concern::Backup => aged(text_id("concern-backup"), text_id("concern-no-backup")),
        Concern::Clock => aged(text_id("concern-clock"), text_id("concern-clock-unknown")),
        Concern::Certificate => certificate(v, measured),
        Concern::SetAside => v.with("n", measured.unwrap_or(0)).say("concern-set-aside"),
        Concern::Disk => v
            .with("size", bytes(v, measured.unwrap_or(0)))
            .say("concern-disk"),
        Concern::Version => v.say("concern-version"),
        Concern::Frozen => v.say("concern-frozen"),
        Concern::Twice => v.say("concern-twice"),
        Concern::Refused => aged(
            text_id("concern-refused"),
            text_id("concern-refused-unknown"),
        ),
    }
}

/// A certificate by the milliseconds that it is still good for.
fn certificate(v: &Voice, left: Option<i64>) -> String {
    match left.unwrap_or(0) {
        left if left > 0 => v.with("age", age(v, left)).say("concern-certificate"),
        _ => v.say("concern-certificate-ended"),
    }
}

pub fn severity(severity: Severity) -> TextId {
    match severity {
        Severity::Warning => text_id("severity-warning"),
        Severity::Critical => text_id("severity-critical"),
    }
}

/// What a rule looks for.
pub fn condition(condition: Condition) -> TextId {
    match condition {
        Condition::Institution(concern) => match concern {
            Concern::Silent => text_id("condition-silent"),
            Concern::Unsent => text_id("condition-unsent"),
            Concern::Unapplied => text_id("condition-unapplied"),
            Concern::Apart => text_id("condition-apart"),
            Concern::SetAside => text_id("condition-set-aside"),
            Concern::Certificate => text_id("condition-certificate"),
            Concern::Clock => text_id("condition-clock"),
            Concern::Version => text_id("condition-version"),
            Concern::Disk => text_id("condition-disk"),
            Concern::Backup => text_id("condition-backup"),
            Concern::Frozen => text_id("condition-frozen"),
            Concern::Twice => text_id("condition-twice"),
            Concern::Refused => text_id("condition-refused"),
            Concern::Directory => text_id("condition-directory"),
            Concern::Unreported => text_id("condition-unreported"),
        },
        Condition::Hub(own) => match own {
            Own::Sequencer => text_id("condition-hub-sequencer"),
            Own::Record => text_id("condition-hub-record"),
            Own::Disk => text_id("condition-hub-disk"),
            Own::Backup => text_id("condition-hub-backup"),
            Own::Trial => text_id("condition-hub-trial"),
            Own::Certificate => text_id("condition-hub-certificate"),
            Own::Issuer => text_id("condition-hub-issuer"),
            Own::Letters => text_id("condition-hub-letters"),
            Own::Watch => text_id("condition-hub-watch"),
            Own::Approval => text_id("condition-hub-approval"),
        },
    }
}

/// What was found.
fn reason(v: &Voice, of: Condition, level: State, measured: Option<i64>) -> String {
    let aged = |known: TextId, unknown: TextId| match measured {
        Some(ms) => v.with("age", age(v, ms)).say(known),
        None => v.say(unknown),
    };
    match of {
        Condition::Institution(concern) => finding(
            v,
            &Finding {
                concern,
                state: level,
                measured,
            },
        ),
        Condition::Hub(Own::Sequencer) => v
            .with("n", measured.unwrap_or(0))
            .say("reason-hub-sequencer"),
        Condition::Hub(Own::Record) => match measured {
            Some(n) => v.with("n", n).say("reason-hub-record-damaged"),
            None => v.say("reason-hub-record"),
        },
        Condition::Hub(Own::Disk) => v
            .with("size", bytes(v, measured.unwrap_or(0)))
            .say("concern-disk"),
        Condition::Hub(Own::Backup) => {
            aged(text_id("concern-backup"), text_id("concern-no-backup"))
        }
        Condition::Hub(Own::Trial) if level == State::Red && measured.is_none() => {
            v.say("reason-hub-trial-failed")
        }
        Condition::Hub(Own::Trial) => aged(
            text_id("reason-hub-trial"),
            text_id("reason-hub-trial-never"),
        ),
        Condition::Hub(Own::Certificate) => certificate(v, measured),
        Condition::Hub(Own::Issuer) => match measured.unwrap_or(0) {
            left if left > 0 => v.with("age", age(v, left)).say("reason-hub-issuer"),
            _ => v.say("reason-hub-issuer-ended"),
        },
        Condition::Hub(Own::Letters) => aged(
            text_id("reason-hub-letters"),
            text_id("reason-hub-letters-dead"),
        ),
        Condition::Hub(Own::Watch) => aged(
            text_id("reason-hub-watch"),
            text_id("reason-hub-watch-never"),
        ),
        Condition::Hub(Own::Approval) => {
            let waits = v.with("age", age(v, measured.unwrap_or(0)));
            if level == State::Red {
                waits.say("reason-hub-approval-presses")
            } else {
                waits.say("reason-hub-approval")
            }
        }
    }
}

/// What an alarm is about: as it is now, or as it was when it opened or changed its colour.
pub fn reason_at(
    v: &Voice,
    of: Condition,
    level: State,
    (measured, now): (Option<i64>, bool),
) -> String {
    let said = reason(v, of, level, measured);
    if now || measured.is_none() {
        return said;
    }
    v.with("reason", said).say("alarm-reason-then")
}

/// A length of time in the largest unit that says it.
pub fn age(v: &Voice, ms: i64) -> String {
    match ms.abs() {
        ms if ms < MINUTE_MS => v.with("n", ms / 1_000).say("age-seconds"),
        ms if ms < 2 * HOUR_MS => v.with("n", ms / MINUTE_MS).say("age-minutes"),
        ms if ms < 2 * DAY_MS => v.with("n", ms / HOUR_MS).say("age-hours"),
        ms => v.with("n", ms / DAY_MS).say("age-days"),
    }
}

/// A size in GB, or MB below one of them.
pub fn bytes(v: &Voice, bytes: i64) -> String {
    let (unit, name) = if bytes >= 1 << 30 {
        (1_i64 << 30, "GB")
    } else {
        (1 << 20, "MB")
    };
    format!("{} {name}", v.one_decimal(bytes.saturating_mul(100) / unit))
}

/// The rules behind the colours, as they are set, and the colours that each may give.
pub fn rules(v: &Voice, bounds: &Bounds) -> Vec<(&'static [State], String)> {
    const BOTH: &[State] = &[State::Yellow, State::Red];
    const YELLOW: &[State] = &[State::Yellow];
    const RED: &[State] = &[State::Red];
    const GREEN: &[State] = &[State::Green];
    const GREY: &[State] = &[State::Grey];
    let two = |id: TextId, yellow: String, red: String| {
        (BOTH, v.with("yellow", yellow).with("red", red).say(id))
    };
    let timed = |id: TextId, bound: Bound, unit: i64| {
        two(id, age(v, bound.yellow * unit), age(v, bound.red * unit))
    };
    vec![
        timed(text_id("rule-silent"), bounds.silent_seconds, 1_000),
        timed(text_id("rule-waiting"), bounds.waiting_minutes, MINUTE_MS),
        timed(text_id("rule-unreported"), bounds.report_minutes, MINUTE_MS),
        (RED, v.say("rule-apart")),
        two(
            text_id("rule-set-aside"),
            v.number(bounds.set_aside.yellow),
            v.number(bounds.set_aside.red),
        ),
        timed(text_id("rule-certificate"), bounds.certificate_days, DAY_MS),
        timed(text_id("rule-clock"), bounds.clock_seconds, 1_000),
        two(
            text_id("rule-disk"),
            bytes(v, bounds.free_disk_bytes.yellow),
            bytes(v, bounds.free_disk_bytes.red),
        ),
        timed(text_id("rule-backup"), bounds.backup_days, DAY_MS),
        timed(
            text_id("rule-directory"),
            bounds.directory_minutes,
            MINUTE_MS,
        ),
        (YELLOW, v.say("rule-version")),
        (RED, v.say("rule-frozen")),
        (RED, v.with("age", age(v, COPY_OVER_MS)).say("rule-twice")),
        (BOTH, v.say("rule-refused")),
        (GREEN, v.say("rule-green")),
        (GREY, v.say("rule-grey")),
    ]
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    #[test]
    fn of_one_english_speaks_in_the_singular() {
        let v = Voice::new(Language::English, texts(), Tz::Asia__Jakarta, 0);
        for (id, said) in [
            ("reason-hub-sequencer", "One batch waits to be ordered"),
            ("many-begin", "Invite one institution"),
            ("many-progress", "1 of 1 invitation made"),
            (
                "act-uncounted",
                "The last message is not yet in the numbers of cases.",
            ),
            (
                "step-left-nobody",
                "Nobody: the one institution has said that it is ready.",
            ),
            ("recovery-heard-of", "1 of 1 active institution"),
            ("roadmap-exchanging-of", "1 of 1 exchanges"),
            ("backup-files", "one file"),
            ("trial-wrong", "One thing does not hold:"),
            ("member-lacks", "Holds one that is lost"),
            ("edition-lines-more", "And one more line."),
        ] {
            let one = v.with("n", 1_u64).with("all", 1_u64).with("total", 1_u64);
            assert_eq!(one.say(id), said, "{id}");
        }
        let more = v.with("about", "Silent (Red)").with("n", 1_u64);
        assert_eq!(
            more.say("alarm-subject-more"),
            "Silent (Red), and one other matter"
        );
        let proved = v.with("n", 1_200_u64).with("versions", 1_u64);
        let said = "1,200 messages and one version of the directory: signatures and chains hold";
        assert_eq!(proved.say("trial-envelopes"), said);
        let silent = v.with("what", "Kota Bandung").with("hours", 1_i64);
        assert_eq!(silent.say("silence-about"), "Kota Bandung, one hour");
    }

    #[test]
    fn a_certificate_that_has_ended_is_not_about_to_end() {
        let v = Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0);
        let own = Condition::Hub(Own::Certificate);
        for of in [own, Condition::Institution(Concern::Certificate)] {
            let said = |left| reason(&v, of, State::Red, Some(left));
            assert_eq!(said(3 * DAY_MS), "Sertifikat berakhir dalam 3 hari");
            assert_eq!(said(-3 * DAY_MS), "Sertifikat sudah berakhir");
        }
    }
}
