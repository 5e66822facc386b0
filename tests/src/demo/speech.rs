//! What is said: a report and each act as the node's API wants them. People
//! and their words are invented, like the reports themselves.

use serde_json::{Map, Value, json};

use super::cast;
use super::plan::Act;
use super::reports::Report;

/// Whoever sees reports of the demo must see this too.
pub const NOTICE: &str = "Semua laporan dalam demo ini rekaan; tempatnya nyata. / \
                          All reports in this demo are invented; places are real.";

/// Body of `POST /reports` on a day, `YYYY-MM-DD`; nothing is reported before it has happened.
pub fn filing(report: &Report, uploads: &[String], today: &str) -> Value {
    let coordinates = report.lat.zip(report.lon);
    let place = Some(&report.place).filter(|place| !place.is_empty());
    json!({
        "classification": match report.classification.as_str() {
            "permintaan_informasi" => "information_request",
            "aspirasi" => "aspiration",
            _ => "complaint",
        },
        "title": report.title,
        "content": report.content,
        "category": report.category(),
        "region": report.region_code,
        "place": place,
        "coordinates": coordinates.map(|(lat, lon)| json!({"latitude": lat, "longitude": lon})),
        "incident_date": report.incident_date.as_str().min(today),
        "anonymous": report.anonymous == 1,
        "secret": report.secret == 1,
        "channel": report.channel,
        "programme": report.programme().map(|(owner, slug)| json!({"owner": owner, "slug": slug})),
        "attachments": uploads,
        "reporter": {"name": name_of(report), "phone": phone_of(report)},
    })
}

/// Nobody bears such a name; it is searched where it must not be.
pub fn name_of(report: &Report) -> String {
    format!("Warganet Rekaan-{:04}", report.id)
}

/// A block of zeros stands where a real number has its area.
pub fn phone_of(report: &Report) -> String {
    format!("+62 000-0000-{:04}", report.id)
}

/// Body of `POST /cases/{id}/acts`. `target` is the case that a link names,
/// `deadline` the day by which an answer to a disposition is expected.
pub fn act(act: &Act, report: &Report, target: Option<&str>, deadline: &str) -> Value {
    let body = body(act, target, deadline);
    let mut request = Map::new();
    request.insert("kind".into(), kind(act).into());
    request.insert("body".into(), body);
    if let Some(words) = words(act, report) {
        request.insert("words".into(), words);
    }
    Value::Object(request)
}

pub fn kind(act: &Act) -> &'static str {
    match act {
        Act::Verify { .. } => "case.verified",
        Act::Archive(_) => "case.archived",
        Act::Dispose(_) => "case.disposed",
        Act::Return { .. } => "case.returned",
        Act::Recall => "case.recalled",
        Act::Hold => "case.held",
        Act::Complete => "report.completed",
        Act::Escalate => "case.escalated",
        Act::Link => "case.linked",
        Act::FollowUp { .. } => "case.followed_up",
        Act::Close => "case.closed",
        Act::Rate(_) => "case.rated",
        Act::Reopen => "case.reopened",
    }
}

fn body(act: &Act, target: Option<&str>, deadline: &str) -> Value {
    match act {
        Act::Verify {
            on_behalf_of: Some(institution),
        } => json!({"on_behalf_of": institution}),
        Act::Archive(reason) => json!({"reason": reason}),
        Act::Dispose(target) => json!({"target": target, "deadline": deadline}),
        Act::Return { suggested } => {
            json!({"reason": "belongs_to_another", "suggested": suggested})
        }
        Act::Recall => json!({"reason": "disposed_in_error"}),
        Act::Escalate => json!({"consent": true}),
        Act::Link => json!({"target_case": target}),
        Act::FollowUp { proposes_to_close } => json!({"proposes_to_close": proposes_to_close}),
        Act::Close => json!({"by": "reporter", "through_officer": false}),
        Act::Rate(score) => json!({"score": score}),
        Act::Verify { .. } | Act::Hold | Act::Complete | Act::Reopen => json!({}),
    }
}

