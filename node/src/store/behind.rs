//! What waits behind an own message that is quarantined, and what is refused with it.
//!
//! A case whose birth is quarantined is shown as unsent: what belongs to it, and what names it as its
//! second case, waits with its birth.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Why a sound message is quarantined: it goes out with an earlier one that is.
pub const WAITS: &str = "waits_for_earlier";

/// Why an own message is refused without a word of its own: the one with which its case begins is.
pub const REFUSED_WITH: &str = "refused_with_earlier";

/// The beginning of a query for what is `behind` an own message (`$1`) in some states: the later ones of
/// its case, all that name a case to which it gives birth, and what is behind any of these. The message
/// itself is among them.
macro_rules! behind {
    ($state:literal) => {
        concat!(
            "with recursive behind (number, case_id, child) as (
            select number, case_id, case kind when 'report.filed' then case_id
                when 'case.split' then other_case end
            from outbox where number = $1
            union
            select o.number, o.case_id, case o.kind when 'case.split' then o.other_case end
            from behind b join outbox o on o.number > b.number
                and ",
            $state,
            " and (o.case_id = b.case_id or o.case_id = b.child or o.other_case = b.child)
        ) ",
        )
    };
}

/// Quarantines what was just added to a case whose birth is quarantined, or names one as its second
/// case: the hub would not know it. A split that waits makes a case of that kind too.
pub(super) async fn wait_for_births(tx: &mut Tx, after: i64) -> Stored<()> {
    const SQL: &str = "with births (case_id) as (
            select case when kind = 'case.split' then other_case else case_id end
            from outbox where state = 'quarantined' and kind in ('report.filed', 'case.split')
        ) update outbox set state = 'quarantined', reason = $2
        where number > $1 and state = 'pending' and (case_id in (select case_id from births)
            or other_case in (select case_id from births))";
    loop {
        let waiting = on!(tx, c => sqlx::query(SQL)
            .bind(after)
            .bind(WAITS)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if waiting == 0 {
            return Ok(());
        }
    }
}

/// Quarantines the unsent messages that must wait for a quarantined one, and gives their numbers: the
/// later ones of its case, all that name a case to which it gives birth, and what must wait for any of
/// these. What is sealed loses its place with that, so that the chain must go on in another epoch.
pub async fn quarantine_later(tx: &mut Tx, number: i64) -> Stored<Vec<i64>> {
    later(tx, number, "sealed").await
}

/// The same of drafts alone. What is sealed has its place in the chain, which nothing else can fill, and
/// may be on its way: it goes out before a draft that waits.
pub async fn quarantine_later_drafts(tx: &mut Tx, number: i64) -> Stored<Vec<i64>> {
    later(tx, number, "pending").await
}

/// The states are said so that the cases are looked through and not the whole backlog.
async fn later(tx: &mut Tx, number: i64, or_in: &str) -> Stored<Vec<i64>> {
    const SQL: &str = concat!(
        behind!("o.state || '' in ('pending', $3)"),
        "update outbox set state = 'quarantined', reason = $2
            where number in (select number from behind where number <> $1) returning number"
    );
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(number)
        .bind(WAITS)
        .bind(or_in)
        .fetch_all(c)
        .await)?)
}

/// What waits for an own message that is at the hub after all, and for no other that is quarantined,
/// oldest first.
pub async fn own_released(tx: &mut Tx, number: i64) -> Stored<Vec<i64>> {
    const SQL: &str = concat!(
        behind!("o.state = 'quarantined' and o.reason = $2"),
        ", held (number, case_id, child) as (
            select number, case_id, case kind when 'report.filed' then case_id
                when 'case.split' then other_case end
            from outbox where state = 'quarantined' and reason <> $2 and number <> $1
            union
            select o.number, o.case_id, case o.kind when 'case.split' then o.other_case end
            from held h join outbox o on o.number > h.number
                and o.state = 'quarantined' and o.reason = $2
                and (o.case_id = h.case_id or o.case_id = h.child or o.other_case = h.child)
        ) select number from behind
            where number <> $1 and number not in (select number from held) order by number"
    );
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).bind(WAITS).fetch_all(c).await)?)
}

