// What this device keeps of reports: a draft, and those that wait for a line. It is
// used by the worker and by pages alike. Others may use the device too: a draft goes
// after a day and says nothing of who writes, and of a report that has been delivered
// only what its receipt is asked for with is kept, for as long as the node tells it.
"use strict";

const STORE = { name: "lapor", version: 1 };
const DAY_MS = 86_400_000;
/** How long the node knows that a report has come in, and tells ticket and key. */
const TOLD_MS = 7 * DAY_MS;
/** After this a report is not sent by itself any more: it might be filed twice. */
const SURE_MS = 6 * DAY_MS;
const DRAFT_MS = DAY_MS;

/** One request to the store; `act` gets the object store. */
function stored(place, mode, act) {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(STORE.name, STORE.version);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("reports", { keyPath: "key" });
      opening.result.createObjectStore("drafts", { keyPath: "form" });
    };
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const base = opening.result;
      const work = base.transaction(place, mode);
      const asked = act(work.objectStore(place));
      work.oncomplete = () => {
        base.close();
        done(asked.result);
      };
      work.onabort = () => {
        base.close();
        failed(work.error);
      };
    };
  });
}

const queue = {
  all: async () => (await stored("reports", "readonly", (s) => s.getAll())).sort((a, b) => a.at - b.at),
  put: (report) => stored("reports", "readwrite", (s) => s.put(report)),
  drop: (key) => stored("reports", "readwrite", (s) => s.delete(key)),
};

const draft = {
  /** What was being written; too old, it is gone. */
  async read() {
    const known = await stored("drafts", "readonly", (s) => s.get("lapor"));
    if (!known || Date.now() - known.at < DRAFT_MS) return known;
    await draft.drop();
    return undefined;
  },
  keep: (fields) => stored("drafts", "readwrite", (s) => s.put({ form: "lapor", at: Date.now(), fields })),
  drop: () => stored("drafts", "readwrite", (s) => s.delete("lapor")),
};

/** Sends a report as its form would; the answer, or nothing where there is no line. */
async function post(report) {
  const body = new FormData();
  for (const [name, value] of report.fields) body.append(name, value);
  // Nobody is there to be asked whether something alike is theirs.
  body.set("tetap", "1");
  // Somebody else may have signed in on this device since it was written.
  body.delete("akun");
  try {
    return await fetch("/lapor", { method: "POST", body, credentials: "omit", headers: { Accept: "text/html" } });
  } catch {
    return null;
  }
}

/** What an answer means: taken in, to be tried again, or to be mended by a person. */
function outcome(answer) {
  if (answer === null || answer.status === 429 || answer.status >= 500) return "waiting";
  return answer.redirected && new URL(answer.url).pathname === "/lapor/terima" ? "sent" : "refused";
}
