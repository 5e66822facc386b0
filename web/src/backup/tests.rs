//! A folder of files, backed up again and again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{Backup, BackupError, Manifest, NewBackup, Origin};

fn origin(made_at: i64) -> Origin {
    Origin {
        program: "lapor-node".into(),
        version: "0.1.0".into(),
        schema: 2,
        database: "sqlite".into(),
        instance: Some("kota-bandung".into()),
        made_at,
        keys: true,
    }
}

fn quiet(_: &str, _: u64, _: u64) {}

fn sha256(bytes: &str) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Where an attachment stands.
fn blob(bytes: &str) -> String {
    let name = sha256(bytes);
    format!("blobs/{}/{name}", &name[..2])
}

fn write(path: &Path, bytes: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn proved(folder: &Path) -> Result<Manifest, BackupError> {
    let backup = Backup::open(folder, "lapor-node").unwrap();
    let proved = backup.prove(&quiet)?;
    Ok(proved.manifest().clone())
}

/// Backs up what stands in `from`.
fn back_up(from: &Path, to: &Path, made_at: i64) -> Result<(), BackupError> {
    let mut backup = NewBackup::begin(to, origin(made_at))?;
    fs::write(backup.path("database"), format!("as of {made_at}")).unwrap();
    backup.take_in("database")?;
    backup.copy_folder("keys", &from.join("keys"))?;
    backup.copy_shelf("blobs", &from.join("blobs"), &quiet)?;
    backup.finish().map(drop)
}

fn node() -> tempfile::TempDir {
    let (folder, attachment) = (tempfile::tempdir().unwrap(), blob("b1"));
    for (name, text) in [
        ("keys/identity.key", "k1"),
        ("keys/old/sealing.key", "k2"),
        (attachment.as_str(), "b1"),
        ("blobs/uploads/x", "open words"),
    ] {
        write(&folder.path().join(name), text);
    }
    folder
}

#[test]
fn what_is_restored_is_what_was_backed_up_and_only_its_owner_reads_it() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let folder = to.path().join("backup");
    back_up(from.path(), &folder, 1).unwrap();
    let backup = Backup::open(&folder, "lapor-node").unwrap();
    let backup = backup.prove(&quiet).unwrap();
    assert_eq!(backup.manifest().files.len(), 4);
    let new = to.path().join("new");
    assert_eq!(backup.place_folder("keys", &new, &quiet).unwrap(), 2);
    assert_eq!(fs::read(new.join("old/sealing.key")).unwrap(), b"k2");
    for (path, mode) in [(&new, 0o700), (&new.join("identity.key"), 0o600)] {
        let found = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
    let again = backup.place("database", &new.join("identity.key"));
    assert!(matches!(again, Err(BackupError::InUse(_))));
}

#[test]
fn a_second_run_copies_only_what_is_new_and_forgets_what_is_gone() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    back_up(from.path(), to.path(), 1).unwrap();
    let (source, copy) = (from.path().join(blob("b1")), to.path().join(blob("b1")));
    // A blob never changes under its name: what rots at its place spoils no copy of it.
    for rotten in ["B1", "b"] {
        write(&source, rotten);
        write(&from.path().join(blob("b22")), "b22");
        back_up(from.path(), to.path(), 2 + rotten.len() as i64).unwrap();
        assert_eq!(proved(to.path()).unwrap().damaged, [""; 0]);
        assert_eq!(fs::read(&copy).unwrap(), b"b1");
    }
    assert!(!to.path().join("run-1").exists());
    fs::remove_file(source).unwrap();
    back_up(from.path(), to.path(), 5).unwrap();
    assert!(!copy.exists(), "it was erased");
    assert_eq!(proved(to.path()).unwrap().files.len(), 4);
}

