//! Exit codes of both programs, after `sysexits.h`, by which a script decides.

use std::io;

/// The command line is wrong.
pub const USAGE: u8 = 64;
/// The input is wrong, or the rules do not allow the act.
pub const DATA: u8 = 65;
/// There is nothing of that name: no case, token, institution or file.
pub const NOT_FOUND: u8 = 66;
/// A database, the hub or an address cannot be reached or used.
pub const UNAVAILABLE: u8 = 69;
/// A mistake of this program, or damaged records.
pub const INTERNAL: u8 = 70;
/// A file or folder cannot be made.
pub const CANNOT_CREATE: u8 = 73;
/// Reading or writing failed.
pub const IO: u8 = 74;
/// Not now; the same command may work later.
pub const TEMPORARY: u8 = 75;
/// The other side answered something that cannot be right.
pub const PROTOCOL: u8 = 76;
/// This user may not.
pub const PERMISSION: u8 = 77;
/// The configuration is missing or wrong, or the program has not been set up.
pub const CONFIGURATION: u8 = 78;

/// The code for a failure of reading or writing; 0 for a reader that went
/// away, because `lapor-node case list | head` ends in the middle, as it should.
pub fn of_io(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::BrokenPipe => 0,
        io::ErrorKind::PermissionDenied => PERMISSION,
        _ => IO,
    }
}

/// The code for a file or folder that the program needs and cannot read. That it is not there, or not this
/// user's, a person must mend; all else may pass, as with a disk of the network that comes late, and
/// systemd tries again.
pub fn of_needed(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::NotFound => CONFIGURATION,
        io::ErrorKind::PermissionDenied => PERMISSION,
        _ => IO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_by_itself_is_told_from_what_a_person_must_mend() {
        for (kind, code) in [
            (io::ErrorKind::NotFound, CONFIGURATION),
            (io::ErrorKind::PermissionDenied, PERMISSION),
            (io::ErrorKind::TimedOut, IO),
            (io::ErrorKind::StaleNetworkFileHandle, IO),
            (io::ErrorKind::Other, IO),
        ] {
            assert_eq!(of_needed(&kind.into()), code, "{kind:?}");
        }
    }
}
