//! What is done with a form of the desk can be done by a program, or it is said why not.

use crate::api::document;

/// How a program does what a form does.
enum Way {
    By(&'static [&'static str]),
    /// Only a person does it, at the desk.
    Person(&'static str),
}

use Way::{By, Person};

/// Each form by the function that takes it.
const FORMS: &[(&str, Way)] = &[
    (
        "together::together",
        By(&["actOnSeveral", "lookAtCases", "assignCases", "clearAbuse"]),
    ),
    (
        "together::dispose::act",
        By(&["actOnSeveral", "assignCases", "assignCase"]),
    ),
    ("together::merge::act", By(&["actOnSeveral"])),
    ("inbox::filters", By(&["keepFilter", "removeFilter"])),
    ("assignment::assign", By(&["assignCase", "takeOffDesk"])),
    ("case_page::number", By(&["noteOwnNumber"])),
    ("case_page::drop_act", By(&["dropFailedAct"])),
    ("own_categories::localise", By(&["noteLocalCategory"])),
    ("own_categories::map", By(&["mapLocalCategory"])),
    ("own_categories::remove", By(&["unmapLocalCategory"])),
    ("own_categories::upload", By(&["replaceLocalCategories"])),
    ("own_categories::restore", By(&["restoreLocalEdition"])),
    ("suspicion::say", By(&["markAbuse", "clearAbuse"])),
    (
        "deed::act",
        By(&["act", "draftAnswer", "askIdentity", "planErasure"]),
    ),
    ("new_key::give", By(&["giveAnotherKey"])),
    ("slip::prove", By(&["askProof"])),
    (
        "counter::take_down",
        By(&["takeDownWords", "takeDownSupport"]),
    ),
    ("identity::open_granted", By(&["openGrantedIdentity"])),
    ("identity::open", By(&["openIdentity"])),
    ("identity::answer", By(&["answerIdentityAsk", "act"])),
    ("approval::decide", By(&["decideDraft"])),
    ("walk_in::file", By(&["fileReport"])),
    ("erasures::decide", By(&["confirmErasure", "stopErasure"])),
    ("letter_choice::choose", By(&["chooseLetters"])),
    ("absence::say", By(&["noteAbsence", "endAbsence"])),
    ("units::add", By(&["addUnit"])),
    ("units::close", By(&["closeUnit"])),
    (
        "api_keys::make",
        Person("a key makes no key: whoever found one would outlive its end"),
    ),
    (
        "api_keys::revoke",
        Person("a key ends no key: whoever found one would shut the others out"),
    ),
    ("webhooks::make", By(&["makeWebhook"])),
    ("webhook::change", By(&["changeWebhook"])),
    (
        "webhook::act",
        By(&[
            "endWebhook",
            "rotateWebhookSecret",
            "tryWebhook",
            "replayWebhook",
            "skipDelivery",
        ]),
    ),
    ("aside::act", By(&["replayMessage", "refuseMessage"])),
    ("handover::hand_over", By(&["handOver"])),
    ("arranging::keep_contact", By(&["keepContact"])),
    (
        "arranging::keep_address",
        Person("it is kept when the page was opened at that address, which a browser proves"),
    ),
    (
        "arranging::keep_mail",
        Person(
            "a password of another system is typed by a person who reads the letter that proves it",
        ),
    ),
    (
        "answer_rules::keep_approval",
        Person("whoever found a key would have its answers signed by nobody"),
    ),
    (
        "answer_rules::keep_evidence",
        Person("whoever found a key would close reports without what proves the work"),
    ),
    ("arrangements::try_mail", By(&["tryMail"])),
    ("arrangements::dismiss", By(&["setNotice"])),
    ("letters::drop_refused", By(&["dropLetter"])),
    ("programmes::publish", By(&["publishProgramme"])),
    ("programmes::change", By(&["publishProgramme"])),
    ("programmes::tell", By(&["tellProgress"])),
    ("pictures::change", By(&["publishProgramme"])),
    (
        "talks::act",
        By(&["takeUpConversation", "leaveConversation"]),
    ),
    ("keywords::keep", By(&["keepKeyword"])),
    ("keywords::end", By(&["endKeyword"])),
    ("unsaid::act", By(&["sayAgain", "dropUnsaid"])),
    ("unread::act", By(&["readAgain", "layAside"])),
    ("cities::act", By(&["askCityAgain", "dropAtCity"])),
    ("blocking::lift", By(&["liftBlock"])),
    ("blocking::block", By(&["blockConversation"])),
    ("registers::bring", By(&["bringRegister"])),
    (
        "registers::act",
        By(&["chooseColumns", "fileRegister", "dropRegister"]),
    ),
];

/// The functions that take forms, as the routes of the desk name them.
fn taken() -> Vec<&'static str> {
    let routes = [
        include_str!("../../desk/mod.rs"),
        include_str!("../../desk/channels/mod.rs"),
    ];
    let calls = routes.iter().flat_map(|text| text.split("post(").skip(1));
    let named = calls.filter_map(|call| call.split_once(')'));
    named.map(|(name, _)| name.trim()).collect()
}

fn operations() -> Vec<&'static str> {
    let paths = document()["paths"].as_object().unwrap().values();
    let all = paths.flat_map(|item| item.as_object().unwrap().values());
    all.map(|one| one["operationId"].as_str().unwrap())
        .collect()
}

#[test]
fn every_form_of_the_desk_has_an_operation_or_a_reason() {
    let (taken, operations) = (taken(), operations());
    assert!(taken.len() > 40, "{taken:?}");
    for form in &taken {
        assert!(FORMS.iter().any(|(known, _)| known == form), "{form}");
    }
    for (form, way) in FORMS {
        assert!(taken.contains(form), "{form} takes no form any more");
        match way {
            By(ids) => {
                for id in *ids {
                    assert!(operations.contains(id), "{form}: {id}");
                }
            }
            Person(why) => assert!(!why.is_empty(), "{form}"),
        }
    }
}