#[test]
fn a_copy_that_has_rotted_is_made_anew_and_what_rots_before_it_is_copied_is_missing() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    back_up(from.path(), to.path(), 1).unwrap();
    let copy = to.path().join(blob("b1"));
    fs::write(&copy, "B1").unwrap();
    back_up(from.path(), to.path(), 2).unwrap();
    assert_eq!(fs::read(&copy).unwrap(), b"b1");

    write(&from.path().join(blob("b2")), "B2");
    let names = ["b1", "b2"].map(sha256);
    let mut backup = NewBackup::begin(to.path(), origin(3)).unwrap();
    let copied = backup.copy_shelf("blobs", &from.path().join("blobs"), &quiet);
    copied.unwrap();
    let absent = backup.absent("blobs", &names);
    assert_eq!(absent, [sha256("b2")]);
    backup.finish().unwrap();
    assert!(!to.path().join(blob("b2")).exists());
}

#[test]
fn a_damaged_attachment_is_left_out_and_named_and_keeps_nobody_from_the_rest() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    write(&from.path().join(blob("b2")), "b2");
    let folder = to.path().join("backup");
    back_up(from.path(), &folder, 1).unwrap();
    for damage in ["B1", "b"] {
        fs::write(folder.join(blob("b1")), damage).unwrap();
        let manifest = proved(&folder).unwrap();
        assert_eq!(manifest.damaged, [sha256("b1")]);
        let lacks = manifest.lacks().unwrap();
        let said = format!(
            "1 attachment damaged in the backup and left out: {}",
            sha256("b1")
        );
        assert!(lacks.starts_with(&said), "{lacks}");
    }
    let backup = Backup::open(&folder, "lapor-node").unwrap();
    let backup = backup.prove(&quiet).unwrap();
    let new = to.path().join("new");
    assert_eq!(backup.place_folder("blobs", &new, &quiet).unwrap(), 1);
    assert!(to.path().join(blob("b2").replace("blobs", "new")).exists());

    // A program of before has copied what was rotten, and noted its bytes.
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(folder.join(blob("b1")), "B1").unwrap();
    let noted = format!("\"sha256\": \"{}\"", sha256("b1"));
    assert!(text.contains(&noted), "{text}");
    let text = text.replace(&noted, &format!("\"sha256\": \"{}\"", sha256("B1")));
    fs::write(&manifest, text).unwrap();
    assert_eq!(proved(&folder).unwrap().damaged, [sha256("b1")]);
}

#[test]
fn a_run_that_is_cut_off_leaves_the_one_before_it_good() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let begun = NewBackup::begin(to.path(), origin(1)).unwrap();
    let second = NewBackup::begin(to.path(), origin(2));
    assert!(matches!(second, Err(BackupError::Busy(_))));
    drop(begun);
    let none = Backup::open(to.path(), "lapor-node");
    assert!(matches!(none, Err(BackupError::Unfinished(_))));
    back_up(from.path(), to.path(), 2).unwrap();
    let begun = NewBackup::begin(to.path(), origin(3)).unwrap();
    fs::write(begun.path("database"), "half").unwrap();
    drop(begun);
    assert_eq!(proved(to.path()).unwrap().origin.made_at, 2);
}

#[test]
fn what_runs_left_that_were_cut_off_takes_no_room_from_the_next() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let run = |made_at: i64| to.path().join(format!("run-{made_at}"));
    // The machine died in the middle.
    let cut_off = |made_at| {
        fs::create_dir(run(made_at)).unwrap();
        fs::write(run(made_at).join("database"), "half").unwrap();
    };
    let fails = |made_at| {
        let begun = NewBackup::begin(to.path(), origin(made_at)).unwrap();
        fs::write(begun.path("database"), "half").unwrap();
    };
    fails(1);
    assert!(!run(1).exists());
    cut_off(2);
    fails(3);
    assert!(!run(2).exists() && !run(3).exists());
    // No room was left for the manifest.
    fs::write(to.path().join("manifest.partial"), "{").unwrap();
    back_up(from.path(), to.path(), 4).unwrap();
    cut_off(5);
    fails(6);
    assert!(run(4).exists() && !run(5).exists() && !run(6).exists());
    let held = Backup::open(to.path(), "lapor-node").unwrap();
    held.prove(&quiet).unwrap();
}

