//! Files that come with a form of a citizen or an officer: taken in as they
//! arrive, so that a form which is shown again still has them.
//!
//! A form names what was taken by its upload and by what the sender calls it;
//! that name is shown to the sender and is neither kept nor believed.

use std::collections::HashSet;
use std::net::IpAddr;

use axum::body::HttpBody as _;
use axum::extract::{FromRequest as _, Request};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Form, FormWithFiles, PostedFile, waiting};
use sha2::{Digest as _, Sha256};

use crate::api::problem;
use crate::error::NodeError;
use crate::media::{Door, UploadReceipt};
use crate::node::Node;

/// The field of a form that holds files.
pub const FILES: &str = "lampiran";
/// The field that names files taken before.
pub const TAKEN: &str = "unggahan";
/// Files of one report or message, at most.
pub const MOST: usize = 10;
/// What a browser offers to choose from.
pub const PUBLIC: &str =
    "image/jpeg,image/png,image/webp,application/pdf,video/mp4,video/quicktime,video/webm";
/// The same at the desk: documents of an office as well.
pub const STAFF: &str = "image/jpeg,image/png,image/webp,application/pdf,video/mp4,video/quicktime,video/webm,.docx,.xlsx,.odt,.ods,.txt";
/// What a form holds besides its files.
const FIELD_BYTES: u64 = 512 * 1024;
/// Bytes of all files of one form, at most; a single one may always be as large as it is allowed.
const FORM_BYTES: u64 = 512 * 1024 * 1024;
const NAME_CHARS: usize = 80;
/// A form without files, as programs send it.
const PLAIN: &[u8] = b"application/x-www-form-urlencoded";

type Answer<T> = Result<T, ApiProblem>;

/// Whose form it is.
#[derive(Clone, Copy)]
pub enum Sender {
    /// Anybody's, from this address, which may send only so many files in a time.
    Public(IpAddr),
    /// An officer's, who is logged in.
    Staff,
}

impl Sender {
    fn door(self) -> Door {
        match self {
            Self::Public(_) => Door::Public,
            Self::Staff => Door::Staff,
        }
    }
}

/// A file that waits to go with what is being written.
pub struct Held {
    pub upload: String,
    pub name: String,
    pub kind: TextId,
    /// Bytes.
    pub size: u64,
    /// What makes the same file the same when it is sent again.
    fingerprint: String,
}

impl Held {
    /// How the form names it.
    pub fn value(&self) -> String {
        format!("{}/{}", self.upload, self.name)
    }

    /// Its size as people write it.
    pub fn size(&self, v: &Voice) -> String {
        match self.size {
            0..1_000_000 => v.with("n", self.size.div_ceil(1000)).say("size-kb"),
            _ => v.with("n", self.size / 1_000_000).say("size-mb"),
        }
    }
}

/// A file that a form names and that is not here.
struct Gone {
    upload: String,
    name: String,
}

/// Why a file is not taken in now, though it may be when the same form is sent later.
struct Later {
    said: String,
    status: StatusCode,
    retry_after_s: Option<u32>,
}

/// How a form with files is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    pub status: StatusCode,
    /// When to come back, as the head of the answer says it.
    pub retry_after_s: Option<u32>,
}

/// The files of a form.
#[derive(Default)]
pub struct Attached {
    pub held: Vec<Held>,
    /// Used up by the same form when it came first, or too old.
    gone: Vec<Gone>,
    /// Not taken in for now, by what is in them.
    put_off: Vec<String>,
    later: Option<Later>,
}

/// What becomes of a file.
enum Taken {
    Held(Held),
    /// Says why it cannot be used.
    Unusable(String),
    /// Told by what is in it.
    PutOff(Later, String),
}

impl Attached {
    /// Files that were kept before, called by their kind.
    pub fn kept(v: &Voice, files: &[UploadReceipt]) -> Self {
        let mut attached = Self::default();
        for file in files {
            attached.add(v, file.clone(), file.upload.clone());
        }
        attached
    }

    /// Adds a file that was kept before, called by its kind; `fingerprint` makes it the same when
    /// it comes again.
    pub fn add(&mut self, v: &Voice, receipt: UploadReceipt, fingerprint: String) {
        let name = v.say(kind_words(&receipt.media_type));
        self.held.push(held(receipt, name, fingerprint));
    }

    pub fn uploads(&self) -> Vec<String> {
        self.held.iter().map(|held| held.upload.clone()).collect()
    }

    /// The same for a form that comes again, whatever has become of its files.
    pub fn fingerprints(&self) -> Vec<&str> {
        let held = self.held.iter().map(|held| held.fingerprint.as_str());
        let gone = self.gone.iter().map(|gone| gone.upload.as_str());
        let put_off = self.put_off.iter().map(String::as_str);
        let mut all: Vec<&str> = held.chain(gone).chain(put_off).collect();
        all.sort_unstable();
        all
    }