/// The numbers of all that is quarantined.
pub async fn own_quarantined(tx: &mut Tx) -> Stored<Vec<i64>> {
    const SQL: &str = "select number from outbox where state = 'quarantined'";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_all(c).await)?)
}

/// Own messages that were set aside with an earlier one, or refused with it, oldest first; as
/// [`quarantine_later`] finds them.
pub async fn own_behind(tx: &mut Tx, number: i64) -> Stored<Vec<i64>> {
    const SQL: &str = concat!(
        behind!("(o.state = 'quarantined' or (o.state = 'refused' and o.reason = $2))"),
        "select number from behind where number <> $1 order by number"
    );
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).bind(REFUSED_WITH).fetch_all(c).await)?)
}

/// Those of them, still quarantined, that are nothing without it: what names a case to which it gives
/// birth, or one that is split off from such a case.
pub async fn own_bound(tx: &mut Tx, number: i64) -> Stored<Vec<i64>> {
    const SQL: &str = "with recursive bound (number, child) as (
            select number, case kind when 'report.filed' then case_id
                when 'case.split' then other_case end
            from outbox where number = $1
            union
            select o.number, case o.kind when 'case.split' then o.other_case end
            from bound b join outbox o on o.number > b.number and o.state = 'quarantined'
                and (o.case_id = b.child or o.other_case = b.child)
        ) select number from bound where number <> $1 order by number";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_all(c).await)?)
}

