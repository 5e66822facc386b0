"""The client of docs/clients/python: its forms are those of the vectors, it works with our hub, and it is conformant."""

import json
import subprocess
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

import lapor_client as client  

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
