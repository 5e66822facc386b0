"""The client of docs/clients/python with one fault that the kit must find: `wrong_client.py FAULT FOLDER ACT …`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "clients" / "python"))

import lapor_client as client  # noqa: E402


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
    )
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    client.main(*sys.argv[2:])
