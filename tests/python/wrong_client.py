"""The client of docs/clients/python with one fault that the kit must find: `wrong_client.py FAULT FOLDER ACT …`."""

import contextlib
import copy
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "clients" / "python"))

import lapor_client as client  # noqa: E402
import lapor_forms as forms  # noqa: E402


def believes_receipts():
    def take_receipts(self, _):
        self.chain["unsent"] = []
        self.folder.save("chain.json", self.chain)

    client.Client.take_receipts = take_receipts


def believes_pages():
    def take_item(self, line, cursor):
        item = client.json.loads(line["item"])
        cursor["dseq"], cursor["hash"] = item["dseq"], client.sha256(line["item"].encode()).hex()
        return {"item": item}

    client.Client.take_item = take_item


def hurries():
    client.pause = lambda *_: client.time.sleep(0.1)


def wraps_for_itself_alone():
    take_entry = client.Client.take_entry
    client.Client.take_entry = lambda self, entry: take_entry(self, {**entry, "kind": "kota"})


def signs_anew():
    """Gives what was lost on the way another time stamp, at the same place."""
    send = client.Client.send

    def send_anew(self):
        for at, line in enumerate(self.chain["unsent"], -len(self.chain["unsent"])):
            payload = client.json.loads(client.unb64(line["envelope"]["payload"]))
            payload["created_at"] = client.now_ms()
            line["envelope"] = client.sign("message", client.compact(payload), self.keys["signing"])
            self.chain["ids"][at] = client.envelope_id(line["envelope"]).hex()
            self.chain["head"]["id"] = self.chain["ids"][-1]
        send(self)

    client.Client.send = send_anew
    client.Client.compare_heads = lambda self: None


def believes_directory():
    def take_versions(self, page):
        for envelope in page["versions"]:
            stated = client.json.loads(client.unb64(envelope["payload"]))
            self.entries |= {entry["id"]: entry for entry in stated["changes"]}
            self.version, self.hub_keys = stated["version"], stated["hub_keys"]
            self.show("directory", "directory", page.get("head", envelope))

    client.Client.take_versions = take_versions


def stops_at_what_fails():
    take_item = client.Client.take_item

    def take_sound_item(self, line, cursor):
        received = take_item(self, line, cursor)
        if "aside" in received:
            raise client.Broken("what cannot be applied")
        return received

    client.Client.take_item = take_sound_item


def asks_for_no_key():
    client.Client.learn_keys = lambda self: None


def shows_nothing():
    client.Client.show = lambda *_: None


def believes_anybody():
    def connect(self):
        self.context.check_hostname = False
        self.context.verify_mode = client.ssl.CERT_NONE
        self.open = client.http.client.HTTPSConnection(
            self.at.hostname, self.at.port, context=self.context, timeout=client.PATIENCE
        )
        self.open.connect()

    client.Line.connect = connect


def believes_receipts_of_no_range():
    take_receipts = client.Client.take_receipts

    def take_any(self, receipts):
        stated = [client.json.loads(client.unb64(one["payload"])) for one in receipts]
        if not any(one["from"] > one["to"] for one in stated):
            return take_receipts(self, receipts)
        left = len(self.chain["ids"]) - max(one["to"] for one in stated)
        self.chain["unsent"] = self.chain["unsent"][-left:] if left > 0 else []
        self.folder.save("chain.json", self.chain)

    client.Client.take_receipts = take_any


def sends_twice_at_once():
    """Sends each batch on a second connection, too, before the first is answered."""
    ask = client.Line.ask

    def ask_twice(self, method, path, *rest, **more):
        if (method, path) != ("POST", "/outbox"):
            return ask(self, method, path, *rest, **more)
        other = copy.copy(self)
        other.open = None

        def again():
            with contextlib.suppress(Exception):
                ask(other, method, path, *rest, **more)
            other.close()

        beside = threading.Thread(target=again)
        beside.start()
        try:
            return ask(self, method, path, *rest, **more)
        finally:
            beside.join()

    client.Line.ask = ask_twice


def compares_once():
    compare_heads = client.Client.compare_heads

    def compare(self):
        if not hasattr(self, "has_compared"):
            compare_heads(self)
        self.has_compared = self.compared = True

    client.Client.compare_heads = compare


def takes_any_key():
    forms.check_key = lambda _: None


def knows_no_notice():
    opened = client.opened

    def opened_strictly(kind, envelope, keys):
        stated = opened(kind, envelope, keys)
        if kind == "directory" and "maintenance" in stated:
            raise client.Broken("a field that it does not know")
        return stated

    client.opened = opened_strictly


def reads_any_type():
    opened = client.opened

    def opened_as_it_says(kind, envelope, keys):
        if kind == "message":
            stated = envelope["payloadType"].removeprefix("application/vnd.lapor.")
            kind = stated.removesuffix(".v1+json")
        return opened(kind, envelope, keys)

    client.opened = opened_as_it_says


def believes_places():
    """Takes whatever says that it was signed together."""
    opened = client.opened

    def opened_in_a_tree(kind, envelope, keys):
        if "tree" in envelope["signatures"][0]:
            return client.json.loads(client.unb64(envelope["payload"]))
        return opened(kind, envelope, keys)

    client.opened = opened_in_a_tree


def knows_no_trees():
    forms.signed_together = lambda *_: b""


FAULTS = {
    fault.__name__: fault
    for fault in (
        believes_receipts,
        believes_pages,
        believes_directory,
        hurries,
        wraps_for_itself_alone,
        signs_anew,
        stops_at_what_fails,
        asks_for_no_key,
        shows_nothing,
        believes_anybody,
        believes_receipts_of_no_range,
        sends_twice_at_once,
        compares_once,
        takes_any_key,
        knows_no_notice,
        reads_any_type,
        believes_places,
        knows_no_trees,
    )
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    client.main(*sys.argv[2:])
