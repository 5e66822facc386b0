//! Secrets stand in files of their own, and not in a configuration that people pass around.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Why such a file cannot be used. Never says what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    #[error("{path} cannot be read: {problem}")]
    Unreadable { path: PathBuf, problem: String },
    #[error("others than its user may read {0}; take that from them with `chmod go= {0}`")]
    Exposed(PathBuf),
    #[error("the first line of {0} is empty")]
    Empty(PathBuf),
}

/// The first line of a file that only this user may read.
pub fn first_line(path: &Path) -> Result<String, SecretFileError> {
    let unreadable = |error: std::io::Error| SecretFileError::Unreadable {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    let mode = std::fs::metadata(path)
        .map_err(unreadable)?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Exposed(path.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(SecretFileError::Empty(path.to_owned()));
    }
    Ok(line.to_owned())
}
