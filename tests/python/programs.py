"""Our own programs, as the clients of others meet them."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from stage import TARGET

HUB = f"{TARGET}/debug/lapor-hub"
CONFORM = f"{TARGET}/debug/lapor-conform"


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = ["127.0.0.1:%d" % one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return addresses


class Hub:
    """A hub that `lapor-hub` makes and serves, for as long as it is needed."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.config = Path(self.folder.name) / "hub.toml"
        federation, self.enrolment, monitor = free_addresses(3)
        self.run(
            "init", "--dir", self.folder.name, "--trust-domain", "lapor.test",
            "--federation-address", federation, "--enrolment-address", self.enrolment,
            "--monitor-address", monitor,
        )  # fmt: skip
        self.child = subprocess.Popen(
            [HUB, "--config", self.config, "serve"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.await_listener()
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        self.folder.cleanup()

    def run(self, *words):
        done = subprocess.run([HUB, "--config", self.config, *words], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def await_listener(self):
        host, port = self.enrolment.split(":")
        for _ in range(600):
            if self.child.poll() is not None:
                raise RuntimeError("lapor-hub does not serve")
            try:
                socket.create_connection((host, int(port))).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("lapor-hub is not reached")

    def invite(self, slug, kind, *more):
        """The line of an invitation of whom nobody has to approve."""
        said = self.run("instance", "invite", slug, "--kind", kind, "--without-approval", *more)
        return next(word for word in said.split() if word.startswith("lapor1."))


class Kit:
    """A run of `lapor-conform`.

    It writes into files: a pipe would be held by the client that it drives, and reading it would
    wait for that. What is left of it when the run is over, or takes too long, is ended by its number.
    """

    def __init__(self, folder, *words):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.error = self.folder / "stderr"
        with open(self.folder / "stdout", "wb") as out, open(self.error, "wb") as error:
            self.child = subprocess.Popen(
                [CONFORM, *words, "--form", "json", "--out", str(self.folder / "report.json")],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=error,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            # Told to stop, it ends those whom it drives.
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()

    def report(self, seconds):
        """Its exit code and its report, once it has ended; a failure if that takes longer."""
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"lapor-conform has not ended in {seconds} s: {self.said()}") from None
        if code not in (0, 1, 3):
            raise AssertionError(f"lapor-conform says nothing: {self.said()}")
        return code, json.loads((self.folder / "report.json").read_text())

    def said(self):
        return self.error.read_text(errors="replace")[-2000:]