/// The earlier messages, quarantined or refused, that give birth to the cases which an own message
/// names: number and state.
pub async fn own_births(tx: &mut Tx, number: i64) -> Stored<Vec<(i64, String)>> {
    const SQL: &str = "select b.number, b.state from outbox o join outbox b on b.number < o.number
            and b.state in ('quarantined', 'refused')
            and ((b.kind = 'report.filed' and b.case_id in (o.case_id, o.other_case))
                or (b.kind = 'case.split' and b.other_case in (o.case_id, o.other_case)))
        where o.number = $1 order by b.number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use lapor_migrations::{Schema, Value, pack};

    use super::*;
    use crate::store::aside::{own, refuse_own};
    use crate::store::outbox::{NewRow, add, pending, quarantine, seal};
    use crate::store::unruled;
    use crate::testing::databases;

    fn message<'a>(
        message_id: &'a str,
        kind: &'a str,
        case_id: &'a str,
        other_case: Option<&'a str>,
    ) -> NewRow<'a> {
        NewRow {
            case_id: Some(case_id),
            other_case,
            kind,
            message_id,
            draft: message_id,
            newcomers: "[]",
            created_at: 1,
            trace: "",
        }
    }

    #[tokio::test]
    async fn what_belongs_to_a_case_waits_with_its_birth_and_is_read_until_that_is_refused() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            let filed = message("filed", "report.filed", "a", None);
            let split = message("split", "case.split", "b", Some("half"));
            let early = message("early", "case.noted", "half", None);
            add(tx, &[filed, split, early]).await.unwrap();
            for (number, behind) in [(1, &[][..]), (2, &[3][..])] {
                quarantine(tx, number, "why").await.unwrap();
                assert_eq!(quarantine_later(tx, number).await.unwrap(), behind);
            }
            let late = ["a", "b", "half"].map(|case| message(case, "case.noted", case, None));
            add(tx, &late).await.unwrap();
            let left = pending(tx, 99).await.unwrap();
            let left: Vec<_> = left.iter().map(|row| row.draft.as_str()).collect();
            assert_eq!(left, ["b"], "{}", test.name);
            for (case, drafts) in [
                ("a", &["filed", "a"][..]),
                ("b", &["b"][..]),
                ("half", &["split", "early", "half"][..]),
            ] {
                let read = unruled::of_case(tx, case).await.unwrap();
                assert_eq!(read, drafts, "{} {case}", test.name);
            }
            let cases = || vec![Value::from("a"), "half".into()];
            let births = unruled::births(tx, cases()).await.unwrap();
            let births: Vec<_> = births.iter().map(|birth| birth.1.as_str()).collect();
            assert_eq!(births, ["filed", "split"], "{}", test.name);
            for number in [1, 2] {
                refuse_own(tx, number, "why").await.unwrap();
            }
            for case in ["a", "half"] {
                assert_eq!(
                    unruled::of_case(tx, case).await,
                    Ok(vec![]),
                    "{}",
                    test.name
                );
            }
            assert_eq!(unruled::births(tx, cases()).await, Ok(vec![]));
        }
    }

    #[tokio::test]
    async fn what_is_sealed_keeps_its_place_behind_a_draft_that_is_set_aside() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            let all = ["bad", "sealed", "draft"].map(|id| message(id, "case.noted", "c", None));
            add(tx, &all).await.unwrap();
            let id = Value::from(vec![2_u8; 32]);
            let places = vec![2_i64.into(), 1_i64.into(), 1_i64.into(), id];
            let lines = vec![2_i64.into(), pack("{}").into()];
            assert_eq!(seal(tx, places, lines).await, Ok(1), "{}", test.name);
            quarantine(tx, 1, "why").await.unwrap();
            assert_eq!(quarantine_later_drafts(tx, 1).await, Ok(vec![3]));
            assert_eq!(quarantine_later(tx, 1).await, Ok(vec![2]));
        }
    }

    #[tokio::test]
    async fn what_names_a_half_of_a_half_of_an_unsent_report_waits_with_it_and_so_does_what_follows()
     {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            let before = message("before", "case.noted", "other", None);
            let filed = message("filed", "report.filed", "a", None);
            let split = message("split", "case.split", "a", Some("half"));
            let again = message("again", "case.split", "half", Some("quarter"));
            let noted = message("noted", "case.noted", "quarter", None);
            let linked = message("linked", "case.linked", "other", Some("quarter"));
            let after = message("after", "case.noted", "other", None);
            let stranger = message("stranger", "case.noted", "stranger", None);
            let all = [before, filed, split, again, noted, linked, after, stranger];
            add(tx, &all).await.unwrap();
            quarantine(tx, 2, "why").await.unwrap();
            let mut behind = quarantine_later(tx, 2).await.unwrap();
            behind.sort_unstable();
            assert_eq!(behind, [3, 4, 5, 6, 7], "{}", test.name);
            let late = [
                message("late split", "case.split", "quarter", Some("eighth")),
                message("late note", "case.noted", "eighth", None),
                message("late link", "case.linked", "stranger", Some("eighth")),
                message("late", "case.noted", "other", None),
            ];
            add(tx, &late).await.unwrap();
            let left = pending(tx, 99).await.unwrap();
            let left: Vec<_> = left.iter().map(|row| row.draft.as_str()).collect();
            assert_eq!(left, ["before", "stranger", "late"], "{}", test.name);
            let aside = own(tx, ["quarantined"; 2], 99).await.unwrap();
            for row in &aside {
                let why = if row.number == 2 { "why" } else { WAITS };
                assert_eq!(row.reason.as_deref(), Some(why), "{}", row.message_id);
            }
            let numbers: Vec<i64> = aside.iter().map(|row| row.number).collect();
            assert_eq!(own_behind(tx, 2).await.unwrap(), numbers[1..]);
            // The other case is known to the hub without that report.
            assert_eq!(
                own_bound(tx, 2).await.unwrap(),
                [3, 4, 5, 6, 9, 10, 11],
                "{}",
                test.name
            );
            assert!(own_bound(tx, 6).await.unwrap().is_empty());
            // Nothing waits for the report alone while what it was split into is set aside for itself.
            quarantine(tx, 4, "why").await.unwrap();
            assert_eq!(own_released(tx, 2).await.unwrap(), [3], "{}", test.name);
            quarantine(tx, 4, WAITS).await.unwrap();
            assert_eq!(own_released(tx, 2).await.unwrap(), numbers[1..]);
            assert_eq!(own_quarantined(tx).await.unwrap().len(), numbers.len());
            for (number, birth) in [
                (2, None),
                (3, Some(2)),
                (5, Some(4)),
                (6, Some(4)),
                (7, None),
            ] {
                let births = own_births(tx, number).await.unwrap();
                let expected: Vec<_> = birth
                    .map(|birth| (birth, "quarantined".to_owned()))
                    .into_iter()
                    .collect();
                assert_eq!(births, expected, "{} {number}", test.name);
            }
        }
    }
}
