"""The forms of the federation protocol: keys, envelopes, sealed words and wraps, as docs/protocol.md has them.

Two of them stand in no library and are short: HPKE with associated data, and XChaCha20 of HChaCha20.
"""

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

TYPE = "application/vnd.lapor.{}.v1+json"
TREE_TYPE = "application/vnd.lapor.tree.v1"
SIGNED_TOGETHER = 256
KINDS = frozenset(
    """
    report.filed report.completed case.verified case.held case.archived case.disposed case.returned
    case.recalled case.followed_up case.noted case.replied case.closed case.reopened case.rated
    case.supported case.linked case.unlinked case.split case.escalated case.succeeded
    case.taken_over case.redacted identity.requested identity.disclosed identity.refused
    programme.published programme.progressed taxonomy.updated calendar.updated key.announced
    """.split()
)
# Of Ed25519: the prime, and y of the points of small order.
PRIME = 2**255 - 19
Y_OF_EIGHT = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
SMALL_ORDER = frozenset({0, 1, PRIME - 1, Y_OF_EIGHT, PRIME - Y_OF_EIGHT})
RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw


class Broken(Exception):
    """The hub says what does not hold. Nothing of it is kept."""


# Bytes and texts


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return hashlib.sha256(data).digest()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def now_ms():
    return time.time_ns() // 1_000_000


def uuid7():
    stamp = now_ms().to_bytes(6, "big")
    drawn = bytearray(secrets.token_bytes(10))
    drawn[0] = drawn[0] & 0x0F | 0x70
    drawn[2] = drawn[2] & 0x3F | 0x80
    return str(uuid.UUID(bytes=stamp + bytes(drawn)))


def members(text):
    """The members of a JSON object by name, each as the text that stands there."""
    found, decoder, at = {}, json.JSONDecoder(), text.index("{") + 1
    while True:
        while text[at] in " \t,":
            at += 1
        if text[at] == "}":
            return found
        name, at = decoder.raw_decode(text, at)
        at = text.index(":", at) + 1
        while text[at] in " \t":
            at += 1
        _, end = decoder.raw_decode(text, at)
        found[name], at = text[at:end], end


# Keys and envelopes


def jwk(public):
    curve = "Ed25519" if isinstance(public, Ed25519PublicKey) else "X25519"
    x = b64url(public.public_bytes(*RAW))
    kid = b64url(sha256(compact({"crv": curve, "kty": "OKP", "x": x})))
    return {"kty": "OKP", "crv": curve, "x": x, "kid": kid}


def named(public, key):
    if jwk(public)["kid"] != key["kid"]:
        raise Broken("a kid that is not the thumbprint")
    return public


def verifier(key):
    raw = unb64url(key["x"])
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    if y >= PRIME or y in SMALL_ORDER:
        raise Broken("a key that is weak or not canonically encoded")
    return named(Ed25519PublicKey.from_public_bytes(raw), key)


def sealer(key):
    public = X25519PublicKey.from_public_bytes(unb64url(key["x"]))
    try:
        X25519PrivateKey.generate().exchange(public)
    except ValueError:
        raise Broken("a key whose shared secrets are all zero") from None
    return named(public, key)


def check_key(key):
    """Refuses a key that no reader may take, whoever has certified it."""
    (sealer if key["use_for"] == "sealing" else verifier)(key)


def pae(kind, payload):
    kind = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(kind, payload, key):
    kind = TYPE.format(kind)
    signature = {"keyid": jwk(key.public_key())["kid"], "sig": b64(key.sign(pae(kind, payload)))}
    return {"payloadType": kind, "payload": b64(payload), "signatures": [signature]}


def envelope_id(envelope):
    return sha256(pae(envelope["payloadType"], unb64(envelope["payload"])))


def opened(kind, envelope, keys):
    """The payload, once it is of this type and one of these JWKs has signed it."""
    if envelope.get("payloadType") != TYPE.format(kind) or len(envelope["signatures"]) != 1:
        raise Broken(f"no {kind}")
    signature = envelope["signatures"][0]
    payload = unb64(envelope["payload"])
    for key in keys:
        if key["kid"] == signature["keyid"]:
            signed = pae(envelope["payloadType"], payload)
            if "tree" in signature:
                signed = signed_together(kind, sha256(signed), signature["tree"])
            try:
                verifier(key).verify(unb64(signature["sig"]), signed)
            except InvalidSignature:
                raise Broken(f"a {kind} with a wrong signature") from None
            return json.loads(payload)
    raise Broken(f"a {kind} signed by an unknown key")


def sides(index, size):
    """Of each hash of a path, from the leaf upwards: whether it stands on the left."""
    if size == 1:
        return []
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return [*sides(index, split), False]
    return [*sides(index - split, size - split), True]


