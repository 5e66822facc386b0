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

const renewed = new Map();

/** Keeps a page anew, in the language in which it was just shown; once while this worker runs. */
async function renew(path, shown) {
  const language = /<html lang="([a-z]+)"/.exec(await shown.text())?.[1] ?? "";
  if (renewed.get(path) === language) return;
  renewed.set(path, language);
  const answer = await fetch(plain(path, { headers: { "Accept-Language": language } }));
  if (answer.ok) await (await caches.open(SHELL)).put(path, answer);
}

async function open(event, path, search) {
  try {
    const answer = await fetch(event.request);
    // With a question in its address it is another page, as the form about a programme.
    if (answer.ok && PAGES.includes(path) && search === "") {
      event.waitUntil(renew(path, answer.clone()).catch(() => {}));
    }
    return answer;
  } catch {
    const page = PAGES.includes(path) ? await kept(path) : null;
    if (page && path === "/lapor") return fresh(page);
    return page ?? (await kept(WAITING)) ?? Response.error();
  }
}

/** Sends a form, or keeps it where the line, or the answer, was lost. */
async function file(request) {
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

/** Keeps a report that could not be sent, and one that was only to be written on. */
async function hold(report, tried) {
  const step = report.fields.some(([name, value]) => name === "langkah" && value);
  const known = await queue.one(report.key);
  const own = await files.of(report.fields, known?.files);
  const state = step ? "unsent" : "waiting";
  await queue.put({ ...report, files: own, state, tried: step ? known?.tried : tried });
  await files.drop(uploads(report.fields));
  await draft.end(report.key);
  if (step) return Response.redirect(`/lapor#perbaiki=${report.key}`, 303);
  // Where the browser has it, it wakes this worker when the line is back.
  await registration.sync?.register("antrean").catch(() => {});
  return Response.redirect(WAITING, 303);
}

/** Of a report that was taken in, only what its receipt is asked for with stays. */
async function settle({ key, at, title, fields }) {
  await queue.put({ key, at, title, state: "sent", sent: Date.now() });
  await files.drop(uploads(fields));
  await draft.end(key);
}

/** When something may have left this device; nothing does where there is no line at all. */
const attempted = () => (navigator.onLine ? Date.now() : undefined);

let delivering = null;

/** Sends what waits, one after the other, until the line is lost again. */
function deliver() {
  delivering ??= (async () => {
    for (const report of await queue.all()) {
      if (report.state === "sent" && Date.now() - report.sent > TOLD_MS) await queue.drop(report.key);
      if (report.state === "unsent" && Date.now() - report.at > DRAFT_MS) await queue.drop(report.key);
      if (report.state !== "waiting") continue;
      if (Date.now() - report.tried > SURE_MS) {
        await queue.put({ ...report, state: "unsure" });
        continue;
      }
      const tried = report.tried ?? attempted();
      if (tried !== report.tried) await queue.put({ ...report, tried });
      const state = await deliverOne(report);
      if (state === "waiting") return false;
      const { key, at, title } = report;
      await queue.put(state === "sent" ? { key, at, title, state, sent: Date.now() } : { ...report, state });
    }
    return true;
  })().finally(async () => {
    delivering = null;
    for (const client of await clients.matchAll()) client.postMessage("antrean");
  });
  return delivering;
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
  if (event.data === "kirim") event.waitUntil(deliver());
});
addEventListener("sync", (event) => {
  const again = () => deliver().then((all) => (all ? null : Promise.reject(new Error("the line is lost"))));
  event.waitUntil(again());
});
