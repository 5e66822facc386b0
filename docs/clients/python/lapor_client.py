"""A small client of the federation: it joins a hub, files reports and acknowledges what it gets.

It is written from docs/protocol.md alone, to show that the page is enough, and it is a place to begin
with a client of your own. Only `cryptography` is needed. What it keeps stands in one folder:

    python3 lapor_client.py FOLDER join 'lapor1.…'    join, then exchange until it is stopped
    python3 lapor_client.py FOLDER run                go on
    python3 lapor_client.py FOLDER file TITLE WORDS   file a report; whoever runs sends it
    python3 lapor_client.py FOLDER read               print what was received

It folds no cases and uploads no attachments: see docs/conformance.md for what is left to do.
"""

import hashlib
import http.client
import json
import os
import random
import secrets
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from lapor_forms import (
    KINDS,
    Broken,
    b64,
    b64url,
    bound,
    certified,
    commitment,
    compact,
    envelope_id,
    is_certified,
    jwk,
    members,
    now_ms,
    open_words,
    opened,
    place,
    seal_words,
    sha256,
    shown,
    sign,
    tree_head,
    unb64,
    unb64url,
    unwrap,
    uuid7,
    wrap,
)

PREFIX = "/federation/v1"
ZEROS = "0" * 64
START = {"depoch": 1, "dseq": 0, "hash": ZEROS}
RAW_PRIVATE = (
    serialization.Encoding.Raw,
    serialization.PrivateFormat.Raw,
    serialization.NoEncryption(),
)
WAIT = 20  # seconds of a long poll
PATIENCE = WAIT + 60


class Refused(Exception):
    """The hub refuses, by a problem."""

    def __init__(self, problem, after=None):
        super().__init__(f"{problem.get('code')}: {problem.get('detail') or problem.get('title')}")
        self.problem, self.after = problem, after


# The line to the hub


def read_invitation(line):
    head, checksum = line.strip().rsplit(".", 1)
    if not head.startswith("lapor1.") or b64url(sha256(head.encode())[:6]) != checksum:
        raise SystemExit("this is no invitation, or a letter of it is wrong")
    return json.loads(unb64url(head.split(".", 1)[1]))


def pinned_root(url, pin):
    """The root that the hub shows, if it is the one of the invitation. Nothing else is said here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    at = urlsplit(url)
    line = http.client.HTTPSConnection(at.hostname, at.port, context=context, timeout=30)
    line.connect()
    shown = line.sock
    # Public from Python 3.13 on.
    chain = getattr(shown, "get_unverified_chain", None) or shown._sslobj.get_unverified_chain
    for certificate in chain():
        der = certificate if isinstance(certificate, bytes) else certificate.public_bytes(2)
        if hashlib.sha256(der).hexdigest() == pin:
            line.close()
            return ssl.DER_cert_to_PEM_cert(der)
    raise SystemExit("the hub does not show the root that the invitation pins")


class Line:
    """A connection to one listener; it is made anew when it breaks."""

    def __init__(self, url, domain, roots, credential=None):
        self.context = ssl.create_default_context(cadata=roots)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        if credential:
            self.context.load_cert_chain(credential)
        self.at, self.domain, self.open = urlsplit(url), domain, None
        # The latest that the hub has signed, of what is held here.
        self.seen = {}

    def connect(self):
        at = self.at
        line = http.client.HTTPSConnection(
            at.hostname, at.port or 443, context=self.context, timeout=PATIENCE
        )
        line.connect()
        names = line.sock.getpeercert().get("subjectAltName", ())
        if ("URI", f"spiffe://{self.domain}/hub") not in names:
            raise Broken("the certificate is not of the hub")
        self.open = line

    def close(self):
        if self.open is not None:
            self.open.close()
            self.open = None

    def ask(self, method, path, body=None, media="application/json", headers=()):
        """The body of a success; a refusal is raised, and so is a line that breaks."""
        sent = {"Lapor-Version": "1", **dict(headers)}
        if body is not None:
            sent["Content-Type"] = media
        if self.seen:
            sent["Lapor-Seen"] = ",".join(self.seen.values())
        try:
            if self.open is None:
                self.connect()
            self.open.request(method, PREFIX + path, body, sent)
            answer = self.open.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.will_close:
            # It would be opened again without a look at whose certificate it is.
            self.close()
        if answer.getheader("Lapor-Version") != "1":
            raise Broken("an answer without the version is not the hub's")
        if answer.status >= 400:
            raise Refused(json.loads(text), answer.getheader("Retry-After"))
        return text


# What is kept


class Folder:
    """Everything on disk before it counts."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def has(self, name):
        return (self.path / name).exists()

    def read(self, name):
        return (self.path / name).read_bytes()

    def write(self, name, data):
        beside = self.path / f".{name}.new"
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path / name)

    def load(self, name, default):
        return json.loads(self.read(name)) if self.has(name) else default

    def save(self, name, value):
        self.write(name, compact(value))


