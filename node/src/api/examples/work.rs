//! What a caller would send who works as a desk does.

use serde_json::{Value, json};

/// A case that is nowhere.
const CASE: &str = "019a0a7e-3c00-7000-8000-000000000001";
/// An account that nobody has.
const ACCOUNT: &str = "0123456789abcdef";
const OTHER: &str = "fedcba9876543210";

/// The example of an operation: its name, what it is in both languages, and itself.
pub fn of(operation: &str) -> Option<(&'static str, &'static str, &'static str, Value)> {
    Some(match operation {
        "actOnSeveral" => ("note", "a note", "sebuah catatan", act_on_several()),
        "lookAtCases" => ("looked", "a case", "sebuah berkas", looked()),
        "assignCases" => ("given", "to a unit", "ke sebuah unit", given()),
        "assignCase" => (
            "assignment",
            "with a day",
            "dengan batas hari",
            assignment(),
        ),
        "keepFilter" => ("filter", "overdue", "lewat tenggat", filter()),
        "draftAnswer" => ("draft", "an answer", "sebuah jawaban", draft()),
        "decideDraft" => ("back", "give it back", "kembalikan", decision()),
        "takeDownWords" => ("reply", "a reply", "sebuah tanggapan", words()),
        "takeDownSupport" => ("support", "by telephone", "lewat telepon", support()),
        "giveAnotherKey" => ("lost", "a lost key", "kunci hilang", lost_key()),
        "askIdentity" => ("ask", "to call back", "untuk menghubungi", ask()),
        "answerIdentityAsk" => ("yes", "granted", "diberikan", keeper_answer()),
        "addUnit" => ("unit", "a unit", "sebuah unit", unit()),
        "renameUnit" => ("name", "a name", "sebuah nama", unit_name()),
        "noteAbsence" => ("away", "away", "tidak di tempat", absence()),
        "handOver" => ("handover", "a desk", "sebuah meja", handover()),
        "makeAccount" => ("officer", "an officer", "seorang petugas", person()),
        "changeAccount" => ("leader", "another role", "peran lain", person_change()),
        "setAccountState" => ("disabled", "disabled", "nonaktif", person_state()),
        "chooseLetters" => ("digest", "a digest", "ringkasan", letters()),
        "refuseMessage" => ("reason", "a reason", "sebuah alasan", refusal()),
        "keepContact" => ("contact", "a contact", "sebuah kontak", contact()),
        "setNotice" => ("ended", "ended", "diakhiri", notice()),
        "noteLocalCategory" => (
            "local",
            "a local category",
            "kategori lokal",
            local_category(),
        ),
        "readAgain" => ("all", "all", "semuanya", again()),
        "blockConversation" => ("week", "a week", "seminggu", block()),
        "takeUpConversation" | "leaveConversation" => {
            ("messages", "two messages", "dua pesan", messages())
        }
        "keepKeyword" => ("keyword", "a campaign", "sebuah kampanye", keyword()),
        _ => return None,
    })
}

fn act_on_several() -> Value {
    json!({
        "cases": [CASE],
        "act": {"kind": "case.noted", "words": {"text": "Dibahas di rapat Senin."}},
    })
}

fn looked() -> Value {
    json!({"cases": [CASE]})
}

fn given() -> Value {
    json!({"cases": [CASE], "unit": "dinas-pu"})
}

fn assignment() -> Value {
    json!({"unit": "dinas-pu", "instruction": "Tinjau lokasi.", "due": "2026-12-04"})
}

fn filter() -> Value {
    json!({"tab": "working", "filter": {"region": "32.73", "overdue": true}})
}

fn draft() -> Value {
    json!({"text": "Lampu sudah diganti.", "proposes_to_close": true})
}

fn decision() -> Value {
    json!({"decision": "return", "remark": "Sebut tanggalnya."})
}

fn words() -> Value {
    json!({
        "channel": "phone",
        "key": "1234 5678 9012 3456",
        "act": {"act": "reply", "text": "Masih padam semalam."},
    })
}

fn support() -> Value {
    json!({"channel": "phone"})
}

fn lost_key() -> Value {
    json!({"assurance": "identity_card", "contact": "+62 811 0000 000"})
}

fn ask() -> Value {
    json!({"purpose": "contact", "reason": "Lokasi tiang perlu ditanyakan."})
}

fn keeper_answer() -> Value {
    json!({"granted": true})
}

