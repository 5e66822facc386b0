//! Letters by e-mail as both programs hand them over: the settings of the mail
//! server, the line to it, and how a letter looks. What is written to whom, and
//! the queue in which it waits, are the program's. The words of a letter reach
//! no error and no log.

mod letterhead;
mod settings;
mod smtp;
#[cfg(feature = "proof")]
pub mod tiny_server;

pub use letterhead::{Letterhead, Said, Words};
pub use settings::{Encryption, MailSettings, MailSettingsError, Postbox};
pub use smtp::{Answer, Connection, Parcel, Undelivered, is_address};