def signed_together(kind, leaf, tree):
    """What the author has signed, if the message with this id has this place in a tree."""
    if kind != "message":
        raise Broken(f"a {kind} that is signed together")
    try:
        raw = unb64(tree)
        index, size = struct.unpack(">HH", raw[:4])
    except (TypeError, ValueError, struct.error):
        raise Broken("a tree that cannot be read") from None
    if not index < size or not 2 <= size <= SIGNED_TOGETHER:
        raise Broken("a place that is in no tree")
    path, left = raw[4:], sides(index, size)
    if len(path) != 32 * len(left):
        raise Broken("a path of another length")
    head = sha256(b"\0" + leaf)
    for at, is_left in enumerate(left):
        other = path[32 * at : 32 * at + 32]
        head = sha256(b"\1" + (other + head if is_left else head + other))
    return pae(TREE_TYPE, struct.pack(">H", size) + head)


def shown(name, envelope):
    """What the hub has signed, as `Lapor-Seen` shows it."""
    signature = envelope["signatures"][0]
    payload, sig = b64url(unb64(envelope["payload"])), b64url(unb64(signature["sig"]))
    return ":".join((name, signature["keyid"], payload, sig))


def certified(identity, instance, use, public):
    """A key with its statement, valid from the first message on."""
    first = {"epoch": 1, "seq": 1}
    key = jwk(public)
    statement = {"instance": instance, "use": use, "jwk": key, "valid_from": first}
    cert = sign("key", compact(statement), identity)
    return {**key, "use_for": use, "valid_from": first, "cert": cert}


def is_certified(key, identity, instance):
    check_key(key)
    stated = opened("key", key["cert"], [identity] if identity else [])
    plain = {name: key[name] for name in ("kty", "crv", "x", "kid")}
    expected = {
        "instance": instance,
        "use": key["use_for"],
        "jwk": plain,
        "valid_from": key["valid_from"],
    }
    return stated == expected


def place(stated):
    return stated["epoch"], stated["seq"]


def tree_head(ids):
    """RFC 6962 over 32-byte ids."""
    if len(ids) == 1:
        return sha256(b"\0" + ids[0])
    split = 1 << (len(ids) - 1).bit_length() - 1
    return sha256(b"\1" + tree_head(ids[:split]) + tree_head(ids[split:]))


# Sealing


def hchacha20(key, nonce):
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for one, other, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[one] = (state[one] + state[other]) & 0xFFFFFFFF
            mixed = state[third] ^ state[one]
            state[third] = (mixed << turn | mixed >> 32 - turn) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for row in range(4):
            quarter(row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def xchacha20(key, nonce):
    """The cipher and the nonce that are left of a nonce of 24 bytes."""
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])), b"\0\0\0\0" + nonce[16:]


def commitment(content_key):
    return sha256(b"lapor content key v1\0" + content_key).hex()


def words_key(content_key):
    return sha256(b"lapor words v1\0" + content_key)


def bound(kind, message, case, author):
    return "\n".join((kind, message, case, author)).encode()


def seal_words(content_key, words, about):
    text = compact(words)
    padded = struct.pack(">I", len(text)) + text
    padded += bytes(-len(padded) % 256)
    nonce = secrets.token_bytes(24)
    cipher, rest = xchacha20(words_key(content_key), nonce)
    return {"nonce": b64(nonce), "ciphertext": b64(cipher.encrypt(rest, padded, about))}


def open_words(content_key, sealed, about):
    cipher, rest = xchacha20(words_key(content_key), unb64(sealed["nonce"]))
    padded = cipher.decrypt(rest, unb64(sealed["ciphertext"]), about)
    return json.loads(padded[4 : 4 + struct.unpack(">I", padded[:4])[0]])


def extract(suite, salt, label, key):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, "sha256")


def expand(suite, key, label, info, length):
    head = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, head + b"\1", "sha256")[:length]


def hpke(shared, enc, recipient):
    """The cipher and nonce of one single shot of RFC 9180 in base mode."""
    kem, suite = b"KEM\0\x20", b"HPKE\0\x20\0\1\0\3"
    secret = extract(kem, b"", b"eae_prk", shared)
    secret = expand(kem, secret, b"shared_secret", enc + recipient, 32)
    context = b"\0" + extract(suite, b"", b"psk_id_hash", b"")
    context += extract(suite, b"", b"info_hash", b"lapor wrap v1")
    secret = extract(suite, secret, b"secret", b"")
    key = expand(suite, secret, b"key", context, 32)
    return ChaCha20Poly1305(key), expand(suite, secret, b"base_nonce", context, 12)


def wrap(content_key, case, recipient, sealing):
    public = sealer(sealing)
    ephemeral = X25519PrivateKey.generate()
    enc = ephemeral.public_key().public_bytes(*RAW)
    cipher, nonce = hpke(ephemeral.exchange(public), enc, public.public_bytes(*RAW))
    about = "\n".join((f"case:{case}", recipient, sealing["kid"])).encode()
    return {
        "recipient": recipient,
        "kid": sealing["kid"],
        "enc": b64(enc),
        "ciphertext": b64(cipher.encrypt(nonce, content_key, about)),
    }


def unwrap(made, case, private):
    enc = unb64(made["enc"])
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    cipher, nonce = hpke(shared, enc, private.public_key().public_bytes(*RAW))
    about = "\n".join((f"case:{case}", made["recipient"], made["kid"])).encode()
    return cipher.decrypt(nonce, unb64(made["ciphertext"]), about)
