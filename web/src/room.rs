//! Room on the disk, as both programs judge the lack of it.

use std::io;

/// Whether a disk, a quota or a limit of the process leaves no room: for the
/// operator to mend, after which the same request succeeds.
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
