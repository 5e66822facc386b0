//! A folder of files, backed up again and again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{Backup, BackupError, NewBackup, Origin};

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

fn blob(path: &str) -> bool {
    !path.starts_with("uploads/")
}

/// Backs up what stands in `from`.
fn back_up(from: &Path, to: &Path, made_at: i64) -> Result<(), BackupError> {
    let mut backup = NewBackup::begin(to, origin(made_at))?;
    fs::write(backup.path("database"), format!("as of {made_at}")).unwrap();
    backup.take_in("database")?;
    backup.copy_folder("keys", &from.join("keys"))?;
    backup.copy_shelf("blobs", &from.join("blobs"), blob, &quiet)?;
    backup.finish().map(drop)
}

fn node() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("keys/identity.key", "k1"),
        ("keys/old/sealing.key", "k2"),
        ("blobs/ab/abcd", "b1"),
        ("blobs/uploads/x", "open words"),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn what_is_restored_is_what_was_backed_up_and_only_its_owner_reads_it() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let folder = to.path().join("backup");
    back_up(from.path(), &folder, 1).unwrap();
    let backup = Backup::open(&folder, "lapor-node").unwrap();
    backup.prove(&quiet).unwrap();
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
    // A blob never changes under its name, so a second run must not read it again.
    fs::write(from.path().join("blobs/ab/abcd"), "B1").unwrap();
    fs::write(from.path().join("blobs/ab/abef"), "b22").unwrap();
    back_up(from.path(), to.path(), 2).unwrap();
    let second = Backup::open(to.path(), "lapor-node").unwrap();
    second.prove(&quiet).unwrap();
    assert_eq!(fs::read(to.path().join("blobs/ab/abcd")).unwrap(), b"b1");
    assert!(!to.path().join("run-1").exists());
    fs::remove_file(from.path().join("blobs/ab/abcd")).unwrap();
    back_up(from.path(), to.path(), 3).unwrap();
    assert!(!to.path().join("blobs/ab/abcd").exists(), "it was erased");
    let third = Backup::open(to.path(), "lapor-node").unwrap();
    third.prove(&quiet).unwrap();
    assert_eq!(third.manifest().files.len(), 4);
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
    let held = Backup::open(to.path(), "lapor-node").unwrap();
    held.prove(&quiet).unwrap();
    assert_eq!(held.manifest().origin.made_at, 2);
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
    let blob = to.path().join("blobs/ab/abcd");
    for (damage, reason) in [("b0", "it has other bytes"), ("b", "it has another size")] {
        fs::write(&blob, damage).unwrap();
        match open(to.path()).unwrap().prove(&quiet) {
            Err(BackupError::Damaged { path, reason: why }) => {
                assert_eq!((path, why), (blob.clone(), reason));
            }
            other => panic!("{other:?}"),
        }
    }
    fs::remove_file(&blob).unwrap();
    match open(to.path()).unwrap().prove(&quiet) {
        Err(BackupError::Gone(path)) => assert_eq!(path, blob),
        other => panic!("{other:?}"),
    }
    let manifest = to.path().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("blobs/ab/abcd", "../../etc/passwd")).unwrap();
    let led_out = open(to.path()).map(drop).unwrap_err();
    assert!(led_out.to_string().contains("leads out"), "{led_out}");
}

#[test]
fn what_the_database_names_and_is_not_there_is_named_to_whoever_proves_it() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let names: Vec<String> = (1..=8).map(|n| format!("ab{n}")).collect();
    let mut backup = NewBackup::begin(to.path(), origin(1)).unwrap();
    backup
        .copy_shelf("blobs", &from.path().join("blobs"), blob, &quiet)
        .unwrap();
    assert_eq!(backup.absent("blobs", &["abcd".to_owned()]), [""; 0]);
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
    fs::remove_file(from.path().join("blobs/ab/abcd")).unwrap();
    let mut backup = NewBackup::begin(to.path(), origin(2)).unwrap();
    let blobs = from.path().join("blobs");
    backup.copy_shelf("blobs", &blobs, blob, &quiet).unwrap();
    let named = ["abcd", "abef"].map(str::to_owned);
    let absent = backup.absent("blobs", &named);
    assert_eq!(absent, named, "neither is there");
    backup.note_missing("blobs", absent);
    backup.finish().unwrap();
    let second = Backup::open(to.path(), "lapor-node").unwrap();
    second.prove(&quiet).unwrap();
    assert_eq!(fs::read(to.path().join("blobs/ab/abcd")).unwrap(), b"b1");
    let new = to.path().join("new");
    assert_eq!(second.place_folder("blobs", &new, &quiet).unwrap(), 1);
    let lacks = second.manifest().lacks().unwrap();
    assert!(lacks.contains("look for the other 1"), "{lacks}");
}

#[test]
fn what_the_disk_has_cut_short_takes_the_place_of_no_whole_copy() {
    let (from, to) = (node(), tempfile::tempdir().unwrap());
    let name = hex::encode(Sha256::digest(b"whole"));
    let path = format!("blobs/{}/{name}", &name[..2]);
    let source = from.path().join(&path);
    fs::create_dir_all(source.parent().unwrap()).unwrap();
    for (made_at, here, kept) in [(1, "who", "who"), (2, "whole", "whole"), (3, "", "whole")] {
        fs::write(&source, here).unwrap();
        back_up(from.path(), to.path(), made_at).unwrap();
        let copy = fs::read_to_string(to.path().join(&path)).unwrap();
        assert_eq!(copy, kept, "{made_at}");
        let backup = Backup::open(to.path(), "lapor-node").unwrap();
        backup.prove(&quiet).unwrap();
    }
}
