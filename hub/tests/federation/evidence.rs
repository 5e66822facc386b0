//! The record as files: what was exported is proved from the files alone, and
//! whatever is changed in them is named.

use std::path::{Path, PathBuf};

use lapor_hub::evidence::{Contradiction, Flaw, Proof, Written, export, verify};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Receipt;
use serde_json::json;

use super::harness::{Place, case_id, databases};

/// Three institutions, two cases, one of them merged into the other, an act
/// that came too late, a report sent twice, a programme.
async fn lived(place: &Place) -> CaseId {
    let [mut pusat, _, mut kemenpu] = place.three().await;
    let (case, filed) = pusat.file(1);
    let disposed = pusat.dispose(case, &filed.message, &kemenpu.id);
    let disposed = disposed.wrapped_for(case, &kemenpu);
    let late = pusat.follow_up(case, &filed.message);
    let (second, other) = pusat.file(2);
    let given = pusat.dispose(second, &other.message, &kemenpu.id);
    let batch = [filed, disposed.clone(), late, other.clone(), given.clone()];
    place.send(&pusat, &batch).await;
    let again = pusat.write_as(
        other.message.id,
        "report.filed",
        Some(case_id(&pusat.id, 3)),
        None,
        json!({ "classification": "complaint", "channel": "web", "commitment": "0".repeat(64) }),
    );
    place.send(&pusat, &[again]).await;
    let programme = json!({ "slug": "jembatan", "name": "Jembatan", "description": "" });
    let programme = kemenpu.write("programme.published", None, None, programme);
    let followed = kemenpu.follow_up(case, &disposed.message);
    let link = json!({ "target_case": case, "origin": pusat.id });
    let link = kemenpu.write("case.linked", Some(second), Some(&given.message), link);
    place.send(&kemenpu, &[programme, followed, link]).await;
    case
}

type Change<'a> = &'a dyn Fn(Vec<String>) -> Vec<String>;

/// A copy of the export with one file rewritten.
fn changed(folder: &Path, file: &str, change: impl FnOnce(Vec<String>) -> Vec<String>) -> PathBuf {
    let copy = folder.with_extension(format!("copy-{}", copies(folder)));
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let lines = change(text.lines().map(str::to_owned).collect());
    std::fs::write(copy.join(file), lines.join("\n") + "\n").unwrap();
    copy
}

/// How many copies there are already.
fn copies(folder: &Path) -> usize {
    std::fs::read_dir(folder.parent().unwrap()).unwrap().count()
}

async fn exported(place: &Place, folder: &Path, case: Option<CaseId>) -> (Written, Proof) {
    let written = export(&place.hub.ground, folder, case, |_, _| {}).await;
    (written.unwrap(), verify(folder).unwrap())
}

#[tokio::test]
async fn what_is_exported_is_proved_from_the_files_alone() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let case = lived(&place).await;
        let home = tempfile::tempdir().unwrap();
        let (written, proof) = exported(&place, &home.path().join("all"), None).await;
        assert_eq!(proof.contradictions, [], "{}", db.name);
        assert_eq!(proof.hub_key, *place.hub.ground.signer().kid());
        assert_eq!((written.envelopes, proof.tally.envelopes), (9, 9));
        assert_eq!((written.rulings, proof.tally.rulings), (10, 10));
        assert_eq!(written.receipts, proof.tally.receipts);
        assert_eq!((proof.tally.heads, proof.tally.cases), (3, 2));

        let (written, proof) = exported(&place, &home.path().join("one"), Some(case)).await;
        assert_eq!(proof.contradictions, [], "{}", db.name);
        assert_eq!((written.envelopes, written.rulings), (5, 5));
        assert!(written.stubs > 0 && written.stubs + written.envelopes <= 9);
        let refused = export(&place.hub.ground, &home.path().join("one"), None, |_, _| {}).await;
        assert!(refused.unwrap_err().to_string().contains("exists already"));
    }
}

