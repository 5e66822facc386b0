//! What the console does by a form, programs do by an operation, or it is said
//! why not.

use std::collections::BTreeSet;

use super::super::documents;

const SOURCES: &[&str] = &[
    include_str!("../../mod.rs"),
    include_str!("../../alarms/mod.rs"),
    include_str!("../../casework/mod.rs"),
    include_str!("../../upkeep/mod.rs"),
];

/// How programs do what a handler of the pages does.
enum By {
    Operations(&'static [&'static str]),
    /// It is for people alone.
    Pages(&'static str),
}
use By::{Operations, Pages};

const ACTS: &[(&str, By)] = &[
    ("acts::revoke", Operations(&["revokeInstance"])),
    ("acts::replace", Operations(&["replaceInstance"])),
    ("acts::void", Operations(&["voidCertificates"])),
    ("acts::entrust", Operations(&["entrustInstance"])),
    (
        "instances::act",
        Operations(&["suspendInstance", "resumeInstance"]),
    ),
    ("invite::send", Operations(&["inviteInstance"])),
    ("invite::withdraw", Operations(&["withdrawInvitation"])),
    (
        "many::check",
        Pages("it does nothing; `inviteMany` judges the whole table before it invites anybody"),
    ),
    ("many::begin", Operations(&["inviteMany", "readRound"])),
    ("many::forget", Operations(&["forgetRound"])),
    ("roadmap::plan", Operations(&["planRegion"])),
    ("editions::check", Operations(&["compareEdition"])),
    ("steps::take", Operations(&["takeKeyStep"])),
    ("trying::attempt", Operations(&["tryInstance"])),
    ("admission::admit", Operations(&["admitInstance"])),
    ("approvals::decide", Operations(&["decideApproval"])),
    ("resting::vouch", Operations(&["confirmAccount"])),
    ("open::acknowledge", Operations(&["acknowledgeAlarms"])),
    ("rules::create", Operations(&["addRule"])),
    ("rules::change", Operations(&["changeRule"])),
    ("rules::act", Operations(&["enableRule", "disableRule"])),
    ("silences::create", Operations(&["silence"])),
    ("silences::end", Operations(&["endSilence"])),
    ("recipients::create", Operations(&["addRecipient"])),
    ("recipients::change", Operations(&["changeRecipient"])),
    (
        "recipients::act",
        Operations(&[
            "testRecipient",
            "enableRecipient",
            "renewSecret",
            "disableRecipient",
            "removeRecipient",
        ]),
    ),
    ("sent::again", Operations(&["sendAgain"])),
    ("maintenance::plan", Operations(&["planMaintenance"])),
    ("maintenance::end", Operations(&["endMaintenance"])),
    ("recovery::close", Operations(&["closeRecovery"])),
    ("backups::make", Operations(&["makeBackup"])),
    ("backups::attempt", Operations(&["tryBackup"])),
    (
        "people::routes::<Console>",
        Pages("logging in, accounts and their passwords are for the people whose they are"),
    ),
];

/// The handlers of forms that a source names, and the routes that it takes from elsewhere.
fn handlers(source: &str) -> BTreeSet<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let named = |rest: &str| rest.chars().take_while(|c| plain(*c)).collect();
    let mut found: BTreeSet<String> = source.split("post(").skip(1).map(named).collect();
    if source.contains("people::routes::<Console>()") {
        found.insert("people::routes::<Console>".to_owned());
    }
    found
}

#[test]
fn whatever_a_form_does_a_program_does_or_it_is_said_why_not() {
    let found: BTreeSet<String> = SOURCES.iter().flat_map(|source| handlers(source)).collect();
    let named: BTreeSet<String> = ACTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, named);
    let declared = serde_json::to_value(documents::routes().into_openapi()).unwrap();
    let paths = declared["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let ids: BTreeSet<&str> = operations
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    for (name, by) in ACTS {
        match by {
            Operations(all) => assert!(all.iter().all(|id| ids.contains(id)), "{name}"),
            Pages(why) => assert!(why.len() > 20, "{name}"),
        }
    }
}
