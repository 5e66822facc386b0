// What this device keeps of reports: a draft, those that wait for a line, and the files
// of both, because the node keeps a file that no report has used for a day only. It is
// used by the worker and by pages alike. Others may use the device too: a draft goes
// after a day and says nothing of who writes, and of a report that has been delivered
// only what its receipt is asked for with is kept, for as long as the node tells it.
"use strict";

const STORE = { name: "lapor", version: 2 };
/** Its places, and what tells one thing in them from another. */
const PLACES = { reports: "key", drafts: "form", files: "upload" };
const DAY_MS = 86_400_000;
/** How long the node knows that a report has come in, and tells ticket and key. */
const TOLD_MS = 7 * DAY_MS;
/** After this a report is not sent by itself any more: it might be filed twice. */
const SURE_MS = 6 * DAY_MS;
const DRAFT_MS = DAY_MS;

/** Whether it is unknown if the node would still know of a report that went out then: it is too long ago, or by a
 * clock of this device that was further ahead than that leaves room for. */
const isUnsure = (tried) => Date.now() - tried > SURE_MS || tried - Date.now() > TOLD_MS - SURE_MS;

/** One request to the store; `act` gets the object store. */
function stored(place, mode, act) {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(STORE.name, STORE.version);
    opening.onupgradeneeded = () => {
      const base = opening.result;
      for (const [name, keyPath] of Object.entries(PLACES)) {
        if (!base.objectStoreNames.contains(name)) base.createObjectStore(name, { keyPath });
      }
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
  one: (key) => stored("reports", "readonly", (s) => s.get(key)),
  all: async () => (await stored("reports", "readonly", (s) => s.getAll())).sort((a, b) => a.at - b.at),
  put: (report) => stored("reports", "readwrite", (s) => s.put(report)),
  /** Puts what `next` makes of a report as it stands then, if anything; nothing comes between. */
  change: (key, next) =>
    stored("reports", "readwrite", (s) => {
      const known = s.get(key);
      known.onsuccess = () => {
        const report = next(known.result);
        if (report) s.put(report);
      };
      return known;
    }),
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
  keep: (fields, key, at = Date.now()) => stored("drafts", "readwrite", (s) => s.put({ form: "lapor", at, fields, key })),
  drop: () => stored("drafts", "readwrite", (s) => s.delete("lapor")),
  /** Drops that of a form that is kept or taken in elsewhere now; another's stays. */
  async end(key) {
    const known = await draft.read();
    if (known?.key === key) await draft.drop();
  },
};

/** The uploads that a form names. */
const uploads = (fields) => fields.filter(([name]) => name === "unggahan").map(([, value]) => value.split("/")[0]);

/** Files that have gone up before their form, until the form is answered. */
const files = {
  keep: (upload, file, key) => stored("files", "readwrite", (s) => s.put({ upload, at: Date.now(), file, key })),
  /** Those that a form names, of what is kept here and of what its report has already: upload and file. */
  async of(fields, before = []) {
    const named = uploads(fields);
    const all = await stored("files", "readonly", (s) => s.getAll());
    const own = new Map([...before, ...all.map(({ upload, file }) => [upload, file])]);
    return [...own].filter(([upload]) => named.includes(upload));
  },
  drop: (all) =>
    stored("files", "readwrite", (s) => {
      all.forEach((upload) => s.delete(upload));
      return s.count();
    }),
  /** Drops those of a form, whether it still names them or not. */
  async end(key, fields) {
    const all = await stored("files", "readonly", (s) => s.getAll());
    const own = all.filter((file) => file.key === key).map(({ upload }) => upload);
    await files.drop([...uploads(fields), ...own]);
  },
  /** Drops those of forms that were left a day ago. */
  async expire() {
    const all = await stored("files", "readonly", (s) => s.getAll());
    const old = all.filter(({ at }) => Date.now() - at >= DRAFT_MS);
    if (old.length > 0) await files.drop(old.map(({ upload }) => upload));
  },
};

/** Sends a report as its form would, to be answered in a language; the answer, or nothing where
 * there is no line. With `along` its files go with it, also those that went up before. */
async function post(report, language, along = false) {
  const body = new FormData();
  const own = new Map(report.files);
  for (const [name, value] of report.fields) {
    const file = along && name === "unggahan" ? own.get(value.split("/")[0]) : null;
    if (file) body.append("lampiran", file);
    else body.append(name, value);
  }
  // Nobody is there to be asked whether something alike is theirs, or whether place and region
  // are both right.
  body.set("tetap", "1");
  body.set("wilayah-beda", "1");
  body.delete("wilayah-beda-untuk");
  // Somebody else may have signed in on this device since it was written.
  body.delete("akun");
  const headers = { Accept: "text/html", ...(language && { "Accept-Language": language }) };
  try {
    return await fetch("/lapor", { method: "POST", body, credentials: "omit", headers });
  } catch {
    return null;
  }
}

/** Whether the node holds a file of a report no more; nothing where there is no line. */
async function lacks(report) {
  for (const [upload] of report.files ?? []) {
    const asked = { method: "HEAD", credentials: "omit", headers: { "Tus-Resumable": "1.0.0" } };
    const answer = await fetch(`/unggahan/${upload}`, asked).catch(() => null);
    if (answer === null) return null;
    if (answer.status === 404) return true;
  }
  return false;
}

/** Whether there is a line: it may go down over one report that is too much for it, or cannot be read any more. */
const hasLine = () => fetch("/antrean", { method: "HEAD", cache: "no-store", credentials: "omit" }).then(() => true, () => false);

/** The summary above a form, up to its first line. */
const COMPLAINT = /<div class="notice alert"[^>]*>\s*<h2>[^<]*<\/h2>\s*<ul>\s*<li><a href="#([^"]*)">([^<]*)</;

/** What a page complains of first: the field and the words, if it complains. A worker has nothing
 * that reads a page but this. */
function firstComplaint(page) {
  const found = COMPLAINT.exec(page);
  if (!found) return undefined;
  const [, field, words] = found;
  return { field, words: words.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code)) };
}

/** Sends a report; what has become of it, after how many seconds it may come again, and what is
 * wrong with it. Files go a second time only where the first would not do: a report that has come
 * in before is known by the form in which it came. */
async function deliverOne(report, language) {
  let answer = await post(report, language);
  if (outcome(answer) === "refused") {
    const old = await lacks(report);
    if (old === null) return { state: "lost" };
    if (old) answer = await post(report, language, true);
  }
  const state = outcome(answer);
  // The words of an answer may be lost on the line, too.
  const page = state === "refused" ? await answer.text().catch(() => "") : "";
  return { state, after: Number(answer?.headers.get("Retry-After")), complaint: firstComplaint(page) };
}

/** What an answer means: no line, to be tried again, taken in, or to be mended by a person. */
function outcome(answer) {
  if (answer === null) return "lost";
  // What took too long to arrive (408) may arrive over a better line.
  if ([408, 429].includes(answer.status) || answer.status >= 500) return "waiting";
  return answer.redirected && new URL(answer.url).pathname === "/lapor/terima" ? "sent" : "refused";
}
