//! Proving a record from its files alone: every signature, every chain, every
//! ruling, every receipt, every head, every fold. What does not hold is named
//! with file and line.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use lapor_protocol::audit::{Audit, Extent, Finding, Ruled, Tally, Wrong};
use lapor_protocol::directory::{Directory, DirectoryVersion};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{Digest, EnvelopeId};
use lapor_protocol::keys::{KeyId, Verifier};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Message;
use serde_json::Value;

use super::{
    DIRECTORY, ENVELOPES, Flaw, HEADS, KEYS, PICTURES, RECEIPTS, RULINGS, STUBS, Stub, keys,
};

/// Something that does not hold, and where it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub file: &'static str,
    /// From 1; `None` for what shows in the whole only.
    pub line: Option<u64>,
    pub flaw: Flaw,
    pub what: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// What was looked at, and what does not hold.
#[derive(Debug)]
pub struct Proof {
    pub tally: Tally,
    pub extent: Extent,
    /// The hub's key that signed the first directory version: everything
    /// else is proved from it, so whoever verifies compares it with a key
    /// known from elsewhere.
    pub hub_key: KeyId,
    pub directory: u64,
    pub contradictions: Vec<Contradiction>,
    /// What is odd and contradicts nothing.
    pub remarks: Vec<Contradiction>,
}

/// Reads a folder that [`super::export`] wrote, or that claims to be one. An
/// error says that a file cannot be read at all.
pub fn verify(folder: &Path) -> io::Result<Proof> {
    let mut found = Vec::new();
    let Some((directory, hub_key)) = read_directory(folder, &mut found)? else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{DIRECTORY}: no directory version can be read, so nothing can be proved"),
        ));
    };
    check_object(folder, &directory, &mut found)?;
    let extent = if folder.join(STUBS).exists() {
        Extent::Cases
    } else {
        Extent::Whole
    };
    let mut reading = Reading {
        folder,
        audit: Audit::new(directory.clone(), extent),
        found,
    };
    let order = reading.order()?;
    reading.replay(&order)?;
    if extent == Extent::Cases {
        reading.stubs()?;
    }
    reading.signed(RECEIPTS, Audit::receipt)?;
    reading.signed(HEADS, Audit::head)?;
    reading.pictures()?;
    let (tally, findings) = reading.audit.finish();
    let (wrong, odd): (Vec<&Finding>, Vec<&Finding>) = findings
        .iter()
        .partition(|finding| finding.wrong.contradicts());
    let shown = |finding: &Finding| of_the_whole(finding, &order);
    let mut contradictions = reading.found;
    contradictions.extend(wrong.into_iter().map(shown));
    let remarks = odd.into_iter().map(shown).collect();
    Ok(Proof {
        tally,
        extent,
        hub_key,
        directory: directory.version(),
        contradictions,
        remarks,
    })
}

struct Reading<'a> {
    folder: &'a Path,
    audit: Audit,
    found: Vec<Contradiction>,
}

/// The line of each envelope.
type Order = HashMap<EnvelopeId, u64>;