fn unit() -> Value {
    json!({"id": "dinas-pu", "name": "Dinas Pekerjaan Umum"})
}

fn unit_name() -> Value {
    json!({"name": "Dinas Sumber Daya Air dan Bina Marga"})
}

fn absence() -> Value {
    json!({"stand_in": OTHER, "until": "2026-12-04"})
}

fn handover() -> Value {
    json!({"from": ACCOUNT, "to": OTHER})
}

fn person() -> Value {
    json!({
        "login": "siti@bandung.example.go.id",
        "name": "Siti",
        "role": "officer",
        "unit": "dinas-pu",
    })
}

fn person_change() -> Value {
    json!({"role": "leader", "name": "Siti Rahayu"})
}

fn person_state() -> Value {
    json!({"state": "disabled"})
}

fn letters() -> Value {
    json!({"choice": "digest"})
}

fn refusal() -> Value {
    json!({"reason": "Berkas ini sudah diselesaikan di luar sistem."})
}

fn contact() -> Value {
    json!({
        "address": "Jalan Wastukancana 2, Bandung",
        "telephone": "(022) 000 000",
        "hours": "Senin sampai Jumat, 8.00 sampai 16.00",
    })
}

fn notice() -> Value {
    json!({"shown": false})
}

fn local_category() -> Value {
    json!({"local_category": "Parkir Sembarangan"})
}

fn again() -> Value {
    json!({})
}

fn block() -> Value {
    json!({"days": 7, "why": "Iklan berulang."})
}

fn messages() -> Value {
    json!({"messages": [41, 42]})
}

fn keyword() -> Value {
    json!({
        "campaign": "Bandung Terang",
        "category": "Perhubungan/Lampu Penerangan Jalan",
        "region": "32.73",
    })
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::api::accounts::{Letters, NewPerson, NewState, PersonChange};
    use crate::api::arrangements::{NewContact, Notice};
    use crate::api::aside::Refusal;
    use crate::api::assignments::NewAssignment;
    use crate::api::categories::CaseCategory;
    use crate::api::channels::{Again, NewBlock};
    use crate::api::counter::{LostKey, Support, Words};
    use crate::api::drafts::{Decision, DraftText};
    use crate::api::filters::NewFilter;
    use crate::api::identities::{KeeperAnswer, NewAsk};
    use crate::api::keywords::KeywordBody;
    use crate::api::several::{ActOnSeveral, Named, NewDesk};
    use crate::api::staff::{Handover, NewAbsence, NewUnit, UnitName};
    use crate::api::talks::Chosen;

    fn is_read_as<T: DeserializeOwned>(value: Value) -> bool {
        serde_json::from_value::<T>(value).is_ok()
    }

    #[test]
    fn every_example_can_be_sent() {
        assert!(is_read_as::<ActOnSeveral>(act_on_several()));
        assert!(is_read_as::<Named>(looked()));
        assert!(is_read_as::<NewDesk>(given()));
        assert!(is_read_as::<NewAssignment>(assignment()));
        assert!(is_read_as::<NewFilter>(filter()));
        assert!(is_read_as::<DraftText>(draft()));
        assert!(is_read_as::<Decision>(decision()));
        assert!(is_read_as::<Words>(words()));
        assert!(is_read_as::<Support>(support()));
        assert!(is_read_as::<LostKey>(lost_key()));
        assert!(is_read_as::<NewAsk>(ask()));
        assert!(is_read_as::<KeeperAnswer>(keeper_answer()));
        assert!(is_read_as::<NewUnit>(unit()));
        assert!(is_read_as::<UnitName>(unit_name()));
        assert!(is_read_as::<NewAbsence>(absence()));
        assert!(is_read_as::<Handover>(handover()));
        assert!(is_read_as::<NewPerson>(person()));
        assert!(is_read_as::<PersonChange>(person_change()));
        assert!(is_read_as::<NewState>(person_state()));
        assert!(is_read_as::<Letters>(letters()));
        assert!(is_read_as::<Refusal>(refusal()));
        assert!(is_read_as::<NewContact>(contact()));
        assert!(is_read_as::<Notice>(notice()));
        assert!(is_read_as::<CaseCategory>(local_category()));
        assert!(is_read_as::<Again>(again()));
        assert!(is_read_as::<NewBlock>(block()));
        assert!(is_read_as::<Chosen>(messages()));
        assert!(is_read_as::<KeywordBody>(keyword()));
        assert!(of("readCase").is_none());
    }
}
