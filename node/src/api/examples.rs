//! What a caller would post, for the document and its page; a test reads each
//! as the API does.

mod work;

use serde_json::{Value, json};

/// The examples of an operation, as the document has them.
pub fn of(operation: &str) -> Option<Value> {
    let (name, english, indonesian, value) = match operation {
        "fileReport" => ("report", "a street lamp", "lampu jalan", report()),
        "chooseColumns" => ("columns", "three columns", "tiga kolom", columns()),
        "fileRegister" => (
            "commit",
            "without the rows that are wrong",
            "tanpa baris yang bermasalah",
            commit(),
        ),
        "publishProgramme" => ("programme", "a bridge", "jembatan", programme()),
        "tellProgress" => ("progress", "half done", "setengah jalan", progress()),
        "publishTaxonomy" => ("taxonomy", "two roots", "dua kategori utama", taxonomy()),
        "mapLocalCategory" => ("mapping", "a local category", "kategori lokal", mapping()),
        "noteOwnNumber" => ("number", "a number", "sebuah nomor", own_number()),
        "makeWebhook" => ("webhook", "closed cases", "berkas selesai", webhook()),
        "changeWebhook" => ("off", "switch it off", "matikan", webhook_off()),
        "replayWebhook" => ("since", "all since", "semua sejak", replay()),
        "publishCalendar" => ("calendar", "two days", "dua hari", calendar()),
        _ => work::of(operation)?,
    };
    let example = json!({"summary": english, "x-id": {"summary": indonesian}, "value": value});
    Some(json!({ name: example }))
}

/// A report.
pub fn report() -> Value {
    json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Lampu di Jalan Braga depan nomor 12 padam sejak Senin; jalan gelap gulita.",
        "category": "Perhubungan/Penerangan Jalan Umum",
        "region": "32.73",
        "coordinates": {"latitude": -6.9175, "longitude": 107.6091},
        "incident_date": "2026-11-23",
        "channel": "walk-in",
        "reporter": {"name": "Siti", "phone": "+62 811 0000 000"},
    })
}

pub fn columns() -> Value {
    json!({"columns": ["number", "content", "place"]})
}

pub fn commit() -> Value {
    json!({"without_wrong": true})
}

/// A programme; its figures are invented.
pub fn programme() -> Value {
    json!({
        "slug": "jembatan-cikapundung-2026",
        "name": "Jembatan Cikapundung",
        "region": "32.73",
        "budget_idr": 18_500_000_000_i64,
        "start": "2026-03-01",
        "end": "2027-06-30",
        "description": "Jembatan baru 60 meter dengan trotoar di kedua sisi.",
    })
}

pub fn progress() -> Value {
    json!({"percent": 52, "status": "running", "text": "Pemasangan gelagar selesai."})
}

pub fn taxonomy() -> Value {
    json!({"edition": "2026.1", "roots": [
        {"name": "Perhubungan", "below": ["Penerangan Jalan Umum", "Parkir Liar"]},
        {"name": "Topik Lainnya"},
    ]})
}

pub fn own_number() -> Value {
    json!({"own_number": "BDG-2026/004512"})
}

pub fn calendar() -> Value {
    json!({"edition": "2026.1", "days": [
        {"date": "2026-03-19", "name": "Hari Raya Nyepi", "kind": "national_holiday"},
        {"date": "2026-03-20", "name": "Cuti Bersama Idulfitri", "kind": "collective_leave"},
    ]})
}

pub fn mapping() -> Value {
    json!({"local": "Parkir Sembarangan", "category": "Perhubungan/Parkir Liar"})
}

pub fn webhook() -> Value {
    json!({
        "name": "Aplikasi kota",
        "url": "https://aplikasi.example.go.id/lapor",
        "kinds": ["case.closed", "deadline.*"],
    })
}

pub fn webhook_off() -> Value {
    json!({"state": "off"})
}

pub fn replay() -> Value {
    json!({"since": 1_790_000_000_000_i64})
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::api::imports::{ImportColumns, ImportCommit};
    use crate::api::own_numbers::OwnNumber;
    use crate::api::webhooks::{NewReplay, NewWebhook, WebhookChange};
    use crate::casework::NewReport;
    use crate::publishing::{NewCalendar, NewProgramme, NewProgress, NewTaxonomy};
    use crate::taxonomy::NewLocalCategory;

    fn is_read_as<T: DeserializeOwned>(value: Value) -> bool {
        serde_json::from_value::<T>(value).is_ok()
    }

    #[test]
    fn every_example_can_be_posted() {
        assert!(is_read_as::<NewReport>(report()));
        assert!(is_read_as::<ImportColumns>(columns()));
        assert!(is_read_as::<ImportCommit>(commit()));
        assert!(is_read_as::<NewProgramme>(programme()));
        assert!(is_read_as::<NewProgress>(progress()));
        assert!(is_read_as::<NewTaxonomy>(taxonomy()));
        assert!(is_read_as::<NewCalendar>(calendar()));
        assert!(is_read_as::<NewLocalCategory>(mapping()));
        assert!(is_read_as::<OwnNumber>(own_number()));
        assert!(is_read_as::<NewWebhook>(webhook()));
        assert!(is_read_as::<WebhookChange>(webhook_off()));
        assert!(is_read_as::<NewReplay>(replay()));
        assert!(of("readCase").is_none());
    }
}
