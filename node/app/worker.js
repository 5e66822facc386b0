// The portal without a line: pages that were kept, and reports that wait. `FILES`
// and `VERSION` come from the server. It never keeps a page of the desk, of a
// conversation, or of a receipt.

const SHELL = `lapor-${VERSION}`;
const WAITING = "/antrean";
const PAGES = ["/", "/lapor", WAITING];

/** As anybody sees it: who uses this device, and what was last said to them, is not kept. */
const plain = (path, more) => new Request(path, { cache: "reload", credentials: "omit", ...more });

const keep = async () => {
  const cache = await caches.open(SHELL);
  await cache.addAll([...FILES, ...PAGES].map((path) => plain(path)));
};

const forget = async () => {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name)));
  await clients.claim();
};

addEventListener("install", (event) => event.waitUntil(keep().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(forget()));

const kept = async (path) => (await caches.open(SHELL)).match(path);

/** A kept form gets a key of its own, so that each report filed from it is another one. */
async function fresh(page) {
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const text = (await page.text()).replace(/(name="kunci" value=")[^"]*/, `$1${key}`);
  const headers = new Headers(page.headers);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  return new Response(text, { headers });
}

const languageOf = (page) => /<html lang="([a-z]+)"/.exec(page)?.[1] ?? "";

const renewed = new Map();

/** Keeps a page anew, in the language in which it was just shown; once while this worker runs. */
async function renew(path, shown) {
  const language = languageOf(await shown.text());
  if (renewed.get(path) === language) return;
  renewed.set(path, language);
  const answer = await fetch(plain(path, { headers: { "Accept-Language": language } }));
  if (answer.ok) await (await caches.open(SHELL)).put(path, answer);
}

async function open(event, path, search) {
  const { request } = event;
  try {
    // Whoever is led on from a page of the history sees this one as it is now.
    const answer = await fetch(request.cache === "only-if-cached" ? new Request(request, { cache: "default" }) : request);
    // With a question in its address it is another page, as the form about a programme.
    if (answer.ok && PAGES.includes(path) && search === "") {
      event.waitUntil(renew(path, answer.clone()).catch(() => {}));
    }
    return answer;
  } catch {
    return instead(path);
  }
}

/** What is shown of a page where there is no line. */
async function instead(path) {
  const page = PAGES.includes(path) ? await kept(path) : null;
  if (page && path === "/lapor") return fresh(page);
  return page ?? (await kept(WAITING)) ?? Response.error();
}

/** Sends a form, or keeps it where the line, or the answer, was lost. */
async function file(request) {
  // Nobody sends anything by going back to what a form was answered with.
  if (request.isHistoryNavigation || request.cache === "only-if-cached") return reopen(await reportOf(request));
  const copy = request.clone();
  const tried = attempted();
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    return hold(await reportOf(copy), tried ?? attempted());
  }
  // The way to its receipt, which may be lost on the line.
  if (answer.type === "opaqueredirect") await reportOf(copy).then(settle).catch(() => {});
  return answer;
}

async function reportOf(request) {
  const fields = [...(await request.formData())];
  const said = new Map(fields);
  return { key: said.get("kunci"), at: Date.now(), title: said.get("judul"), fields };
}

/** What has become of a form that the history comes back to, or the form as it was sent, which the node
 * shows: of what may be secret nothing is kept on this device for that. */
async function reopen(report) {
  const { key, fields } = report;
  const known = await queue.one(key).catch(() => null);
  if (["sent", "waiting"].includes(known?.state)) return Response.redirect(WAITING, 303);
  if (known) return mending(key);
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  body.set("langkah", "sunting");
  const asked = { method: "POST", body, headers: { Accept: "text/html" }, redirect: "manual" };
  const answer = await fetch("/lapor", asked).catch(() => null);
  // Without a line the form as it is kept, in which its page puts what the device may know of it.
  if (!answer) return instead("/lapor");
  // It has been filed, and this is the way to its receipt, which may be lost on the line.
  if (answer.type === "opaqueredirect") await settle(report).catch(() => {});
  return answer;
}

/** The form, with a report that is kept. */
const mending = (key) => Response.redirect(`/lapor#perbaiki=${key}`, 303);