    /// Complains about files that are gone or not taken in for now, unless the form was sent before
    /// with them.
    pub fn miss_unless(&self, sent: bool, v: &Voice, form: &mut Form) {
        if sent {
            return;
        }
        for gone in &self.gone {
            form.complain(FILES, v.with("name", &gone.name).say("file-gone"));
        }
        if let Some(later) = &self.later {
            form.complain(FILES, &later.said);
        }
    }

    /// How a form with complaints is shown again: one that is only to be sent later says so, and a
    /// report that waits on a telephone goes on waiting.
    pub fn again(&self, form: &Form) -> Again {
        let said: Vec<&str> = form.complaints().iter().map(|one| one.text).collect();
        match &self.later {
            Some(later) if said == [later.said.as_str()] => Again {
                status: later.status,
                retry_after_s: later.retry_after_s,
            },
            _ => Again {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                retry_after_s: None,
            },
        }
    }
}

/// Reads a form with its files. What cannot be used is a complaint about
/// [`FILES`]; the other files and every field are kept. Files that are gone, or
/// not taken in for now, are no complaint yet.
pub async fn read(
    node: &Node,
    v: &Voice,
    sender: Sender,
    request: Request,
) -> Answer<(Form, Attached)> {
    let told = request.headers().get(CONTENT_TYPE);
    let plain = told.is_some_and(|told| told.as_bytes().starts_with(PLAIN));
    if plain && matches!(sender, Sender::Staff) {
        let form = Form::from_request(request, &()).await?;
        let attached = taken_before(node, sender, &form).await?;
        return Ok((form, attached));
    }
    let most = most_bytes(node.settings().api.upload_bytes);
    // Counted with the first file that is taken: a form does not say how large each is. One that
    // does not say how large it is itself is counted by what each of its files may have.
    let mut bytes = request.body().size_hint().upper();
    let mut reading = FormWithFiles::open(request, most)?;
    let (mut new, mut put_off, mut later, mut complaint) = (Vec::new(), Vec::new(), None, None);
    while let Some(mut file) = reading.next_file().await? {
        let taken = if file.field != FILES {
            None
        } else if new.len() >= MOST {
            Some(Taken::Unusable(v.with("most", MOST).say("files-too-many")))
        } else {
            Some(take(node, v, (sender, &mut bytes), &mut file).await?)
        };
        file.pass_over().await;
        if let Some(problem) = reading.broken() {
            return Err(problem);
        }
        match taken {
            Some(Taken::Held(held)) => new.push(held),
            Some(Taken::Unusable(said)) => complaint = complaint.or(Some(said)),
            Some(Taken::PutOff(why, fingerprint)) => {
                put_off.push(fingerprint);
                later = later.or(Some(why));
            }
            None => {}
        }
    }
    let mut form = reading.form();
    let mut attached = taken_before(node, sender, &form).await?;
    attached.held.extend(new);
    (attached.put_off, attached.later) = (put_off, later);
    if attached.held.len() > MOST {
        attached.held.truncate(MOST);
        complaint = complaint.or_else(|| Some(v.with("most", MOST).say("files-too-many")));
    }
    if let Some(said) = complaint {
        form.complain(FILES, said);
    }
    Ok((form, attached))
}

/// Bytes of a form whose files may each have so many.
pub(crate) fn most_bytes(file: u64) -> u64 {
    let all = file.saturating_mul(MOST as u64).min(FORM_BYTES);
    all.max(file).saturating_add(FIELD_BYTES)
}

/// Gives up what a form has brought and nothing will use. It would expire anyway.
pub async fn forget(node: &Node, attached: &Attached) {
    for held in &attached.held {
        match node.cancel_upload(&held.upload).await {
            Ok(()) | Err(NodeError::NotFound { .. } | NodeError::UploadHeld) => {}
            Err(error) => tracing::warn!(%error, "an upload could not be given up"),
        }
    }
}

