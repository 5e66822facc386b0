"""The OpenAPI documents of node and hub and what is answered: schemathesis finds nowhere that they differ."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from stage import DATABASES, Stage

CONFIG = Path(__file__).parent / "schemathesis.toml"
PROGRAM = Path(sys.executable).parent / "schemathesis"
# How many questions an operation is asked in each way; as the file says, where nobody wants more.
EXAMPLES = os.environ.get("LAPOR_TEST_EXAMPLES")
MORE = ["--max-examples", EXAMPLES] if EXAMPLES else []

# Whoever closes a conversation has no more of it.
CONVERSATION = ["--include-path-regex", "^/conversation", "--exclude-operation-id", "closeConversation"]
IDENTITIES = ["--include-path-regex", "identity"]


def differences(base, key, *which):
    """What schemathesis finds as who has the key; none, if its answer is 0."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                PROGRAM, "--config-file", CONFIG, "run", f"{base}/api/v1/openapi.json", "--no-color",
                "--header", f"Authorization: Bearer {key}", *MORE, *which,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
        )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


class Documents(unittest.TestCase):
    def agree(self, who, *asking):
        with self.subTest(who):
            code, said = differences(*asking)
            self.assertEqual(code, 0, said)

    # On PostgreSQL alone where it is: it takes fewer texts than SQLite does.
    def test_the_apis_do_what_their_documents_say(self):
        with Stage(DATABASES[-1]) as told:
            hub, base, keys = told["console"], told["api"]["base"], told["api"]["keys"]
            talk = told["talks"]["answered"]["token"]
            self.agree("an auditor at the hub", hub["base"], hub["key"])
            self.agree("an identity keeper", base, keys["identity"], *IDENTITIES)
            self.agree("a reporter", base, talk, *CONVERSATION)
            self.agree("an administrator", base, keys["admin"])


if __name__ == "__main__":
    unittest.main()