#[tokio::test]
async fn whatever_is_changed_is_named_with_its_line() {
    for db in databases().await {
        let place = Place::new(&db).await;
        lived(&place).await;
        let home = tempfile::tempdir().unwrap();
        let all = home.path().join("all");
        exported(&place, &all, None).await;
        let flip = |mut lines: Vec<String>| {
            let at = lines[2].find("\"payload\":\"").unwrap() + 40;
            let other = if &lines[2][at..=at] == "A" { "B" } else { "A" };
            lines[2].replace_range(at..=at, other);
            lines
        };
        let cut = |mut lines: Vec<String>| {
            lines.remove(1);
            lines
        };
        let swap = |mut lines: Vec<String>| {
            lines.swap(1, 2);
            lines
        };
        let overrule = |lines: Vec<String>| {
            let text = lines
                .join("\n")
                .replacen("\"stale\"", "\"unauthorised\"", 1);
            text.lines().map(str::to_owned).collect()
        };
        let rename = |lines: Vec<String>| vec![lines[0].replacen("kemenpu", "kemensos", 1)];
        // `None` where a change shows in more than one way.
        let changes: [(&str, Change<'_>, &str, Option<Flaw>); 10] = [
            ("envelopes.ndjson", &flip, "envelopes.ndjson:3: ", None),
            (
                "envelopes.ndjson",
                &cut,
                "rulings.ndjson:2: ",
                Some(Flaw::Missing),
            ),
            ("envelopes.ndjson", &swap, "envelopes.ndjson", None),
            (
                "rulings.ndjson",
                &overrule,
                "rulings.ndjson:3: ",
                Some(Flaw::Ruling),
            ),
            ("rulings.ndjson", &swap, "rulings.ndjson", None),
            ("rulings.ndjson", &cut, "envelopes.ndjson", None),
            (
                "receipts.ndjson",
                &flip,
                "receipts.ndjson:3: ",
                Some(Flaw::Receipt),
            ),
            (
                "directory.ndjson",
                &swap,
                "directory.ndjson:2: ",
                Some(Flaw::Directory),
            ),
            ("heads.ndjson", &flip, "heads.ndjson:3: ", Some(Flaw::Head)),
            (
                "directory.json",
                &rename,
                "directory.json: ",
                Some(Flaw::Directory),
            ),
        ];
        for (file, change, named, flaw) in changes {
            let found = verify(&changed(&all, file, change)).unwrap();
            let found = found.contradictions;
            let is_it = |one: &Contradiction| {
                one.to_string().starts_with(named) && flaw.is_none_or(|flaw| one.flaw == flaw)
            };
            let named_there = found.iter().any(is_it);
            assert!(named_there, "{file}: {named} is not in {found:#?}");
        }
    }
}

#[tokio::test]
async fn a_receipt_that_was_signed_later_than_the_next_is_named_and_contradicts_nothing() {
    for db in databases().await {
        let place = Place::new(&db).await;
        lived(&place).await;
        let home = tempfile::tempdir().unwrap();
        let all = home.path().join("all");
        let (_, proof) = exported(&place, &all, None).await;
        assert_eq!(proof.remarks, [], "{}", db.name);
        let (signer, key) = (place.hub.ground.signer(), place.key());
        // As a hub of before signed one that nobody had brought back after a restore.
        let late = |lines: Vec<String>| {
            let anew = lines.iter().map(|line| {
                let envelope = Envelope::parse(line.as_bytes()).unwrap();
                let receipt = Receipt::open(&envelope, &key).unwrap();
                if receipt.author.as_str() != "pusat" || receipt.from > 1 {
                    return line.clone();
                }
                let at = receipt.at + 86_400_000;
                Receipt { at, ..receipt }.sign(&signer).to_line()
            });
            anew.collect()
        };
        let found = verify(&changed(&all, "receipts.ndjson", late)).unwrap();
        assert_eq!(found.contradictions, [], "{}", db.name);
        let remarks: Vec<String> = found.remarks.iter().map(ToString::to_string).collect();
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        assert!(
            remarks[0].contains("pusat 1.6 to 6: it is older"),
            "{remarks:?}"
        );
    }
}