/// Takes one file in, or says to its sender why not.
async fn take(
    node: &Node,
    v: &Voice,
    (sender, bytes): (Sender, &mut Option<u64>),
    file: &mut PostedFile,
) -> Answer<Taken> {
    let name = short(&file.name);
    let mut hash = Sha256::new();
    let admitted = match sender {
        Sender::Public(address) => {
            let bytes = bytes.unwrap_or(node.settings().api.upload_bytes);
            node.admit_upload(address, bytes).await
        }
        Sender::Staff => Ok(()),
    };
    let later = match admitted {
        Ok(()) => {
            *bytes = bytes.map(|_| 0);
            None
        }
        Err(NodeError::TooMany { retry_after_s }) => {
            let wait = waiting(v, retry_after_s.into());
            Some(Later {
                said: v.with("wait", wait).say("files-too-often"),
                status: StatusCode::TOO_MANY_REQUESTS,
                retry_after_s: Some(retry_after_s),
            })
        }
        Err(NodeError::NoRoom) => Some(Later {
            said: v.say("files-no-room"),
            status: StatusCode::INSUFFICIENT_STORAGE,
            retry_after_s: None,
        }),
        Err(error) => return Err(problem(&error)),
    };
    if let Some(later) = later {
        // Read to its end all the same: by what is in it a form that comes again is known.
        let mut rest = hashed(file, &mut hash);
        while let Some(Ok(_)) = rest.next().await {}
        drop(rest);
        return Ok(Taken::PutOff(later, hex::encode(hash.finalize())));
    }
    let received = node
        .receive_upload(sender.door(), hashed(file, &mut hash))
        .await;
    let said = |id: TextId| Ok(Taken::Unusable(v.with("name", &name).say(id)));
    match received {
        Ok(receipt) => {
            let fingerprint = hex::encode(hash.finalize());
            Ok(Taken::Held(held(receipt, name, fingerprint)))
        }
        Err(NodeError::MediaType(_)) => said(text_id("file-wrong-kind")),
        Err(NodeError::TooLarge(_)) => {
            let most = v.size(node.settings().api.upload_bytes);
            let said = v.with("name", &name).with("most", most);
            Ok(Taken::Unusable(said.say("file-too-large")))
        }
        Err(NodeError::Invalid(_)) => said(text_id("file-unusable")),
        Err(NodeError::NoRoom) => said(text_id("file-no-room-staff")),
        Err(NodeError::Busy { retry_after_s }) => {
            let wait = waiting(v, retry_after_s.into());
            let later = Later {
                said: v.with("wait", wait).say("files-busy"),
                status: StatusCode::SERVICE_UNAVAILABLE,
                retry_after_s: Some(retry_after_s),
            };
            Ok(Taken::PutOff(later, hex::encode(hash.finalize())))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// What the form says was taken before; what it says twice is there once.
async fn taken_before(node: &Node, sender: Sender, form: &Form) -> Answer<Attached> {
    let mut known = HashSet::new();
    let named: Vec<(String, String)> = form
        .all(TAKEN)
        .filter_map(|value| value.split_once('/'))
        .filter(|(upload, _)| known.insert(*upload))
        .take(MOST + 1)
        .map(|(upload, name)| (upload.to_owned(), short(name)))
        .collect();
    let mut attached = Attached::default();
    for (upload, name) in named {
        let waiting = node.waiting_upload(&upload, sender.door()).await;
        match waiting.map_err(|e| problem(&e))? {
            Some(receipt) => attached.held.push(held(receipt, name, upload)),
            None => attached.gone.push(Gone { upload, name }),
        }
    }
    Ok(attached)
}

fn held(receipt: UploadReceipt, name: String, fingerprint: String) -> Held {
    Held {
        kind: kind_words(&receipt.media_type),
        upload: receipt.upload,
        name,
        size: receipt.size,
        fingerprint,
    }
}

fn kind_words(media_type: &str) -> TextId {
    match media_type.split('/').next() {
        Some("image") => text_id("file-picture"),
        Some("video") => text_id("file-video"),
        _ => text_id("file-document"),
    }
}

/// A name without its folders and with nothing that could hide what it is.
fn short(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|c| {
        !c.is_control()
            && !('\u{202a}'..='\u{202e}').contains(c)
            && !('\u{2066}'..='\u{2069}').contains(c)
    });
    plain.take(NAME_CHARS).collect()
}

pub(crate) fn hashed<'a>(
    file: &'a mut PostedFile,
    hash: &'a mut Sha256,
) -> impl Stream<Item = Result<Bytes, impl std::fmt::Display>> + Unpin + Send {
    file.inspect(|piece| {
        if let Ok(piece) = piece {
            hash.update(piece);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_room_for_all_of_its_files_within_a_bound() {
        const MIB: u64 = 1024 * 1024;
        for (file, files) in [(10, 100), (51, 510), (196, 512), (900, 900)] {
            assert_eq!(most_bytes(file * MIB), files * MIB + FIELD_BYTES, "{file}");
        }
    }

    #[test]
    fn a_name_is_shown_without_folders_and_without_tricks() {
        for (sent, shown) in [
            ("foto.jpg", "foto.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\siti\\foto.jpg", "foto.jpg"),
            ("foto\u{202e}gpj.exe\n", "fotogpj.exe"),
            ("", ""),
        ] {
            assert_eq!(short(sent), shown, "{sent:?}");
        }
        assert_eq!(short(&"a".repeat(500)).len(), NAME_CHARS);
    }
}
