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