impl Reading<'_> {
    fn order(&mut self) -> io::Result<Order> {
        let mut order = HashMap::new();
        each(self.folder, ENVELOPES, |number, line| {
            if let Ok(envelope) = Envelope::parse(line)
                && order.insert(envelope.id(), number).is_some()
            {
                let what = "the same envelope stands twice";
                let place = (ENVELOPES, number);
                self.found.push(at(place, Flaw::Twice, what));
            }
        })?;
        Ok(order)
    }

    /// Envelopes and rulings side by side, both in the hub's order.
    fn replay(&mut self, order: &Order) -> io::Result<()> {
        let mut rulings = Rulings::read(self.folder, order, &mut self.found)?;
        let (audit, found) = (&mut self.audit, &mut self.found);
        each(self.folder, ENVELOPES, |number, line| {
            audit.envelope(line);
            name(audit, ENVELOPES, number, found);
            while let Some((at, ruled)) = rulings.next_up_to(number) {
                audit.ruling(&ruled);
                name(audit, RULINGS, at, found);
            }
        })
    }

    fn stubs(&mut self) -> io::Result<()> {
        let (audit, found) = (&mut self.audit, &mut self.found);
        each(self.folder, STUBS, |number, line| {
            match serde_json::from_slice::<Stub>(line) {
                Ok(stub) => audit.stub(&stub.author, stub.epoch, stub.seq, stub.envelope_id),
                Err(error) => found.push(at((STUBS, number), Flaw::Unreadable, error)),
            }
            name(audit, STUBS, number, found);
        })
    }

    /// Each picture is what its name says, and a programme names it so.
    fn pictures(&mut self) -> io::Result<()> {
        let folder = self.folder.join(PICTURES);
        if !folder.exists() {
            return Ok(());
        }
        let mut named = HashSet::new();
        each(self.folder, ENVELOPES, |_, line| {
            let message = Envelope::parse(line).map(|envelope| Message::parse(&envelope.payload));
            if let Ok(Ok(message)) = message
                && let Ok(Body::ProgrammePublished(programme)) = message.body
            {
                let pictures = programme.pictures.into_iter();
                named.extend(pictures.map(|picture| (picture.sha256, picture.size)));
            }
        })?;
        let mut files = std::fs::read_dir(&folder)?.collect::<io::Result<Vec<_>>>()?;
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let bytes = std::fs::read(file.path())?;
            let name = file.file_name().to_string_lossy().into_owned();
            let sha256 = Digest::of(&bytes);
            let wrong = if sha256.to_hex() != name {
                "its bytes are not those of the digest by which it is called"
            } else if named.contains(&(sha256, bytes.len() as u64)) {
                continue;
            } else {
                "no programme names it"
            };
            self.found.push(Contradiction {
                file: PICTURES,
                line: None,
                flaw: Flaw::Picture,
                what: format!("{name}: {wrong}"),
            });
        }
        Ok(())
    }

    fn signed(&mut self, file: &'static str, take: fn(&mut Audit, &Envelope)) -> io::Result<()> {
        let (audit, found) = (&mut self.audit, &mut self.found);
        each(self.folder, file, |number, line| {
            match Envelope::parse(line) {
                Ok(envelope) => take(audit, &envelope),
                Err(error) => found.push(at((file, number), Flaw::Unreadable, error)),
            }
            name(audit, file, number, found);
        })
    }
}

/// Rulings with the line of the envelope that each is about.
struct Rulings {
    rows: std::iter::Peekable<std::vec::IntoIter<(u64, u64, Ruled)>>,
}

impl Rulings {
    fn read(folder: &Path, order: &Order, found: &mut Vec<Contradiction>) -> io::Result<Self> {
        let mut rows = Vec::new();
        each(folder, RULINGS, |number, line| {
            let ruled: Ruled = match serde_json::from_slice(line) {
                Ok(ruled) => ruled,
                Err(error) => return found.push(at((RULINGS, number), Flaw::Unreadable, error)),
            };
            match order.get(&ruled.envelope_id) {
                Some(envelope) => rows.push((number, *envelope, ruled)),
                None => found.push(at(
                    (RULINGS, number),
                    Flaw::Missing,
                    format_args!("envelope {} is missing", ruled.envelope_id),
                )),
            }
        })?;
        Ok(Self {
            rows: rows.into_iter().peekable(),
        })
    }

    /// The next ruling, if it is about this envelope or one before it.
    fn next_up_to(&mut self, envelope: u64) -> Option<(u64, Ruled)> {
        let (at, _, ruled) = self.rows.next_if(|(_, about, _)| *about <= envelope)?;
        Some((at, ruled))
    }
}

