//! Files that people send: taken in piece by piece, told by their content and
//! not by their name, and freed of what they say about the place and the device
//! they were made with before anything else sees them.
//!
//! Nothing here decodes a picture or runs a file; what is not understood well
//! enough to be cleaned is refused.

mod arriving;
mod clean;
mod film;
mod kind;
mod matroska;
mod pdf;
mod picture;
mod turns;
mod uploads;

pub(crate) use arriving::Arriving;
pub use clean::Refused;
pub use kind::Door;
pub(crate) use turns::Turns;
pub use uploads::{Progress, UploadReceipt};
pub(crate) use uploads::{expire_uploads, forget_uploads, upload_path, use_up};

/// How many bytes a file has when it is cleaned, or `None` where it is refused, for the crate
/// `lapor-parsers`.
#[cfg(feature = "parsers")]
pub(crate) fn cleaned(path: &std::path::Path, door: Door) -> Option<u64> {
    match clean::clean(path, door) {
        Ok((_, bytes)) => Some(bytes),
        Err(clean::Failed::Refused(_)) => None,
        Err(clean::Failed::Io(error)) => panic!("what was sent is no fault of the disk: {error}"),
    }
}

/// Whether a picture that somebody else announced is what was said of it, and
/// one that a browser may be asked to draw; else why not.
pub(crate) fn check_picture(bytes: &[u8], media_type: &str) -> Result<(), String> {
    let head = &bytes[..bytes.len().min(kind::HEAD_BYTES)];
    let (found, cleaning) = kind::told(head, Door::Public).map_err(|e| e.to_string())?;
    if found != media_type {
        return Err(format!(
            "by its content it is {found}, and it was announced as {media_type}"
        ));
    }
    let file = bytes.to_vec().into();
    let read = match cleaning {
        kind::Cleaning::Jpeg => picture::jpeg(file),
        kind::Cleaning::Png => picture::png(file),
        kind::Cleaning::WebP => picture::webp(file),
        kind::Cleaning::Boxes
        | kind::Cleaning::Elements
        | kind::Cleaning::Objects
        | kind::Cleaning::None => Err(Refused::DamagedPicture),
    };
    read.map(drop).map_err(|e| e.to_string())
}
