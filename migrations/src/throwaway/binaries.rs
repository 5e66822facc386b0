//! Finds PostgreSQL's programs, and the user who may run them: the server refuses to run as root.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::BINARIES_VARIABLE;

/// The ids of a user of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

/// The folder that holds `initdb`, `postgres` and `pg_ctl`: the one named by `LAPOR_TEST_PG_BIN`,
/// else the newest where Debian puts them, else one in `PATH`.
pub fn folder() -> Option<PathBuf> {
    if let Some(named) = env::var_os(BINARIES_VARIABLE) {
        return Some(PathBuf::from(named)).filter(|folder| is_complete(folder));
    }
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut installed: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| is_complete(folder))
        .collect();
    installed.sort();
    installed.pop().map(|(_, folder)| folder).or_else(|| {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).find(|folder| is_complete(folder))
    })
}

/// Whom the server runs as: nobody else when we are an ordinary user; when `ours` (a file that we
/// just made) belongs to root, `postgres` or `nobody`.
pub fn server_user(ours: &Path) -> Option<User> {
    if fs::metadata(ours).is_ok_and(|metadata| metadata.uid() != 0) {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    user_in(&passwd, "postgres").or_else(|| user_in(&passwd, "nobody"))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

fn user_in(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let matches = fields.next() == Some(name);
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        matches.then_some(User { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:9:9::/:\npostgres:x:101:104:PG:/var:/bin/sh\n";
        assert_eq!(
            user_in(passwd, "postgres"),
            Some(User { uid: 101, gid: 104 })
        );
        assert_eq!(user_in(passwd, "nobody"), None);
    }
}
