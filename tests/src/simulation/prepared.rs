//! A federation that has been founded, as bytes: every simulation begins with a
//! copy of it, because founding one takes longer than most simulations.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lapor_certs::write_private;
use lapor_migrations::Kind;

use super::plan::SEATS;
use crate::fleet::Fleet;
use crate::fleet::member::{BANDUNG, KEMENPU, Member, OMBUDSMAN, PUSAT};

/// Who takes part, by their seats.
pub const MEMBERS: [Member; SEATS] = [PUSAT, BANDUNG, KEMENPU, OMBUDSMAN];

/// Files of a hub and of those who have joined it.
#[derive(Debug)]
pub struct Prepared(Vec<(PathBuf, Vec<u8>)>);

impl Prepared {
    /// The one of this process, founded at its first use by way of the network.
    pub fn federation() -> &'static Self {
        static PREPARED: OnceLock<Prepared> = OnceLock::new();
        PREPARED.get_or_init(|| {
            let founding = std::thread::spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build();
                runtime.expect("a runtime").block_on(found())
            });
            founding.join().expect("a federation is founded")
        })
    }

    /// Puts what lies below `name` into a folder.
    pub fn place(&self, name: &str, folder: &Path) -> io::Result<()> {
        for (path, bytes) in &self.0 {
            let Ok(below) = path.strip_prefix(name) else {
                continue;
            };
            let to = folder.join(below);
            if let Some(parent) = to.parent() {
                std::fs::create_dir_all(parent)?;
            }
            write_private(&to, bytes)?;
        }
        Ok(())
    }
}

async fn found() -> Prepared {
    let kept = tempfile::tempdir().expect("a temporary folder");
    // Boxed, because it is larger than a future on the stack may be.
    let fleet = Box::pin(Fleet::gather(Kind::Sqlite, &MEMBERS)).await;
    fleet.keep(kept.path()).await;
    let mut files = Vec::new();
    read(kept.path(), kept.path(), &mut files).expect("files that can be read");
    Prepared(files)
}

fn read(home: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(home, &path, files)?;
        } else {
            let below = path.strip_prefix(home).map_err(io::Error::other)?;
            files.push((below.to_owned(), std::fs::read(&path)?));
        }
    }
    Ok(())
}