class Client:
    def __init__(self, path):
        self.folder = Folder(path)
        self.keys = self.load_keys()
        self.joined = self.folder.load("joined.json", None)
        self.line = None
        # Epoch, seq and id of the chain as this client has signed it; lines that have no receipt.
        self.chain = self.folder.load("chain.json", {"head": None, "ids": [], "unsent": []})
        self.received = {"cursor": START, "items": [], "wraps": {}}
        self.received |= self.folder.load("received.json", {})
        self.entries, self.hub_keys, self.version = {}, [], 0
        # The directory is read anew at each start: until then its head is not shown.
        self.seen = {**self.folder.load("seen.json", {})}
        self.seen.pop("directory", None)
        self.asked_for = set()
        self.compared, self.healthy_at = False, 0.0

    # Keys are made once, and are on disk before anybody hears of them.
    def load_keys(self):
        kinds = {
            "identity": Ed25519PrivateKey,
            "signing": Ed25519PrivateKey,
            "sealing": X25519PrivateKey,
        }
        stored = self.folder.load("keys.json", None)
        if stored is None:
            made = {use: kind.generate() for use, kind in kinds.items()}
            stored = {use: b64(key.private_bytes(*RAW_PRIVATE)) for use, key in made.items()}
            self.folder.save("keys.json", stored)
        return {use: kind.from_private_bytes(unb64(stored[use])) for use, kind in kinds.items()}

    def request_certificate(self):
        """A fresh TLS key and a request for it (DER)."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lapor")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name)
        request = request.sign(key, hashes.SHA256())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return pem.decode(), request.public_bytes(serialization.Encoding.DER)

    def is_ours(self, certificate, key_pem, instance, domain):
        """Whether a certificate is for this instance and this key."""
        leaf = x509.load_pem_x509_certificate(certificate.encode())
        key = serialization.load_pem_private_key(key_pem.encode(), None)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        named = uris == [f"spiffe://{domain}/instance/{instance}"]
        return named and leaf.public_key() == key.public_key()

    def join(self, invitation):
        instance, domain = invitation["instance"], invitation["domain"]
        root = pinned_root(invitation["enrol"], invitation["pin"])
        key_pem, csr = self.request_certificate()
        identity, signing = self.keys["identity"], self.keys["signing"]
        statement = {
            "instance": instance,
            "secret_hash": sha256(unb64url(invitation["secret"])).hex(),
            "csr": sha256(csr).hex(),
            "identity": jwk(identity.public_key())["kid"],
            "signing": jwk(signing.public_key())["kid"],
            "sealing": jwk(self.keys["sealing"].public_key())["kid"],
        }
        request = {
            "instance": instance,
            "secret": invitation["secret"],
            "csr": b64(csr),
            "identity": jwk(identity.public_key()),
            "signing": certified(identity, instance, "signing", signing.public_key()),
            "sealing": certified(identity, instance, "sealing", self.keys["sealing"].public_key()),
            "proof": sign("enrolment", compact(statement), identity),
            "signing_proof": sign("enrolment", compact(statement), signing),
        }
        line = Line(invitation["enrol"], domain, root)
        answer = json.loads(line.ask("POST", "/enrol", compact(request)))
        line.close()
        grant = opened("epoch", answer["epoch"], answer["hub_keys"])
        sound = (
            answer["instance"] == grant["instance"] == instance
            and answer["trust_domain"] == domain
            and self.is_ours(answer["certificate"], key_pem, instance, domain)
            and root.strip() in answer["trust_bundle"]
        )
        if not sound:
            raise Broken("the answer to the enrolment is for somebody else")
        self.folder.write("tls.pem", (key_pem + answer["certificate"]).encode())
        self.chain["head"] = {"epoch": grant["epoch"], "seq": 0, "id": grant["prev"]}
        self.folder.save("chain.json", self.chain)
        self.joined = {name: answer[name] for name in ("instance", "trust_domain", "trust_bundle")}
        self.joined |= {"hub_keys": answer["hub_keys"], "url": answer["federation_url"]}
        self.folder.save("joined.json", self.joined)

    def close(self):
        if self.line is not None:
            self.line.close()
            self.line = None

    def connect(self):
        self.close()
        roots, domain = self.joined["trust_bundle"], self.joined["trust_domain"]
        credential = self.folder.path / "tls.pem"
        self.line = Line(self.joined["url"], domain, roots, credential)
        self.line.seen = self.seen
        self.compared = False
        # A start is on disk before it is used; the second value is the start before.
        starts = [secrets.token_hex(16), *self.folder.load("starts.json", [])][:2]
        self.folder.save("starts.json", starts)
        self.boot = {"Lapor-Boot": ", ".join(starts)}

    def show(self, what, name, envelope):
        """Shows from now on what the hub has signed; what it is about is on disk or in memory."""
        self.seen[what] = shown(name, envelope)
        self.folder.save("seen.json", self.seen)

    def read_directory(self):
        """Every version since the last one; each must follow."""
        if self.version == 0:
            self.hub_keys, self.head_of_directory = self.joined["hub_keys"], ZEROS
        while True:
            page = json.loads(self.line.ask("GET", f"/directory?since={self.version}"))
            before = self.entries, self.hub_keys, self.version, self.head_of_directory
            self.entries = dict(self.entries)
            try:
                self.take_versions(page)
            except Broken:
                # Nothing is kept of a page that does not hold.
                self.entries, self.hub_keys, self.version, self.head_of_directory = before
                raise
            if self.version >= page["latest"]:
                return

    def take_versions(self, page):
        keys = list(self.hub_keys)
        for envelope in page["versions"]:
            stated = opened("directory", envelope, self.hub_keys)
            follows = stated["version"] == self.version + 1
            if not follows or stated["prev"] != self.head_of_directory:
                raise Broken("a version of the directory that does not follow")
            changed = [entry["id"] for entry in stated["changes"]]
            if len(set(changed)) != len(changed):
                raise Broken("a version of the directory that states an instance twice")
            for entry in stated["changes"]:
                self.take_entry(entry)
            self.version, self.hub_keys = stated["version"], stated["hub_keys"]
            self.head_of_directory = envelope_id(envelope).hex()
            keys += self.hub_keys
        if page["versions"]:
            if "head" not in page:
                raise Broken("versions of the directory without their head")
            head = opened("directory-head", page["head"], keys)
            if (head["version"], head["id"]) != (self.version, self.head_of_directory):
                raise Broken("a head of another version of the directory")
            self.show("directory", "directory", page["head"])

    def take_entry(self, entry):
        known = self.entries.get(entry["id"], {}).get("identity")
        if known and known != entry.get("identity"):
            raise Broken(f"another identity key of {entry['id']}")
        for key in entry.get("keys", ()):
            if not is_certified(key, entry.get("identity"), entry["id"]):
                raise Broken(f"a key of {entry['id']} that it has not certified")
        self.entries[entry["id"]] = entry

    def sealing_key_of(self, instance):
        keys = self.entries[instance].get("keys", ())
        open_ones = [key for key in keys if key["use_for"] == "sealing" and "valid_to" not in key]
        return max(open_ones, key=lambda key: place(key["valid_from"]), default=None)

    # Filing and sending

    def draft(self, title, content):
        """What is to be said, without a place: whoever runs gives it one."""
        key = secrets.token_bytes(32)
        drafts = self.folder.path / "drafts"
        drafts.mkdir(mode=0o700, exist_ok=True)
        draft = {"id": uuid7(), "case": uuid7(), "key": b64(key), "title": title, "content": content}
        Folder(drafts).save(f"{draft['id']}.json", draft)
        return draft["case"]

    def seal_drafts(self):
        for path in sorted((self.folder.path / "drafts").glob("*.json")):
            self.seal(json.loads(path.read_bytes()))
            path.unlink()

    def seal(self, draft):
        if draft["id"] in (line["message"] for line in self.chain["unsent"]):
            return
        author, head = self.joined["instance"], self.chain["head"]
        key, case = unb64(draft["key"]), draft["case"]
        desks = [entry["id"] for entry in self.entries.values() if entry["kind"] == "pusat"]
        wraps = [
            wrap(key, case, reader, sealing)
            for reader in [author, *desks]
            if (sealing := self.sealing_key_of(reader))
        ]
        words = {"title": draft["title"], "content": draft["content"]}
        payload = {
            "v": 1,
            "kind": "report.filed",
            "id": draft["id"],
            "author": author,
            "epoch": head["epoch"],
            "seq": head["seq"] + 1,
            "prev": head["id"],
            "case": case,
            "created_at": now_ms(),
            "body": {
                "classification": "complaint",
                "channel": "api",
                "commitment": commitment(key),
            },
            "sealed": seal_words(key, words, bound("report.filed", draft["id"], case, author)),
        }
        envelope = sign("message", compact(payload), self.keys["signing"])
        line = {"message": draft["id"], "envelope": envelope, "wraps": wraps}
        self.chain["unsent"].append(line)
        self.chain["ids"].append(envelope_id(envelope).hex())
        self.chain["head"] = {**head, "seq": head["seq"] + 1, "id": self.chain["ids"][-1]}
        self.folder.save("chain.json", self.chain)

    def compare_heads(self):
        """Before the first message on a connection: has anybody else used this chain?"""
        theirs = json.loads(self.line.ask("GET", "/outbox/head", headers=self.boot))
        ids, seq = self.chain["ids"], theirs["seq"]
        same = seq == 0 or (seq <= len(ids) and ids[seq - 1] == theirs["id"])
        if theirs["epoch"] != self.chain["head"]["epoch"] or not same:
            raise SystemExit("the hub holds another chain: a copy of this client has been at work")
        self.compared = True

    def send(self):
        if not self.compared or self.line.open is None:
            self.compare_heads()
        self.seal_drafts()
        unsent = self.chain["unsent"][:100]
        if not unsent:
            return
        lines = [{name: line[name] for name in ("envelope", "wraps")} for line in unsent]
        body = b"\n".join(map(compact, lines))
        answer = self.line.ask("POST", "/outbox", body, "application/x-ndjson", self.boot)
        answer = json.loads(answer)
        self.take_receipts(answer["receipts"])
        if answer["exceptions"]:
            raise Broken(f"the hub refuses a message: {answer['exceptions'][0]}")

    def take_receipts(self, receipts):
        """Nothing counts as sent before a receipt covers it."""
        ids = self.chain["ids"]
        covered, latest = len(ids) - len(self.chain["unsent"]), None
        for envelope in receipts:
            receipt = opened("receipt", envelope, self.hub_keys)
            range_of = ids[receipt["from"] - 1 : receipt["to"]]
            leaves = [bytes.fromhex(one) for one in range_of]
            sound = (
                receipt["level"] == "accepted"
                and 1 <= receipt["from"] <= receipt["to"]
                and receipt["author"] == self.joined["instance"]
                and len(range_of) == receipt["to"] - receipt["from"] + 1
                and receipt["head"] == range_of[-1]
                and receipt["root"] == tree_head(leaves).hex()
            )
            if not sound:
                raise Broken("a receipt over other messages than were sent")
            if receipt["from"] <= covered + 1:
                covered = max(covered, receipt["to"])
            latest = envelope
        left = len(ids) - covered
        self.chain["unsent"] = self.chain["unsent"][-left:] if left else []
        self.folder.save("chain.json", self.chain)
        if latest:
            self.show("receipt", "receipt", latest)

    # Receiving

    def poll(self, wait=1):
        cursor = self.received["cursor"]
        after = "{depoch}.{dseq}.{hash}".format(**cursor)
        page = self.line.ask("GET", f"/inbox?after={after}&wait={wait}").decode()
        *lines, last = [members(line) for line in page.split("\n") if line.strip()] or [{}]
        if "head" not in last:
            raise Broken("a page without its head")
        items, cursor = [], dict(cursor)
        for line in lines:
            items.append(self.take_item(line, cursor))
        signed = json.loads(last["head"])
        head = opened("head", signed, self.hub_keys)
        ours = (head.get("recipient"), head["stream"]) == (self.joined["instance"], "inbox")
        if not ours or {name: head[name] for name in cursor} != cursor:
            raise Broken("a head that is not of this page")
        if items:
            self.received |= {"cursor": cursor, "items": self.received["items"] + items}
            self.folder.save("received.json", self.received)
            self.show("inbox", "head", signed)
            self.acknowledge()

    def take_item(self, line, cursor):
        """Checks an item against the one before and moves the cursor behind it."""
        item = json.loads(line["item"])
        here = (item["depoch"], item["dseq"], item["dprev"])
        if here != (cursor["depoch"], cursor["dseq"] + 1, cursor["hash"]):
            raise Broken("an item that does not follow")
        cursor["dseq"], cursor["hash"] = item["dseq"], sha256(line["item"].encode()).hex()
        if "envelope" not in line:
            if "withheld" not in item:
                raise Broken("an item without its envelope")
            return {"item": item}
        envelope = json.loads(line["envelope"])
        if envelope_id(envelope).hex() != item["envelope_id"]:
            raise Broken("another envelope than the item names")
        wraps = json.loads(line.get("wraps", "[]"))
        try:
            message = self.take_message(envelope)
        except Broken:
            # Evidence, and nothing else: the stream does not wait for it.
            return {"item": item, "aside": {"state": "quarantined", "reason": "signature_invalid"}}
        received = {"item": item, "message": message, "wraps": wraps}
        if message["kind"] not in KINDS:
            received["aside"] = {"state": "parked", "reason": "kind_unknown"}
        return received

    def take_message(self, envelope):
        """The message, once its author's key that is valid at its place has signed it."""
        stated = json.loads(unb64(envelope["payload"]))
        keys = self.entries.get(stated["author"], {}).get("keys", ())
        here = place(stated)
        valid = [
            key
            for key in keys
            if key["use_for"] == "signing"
            and place(key["valid_from"]) <= here
            and ("valid_to" not in key or here <= place(key["valid_to"]))
        ]
        return opened("message", envelope, valid)

    def acknowledge(self):
        cursor = self.received["cursor"]
        aside = [one for one in self.received["items"] if "aside" in one]
        ack = {
            "recipient": self.joined["instance"],
            "stream": "inbox",
            "depoch": cursor["depoch"],
            "accepted": cursor["dseq"],
            "settled": cursor["dseq"],
            "head": cursor["hash"],
            "exceptions": [{"dseq": one["item"]["dseq"], **one["aside"]} for one in aside[-1000:]],
            "at": now_ms(),
        }
        signed = sign("ack", compact(ack), self.keys["signing"])
        self.line.ask("POST", "/inbox/ack", compact(signed))

    def key_of(self, case):
        """The content key of a case: of the first wrap for this client whose key was promised."""
        of_case = [one for one in self.received["items"] if one["item"].get("case") == case]
        messages = [one["message"] for one in of_case if "message" in one]
        filed = [message["body"] for message in messages if message["kind"] == "report.filed"]
        wraps = [made for one in of_case for made in one.get("wraps", ())]
        for made in wraps + self.received["wraps"].get(case, []):
            if filed and made["recipient"] == self.joined["instance"]:
                try:
                    key = unwrap(made, case, self.keys["sealing"])
                except InvalidTag:
                    continue  # There may be such as no key of ours opens.
                if commitment(key) == filed[0]["commitment"]:
                    return key
        return None

    def learn_keys(self):
        """Asks for the keys of cases that came without one."""
        told = [one["item"].get("case") for one in self.received["items"] if "message" in one]
        for case in sorted({case for case in told if case} - self.asked_for):
            if self.key_of(case) is None:
                try:
                    given = json.loads(self.line.ask("GET", f"/cases/{case}/keys"))
                except Refused as refused:
                    if refused.problem["code"] != "case_unknown":
                        raise
                    given = {"wraps": []}
                self.received["wraps"][case] = given["wraps"]
                self.folder.save("received.json", self.received)
            self.asked_for.add(case)

    def words(self):
        """What was received, as far as a wrap for this client opens it."""
        keys = {}
        for received in self.received["items"]:
            message, case = received.get("message"), received["item"].get("case")
            if "aside" in received or not message or not case or "sealed" not in message:
                continue
            if case not in keys:
                keys[case] = self.key_of(case)
            if keys[case]:
                about = bound(message["kind"], message["id"], case, message["author"])
                yield message["kind"], case, open_words(keys[case], message["sealed"], about)

    # Keeping house

    def certificate(self):
        """The leaf, which stands behind its key."""
        return x509.load_pem_x509_certificate(self.folder.read("tls.pem").split(b"KEY-----\n", 2)[-1])

    def renew(self):
        """At half of its life, with a fresh key."""
        leaf = self.certificate()
        ends = leaf.not_valid_after_utc.timestamp()
        begins = leaf.not_valid_before_utc.timestamp()
        if time.time() < (begins + ends) / 2:
            return
        key_pem, csr = self.request_certificate()
        given = json.loads(self.line.ask("POST", "/certificates/renew", compact({"csr": b64(csr)})))
        instance, domain = self.joined["instance"], self.joined["trust_domain"]
        if not self.is_ours(given["certificate"], key_pem, instance, domain):
            raise Broken("the new certificate is for somebody else")
        known = self.joined["trust_bundle"].split("-----BEGIN CERTIFICATE-----")
        if not any(root.strip() and root.strip() in given["trust_bundle"] for root in known):
            raise Broken("the new roots keep none that is trusted")
        self.folder.write("tls.pem", (key_pem + given["certificate"]).encode())
        self.joined["trust_bundle"] = given["trust_bundle"]
        self.folder.save("joined.json", self.joined)
        self.connect()

    def report_health(self):
        if time.monotonic() < self.healthy_at:
            return
        expires = self.certificate().not_valid_after_utc.timestamp()
        cursor, waiting = self.received["cursor"], len(self.chain["unsent"])
        aside = [one["aside"]["state"] for one in self.received["items"] if "aside" in one]
        reached = {"depoch": cursor["depoch"], "accepted": cursor["dseq"], "settled": cursor["dseq"]}
        health = {
            "software": "lapor-client 1",
            "time": now_ms(),
            "unsent": waiting,
            "unapplied": 0,
            "quarantined": aside.count("quarantined"),
            "parked": aside.count("parked"),
            "directory": self.version,
            "certificate_expires": int(expires * 1000),
            "inbox": reached,
        }
        self.line.ask("POST", "/health", compact(health))
        self.healthy_at = time.monotonic() + 60

    def steps(self):
        if self.line is None:
            yield self.connect
        yield from (self.read_directory, self.send, self.poll, self.learn_keys)
        yield from (self.report_health, self.renew)

    def exchange(self):
        """Everything once; what goes wrong is raised."""
        for step in self.steps():
            step()

    def run(self):
        """Exchanges until it is stopped. A step that fails is tried again, and those behind it wait."""
        failed = {}
        while True:
            for step in self.steps():
                after = self.attempt(step)
                if after is None:
                    failed.pop(step.__name__, None)
                    continue
                self.compared = False
                pause(failed.get(step.__name__, 0), after)
                failed[step.__name__] = failed.get(step.__name__, 0) + 1
                break

    def attempt(self, step):
        """`None` for a success, else for how many seconds the hub is to be left alone."""
        try:
            step()
            return None
        except Refused as refused:
            if refused.problem.get("retry") in ("operator", "never"):
                raise SystemExit(str(refused)) from None
            return float(refused.after or 0)
        except (OSError, http.client.HTTPException, Broken) as error:
            print(f"trying again: {error}", file=sys.stderr)
            return 0.0


def pause(tries, after):
    """Full jitter, on top of what the hub asks for."""
    time.sleep(after + random.uniform(0, min(300, 2 ** min(tries, 8))))


def main(folder, act, *rest):
    client = Client(folder)
    if act == "join":
        if client.joined is None:
            client.join(read_invitation(rest[0]))
        client.run()
    elif act == "run":
        client.run()
    elif act == "file":
        title, content = rest or ("Jalan berlubang", "Lubang besar di depan pasar.")
        print(client.draft(title, content))
    elif act == "read":
        for kind, case, words in client.words():
            print(kind, case, json.dumps(words, ensure_ascii=False))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