#[test]
fn damage_foreign_files_and_other_programs_are_named() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let open = |folder: &Path| Backup::open(folder, "lapor-node");
    assert!(matches!(
        back_up(from.path(), from.path(), 1),
        Err(BackupError::Occupied(_))
    ));
    back_up(from.path(), to.path(), 1).unwrap();
    assert!(matches!(
        Backup::open(to.path(), "lapor-hub"),
        Err(BackupError::Foreign { .. })
    ));
    let key = to.path().join("run-1/keys/identity.key");
    for (damage, reason) in [("k0", "it has other bytes"), ("k", "it has another size")] {
        fs::write(&key, damage).unwrap();
        match proved(to.path()) {
            Err(BackupError::Damaged { path, reason: why }) => {
                assert_eq!((path, why), (key.clone(), reason));
            }
            other => panic!("{other:?}"),
        }
    }
    fs::write(&key, "k1").unwrap();
    let gone = to.path().join(blob("b1"));
    fs::remove_file(&gone).unwrap();
    match proved(to.path()) {
        Err(BackupError::Gone(path)) => assert_eq!(path, gone),
        other => panic!("{other:?}"),
    }
    let manifest = to.path().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace(&blob("b1"), "../../etc/passwd")).unwrap();
    let led_out = open(to.path()).map(drop).unwrap_err();
    assert!(led_out.to_string().contains("leads out"), "{led_out}");
}

#[test]
fn what_the_database_names_and_is_not_there_is_named_to_whoever_proves_it() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let names: Vec<String> = (1..=8).map(|n| format!("ab{n}")).collect();
    let mut backup = NewBackup::begin(to.path(), origin(1)).unwrap();
    backup
        .copy_shelf("blobs", &from.path().join("blobs"), &quiet)
        .unwrap();
    assert_eq!(backup.absent("blobs", &[sha256("b1")]), [""; 0]);
    let absent = backup.absent("blobs", &names);
    assert_eq!(absent, names);
    backup.note_missing("blobs", absent);
    backup.finish().unwrap();
    let proved = Backup::open(to.path(), "lapor-node").unwrap();
    let lacks = proved.manifest().lacks().unwrap();
    assert!(lacks.starts_with("8 attachments that the database names"));
    assert!(
        lacks.contains("ab1, ab2, ab3, ab4, ab5 and 3 more"),
        "{lacks}"
    );
}

#[test]
fn what_was_lost_since_an_earlier_run_stays_in_the_backup() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    back_up(from.path(), to.path(), 1).unwrap();
    fs::remove_file(from.path().join(blob("b1"))).unwrap();
    let mut backup = NewBackup::begin(to.path(), origin(2)).unwrap();
    let blobs = from.path().join("blobs");
    backup.copy_shelf("blobs", &blobs, &quiet).unwrap();
    let named = ["b1", "b2"].map(sha256);
    let absent = backup.absent("blobs", &named);
    assert_eq!(absent, named, "neither is there");
    backup.note_missing("blobs", absent);
    backup.finish().unwrap();
    let second = Backup::open(to.path(), "lapor-node").unwrap();
    let second = second.prove(&quiet).unwrap();
    assert_eq!(fs::read(to.path().join(blob("b1"))).unwrap(), b"b1");
    let new = to.path().join("new");
    assert_eq!(second.place_folder("blobs", &new, &quiet).unwrap(), 1);
    let lacks = second.manifest().lacks().unwrap();
    assert!(lacks.contains("look for the other 1"), "{lacks}");
}

#[test]
fn what_the_disk_has_cut_short_takes_the_place_of_no_whole_copy() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let (source, copy) = (
        from.path().join(blob("whole")),
        to.path().join(blob("whole")),
    );
    let whole = Some("whole");
    for (made_at, here, kept) in [(1, "who", None), (2, "whole", whole), (3, "", whole)] {
        write(&source, here);
        back_up(from.path(), to.path(), made_at).unwrap();
        let copied = fs::read_to_string(&copy).ok();
        assert_eq!(copied.as_deref(), kept, "{made_at}");
        assert_eq!(proved(to.path()).unwrap().damaged, [""; 0]);
    }
}
