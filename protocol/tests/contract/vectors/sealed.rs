//! Words, wraps and blobs, with every value between plaintext and ciphertext.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use lapor_protocol::blob::{BlobCipher, CHUNK_BYTES};
use lapor_protocol::entropy::Seeded;
use lapor_protocol::ids::Digest;
use lapor_protocol::seal::{ContentKey, Context, Subject, open_words};

use super::cast;
use super::delivered::key_for_the_ministry;
use super::ordered::{Node, hexed, object, of, text};

/// SHA-256 of a label and the content key, as the contract derives keys.
fn derived(label: &str) -> Digest {
    let mut input = label.as_bytes().to_vec();
    input.push(0);
    input.extend_from_slice(cast::content_key().as_bytes());
    Digest::of(&input)
}

/// The words of the first message.
pub fn words() -> Node {
    let sealed = cast::sealed_words();
    let author = cast::bandung();
    let context = Context {
        kind: "report.filed",
        id: cast::message_id(1),
        case: cast::case(),
        author: &author,
    };
    let opened = open_words(&cast::content_key(), context, &sealed).unwrap();
    assert_eq!(&opened[..], cast::WORDS.as_bytes());
    let aad = format!(
        "report.filed\n{}\n{}\nkota-bandung",
        cast::message_id(1),
        cast::case()
    );
    let commitment = derived("lapor content key v1");
    assert_eq!(commitment, cast::content_key().commitment());
    let mut padded = (cast::WORDS.len() as u32).to_be_bytes().to_vec();
    padded.extend_from_slice(cast::WORDS.as_bytes());
    padded.resize(256, 0);
    object([
        ("content_key_hex", hexed(cast::content_key().as_bytes())),
        ("commitment", text(&commitment)),
        ("words_key_hex", text(&derived("lapor words v1"))),
        ("nonce_hex", hexed(B64.decode(&sealed.nonce).unwrap())),
        ("aad", text(&aad)),
        ("plaintext", text(&cast::WORDS)),
        ("padded_hex", hexed(padded)),
        ("sealed", of(&sealed)),
    ])
}

/// Open it with the ministry's private sealing key.
pub fn wrapped() -> Node {
    let wrap = key_for_the_ministry();
    let recipient = cast::ministry_sealing();
    let subject = Subject::Case(cast::case());
    let opened = recipient.unwrap(&wrap, subject, &cast::content_key().commitment());
    assert_eq!(opened, Ok(cast::content_key()));
    object([
        ("recipient_private_hex", hexed(recipient.seed())),
        ("info", text("lapor wrap v1")),
        (
            "aad",
            text(&format!("{subject}\nkemenpu\n{}", recipient.public().kid)),
        ),
        ("wrap", of(&wrap)),
        ("content_key_hex", hexed(cast::content_key().as_bytes())),
    ])
}

/// Byte `n` of the plaintext is `n mod 251`.
fn blob(name: &str, size: usize, key: &ContentKey, seed: u64) -> Node {
    let plaintext: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    let mut cipher = BlobCipher::sealing(key, &mut Seeded::new(seed));
    let header = cipher.header();
    let mut chunks: Vec<&[u8]> = plaintext.chunks(CHUNK_BYTES).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let last = chunks.len() - 1;
    let mut sealed = header.clone();
    for (n, chunk) in chunks.iter().enumerate() {
        sealed.extend(cipher.seal(chunk, n == last).unwrap());
    }
    let mut fields = vec![
        ("name", text(&name)),
        ("plaintext_size", Node::Number(size as i64)),
        ("header_hex", hexed(&header)),
        ("chunks", Node::Number(chunks.len() as i64)),
        ("size", Node::Number(sealed.len() as i64)),
        ("sha256", text(&Digest::of(&sealed))),
        ("last_tag_hex", hexed(&sealed[sealed.len() - 16..])),
    ];
    if size < 100 {
        fields.push(("blob_hex", hexed(&sealed)));
    }
    object(fields)
}

pub fn blobs() -> Node {
    let key = cast::content_key();
    object([
        ("content_key_hex", hexed(key.as_bytes())),
        ("blob_key_hex", text(&derived("lapor blob v1"))),
        ("plaintext", text("byte n of each plaintext is n mod 251")),
        (
            "blobs",
            Node::List(vec![
                blob("empty", 0, &key, 10),
                blob("small", 20, &key, 11),
                blob("one full chunk", CHUNK_BYTES, &key, 12),
                blob("two chunks", CHUNK_BYTES + 10, &key, 13),
            ]),
        ),
    ])
}
