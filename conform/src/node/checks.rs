//! What a node must have done by the end of a run.

use std::sync::Arc;

use super::hub::PlayedHub;
use super::{joining, reading, sending};
use crate::check::{Check, signed_together};

pub struct Stage {
    pub(super) hub: Arc<PlayedHub>,
}

macro_rules! look {
    ($check:path) => {
        |stage| Box::pin(async move { stage.hub.look($check) })
    };
}

pub const CHECKS: [Check<Stage>; 28] = [
    Check {
        name: "joins by proving all of its keys",
        keeps: &[
            "The node makes its four keys, connects to `enrol`, and posts to `/federation/v1/enrol`.",
            "The statement (`enrolment.v1+json`) is `{instance, secret_hash, csr, identity, signing, sealing}`: SHA-256 of the secret's 32 bytes, SHA-256 of the request's DER, and three key ids.",
            "| `instance`, `secret` | of the invitation |",
            "| `csr` | base64 of a PKCS#10 request (DER) for the TLS key |",
            "| `signing`, `sealing` | certified keys, valid from epoch 1, seq 1 |",
            "| `proof`, `signing_proof` | one statement, signed by the identity key and by the signing key |",
            "| `enrolment.v1+json` | proofs of possession | identity key and signing key |",
            "The TLS key is P-256 or Ed25519; of the certificate request, at most 4,096 bytes, only the key and the signature count.",
            "lapor1.<base64url of JSON>.<first 6 bytes of SHA-256 of \"lapor1.<base64url>\", base64url>",
            "One key has one use.",
            "| POST `/enrol` | 201 | enrolment listener, no client certificate |",
        ],
        run: look!(joining::joins),
    },
    Check {
        name: "shows its keys in the form of the contract, and certifies them itself",
        keeps: &[
            "A public key is an RFC 8037 OKP JWK with exactly the members shown.",
            "`kid` is the RFC 7638 thumbprint: SHA-256 of `{\"crv\":\"…\",\"kty\":\"OKP\",\"x\":\"…\"}`, base64url.",
            "An identity key certifies another key by signing a statement (DSSE, type `application/vnd.lapor.key.v1+json`):",
            "`use` and `use_for` are `identity`, `signing` or `sealing`.",
            "In the directory the key stands with the statement as `cert`:",
            "| identity | Ed25519 | certifies the keys below",
            "| signing | Ed25519 | messages and acknowledgements |",
            "| sealing | X25519 | content keys are wrapped to it |",
            "| `key.v1+json` | the certificate of a key | identity key |",
            "| `identity` | JWK |",
        ],
        run: look!(joining::shows_keys),
    },
    Check {
        name: "states the version in every request",
        keeps: &["Every request and every answer carries `Lapor-Version: 1`"],
        run: look!(joining::versions),
    },
    Check {
        name: "shows its certificate with the issuer, and sends bodies of the right type",
        keeps: &[
            "The client shows its leaf and the issuer, as it got them in one PEM.",
            "JSON bodies are `application/json`, at most 262,144 bytes (else 400); streams and batches are `application/x-ndjson`.",
            "Bodies of `POST /outbox` may be `Content-Encoding: zstd` or `gzip`; the limit of bytes holds before and after.",
            "| `BATCH_BYTES` | 4,194,304 | bytes of one `POST /outbox`, compressed or not |",
        ],
        run: look!(joining::bodies),
    },
    Check {
        name: "asks by parameters that can be read",
        keeps: &[
            "A **cursor** is `depoch.dseq.hash`, decimal without leading zeros or signs, `hash` the SHA-256 of the item at `dseq`; `1.0.` and 64 zeros is the start.",
            "`after` is a cursor, the start if left out; `limit` 1 to 500",
            "| `PAGE_ITEMS` | 500 | items in one page of an inbox or of the public stream |",
        ],
        run: look!(joining::parameters),
    },
    Check {
        name: "asks for the directory from version 1",
        keeps: &[
            "Ask for the directory from version 1, with `hub_keys` as the keys of the first version",
            "versions after `since` (0 if left out), oldest first",
        ],
        run: look!(joining::directory),
    },
    Check {
        name: "takes no version of the directory that does not hold, and asks again",
        keeps: &[
            "A node must refuse a version that skips, that names another predecessor, that states an instance twice, that replaces or drops an identity key, or that holds a key without a sound certificate under the entry's identity key.",
            "A version is signed by a key of `hub_keys` of the version before (of the enrolment for version 1)",
            "refuse versions without one that fits, and keep it: it is what you show that you have seen.",
            "| `directory.v1+json` | a version of the directory | hub |",
            "| `directory-head.v1+json` | which version is the latest | hub |",
            "certifies the keys below, opens epochs, recovers a certificate. Pinned at first sight, never replaced |",
            "Readers must refuse an Ed25519 key that is of small order or not canonically encoded, an X25519 key whose shared secrets are all zero, and a `kid` that is not the thumbprint.",
        ],
        run: look!(joining::misprints),
    },
    Check {
        name: "takes a version of the directory with a notice, whether it knows that or not",
        keeps: &["A reader that does not know it loses nothing but the notice."],
        run: look!(joining::notices),
    },
    Check {
        name: "takes nobody else for the hub",
        keeps: &[
            "It accepts a hub whose chain ends in a root of its bundle and whose certificate carries the name in the address and the hub's URI SAN.",
        ],
        run: look!(joining::impostors),
    },
    Check {
        name: "compares heads before it sends, and says which start it is",
        keeps: &[
            "compare heads with the hub (`GET /outbox/head`) on this connection, then assign places, sign, store the exact bytes, and send.",
            "`Lapor-Boot: <new>, <previous>` on `GET /outbox/head` and `POST /outbox`: two random values of 32 hex digits; the second is left out at the very first start.",
            "send it on both, always.",
            "| GET `/outbox/head` | 200 | |",
        ],
        run: look!(joining::compares),
    },
    Check {
        name: "signs a gapless chain of messages that can be read",
        keeps: &[
            "Everything signed is a [DSSE](https://github.com/secure-systems-lab/dsse) 1.0.2 envelope with exactly one signature, on one line:",
            "The signature is Ed25519 over the pre-authentication encoding, where lengths are decimal counts of bytes:",
            "PAE = \"DSSEv1\" SP LEN(payloadType) SP payloadType SP LEN(payload) SP payload",
            "The **envelope id** is SHA-256 of PAE.",
            "`size` is 2 to `SIGNED_TOGETHER`, the index is below it, and the path has as many hashes as that leaf has in a tree of that size;",
            "| `SIGNED_TOGETHER` | 256 | messages that may have one signature together |",
            "The line must be an object with these members and no others, each once; of the signature the same holds.",
            "| `message.v1+json` | a message | its author's signing key |",
            "The payload of a message is one JSON object in UTF-8: no key twice in one object",
            "Objects are written as objects and names as strings",
            "| `PAYLOAD_BYTES` | 262,144 | payload of a message, in bytes |",
            "| `JSON_DEPTH` | 16 | nesting of a payload's JSON |",
            "| `MAX_INTEGER` | 9,007,199,254,740,991 |",
            "| `KIND_CHARS` | 60 | characters of the name of a kind |",
            "| `v` | required | 1 |",
            "| `kind` | required | 1 to 60 characters `a-z`, `0-9`, `_`, `.` |",
            "| `author` | required | must be the instance of the TLS certificate |",
            "| `epoch`, `seq`, `prev` | required | place in the author's chain |",
            "| `created_at` | required | by the author's clock; advisory |",
            "The first message of an instance is at epoch 1, seq 1, with `prev` of 64 zeros.",
            "Each further one has the next seq and the envelope id of the one before as `prev`.",
            "The head's `epoch`, `seq` and `id` are all that the next message needs: its seq is one more, its `prev` is `id`.",
            "That holds at seq 0 too, where `id` is the `prev` of the grant.",
            "| message id, case id | UUID version 7, lower case with hyphens.",
            "| position | `{\"epoch\", \"seq\"}`, both counted from 1 |",
        ],
        run: look!(sending::chain),
    },
    Check {
        name: "sends lines with an envelope and wraps, and nothing else",
        keeps: &[
            "A line of `POST /outbox` is an object that holds the envelope exactly as signed, wraps for those whom the message makes parties",
            "No other members.",
            "A line break inside it is impossible, since batches and pages are split at them.",
            "| `WRAPS` | 64 | wraps beside one envelope |",
            "| `BATCH_ENVELOPES` | 500 | envelopes in one `POST /outbox` |",
            "| `LINE_BYTES` | 524,288 | longest line of a batch: a payload in base64 with its signature and wraps |",
            "Wraps are never part of a payload.",
        ],
        run: look!(sending::lines_hold),
    },
    Check {
        name: "files reports in the form of their kind",
        keeps: &[
            "| `report.filed` | any active instance |",
            "`body` holds the clear fields of the kind",
            "`sealed` (optional) holds the words.",
            "| `case` | kinds about a case | the case |",
            "| `classification` | `complaint`, `information_request`, `aspiration` |",
            "| `category` | `ROOT` or `ROOT/SUB`",
            "| dates | `YYYY-MM-DD`, a day that exists |",
            "| `channel`, `slug`, `edition` | 1 to 60 characters",
            "| region | official code: `32`, `32.73`, `32.73.01`, `32.73.01.1001` |",
            "| `id` | required | minted once, with the row of the business transaction",
        ],
        run: look!(sending::files),
    },
    Check {
        name: "seals the words of a report, and wraps its key for the reader and for itself",
        keeps: &[
            "Every case has a **content key**, 32 random bytes made by the origin.",
            "commitment = SHA-256(\"lapor content key v1\\0\" || content key)",
            "Labels end in one zero byte, written `\\0`.",
            "**Words** are the UTF-8 JSON of the kind's words.",
            "Padded plaintext: the length as 4 bytes big endian, the JSON, zeros up to a multiple of 256.",
            "They are encrypted with XChaCha20-Poly1305 under the words key, with a random nonce of 24 bytes and the associated data",
            "<kind> LF <message id> LF <case id> LF <author>",
            "where LF is one byte 0x0A and nothing follows the author.",
            "`sealed` holds nonce, and ciphertext with its tag, in base64:",
            "**Wraps** bring a content key to a party: HPKE (RFC 9180) base mode, single shot, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, `info` the 13 bytes `lapor wrap v1`, and the associated data",
            "<subject> LF <recipient> LF <kid of the recipient's sealing key>",
            "The subject is `case:<case id>`",
            "`enc` and the sealed 32 bytes stand in base64:",
            "the origin wraps for the reader and for itself, so that its key outlives its own machine",
            "Wrap only to a sealing key whose statement verifies under the identity key that you have pinned, and of these to the latest without `valid_to`.",
        ],
        run: look!(sending::seals),
    },
    Check {
        name: "keeps the words of a report within their limits",
        keeps: &[
            "| `WORDS_BYTES` | 65,536 | plaintext of the sealed words of a message, in bytes |",
            "| `TITLE_CHARS` | 300 | characters of a title |",
            "| `TEXT_CHARS` | 20,000 | characters of a free text |",
            "| `title`, `name` of a programme or a day | 1 to 300 characters, not only spaces",
            "| `place` | up to 300 characters |",
            "| `ticket` | up to 40 characters",
            "| `coordinates` | `{latitude_micro, longitude_micro}`",
        ],
        run: look!(sending::words_fit),
    },
    Check {
        name: "leaves a hub alone that is busy or in maintenance, for as long as it says",
        keeps: &[
            "`after` (leave the hub alone for `Retry-After`, which states seconds, and then some jitter)",
            "| 503 | `overloaded` | `after` | The hub is busy |",
            "| 503 | `maintenance` | `after` | The hub is in maintenance |",
            "Nothing has failed: ask again then, and raise no alarm before `until`.",
            "Switch on `code`; if you do not know it, on `retry` and the status.",
        ],
        run: look!(sending::waits),
    },
    Check {
        name: "sends again what has no receipt, the same bytes",
        keeps: &[
            "There must never be two different byte strings for one (author, epoch, seq)",
            "and kept when the message must be sealed again |",
            "The order of members and the white space between them are the sender's: whoever stores or passes on a line keeps it as it came.",
            "A head that covers a message of which you hold neither the receipt nor the ruling is no receipt for it: send it again at its place, and take it for accepted when one of the two has come.",
        ],
        run: look!(sending::sends_again),
    },
    Check {
        name: "sends one batch at a time",
        keeps: &[
            "| POST `/outbox` | 200 | the longest valid prefix is committed; one at a time, unless it names the one in front of it |",
        ],
        run: look!(sending::one_at_a_time),
    },
    Check {
        name: "compares heads again where the hub stops at a message and says so",
        keeps: &[
            "Treat its code as that of a problem: the table below gives its `retry`.",
            "`resync` (compare positions first, `expected` may tell them)",
            "| 409 | `sequence_gap` | `resync` | The batch does not start at the expected position |",
        ],
        run: look!(sending::compares_again),
    },
    Check {
        name: "takes no receipt of no range",
        keeps: &["A receipt of no range, whose `from` lies beyond its `to` or is 0, is refused."],
        run: look!(sending::receipts_of_no_range),
    },
    Check {
        name: "takes no receipt for true that is over other messages",
        keeps: &[
            "`head` is the envelope id at `to`, `root` the RFC 6962 tree head over the 32-byte envelope ids `from` to `to`.",
        ],
        run: look!(sending::false_receipts),
    },
    Check {
        name: "takes no receipt of a stranger or for another author, and sends the rest of what was taken in part",
        keeps: &[
            "| `receipt.v1+json` | a range receipt | hub |",
            "| hub | Ed25519 | receipts, directory, heads, epoch grants |",
            "if `head` is not your last message and there is no exception, send the rest.",
            "`accepted_through` is the `seq` of `head`, in the open epoch.",
        ],
        run: look!(sending::later_receipts),
    },
    Check {
        name: "takes nothing in from a page that does not hold, and asks again",
        keeps: &[
            "SHA-256 of the exact bytes of the item before (the value of `item` as it stands in its line); zeros for the first",
            "The head must name your stream and end exactly where the page's last item does; a page without it is incomplete.",
            "| `dseq` | required | gapless in the stream, from 1 |",
            "| `head.v1+json` | the head of a stream | hub |",
            "A page is NDJSON: lines of items, then one line with the signed head.",
            "They are not chained: check that the id of the envelope is `envelope_id`, then the author's signature under the key valid at its position.",
        ],
        run: look!(reading::spoiled_pages),
    },
    Check {
        name: "acknowledges what it has on disk, and what it has applied",
        keeps: &[
            "`accepted`: on disk up to here.",
            "`settled` (at most `accepted`): applied up to here, or listed in `exceptions` as `refused`, `superseded`, `quarantined` or `parked`, with a short code as `reason` and never a word of a case.",
            "`head` is the hash of the item at `accepted`, zeros at 0; it is checked like a cursor.",
            "**Acknowledgements** are signed by the recipient.",
            "Only messages are signed together; beside anything else `tree` is a wrong signature.",
            "They only rise;",
            "The key is a signing key that is valid at the next position of the recipient's chain, or at its head.",
            "| `ack.v1+json` | an acknowledgement | the recipient's signing key |",
            "| `ACK_EXCEPTIONS` | 1,000 | exceptions in one acknowledgement |",
            "| POST `/inbox/ack` | 204 | a signed acknowledgement, also of the public stream |",
        ],
        run: look!(reading::acknowledges),
    },
    Check {
        name: "sets aside what it cannot apply, says so, and goes on",
        keeps: &[
            "A message of an unknown kind is parked and read again after an upgrade.",
            "One that fails is retried, then quarantined; its case waits, the stream does not.",
            "Unknown fields are no error anywhere in a payload.",
            "Verify in this order: the payload type is the one expected here; `keyid` is the key that must have signed; the signature verifies strictly (S below the group order, no small-order R or key, the cofactorless equation).",
            "To verify, climb from the id along the path to a root and verify `sig` over size and root: a place that does not hold is a wrong signature.",
        ],
        run: look!(reading::sets_aside),
    },
    Check {
        name: "takes messages that are signed together",
        keeps: signed_together![],
        run: look!(reading::takes_together),
    },
    Check {
        name: "asks for a content key that it lacks, and waits for it with no stream",
        keeps: &[
            "The recipient tries those of its `kid`, takes the first whose key has the commitment of the case, and asks `GET /cases/{case}/keys` if it has none.",
            "There may be several for you, also such as no key of yours opens.",
            "Sealed words that cannot be opened never hold up a fold.",
            "| PUT, GET `/cases/{case}/keys` | 204, 200 | wraps of the case's content key |",
        ],
        run: look!(reading::lacks_a_key),
    },
    Check {
        name: "shows what the hub has signed, reports its health, and renews its certificate at half of its life",
        keeps: &[
            "| POST `/health` | 204 | every 60 s |",
            "`chain` is the last place for which the node holds a receipt, `inbox` how far it has come",
            "`Lapor-Seen` on every request shows the latest signed things of the hub that a node holds",
            "Each is a whole envelope, `NAME:KID:PAYLOAD:SIGNATURE`",
            "Keep them on disk with what they are about; what you do not hold yet you leave out.",
            "Certificates last 30 days; renew at half of that.",
            "Bring a fresh TLS key each time",
            "| POST `/certificates/renew` | 200 | |",
        ],
        run: look!(reading::keeps_house),
    },
];