fn words(act: &Act, report: &Report) -> Option<Value> {
    let text = match act {
        Act::Hold => {
            return Some(json!({
                "questions": [
                    "Sejak kapan hal ini terjadi?",
                    "Adakah foto atau nomor rujukan yang dapat disampaikan?",
                ],
                "forms": [{"as": "text"}, {"as": "picture"}],
            }));
        }
        Act::Complete => {
            return Some(json!({"answers": [
                "Sejak beberapa hari lalu.",
                "Foto menyusul, nomor rujukan tidak ada.",
            ]}));
        }
        Act::Dispose(_) => "Mohon ditindaklanjuti sesuai kewenangan.".to_owned(),
        Act::Return { suggested } => {
            format!(
                "Bukan kewenangan kami; menurut kami kewenangan {}.",
                cast::name_of(suggested)
            )
        }
        Act::Recall => "Salah alamat saat disposisi; kami tarik kembali.".to_owned(),
        Act::Escalate => "Pelapor setuju laporannya diawasi.".to_owned(),
        Act::FollowUp {
            proposes_to_close: false,
        } => format!(
            "Laporan tentang {} kami terima, petugas sedang memeriksa.",
            report.category()
        ),
        Act::FollowUp { .. } => "Sudah kami tangani. Mohon dikonfirmasi.".to_owned(),
        Act::Reopen => "Belum selesai: keadaannya masih sama.".to_owned(),
        _ => return None,
    };
    Some(json!({"text": text}))
}

#[cfg(test)]
mod tests {
    use lapor_node::api::kinds;
    use lapor_node::casework::{NewAct, NewReport};
    use lapor_protocol::kinds::Category;

    use super::*;
    use crate::demo::reports::all;

    #[test]
    fn every_report_is_one_that_the_api_takes() {
        for report in all().unwrap() {
            let body = filing(&report, &[], "2026-01-05");
            let read: NewReport = serde_json::from_value(body)
                .unwrap_or_else(|error| panic!("report {}: {error}", report.id));
            assert_eq!(read.title, report.title);
            assert!(read.incident_date.unwrap().as_str() <= "2026-01-05");
            assert_eq!(read.anonymous, report.anonymous == 1);
            assert_eq!(read.programme.is_some(), report.programme().is_some());
            assert_eq!(
                read.category,
                Some(Category::try_from(report.category()).unwrap())
            );
        }
    }

    #[test]
    fn an_institution_is_named_and_never_by_its_slug() {
        let report = all().unwrap().remove(0);
        let returned = Act::Return {
            suggested: "bpkn".into(),
        };
        let said = words(&returned, &report).unwrap().to_string();
        assert!(
            said.contains("Badan Perlindungan Konsumen Nasional"),
            "{said}"
        );
        assert!(!said.contains("bpkn"), "{said}");
    }

    #[test]
    fn every_act_is_one_that_the_api_knows() {
        let report = all().unwrap().remove(0);
        let case = "019a0a7e-3c00-7000-8000-000000000001";
        for one in [
            Act::Verify { on_behalf_of: None },
            Act::Verify {
                on_behalf_of: Some("kab-garut".into()),
            },
            Act::Archive("abusive"),
            Act::Dispose("kemenpu".into()),
            Act::Return {
                suggested: "kemenpu".into(),
            },
            Act::Recall,
            Act::Hold,
            Act::Complete,
            Act::Escalate,
            Act::Link,
            Act::FollowUp {
                proposes_to_close: true,
            },
            Act::Close,
            Act::Rate(4),
            Act::Reopen,
        ] {
            let request = act(&one, &report, Some(case), "2026-12-04");
            let read: NewAct = serde_json::from_value(request).unwrap();
            kinds::check(&read).unwrap_or_else(|error| panic!("{one:?}: {error}"));
        }
    }
}
