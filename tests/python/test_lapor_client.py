"""The client of docs/clients/python: its forms are those of the vectors, it works with our hub, and it is conformant."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from programs import Hub, Kit

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "clients" / "python"))

import lapor_client as client  # noqa: E402
import lapor_forms as forms  # noqa: E402

# The faults of wrong_client.py, and the check that finds each.
FOUND_BY = {
    "believes_receipts": "takes no receipt for true that is over other messages",
    "believes_pages": "takes nothing in from a page that does not hold, and asks again",
    "believes_directory": "takes no version of the directory that does not hold, and asks again",
    "hurries": "leaves a hub alone that is busy or in maintenance, for as long as it says",
    "wraps_for_itself_alone": "seals the words of a report, and wraps its key for the reader and for itself",
    "signs_anew": "sends again what has no receipt, the same bytes",
    "stops_at_what_fails": "sets aside what it cannot apply, says so, and goes on",
    "asks_for_no_key": "asks for a content key that it lacks, and waits for it with no stream",
    "shows_nothing": "shows what the hub has signed, reports its health, and renews its certificate at half of its life",
    "believes_anybody": "takes nobody else for the hub",
    "believes_receipts_of_no_range": "takes no receipt of no range",
    "sends_twice_at_once": "sends one batch at a time",
    "compares_once": "compares heads again where the hub stops at a message and says so",
    "takes_any_key": "takes no version of the directory that does not hold, and asks again",
    "knows_no_notice": "takes a version of the directory with a notice, whether it knows that or not",
    "reads_any_type": "sets aside what it cannot apply, says so, and goes on",
    "believes_places": "sets aside what it cannot apply, says so, and goes on",
    "knows_no_trees": "takes messages that are signed together",
}
# The hub lets no such line in, and the parser here does not see it.
LEFT_TO_THE_HUB = {"an unknown field beside the payload", "a place that stands twice"}
# Longer than any run of the kit here, on a machine that does much else.
SECONDS = 400

VECTORS = json.loads((DOCS / "vectors" / "protocol-1.json").read_text())


class Vectors(unittest.TestCase):
    def test_keys_and_their_thumbprints(self):
        for key in VECTORS["keys"]:
            curve = key["jwk"]["crv"]
            kind = Ed25519PrivateKey if curve == "Ed25519" else X25519PrivateKey
            private = kind.from_private_bytes(bytes.fromhex(key["private_hex"]))
            self.assertEqual(forms.jwk(private.public_key()), key["jwk"])

    def test_keys_that_no_reader_may_take_are_refused(self):
        ed25519 = [bytes([1, *bytes(31)]), bytes([0xEE, *[0xFF] * 30, 0x7F]), bytes(32)]
        for use, curve, raw in [("signing", "Ed25519", one) for one in ed25519] + [
            ("sealing", "X25519", bytes(32))
        ]:
            x = forms.b64url(raw)
            kid = forms.b64url(forms.sha256(forms.compact({"crv": curve, "kty": "OKP", "x": x})))
            with self.subTest(x), self.assertRaisesRegex(forms.Broken, "weak|zero"):
                forms.check_key({"kty": "OKP", "crv": curve, "x": x, "kid": kid, "use_for": use})
        sound = {key["jwk"]["crv"]: key["jwk"] for key in VECTORS["keys"]}
        for use, curve in [("signing", "Ed25519"), ("sealing", "X25519")]:
            key = {**sound[curve], "use_for": use}
            forms.check_key(key)
            with self.assertRaisesRegex(forms.Broken, "thumbprint"):
                forms.check_key({**key, "kid": "A" * 43})

    def test_envelopes_have_their_ids_and_are_signed_alike(self):
        keys = [key["jwk"] for key in VECTORS["keys"] if key["jwk"]["crv"] == "Ed25519"]
        private = {
            key["jwk"]["kid"]: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["private_hex"]))
            for key in VECTORS["keys"]
            if key["jwk"]["crv"] == "Ed25519"
        }
        for vector in VECTORS["messages"]:
            envelope = json.loads(vector["line"])
            self.assertEqual(forms.envelope_id(envelope).hex(), vector["envelope_id"])
            self.assertEqual(forms.opened("message", envelope, keys)["v"], 1)
            signer = private[envelope["signatures"][0]["keyid"]]
            self.assertEqual(forms.sign("message", vector["payload"].encode(), signer), envelope)
            with self.assertRaises(forms.Broken):
                forms.opened("receipt", envelope, keys)
            sig = envelope["signatures"][0]["sig"]
            envelope["signatures"][0]["sig"] = "A" * 86 + "=="
            with self.assertRaises(forms.Broken):
                forms.opened("message", envelope, keys)
            self.assertNotEqual(sig, envelope["signatures"][0]["sig"])

    def test_messages_that_are_signed_together_are_read(self):
        keys = [key["jwk"] for key in VECTORS["keys"] if key["jwk"]["crv"] == "Ed25519"]
        together = VECTORS["together"]
        self.assertEqual(len(together["messages"]), 3)
        for alone, vector in zip(VECTORS["messages"], together["messages"], strict=True):
            envelope, leaf = json.loads(vector["line"]), bytes.fromhex(alone["envelope_id"])
            self.assertEqual(forms.envelope_id(envelope), leaf)
            self.assertEqual(forms.opened("message", envelope, keys), json.loads(alone["payload"]))
            signed = forms.signed_together("message", leaf, vector["tree"])
            self.assertEqual(signed.hex(), together["pae_hex"])

    def test_envelopes_that_must_be_refused_are_refused(self):
        keys = {key["name"]: key["jwk"] for key in VECTORS["keys"]}
        of = {"envelope": ("message", "kota-bandung signing"), "receipt": ("receipt", "hub")}
        count = 0
        for vector in VECTORS["refused"]:
            if vector["what"] not in of or vector["name"] in LEFT_TO_THE_HUB:
                continue
            kind, signer = of[vector["what"]]
            refused = self.assertRaises((forms.Broken, ValueError))
            with self.subTest(vector["name"]), refused:
                forms.opened(kind, json.loads(vector["input"]), [keys[signer]])
            count += 1
        self.assertGreater(count, 15)

    def test_receipts_cover_their_messages(self):
        self.assertEqual(len(VECTORS["receipts"]), 7)
        for vector in VECTORS["receipts"]:
            ids = [bytes.fromhex(one) for one in vector["envelope_ids"]]
            self.assertEqual(forms.tree_head(ids).hex(), vector["root"])

    def test_words_open_and_nothing_else_opens_them(self):
        sealing = VECTORS["sealing"]
        key, about = bytes.fromhex(sealing["content_key_hex"]), sealing["aad"].encode()
        self.assertEqual(forms.commitment(key), sealing["commitment"])
        words = json.loads(sealing["plaintext"])
        self.assertEqual(forms.open_words(key, sealing["sealed"], about), words)
        own = forms.seal_words(key, words, about)
        self.assertEqual(len(own["ciphertext"]), len(sealing["sealed"]["ciphertext"]))
        self.assertEqual(forms.open_words(key, own, about), words)
        with self.assertRaises(InvalidTag):
            forms.open_words(key, own, about + b"x")

    def test_wraps_open_for_their_recipient_alone(self):
        vector = VECTORS["wrap"]
        case = vector["aad"].split("\n")[0].removeprefix("case:")
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["recipient_private_hex"]))
        key = bytes.fromhex(vector["content_key_hex"])
        self.assertEqual(forms.unwrap(vector["wrap"], case, private), key)
        made = forms.wrap(key, case, "kemenpu", forms.jwk(private.public_key()))
        self.assertEqual(forms.unwrap(made, case, private), key)
        with self.assertRaises(InvalidTag):
            forms.unwrap(made, case, X25519PrivateKey.generate())

    def test_a_member_stands_as_it_was_written(self):
        line = '{ "item" : {"a": [1, "}"]} ,"envelope":{"b":"\\""}}'
        self.assertEqual(
            forms.members(line), {"item": '{"a": [1, "}"]}', "envelope": '{"b":"\\""}'}
        )


def joined(hub, folder, slug, kind):
    member = client.Client(Path(folder) / slug)
    member.join(client.read_invitation(hub.invite(slug, kind)))
    return member


class WithOurHub(unittest.TestCase):
    def test_it_joins_files_and_acknowledges(self):
        with Hub() as hub, tempfile.TemporaryDirectory() as folder:
            desk = joined(hub, folder, "pusat", "pusat")
            city = joined(hub, folder, "kota-bandung", "kota")
            case = city.draft("Jalan berlubang", "Lubang besar di depan pasar.")
            city.exchange()
            self.assertEqual((city.chain["unsent"], len(city.chain["ids"])), ([], 1))
            desk.exchange()
            words = {"title": "Jalan berlubang", "content": "Lubang besar di depan pasar."}
            self.assertEqual(list(desk.words()), [("report.filed", case, words)])
            # As if the process had ended: everything that counts is on disk.
            desk.close()
            again = client.Client(Path(folder) / "pusat")
            again.exchange()
            self.assertEqual(again.received["cursor"], desk.received["cursor"])
            self.assertEqual(again.received["cursor"]["dseq"], 1)
            again.close()
            city.close()

    def test_a_receipt_or_a_page_that_does_not_hold_is_refused(self):
        with Hub() as hub, tempfile.TemporaryDirectory() as folder:
            desk = joined(hub, folder, "pusat", "pusat")
            city = joined(hub, folder, "kota-bandung", "kota")
            city.draft("Jalan berlubang", "Lubang besar di depan pasar.")
            city.exchange()
            city.chain["ids"][0] = "ab" * 32
            own = json.loads(city.line.ask("GET", "/outbox?epoch=1&after=0"))
            body = client.compact({"envelope": own})
            answer = city.line.ask("POST", "/outbox", body, "application/x-ndjson")
            with self.assertRaises(client.Broken):
                city.take_receipts(json.loads(answer)["receipts"])
            desk.connect()
            desk.read_directory()
            desk.hub_keys = []
            with self.assertRaises(client.Broken):
                desk.poll(0)
            self.assertEqual(desk.received["cursor"], client.START)
            desk.close()
            city.close()


def broken(report):
    return [one for one in report["findings"] if "broken" in one["outcome"]]


class Conformance(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def kit(self, name, *words):
        return self.enterContext(Kit(self.folder / f"{name}-run", *words))

    def driven(self, name, program, *patience):
        drive = f"'{sys.executable}' -B {program} '{self.folder / name}'"
        return self.kit(name, "node", "--drive", drive, *patience)

    def is_sound(self, kit):
        code, report = kit.report(SECONDS)
        self.assertEqual((code, broken(report)), (0, []), kit.said())
        self.assertEqual((report["untried"], report["kept"]), (0, len(report["findings"])))

    def test_the_client_keeps_what_the_kit_looks_at(self):
        program = DOCS / "clients" / "python" / "lapor_client.py"
        self.is_sound(self.driven("city", f"'{program}'", "--patience", "90"))

    def test_a_client_with_a_fault_is_found(self):
        program = Path(__file__).parent / "wrong_client.py"
        # All at once: what is waited for is what a wrong client never does.
        looking = {
            fault: self.driven(fault, f"'{program}' {fault}", "--patience", "45", "--linger", "0")
            for fault in FOUND_BY
        }
        for fault, check in FOUND_BY.items():
            with self.subTest(fault):
                code, report = looking[fault].report(SECONDS)
                self.assertEqual(code, 1, looking[fault].said())
                self.assertIn(check, [one["check"] for one in broken(report)])

    def test_our_hub_keeps_what_the_kit_looks_at(self):
        with Hub() as hub:
            hub.invite("pusat", "pusat")
            first = hub.invite("prov-uji", "provinsi", "--disposes-to", "kind:kota")
            second = hub.invite("kota-uji", "kota")
            self.is_sound(self.kit("hub", "hub", "--invitation", first, "--invitation", second))


if __name__ == "__main__":
    unittest.main()
