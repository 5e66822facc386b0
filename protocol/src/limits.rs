//! Every bound of protocol 1 in one place. Both sides enforce them; a change
//! here is a change of the contract.

/// Payload of a message, in bytes.
pub const PAYLOAD_BYTES: usize = 256 * 1024;
/// Nesting of a payload's JSON.
pub const JSON_DEPTH: usize = 16;
/// Largest integer that every JSON reader keeps exact, 2^53 - 1.
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;
/// Envelopes in one `POST /outbox`.
pub const BATCH_ENVELOPES: usize = 500;
/// Messages that may have one signature together.
pub const SIGNED_TOGETHER: usize = 256;
/// Bytes of one `POST /outbox`, compressed or not.
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Longest line of a batch: a payload in base64 with its signature and wraps.
pub const LINE_BYTES: usize = 512 * 1024;
/// Items in one page of an inbox or of the public stream.
pub const PAGE_ITEMS: usize = 500;
/// Seconds that a long poll may wait.
pub const LONG_POLL_SECONDS: u64 = 25;
/// Attachments of one message.
pub const ATTACHMENTS: usize = 20;
/// One blob's ciphertext, in bytes.
pub const BLOB_BYTES: u64 = 200 * 1024 * 1024;
/// Copies of one disposition.
pub const COPIES: usize = 32;
/// Institutions in each list that a split child inherits.
pub const INHERITED: usize = 1000;
/// Characters of the name of a kind.
pub const KIND_CHARS: usize = 60;
/// Exclusions that one message states.
pub const EXCLUSIONS: usize = 32;
/// Wraps beside one envelope.
pub const WRAPS: usize = 64;
/// Plaintext of the sealed words of a message, in bytes.
pub const WORDS_BYTES: usize = 64 * 1024;
/// Characters of a title.
pub const TITLE_CHARS: usize = 300;
/// Characters of a free text.
pub const TEXT_CHARS: usize = 20_000;
/// Questions of one hold, answers of one completion.
pub const QUESTIONS: usize = 20;
/// Answers to choose from, of one question of a hold.
pub const CHOICES: usize = 10;
/// Characters of one of them.
pub const CHOICE_CHARS: usize = 200;
/// Exceptions in one acknowledgement.
pub const ACK_EXCEPTIONS: usize = 1000;
/// Pictures of one programme.
pub const PICTURES: usize = 10;
/// One picture of a programme, in bytes: it is read on slow lines.
pub const PICTURE_BYTES: u64 = 256 * 1024;
/// Characters of the words that stand for a picture.
pub const ALT_CHARS: usize = 500;
