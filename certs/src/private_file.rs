//! Files that hold private keys: readable by their owner only, and replaced
//! whole or not at all, whatever moment the machine stops at. And which files of
//! a folder of keys are open to others, whoever made them so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path` with mode 0600: into a neighbour, synced, then
/// renamed over the old file, then the folder synced. Two writers of one path
/// must not run at once.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let neighbour = neighbour_of(path)?;
    lapor_killpoints::pass("file.before");
    // One left by a crash was never renamed, so nothing refers to it.
    match fs::remove_file(&neighbour) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&neighbour)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    lapor_killpoints::pass("file.written");
    fs::rename(&neighbour, path)?;
    lapor_killpoints::pass("file.renamed");
    sync_folder_of(path)
}

/// What stands beside keys and is no secret.
const PUBLIC: &str = "roots.pem";

/// The files of a folder of keys that others than their owner may read or change,
/// the roots excepted.
pub fn exposed_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut exposed = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let facts = fs::metadata(&path)?;
        let secret = facts.is_file() && !path.ends_with(PUBLIC);
        if secret && facts.permissions().mode() & 0o077 != 0 {
            exposed.push(path);
        }
    }
    exposed.sort();
    Ok(exposed)
}

/// Makes the entries of the folder that holds `path` durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

/// The path beside `path` that holds its successor while it is written.
pub(crate) fn neighbour_of(path: &Path) -> io::Result<PathBuf> {
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
        .to_owned();
    name.push(".partial");
    Ok(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_may_read_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let [private, open] = ["signing.key", "tls.pem"].map(|name| folder.path().join(name));
        let roots = folder.path().join(PUBLIC);
        for path in [&private, &open, &roots] {
            write_private(path, b"key").unwrap();
        }
        assert_eq!(
            exposed_files(folder.path()).unwrap(),
            [""; 0].map(PathBuf::from)
        );
        for path in [&open, &roots] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        }
        assert_eq!(exposed_files(folder.path()).unwrap(), [open]);
    }

    #[test]
    fn a_private_file_is_its_owners_only_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(neighbour_of(&path).unwrap(), b"left by a crash").unwrap();
        for content in [b"one".as_slice(), b"two"] {
            write_private(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(!neighbour_of(&path).unwrap().exists());
    }
}