/// Folds the versions; stops at the first that does not follow.
fn read_directory(
    folder: &Path,
    found: &mut Vec<Contradiction>,
) -> io::Result<Option<(Directory, KeyId)>> {
    let mut known: Option<(Directory, KeyId)> = None;
    let mut broken = false;
    each(folder, DIRECTORY, |number, line| {
        if broken {
            return;
        }
        let taken = Envelope::parse(line).map_err(|error| error.to_string());
        let taken = taken.and_then(|envelope| {
            if known.is_none() {
                known = Some(begin(&envelope)?);
            }
            let Some((directory, _)) = &mut known else {
                return Ok(());
            };
            directory
                .apply(&envelope)
                .map(drop)
                .map_err(|e| e.to_string())
        });
        if let Err(what) = taken {
            broken = true;
            found.push(at((DIRECTORY, number), Flaw::Directory, what));
        }
    })?;
    Ok(known.filter(|(directory, _)| directory.version() > 0))
}

/// The first version is signed by one of the keys that it names.
fn begin(envelope: &Envelope) -> Result<(Directory, KeyId), String> {
    let stated: DirectoryVersion =
        serde_json::from_slice(&envelope.payload).map_err(|e| e.to_string())?;
    let keys = stated.hub_keys.iter().map(Verifier::from_jwk);
    let keys: Vec<_> = keys.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    Ok((Directory::trusting(keys), envelope.kid.clone()))
}

/// The object must say what the versions say.
fn check_object(
    folder: &Path,
    directory: &Directory,
    found: &mut Vec<Contradiction>,
) -> io::Result<()> {
    let text = std::fs::read(folder.join(KEYS)).map_err(|e| named(folder, KEYS, &e))?;
    match serde_json::from_slice::<Value>(&text) {
        Ok(object) if object == keys::object(directory) => {}
        Ok(_) => found.push(Contradiction {
            file: KEYS,
            line: None,
            flaw: Flaw::Directory,
            what: format!("it says something else than {DIRECTORY}"),
        }),
        Err(error) => found.push(Contradiction {
            file: KEYS,
            line: None,
            flaw: Flaw::Unreadable,
            what: error.to_string(),
        }),
    }
    Ok(())
}

/// Calls with the number and bytes of every line.
fn each(folder: &Path, file: &'static str, mut take: impl FnMut(u64, &[u8])) -> io::Result<()> {
    let open = File::open(folder.join(file)).map_err(|e| named(folder, file, &e))?;
    let mut reader = BufReader::with_capacity(1 << 20, open);
    let mut line = Vec::new();
    let mut number = 0;
    while reader
        .read_until(b'\n', &mut line)
        .map_err(|e| named(folder, file, &e))?
        > 0
    {
        number += 1;
        take(number, line.strip_suffix(b"\n").unwrap_or(&line));
        line.clear();
    }
    Ok(())
}

fn named(folder: &Path, file: &str, error: &io::Error) -> io::Error {
    let path: PathBuf = folder.join(file);
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn name(audit: &mut Audit, file: &'static str, line: u64, found: &mut Vec<Contradiction>) {
    let findings = audit.found();
    let named = |finding: &Finding| at((file, line), Flaw::from(&finding.wrong), finding);
    found.extend(findings.iter().map(named));
}

fn at((file, line): (&'static str, u64), flaw: Flaw, what: impl fmt::Display) -> Contradiction {
    Contradiction {
        file,
        line: Some(line),
        flaw,
        what: what.to_string(),
    }
}

/// What shows at the end still has a line, if it is about an envelope.
fn of_the_whole(finding: &Finding, order: &Order) -> Contradiction {
    let file = match finding.wrong {
        Wrong::Receipt(_) | Wrong::ReceiptTime(_) => RECEIPTS,
        Wrong::Head(_) => HEADS,
        _ => ENVELOPES,
    };
    Contradiction {
        file,
        line: finding.envelope.and_then(|id| order.get(&id).copied()),
        flaw: Flaw::from(&finding.wrong),
        what: finding.to_string(),
    }
}
