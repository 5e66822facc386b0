//! Room on the disk, and leave to write there, as both programs judge the lack of them.

use std::path::Path;
use std::{fs, io};

use crate::chance::random;

/// Whether a disk, a quota or a limit of the process leaves no room: for the
/// operator to mend, after which the same request succeeds.
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// Behind an error of a file: what mends it where the unit of the package lets the program write to its
/// own folder alone.
pub fn read_only_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            "; under systemd name the folder with ReadWritePaths= in a drop-in of the unit (\"Folders elsewhere\" in docs/operations.md)"
        }
        _ => "",
    }
}

/// Whether files can be made in a folder, or in what is there of the way to it: makes one and removes it.
/// Says why not.
pub fn try_writing(folder: &Path) -> Result<(), String> {
    let there = folder.ancestors().find(|folder| folder.exists());
    let there = there.unwrap_or(folder);
    let trial = there.join(format!(".lapor-{}", hex::encode(random::<8>())));
    let made = fs::File::create_new(&trial).and_then(|_| fs::remove_file(&trial));
    made.map_err(|error| {
        let (shown, hint) = (there.display(), read_only_hint(&error));
        format!("{shown} cannot be written: {error}{hint}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_unit_forbids_is_told_from_what_the_disk_does() {
        let hint = |kind: io::ErrorKind| read_only_hint(&kind.into());
        assert!(hint(io::ErrorKind::ReadOnlyFilesystem).contains("ReadWritePaths="));
        assert_eq!(hint(io::ErrorKind::PermissionDenied), "");
    }

    #[test]
    fn a_folder_that_can_be_written_is_left_as_it_was() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(try_writing(place.path()), Ok(()));
        assert_eq!(try_writing(&place.path().join("not/yet")), Ok(()));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        let said = try_writing(&file.join("below")).unwrap_err();
        assert!(said.contains("file cannot be written: "), "{said}");
    }
}
