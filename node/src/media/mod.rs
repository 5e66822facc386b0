//! Files that people send: taken in piece by piece, told by their content and
//! not by their name, and freed of what they say about the place and the device
//! they were made with before anything else sees them.
//!
//! Nothing here decodes a picture or runs a file; what is not understood well
//! enough to be cleaned is refused.

mod clean;
mod film;
mod kind;
mod picture;
mod uploads;

pub use clean::Refused;
pub use kind::Door;
pub use uploads::{Progress, UploadReceipt};
pub(crate) use uploads::{expire_uploads, forget_uploads, upload_path};
