"""Two Open311 clients from the Python package registry against a served node."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from civicbot.http import HttpError, HttpTransport, RateLimiter
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from georeport import GeoReport

TARGET = os.environ.get("CARGO_TARGET_DIR") or Path(__file__).parents[2] / "target"
ONLY_SQLITE = os.environ.get("LAPOR_TEST_SQLITE_ONLY") == "1"
DATABASES = ["sqlite"] if ONLY_SQLITE else ["sqlite", "postgres"]
LAMP = "perhubungan.penerangan-jalan-umum"


class Stage:
    """A served node, for as long as it is needed."""

    def __init__(self, database):
        self.child = subprocess.Popen(
            [f"{TARGET}/debug/lapor-stage", database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told = json.loads(self.child.stdout.readline())

    def __enter__(self):
        return self.told["open311"]

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        if self.child.wait() != 0:
            raise RuntimeError("lapor-stage did not end well")


def civicbot(base, jurisdiction="kota-bandung"):
    endpoint = Endpoint("bandung", "Bandung", f"{base}/v2", write=True)
    hurried = HttpTransport(rate_limiter=RateLimiter(min_interval=0))
    return Open311Client(endpoint, hurried, jurisdiction_id=jurisdiction)


class Open311(unittest.TestCase):
    def test_one_client_files_and_both_read(self):
        for database in DATABASES:
            with self.subTest(database), Stage(database) as city:
                self.files_and_reads(city["base"], city["key"])

    def files_and_reads(self, base, key):
        client = civicbot(base)
        discovered = client.http.get_json(f"{base}/discovery.json")
        # The stage listens where its settings do not say.
        self.assertTrue(discovered["endpoints"][0]["url"].endswith("/open311/v2"))
        filed = client.create_request(
            LAMP,
            dry_run=False,
            confirm="SEND",
            api_key=key,
            validate_remote=True,
            lat=-6.9175,
            lng=107.6091,
            description="Lampu padam & gelap <sejak Senin>",
            email="siti@example.id",
            attributes={"jenis": "pengaduan", "sifat": "anonim"},
        ).response
        number = filed[0]["service_request_id"]
        with self.assertRaises(HttpError) as hidden:
            client.get_request(number)
        self.assertEqual(hidden.exception.status, 404)
        own = client.http.get_json(f"{base}/v2/requests/{number}.json", {"api_key": key})
        self.assertEqual(own[0]["description"], "Lampu padam & gelap <sejak Senin>")
        with self.assertRaises(HttpError) as refused:
            client.create_request(
                LAMP, dry_run=False, confirm="SEND", api_key="lpt_none", address_string="Braga"
            )
        self.assertEqual(refused.exception.status, 403)
        with self.assertRaises(HttpError) as elsewhere:
            civicbot(base, "bogor").list_services()
        self.assertEqual(elsewhere.exception.status, 404)
        self.both_formats_say_the_same(base)

    def both_formats_say_the_same(self, base):
        by_json, by_xml = (
            GeoReport(f"{base}/v2", "kota-bandung", output_format=said) for said in ("json", "xml")
        )
        services = by_json.get_service_list()
        codes = [service["service_code"] for service in services]
        self.assertIn(LAMP, codes)
        self.assertEqual([one["service_code"] for one in by_xml.get_service_list()], codes)
        definition = by_xml.get_service_definition(LAMP)
        attributes = definition["attributes"]["attribute"]
        told = by_json.get_service_definition(LAMP)["attributes"]
        self.assertEqual([one["code"] for one in attributes], [one["code"] for one in told])
        requests = by_json.get_service_requests(status="open,closed")
        self.assertGreater(len(requests), 1)
        numbers = [request["service_request_id"] for request in requests]
        read = by_xml.get_service_requests(status="open,closed")
        self.assertEqual([request["service_request_id"] for request in read], numbers)
        one = by_xml.get_service_request(numbers[0])
        self.assertIn(one["status"], ("open", "closed"))
        self.assertEqual(one["status"], by_json.get_service_request(numbers[0])["status"])


if __name__ == "__main__":
    unittest.main()
