//! Writes files that hold private keys: readable by their owner only, and
//! replaced whole or not at all, whatever moment the machine stops at.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
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
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

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
