"""The Standard Webhooks library from the Python package registry as the receiver of a served node."""

import datetime
import json
import unittest
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from unittest import mock

from stage import DATABASES, Stage
from standardwebhooks import Webhook, WebhookVerificationError

# Longer than a slow machine takes; nothing waits for so long that works.
PATIENCE = 60


class Receiver:
    """Keeps what it is told, and answers as it is told, then with 204."""

    def __init__(self):
        self.heard, self.answers = Queue(), Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = 204 if receiver.answers.empty() else receiver.answers.get()
                self.send_response(status)
                self.end_headers()
                receiver.heard.put((dict(self.headers), body))

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/lapor"
        self.thread = Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def hears(self):
        return self.heard.get(timeout=PATIENCE)


def verified(secret, headers, body):
    """What the library makes of a call, at the time of the stage, whose clock stands still."""
    at = next(value for name, value in headers.items() if name.lower() == "webhook-timestamp")
    then = datetime.datetime.fromtimestamp(int(at), tz=datetime.timezone.utc)

    class Then(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return then.astimezone(tz)

    with mock.patch("standardwebhooks.webhooks.datetime", Then):
        return Webhook(secret).verify(body, headers)


class Webhooks(unittest.TestCase):
    def test_what_is_told_is_verified_by_the_library(self):
        for database in DATABASES:
            with self.subTest(database), Stage(database) as told, Receiver() as receiver:
                self.base, self.key = told["webhooks"]["base"], told["webhooks"]["key"]
                self.is_told(receiver)

    def asks(self, method, path, body=None):
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, sent, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or b"null")

    def comes_to(self, at, is_so):
        """What was answered is noted a moment later."""
        while not is_so(self.asks("GET", at)):
            pass

    def files(self):
        report = {
            "classification": "complaint",
            "title": "Lampu jalan padam",
            "content": "Sejak Senin.",
            "channel": "web",
        }
        return self.asks("POST", "/reports", report)["case"]

    def is_told(self, receiver):
        new = {"name": "Aplikasi kota", "url": receiver.url, "kinds": ["report.filed"]}
        made = self.asks("POST", "/webhooks", new)
        first, at = made["secret"], f"/webhooks/{made['webhook']['id']}"
        case = self.files()
        headers, body = receiver.hears()
        said = verified(first, headers, body)
        self.assertEqual((said["type"], said["data"]["id"]), ("report.filed", case))
        self.assertNotIn(b"Lampu", body)
        with self.assertRaises(WebhookVerificationError):
            verified(first, headers, body.replace(case.encode(), case[::-1].encode()))

        second = self.asks("POST", f"{at}/secret")["secret"]
        self.files()
        headers, body = receiver.hears()
        self.assertEqual(verified(first, headers, body), verified(second, headers, body))

        receiver.answers.put(503)
        case = self.files()
        refused, _ = receiver.hears()
        self.comes_to(at, lambda hook: hook.get("problem") == "HTTP 503")
        self.asks("PATCH", at, {"state": "on"})
        headers, body = receiver.hears()
        self.assertEqual(verified(second, headers, body)["data"]["id"], case)
        self.assertEqual(headers["webhook-id"], refused["webhook-id"])

        self.comes_to(at, lambda hook: hook["waiting"] == 0)
        self.asks("POST", f"{at}/replay", {"since": 0})
        again = [receiver.hears()[0]["webhook-id"] for _ in range(3)]
        self.assertEqual((len(set(again)), again[-1]), (3, headers["webhook-id"]))
        feed = self.asks("GET", "/changes?after=latest")
        case = self.files()
        later = self.asks("GET", f"/changes?after={feed['next']}&wait=25&kind=report.*")
        self.assertEqual([one["id"] for one in later["changes"]], [case])


if __name__ == "__main__":
    unittest.main()