/** Keeps a report that could not be sent, and one that was only to be written on. */
async function hold(report, tried) {
  const step = report.fields.some(([name, value]) => name === "langkah" && value);
  const before = await queue.one(report.key);
  const own = await files.of(report.fields, before?.files);
  const fields = report.fields.filter(([name]) => name !== "langkah");
  await queue.change(report.key, (known) => {
    // One that was sent off once waits on, whatever was only to be written on in it.
    const state = step && known?.state !== "waiting" ? "unsent" : "waiting";
    return { ...report, fields, files: own, state, tried: known?.tried ?? (step ? undefined : tried) };
  });
  await files.end(report.key, report.fields);
  await draft.end(report.key);
  if (step) return mending(report.key);
  // Where the browser has it, it wakes this worker when the line is back.
  await registration.sync?.register("antrean").catch(() => {});
  return Response.redirect(WAITING, 303);
}

/** Of a report that was taken in, only what its receipt is asked for with stays. */
async function settle({ key, at, title, fields }) {
  await queue.put({ key, at, title, state: "sent", sent: Date.now() });
  await files.end(key, fields);
  await draft.end(key);
}

/** When something may have left this device; nothing does where there is no line at all. */
const attempted = () => (navigator.onLine ? Date.now() : undefined);

let delivering = null;
/** Somebody has asked for what was to come later as well. */
let urgent = false;

/** How long a report that the node could not take waits at first, and at most. */
const PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** A report that the node could not take now, until it may come again. */
function later(report, after) {
  const pauses = report.pauses ?? 0;
  const pause = Math.min(after > 0 ? after * 1000 : PAUSE_MS * 2 ** pauses, LONGEST_PAUSE_MS);
  return { ...report, pauses: pauses + 1, notBefore: Date.now() + pause };
}

/** Sends what waits, until the line is lost again; `now` also what was to come later, even where
 * it is asked for while others are under way. Whether nothing waits any more. */
function deliver(now = false) {
  urgent ||= now;
  delivering ??= (async () => {
    for (;;) {
      const own = urgent;
      urgent = false;
      const all = await deliverAll(own);
      if (!urgent) return all;
    }
  })().finally(async () => {
    delivering = null;
    for (const client of await clients.matchAll()) client.postMessage("antrean");
  });
  return delivering;
}

/** The same once, one report after the other. */
async function deliverAll(now) {
  let all = true;
  // What is wrong with a report is shown on the page of those that wait.
  const language = languageOf((await (await kept(WAITING))?.text()) ?? "");
  for (const { key } of await queue.all()) {
    // Somebody may have dropped or mended it while another was under way.
    const report = await queue.one(key);
    if (!report) continue;
    if (report.state === "sent" && Date.now() - report.sent > TOLD_MS) await queue.drop(report.key);
    if (report.state === "unsent" && Date.now() - report.at > DRAFT_MS) await queue.drop(report.key);
    if (report.state !== "waiting") continue;
    const { at, title } = report;
    const become = (next) =>
      queue.change(key, (known) => (known?.state === "waiting" && known.at === at ? next(known) : null));
    if (isUnsure(report.tried)) {
      await become((known) => ({ ...known, state: "unsure" }));
      continue;
    }
    const wait = report.notBefore - Date.now();
    // A longer one is by a clock that has been set back since.
    if (!now && wait > 0 && wait <= LONGEST_PAUSE_MS) {
      all = false;
      continue;
    }
    const tried = report.tried ?? attempted();
    if (tried !== report.tried) await become((known) => ({ ...known, tried }));
    const { state, after, complaint } = await deliverOne(report, language);
    if (state === "lost") {
      if (!(await hasLine())) return false;
      all = false;
    } else if (state === "waiting") {
      all = false;
      await become((known) => later(known, after));
    } else if (state === "sent") {
      await become(() => ({ key, at, title, state, sent: Date.now() }));
    } else {
      await become((known) => ({ ...known, state, complaint }));
    }
  }
  return all;
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "POST" && pathname === "/lapor" && request.mode === "navigate") {
    event.respondWith(file(request));
  } else if (request.method === "GET" && pathname.startsWith("/aset/")) {
    event.respondWith(kept(pathname).then((asset) => asset ?? fetch(request)));
  } else if (request.method === "GET" && request.mode === "navigate" && !/^\/(meja|masuk|sandi|pasang|api)(\/|$)/.test(pathname)) {
    event.respondWith(open(event, pathname, search));
  }
});
addEventListener("message", (event) => {
  if (["kirim", "sekarang"].includes(event.data)) event.waitUntil(deliver(event.data === "sekarang"));
});
addEventListener("sync", (event) => {
  const again = () => deliver().then((all) => (all ? null : Promise.reject(new Error("the line is lost"))));
  event.waitUntil(again());
});
