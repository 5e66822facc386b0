//! What is done with a form of the desk can be done by a program, and what a page of it shows can be read
//! by one, or it is said why not.

use crate::api::document;

/// How a program does what a form does, or reads what a page shows.
enum Way {
    By(&'static [&'static str]),
    /// Only a person does it, at the desk.
    Person(&'static str),
    /// It shows nothing.
    Bare(&'static str),
}

use Way::{Bare, By, Person};

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

/// Each page by the function that shows it. A form that is shown empty is read where its choices are.
const PAGES: &[(&str, Way)] = &[
    ("arranging::show_mail", By(&["readArrangements"])),
    (
        "inbox::show",
        By(&["listCases", "countCases", "listFilters", "listFailedActs"]),
    ),
    (
        "together::nothing",
        Bare("whoever opens it without a form is led back to the list"),
    ),
    (
        "case_page::show",
        By(&[
            "readCase",
            "readAssignment",
            "readCounter",
            "readSuspicion",
            "readHints",
            "listDraftsOfCase",
            "listIdentityAsks",
        ]),
    ),
    (
        "own_categories::list",
        By(&["listLocalCategories", "listLocalEditions"]),
    ),
    (
        "own_categories::table",
        By(&["listLocalCategories", "readLocalEdition"]),
    ),
    ("deed::ask", By(&["readCase", "act"])),
    ("new_key::ask", By(&["readCase", "giveAnotherKey"])),
    ("counter::ask", By(&["readCounter"])),
    ("attachment::open", By(&["readAttachment"])),
    ("identity::list", By(&["listIdentityRequests"])),
    ("identity_asked::show", By(&["listOwnIdentityAsks"])),
    (
        "identity::show",
        By(&["listIdentityAsks", "readIdentityLog"]),
    ),
    ("approval::list", By(&["listDrafts"])),
    ("approval::open_file", By(&["readDraftFile"])),
    ("figures::show", By(&["readFigures", "readCategoryFigures"])),
    (
        "figures::table",
        By(&["readFiguresTable", "readCategoryFigures"]),
    ),
    (
        "walk_in::ask",
        By(&["readCategories", "listLocalCategories", "findRegions"]),
    ),
    ("registers::list", By(&["listRegisters"])),
    ("registers::show", By(&["readRegister", "listRegisterRows"])),
    ("registers::result", By(&["readRegister"])),
    (
        "registers::out",
        By(&["readReportsTable", "readReportsWorkbook"]),
    ),
    ("erasures::list", By(&["listErasures"])),
    ("units::list", By(&["listUnits"])),
    (
        "api_keys::list",
        Person("keys are looked after where they are made and ended, by no key"),
    ),
    ("webhooks::list", By(&["listWebhooks"])),
    ("webhook::show", By(&["readWebhook", "listDeliveries"])),
    ("aside::list", By(&["listQuarantine"])),
    ("letters::show", By(&["readPost"])),
    ("programmes::list", By(&["listProgrammes"])),
    ("programmes::ask", By(&["publishProgramme"])),
    ("programmes::show", By(&["readProgramme", "readPicture"])),
    (
        "arrangements::show",
        By(&[
            "readArrangements",
            "readStatus",
            "listAccounts",
            "listUnits",
            "listLocalCategories",
        ]),
    ),
    ("arranging::show_contact", By(&["readArrangements"])),
    ("arranging::show_address", By(&["readArrangements"])),
    ("answer_rules::show_approval", By(&["readArrangements"])),
    ("answer_rules::show_evidence", By(&["readArrangements"])),
    ("overview::show", By(&["readChannels"])),
    ("overview::one", By(&["readChannels"])),
    ("talks::list", By(&["listConversations"])),
    ("keywords::list", By(&["listKeywords"])),
    ("unsaid::list", By(&["listUnsaid"])),
    ("unread::list", By(&["listUnread"])),
    ("cities::list", By(&["readCities"])),
    (
        "city::show",
        By(&["readCity", "listCityRequests", "askCityServices"]),
    ),
    ("blocking::list", By(&["listBlocks"])),
    ("blocking::ask", By(&["listConversations"])),
];

/// The functions behind a method, as the routes of the desk name them.
fn named(method: &str) -> Vec<&'static str> {
    let routes = [
        include_str!("../../desk/mod.rs"),
        include_str!("../../desk/channels/mod.rs"),
    ];
    let calls = routes.iter().flat_map(|text| text.split(method).skip(1));
    let named = calls.filter_map(|call| call.split_once(')'));
    named.map(|(name, _)| name.trim()).collect()
}

fn operations() -> Vec<&'static str> {
    let paths = document()["paths"].as_object().unwrap().values();
    let all = paths.flat_map(|item| item.as_object().unwrap().values());
    all.map(|one| one["operationId"].as_str().unwrap())
        .collect()
}

/// Whether the table has each function behind a method and no other, with operations that there are.
fn is_told(method: &str, table: &'static [(&'static str, Way)]) {
    let (named, operations) = (named(method), operations());
    assert!(named.len() > 40, "{named:?}");
    for function in &named {
        let known = table.iter().any(|(known, _)| known == function);
        assert!(known, "{method} {function}");
    }
    for (function, way) in table {
        assert!(named.contains(function), "{method} {function} is no more");
        match way {
            By(ids) => {
                assert!(!ids.is_empty(), "{function}");
                for id in *ids {
                    assert!(operations.contains(id), "{function}: {id}");
                }
            }
            Person(why) | Bare(why) => assert!(!why.is_empty(), "{function}"),
        }
    }
}

#[test]
fn every_form_of_the_desk_has_an_operation_or_a_reason() {
    is_told("post(", FORMS);
}

#[test]
fn every_page_of_the_desk_has_an_operation_or_a_reason() {
    is_told("get(", PAGES);
}
