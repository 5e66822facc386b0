"""The client of docs/clients/python: its forms are those of the vectors, and it works with our hub."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from programs import Hub

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "clients" / "python"))

import lapor_client as client  # noqa: E402
import lapor_forms as forms  # noqa: E402

VECTORS = json.loads((DOCS / "vectors" / "protocol-1.json").read_text())


class Vectors(unittest.TestCase):
    def test_keys_and_their_thumbprints(self):
        for key in VECTORS["keys"]:
            curve = key["jwk"]["crv"]
            kind = Ed25519PrivateKey if curve == "Ed25519" else X25519PrivateKey
            private = kind.from_private_bytes(bytes.fromhex(key["private_hex"]))
            self.assertEqual(forms.jwk(private.public_key()), key["jwk"])

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


if __name__ == "__main__":
    unittest.main()
