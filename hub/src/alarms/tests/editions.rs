//! The first rules of a hub that is upgraded.

use lapor_migrations::Schema;
use lapor_migrations::throwaway::databases_of;

use super::super::rule::{EDITION, all, begin, defaults, put};
use super::super::{Condition, Own, Rule};
use super::NOW;
use crate::store::state::{ALARMS, read, write};
use crate::watch::Concern;

/// What was not thought of at first, in the order in which it was.
const LATER: [Condition; 5] = [
    Condition::Hub(Own::Watch),
    Condition::Hub(Own::Trial),
    Condition::Hub(Own::Approval),
    Condition::Institution(Concern::Twice),
    Condition::Hub(Own::Issuer),
];

#[tokio::test]
async fn an_older_hub_gets_the_rules_that_were_not_thought_of_and_keeps_its_own() {
    let of = |rule: &Rule, conditions: &[Condition]| conditions.contains(&rule.condition);
    for (edition, unknown, kept) in [
        ("begun", &LATER[..], EDITION),
        ("2", &LATER[1..], EDITION),
        ("3", &LATER[2..], EDITION),
        ("4", &LATER[3..], EDITION),
        ("5", &LATER[4..], EDITION),
        (EDITION, &[], EDITION),
        ("later", &[], "later"),
    ] {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            for mut rule in defaults() {
                rule.enabled = false;
                if !of(&rule, &LATER) || !of(&rule, unknown) {
                    put(&mut tx, &rule, NOW).await.unwrap();
                }
            }
            write(&mut tx, ALARMS, edition).await.unwrap();
            let before = all(&mut tx).await.unwrap();
            for _ in 0..2 {
                begin(&mut tx, NOW + 1).await.unwrap();
            }
            let after = all(&mut tx).await.unwrap();
            let (own, added): (Vec<Rule>, Vec<Rule>) =
                after.into_iter().partition(|rule| !rule.enabled);
            assert_eq!(own, before, "{edition}");
            let expected: Vec<Condition> = defaults()
                .into_iter()
                .filter(|rule| of(rule, unknown))
                .map(|rule| rule.condition)
                .collect();
            let added: Vec<Condition> = added.into_iter().map(|rule| rule.condition).collect();
            assert_eq!(added, expected, "{edition}");
            let edition = read(&mut tx, ALARMS).await.unwrap();
            assert_eq!(edition.as_deref(), Some(kept));
        }
    }
}
