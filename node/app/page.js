// Makes the portal an application on this device: keeps what somebody is writing,
// shows what waits for a line, and has it sent when the line is back. A report that
// waits is dropped when it is known to have come in, and by nothing else that is done here.

const worker = navigator.serviceWorker;

/** Asks the worker to send what waits; `sekarang` also what it was told to send later. */
const ask = async (what) => (await worker?.ready)?.active.postMessage(what);
const send = () => ask("kirim");

/** The other scripts of the page, which hear of files, have begun to listen. */
const scriptsRun = new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));

// A draft

/** What belongs to one showing of the form. */
const PASSING = ["kunci", "cap", "situs", "langkah", "tetap", "lampiran", "akun", "program"];
/** Who writes, which whoever uses the device next shall not read. */
const WHO = ["nama", "surel", "telepon"];
/** What asks for more than that: nothing is kept. */
const HIDDEN = ["anonim", "rahasia"];

/** Whether a field of a form is one of those that ask for it. */
const hides = ({ name, value }) => HIDDEN.includes(name) || (name === "kecuali-terbuka" && value === "rahasia");

/** The names of those that are ticked. */
function hiding(form) {
  const ticked = [...form.elements].filter((field) => hides(field) && field.checked && !field.matches(":disabled"));
  return ticked.map(({ name }) => name);
}

const isHidden = (form) => hiding(form).length > 0;

/** Ticks those of some names, and no others. */
function hideAgain(form, names) {
  for (const field of [...form.elements].filter(hides)) {
    field.checked = names.includes(field.name);
    if (field.checked) field.closest("details")?.setAttribute("open", "");
  }
  form.dispatchEvent(new Event("change"));
}

/** What this tab knows of its forms by their keys, at once and for as long as its history: when each was last
 * sent, and the names of what hides it. No words are kept here. */
const tab = {
  all: () => JSON.parse(sessionStorage.getItem("formulir") ?? "{}"),
  of: (key) => tab.all()[key] ?? {},
  put: (all) => sessionStorage.setItem("formulir", JSON.stringify(all)),
  keep: (key, more) => tab.put({ ...tab.all(), [key]: { ...tab.of(key), ...more } }),
  drop(key) {
    const { [key]: _, ...others } = tab.all();
    tab.put(others);
  },
};

const isKept = (name) => !PASSING.includes(name) && !WHO.includes(name);

/** What may be kept of a form, if anything. */
function typed(form) {
  if (isHidden(form)) return null;
  const said = [...new FormData(form)].filter(([name, value]) => isKept(name) && value !== "");
  // Files that could not go up, by the names under which this device keeps them.
  const along = [...form.querySelectorAll("[data-along]:checked")].map((box) => ["unggahan", box.dataset.along]);
  return [...said, ...along];
}

/** Letters of a file's name that the node keeps. */
const NAME_CHARS = 80;

/** What a form of its own page says better. */
const ANEW = ["cap", "situs", "langkah", "tetap", "unggahan", "lampiran", "akun"];

function fill(form, fields) {
  for (const [name, value] of fields) {
    const found = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    for (const field of found) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else field.value = value;
      if (value !== "") field.closest("details")?.setAttribute("open", "");
    }
    // What the page asks only later, and a programme.
    if (found.length > 0 || value === "") continue;
    const added = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    added.dataset.added = "";
    form.append(added);
  }
  form.dispatchEvent(new Event("change"));
}

/** Fields of a draft that are no files. */
const words = (fields) => fields.filter(([name]) => name !== "unggahan");

/** The upload for which a box of a form stands, and how its file is called. */
const uploadIn = ({ value }) => value.split("/")[0];
const nameIn = ({ value }) => value.split("/").slice(1).join("/");

/** Puts what was written since a form was sent over the form as it was sent: what is not named was emptied. */
function putOver(form, fields) {
  const named = uploads(fields);
  for (const field of form.elements) {
    if (field.name === "" || field.type === "hidden" || !isKept(field.name)) continue;
    if (field.name === "unggahan") field.checked = named.includes(uploadIn(field));
    else if (field.type === "radio" || field.type === "checkbox") field.checked = false;
    else field.value = "";
  }
  fill(form, words(fields));
}

/** Puts files into a field as if they had been chosen there. */
function attach(input, files) {
  const chosen = new DataTransfer();
  for (const one of files) chosen.items.add(one);
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** How the node calls a file that came with a form: as the browser writes its name there, without folders,
 * with nothing that could hide what it is, and short. */
function nameAtNode(name) {
  const sent = name.replace(/["\r\n]/g, encodeURIComponent);
  const plain = sent.split(/[/\\]/).pop().replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "");
  return [...plain].slice(0, NAME_CHARS).join("");
}

/** How many bytes of an upload the node holds, if it does. */
async function heldBytes(upload) {
  const asked = { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } };
  const answer = await fetch(`/unggahan/${upload}`, asked).catch(() => null);
  return answer?.ok ? Number(answer.headers.get("Upload-Length")) : null;
}

/** Puts the files of a draft that do not stand in the form into it again: as they went up where the node
 * still has them, from this device where it has not. Gives the fields of the latter, the names of those
 * that are gone, and whether any was put in. */
async function holdAgain(form, fields) {
  const input = form.querySelector('input[type="file"]');
  const kept = new Map(await files.of(fields).catch(() => []));
  // They are this form's now, and go with it however soon it is sent.
  const own = [...kept].map(([upload, file]) => files.keep(upload, file, form.elements.kunci.value));
  await Promise.all(own).catch(() => {});
  const boxes = [...form.querySelectorAll('[name="unggahan"]')];
  const stand = new Set(boxes.map(uploadIn));
  // What went with the form has come back under another name, which the draft does not know.
  const named = uploads(fields);
  const anew = boxes.filter((box) => box.checked && !named.includes(uploadIn(box))).map(nameIn);
  const [again, gone] = [[], []];
  let put = false;
  for (const [name, value] of fields) {
    const [upload, ...rest] = value.split("/");
    if (name !== "unggahan" || stand.has(upload)) continue;
    stand.add(upload);
    const file = { name: rest.join("/"), size: await heldBytes(upload) };
    const place = file.size === null ? anew.indexOf(nameAtNode(file.name)) : -1;
    if (place >= 0) {
      anew.splice(place, 1);
      continue;
    }
    if (file.size !== null) input.dispatchEvent(new CustomEvent("held", { detail: { upload, file } }));
    else if (kept.has(upload)) again.push([name, value]);
    else gone.push(file.name);
    put ||= file.size !== null || kept.has(upload);
  }
  if (again.length > 0) attach(input, uploads(again).map((upload) => kept.get(upload)));
  return { again, gone, put };
}

/** The form's report, where it waits on this device: it is mended, or has come back from the node. */
async function waitingFor(form) {
  const named = new URLSearchParams(location.hash.slice(1)).get("perbaiki");
  const report = await queue.one(named ?? form.elements.kunci.value);
  if (!report?.fields) return null;
  if (named) mendIn(form, report);
  if (named && report.complaint) tellWrong(report.complaint);
  return report;
}

/** What was wrong when the node was asked to take a report, above the form that mends it. */
function tellWrong({ field, words }) {
  const told = document.querySelector("[data-wrong]");
  const link = told.querySelector("a");
  link.textContent = words;
  link.href = `#${field}`;
  link.addEventListener("click", (event) => {
    // The address names the report.
    event.preventDefault();
    const wrong = document.getElementById(field);
    wrong?.closest("details")?.setAttribute("open", "");
    wrong?.focus();
  });
  told.hidden = false;
}

/** Fills a form with a report that waits, its files too; it is sent under the same key. */
function mendIn(form, { fields, files: own = [] }) {
  const suggested = new Map(fields).get("saran");
  fill(form, fields.filter(([name]) => !ANEW.includes(name) && name !== "saran"));
  // A suggestion that was chosen is shown where another can be typed.
  if (suggested) form.elements.instansi.value = suggested;
  const named = uploads(fields);
  const chosen = fields.filter(([name, value]) => name === "lampiran" && value.size > 0).map(([, value]) => value);
  const all = [...chosen, ...own.filter(([upload]) => named.includes(upload)).map(([, file]) => file)];
  if (all.length > 0) attach(form.querySelector('input[type="file"]'), all);
}

/** The fields of a report for files that are not kept with it; the node may have them. */
function elsewhere({ fields, files: own = [] }) {
  const kept = own.map(([upload]) => upload);
  return fields.filter((field) => uploads([field]).some((upload) => !kept.includes(upload)));
}

/** Keeps what is written on in a report that waits; what has become of it meanwhile stays so. */
async function keepIn(report, form) {
  const isFile = ([name]) => ["unggahan", "lampiran"].includes(name);
  const typed = [...new FormData(form)];
  // Files that are under way stand in the form again only when they have arrived.
  const underWay = Number(form.dataset.uploads ?? 0) > 0;
  const fields = underWay ? [...typed.filter((field) => !isFile(field)), ...report.fields.filter(isFile)] : typed;
  const own = await files.of(fields, report.files);
  const title = form.elements.judul.value;
  return queue.change(report.key, (known = report) => {
    if (known.state === "sent") return null;
    const at = known.state === "unsent" ? Date.now() : known.at;
    return Object.assign(report, known, { fields, title, files: own, at });
  });
}

/** Says of a form under a key of its own that what it says waits on this device already: where one goes back from
 * the queue, a browser puts the words into the form again. */
function tellQueued(form, isMended) {
  const told = document.querySelector("[data-queued]");
  const plain = (text) => String(text ?? "").replaceAll("\r\n", "\n").trim();
  const said = () => ["judul", "uraian"].map((name) => plain(form.elements[name].value));
  let waiting = [];
  const show = () => {
    const [title, content] = said();
    const same = ([itsTitle, itsContent]) => itsTitle === title && itsContent === content;
    told.hidden = isMended() || title === "" || !waiting.some(same);
  };
  const look = async () => {
    const all = await queue.all().catch(() => []);
    const kept = all.filter(({ fields }) => fields).map(({ fields }) => new Map(fields));
    waiting = kept.map((fields) => ["judul", "uraian"].map((name) => plain(fields.get(name))));
    show();
  };
  for (const event of ["input", "change"]) form.addEventListener(event, show);
  form.addEventListener("reset", () => setTimeout(show));
  // Some browsers put the words back late, and some keep the page as it was.
  addEventListener("pageshow", look);
  look();
}

/** Where one goes back to a page, the browser has put into it again what was typed there: some do so after its scripts
 * have run. */
const putBack = new Promise((done) => addEventListener("pageshow", done, { once: true }));

const textsOf = (form) => ["judul", "uraian"].map((name) => form.elements[name]);

/** Whether the node shows again what was sent to it, with its key. */
const isAnswered = (form) => textsOf(form).some(({ defaultValue }) => defaultValue !== "");

/** Puts into a form to which one has gone back the key under which it was sent, where the browser has put its words there
 * again: with another the same report would be filed a second time. */
async function takeUp(form) {
  const { kunci } = form.elements;
  const [own, sent] = [kunci.value, history.state?.kunci];
  // Where the address names a report, that one is mended.
  if (!sent || location.hash) return;
  await putBack;
  // Whoever finds an empty form writes another report.
  if (textsOf(form).every(({ value }) => value === "")) return;
  kunci.value = sent;
  // What still waits here is told of, and mended from the page of those that wait.
  const waits = await queue.one(sent).catch(() => null);
  if (waits?.fields) kunci.value = own;
}

async function keepWriting(form) {
  const own = form.elements.kunci.value;
  // No browser puts it back; the history of the tab has it for whoever comes back from the answer. What is an answer
  // itself has its key, and could not be gone back to: a browser forgets what it was the answer to.
  if (!isAnswered(form)) {
    const sendUnder = () => history.replaceState({ ...history.state, kunci: form.elements.kunci.value }, "");
    form.addEventListener("submit", sendUnder);
    await takeUp(form);
  }
  const page = form.elements.kunci.value;
  const { sent = 0, ticks } = tab.of(page);
  if (ticks) hideAgain(form, ticks);
  // At once, for whoever goes away does so at any time.
  const mark = (more) => tab.keep(form.elements.kunci.value, { ticks: hiding(form), ...more });
  form.addEventListener("change", () => mark());
  form.addEventListener("submit", () => mark({ sent: Date.now() }));
  form.addEventListener("taken", ({ detail: { until, upload, file } }) => {
    if (report || !isHidden(form)) until(files.keep(upload, file, form.elements.kunci.value));
  });
  const told = document.querySelector("[data-draft]");
  const texts = textsOf(form);
  // The node shows what was sent to it, and says itself which files of that are gone.
  const answered = isAnswered(form);
  let report = await waitingFor(form).catch(() => null);
  const hidden = !report && isHidden(form);
  if (hidden) await Promise.all([draft.end(page), files.end(page, [...new FormData(form)])]).catch(() => {});
  const known = report || hidden ? null : await draft.read().catch(() => null);
  const empty = texts.every(({ value }) => value === "");
  // Written on after it was sent, and gone back to.
  const over = known?.key === page && known.at > sent;
  // Fields of files that were put into the form again, until it names them anew.
  let before = [];
  const forget = async () => {
    await files.drop(uploads(before));
    before = [];
  };
  const keep = async () => {
    if (report) return keepIn(report, form).catch(() => {});
    const [key, fields] = [form.elements.kunci.value, typed(form)];
    const hide = () => Promise.all([draft.drop(), files.end(key, [...new FormData(form)]), forget()]);
    if (!fields) return hide().catch(() => {});
    if (Number(form.dataset.uploads ?? 0) > 0) return draft.keep([...fields, ...before], key).catch(() => {});
    return draft.keep(fields, key).then(forget).catch(() => {});
  };
  if (over) putOver(form, known.fields);
  else if (known && empty) fill(form, words(known.fields));
  // A browser may have put the same text back by itself.
  const restored = known && (over || empty || known.fields.some(([name, value]) => name === "judul" && value === texts[0].value));
  const mended = report && form.elements.kunci.value !== page;
  told.hidden = (!restored || (answered && !over)) && !mended;
  if (restored) await draft.keep(known.fields, page, known.at).catch(() => {});
  const missing = restored ? known.fields : mended ? elsewhere(report) : [];
  if (missing.length > 0) {
    await scriptsRun;
    const { again, gone, put } = await holdAgain(form, missing);
    before = again;
    if (put) told.hidden = false;
    const named = told.querySelector("[data-gone]");
    named.querySelector("span").textContent = gone.join(", ");
    named.hidden = gone.length === 0;
  }
  tellQueued(form, () => report !== null);
  let timer;
  told.querySelector("button").addEventListener("click", () => {
    clearTimeout(timer);
    (report ? queue.drop(report.key) : draft.drop()).catch(() => {});
    files.end(form.elements.kunci.value, [...new FormData(form)]).then(forget).catch(() => {});
    report = null;
    history.replaceState(null, "", location.pathname + location.search);
    form.reset();
    form.querySelectorAll("[data-added]").forEach((added) => added.remove());
    for (const name of ["judul", "uraian"]) form.elements[name].value = "";
    form.elements.kunci.value = own;
    mark();
    told.hidden = true;
    document.querySelector("[data-wrong]").hidden = true;
    form.elements.judul.focus();
  });
  const note = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 300);
  };
  form.addEventListener("input", note);
  form.addEventListener("change", note);
  // Before the form is sent that had waited for them.
  form.addEventListener("uploaded", note, true);
  // The worker has it then, and knows better what has become of it.
  form.addEventListener("submit", () => clearTimeout(timer));
}

// The camera, where a finger points

function offerCamera(button) {
  if (!matchMedia("(pointer: coarse)").matches) return;
  const input = button.closest(".files").querySelector('input[type="file"]');
  const camera = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", capture: "environment" });
  camera.addEventListener("change", () => attach(input, [...input.files, ...camera.files]));
  button.addEventListener("click", () => camera.click());
  button.hidden = false;
}

// A place on the map: a tap comes nearer until a province fills it, the next one chooses

/** How far from a province a finger may fall and still mean it, in pixels. */
const REACH = 24;
/** How much nearer a tap comes where a finger means several provinces. */
const NEARER = 6;

/** The shapes of a map within a finger's reach of a spot of the window, the nearest first. */
function shapesAt(map, x, y) {
  const found = new Set();
  for (let away = 0; away <= REACH; away += 3) {
    const turns = away === 0 ? 1 : 24;
    for (let turn = 0; turn < turns; turn += 1) {
      const angle = (turn * 2 * Math.PI) / turns;
      const hit = document.elementFromPoint(x + away * Math.cos(angle), y + away * Math.sin(angle));
      if (hit?.matches("use") && map.contains(hit)) found.add(hit);
    }
  }
  return [...found];
}

function choosePlace(part) {
  const map = part.querySelector("svg");
  const mark = map.querySelector("circle");
  const told = part.querySelector("[role=status]");
  const { lintang, bujur } = part.closest("form").elements;
  const whole = map.getAttribute("viewBox");
  const scale = (name) => Number(part.dataset[name]);
  const show = (...view) => map.setAttribute("viewBox", view.join(" "));
  const far = () => map.getAttribute("viewBox") === whole;
  let filled = false;
  const near = (shape) => {
    const { x, y, width, height } = shape.getBBox();
    const margin = Math.max(width, height) * 0.08;
    show(x - margin, y - margin, width + 2 * margin, height + 2 * margin);
    filled = true;
  };
  const around = ({ x, y }) => {
    const [width, height] = whole.split(" ").slice(2).map((size) => size / NEARER);
    show(x - width / 2, y - height / 2, width, height);
  };
  map.addEventListener("click", (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    if (!filled) {
      const [shape, another] = shapesAt(map, event.clientX, event.clientY);
      if (!shape) return undefined;
      return far() && another && event.pointerType !== "mouse" ? around({ x, y }) : near(shape);
    }
    const size = map.viewBox.baseVal.width / 60;
    for (const [name, value] of [["cx", x], ["cy", y], ["r", size]]) mark.setAttribute(name, value);
    lintang.value = (scale("north") - y * scale("southPerUnit")).toFixed(2);
    bujur.value = (scale("west") + x * scale("eastPerUnit")).toFixed(2);
    bujur.dispatchEvent(new Event("change", { bubbles: true }));
    told.textContent = part.dataset.picked;
    return undefined;
  });
  part.querySelector("button").addEventListener("click", () => {
    show(whole);
    filled = false;
    mark.setAttribute("r", "0");
  });
  part.hidden = false;
}

// What waits

function button(words, act, quiet = true) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: words });
  made.classList.toggle("quiet", quiet);
  made.addEventListener("click", act);
  return made;
}

/** Asks for the receipt by the form's key alone: the form itself might be filed again. */
async function receipt(report, words) {
  const body = new URLSearchParams({ kunci: report.key });
  const answer = await fetch("/lapor/terima", { method: "POST", body, headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return answer?.status === 404 ? words.gone : words.later;
  return location.assign("/lapor/terima");
}

/** A receipt that is shown: nothing of its report is kept any longer. */
async function shown(part) {
  // Without it there is no worker either, and nothing waits.
  if (!crypto.subtle) {
    tab.put({});
    return draft.drop();
  }
  const isOfThis = async (key = "") => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
    return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("") === part.dataset.of;
  };
  for (const key of Object.keys(tab.all())) if (await isOfThis(key)) tab.drop(key);
  for (const report of await queue.all()) {
    if (report.state === "sent" && (await isOfThis(report.key))) await queue.drop(report.key);
  }
  const known = await draft.read();
  return known && (await isOfThis(known.key)) ? draft.drop() : null;
}

/** Opens a report in the form; it waits on until it has been sent. */
function mend(report) {
  const about = report.fields.find(([name]) => name === "program");
  location.assign(`/lapor${about ? `?${new URLSearchParams([about])}` : ""}#perbaiki=${report.key}`);
}

function line(report, words, show) {
  const item = document.createElement("li");
  const title = Object.assign(document.createElement("h2"), { textContent: report.title });
  const state = Object.assign(document.createElement("p"), { textContent: words[report.state] });
  const acts = Object.assign(document.createElement("div"), { className: "actions" });
  item.className = "card";
  if (report.state === "waiting") acts.append(button(words.send, () => ask("sekarang"), false));
  if (report.state === "sent") {
    const ask = async () => (state.textContent = (await receipt(report, words)) ?? words.sent);
    acts.append(button(words.receipt, ask, false));
  }
  if (["refused", "unsure", "unsent"].includes(report.state)) acts.append(button(words.mend, () => mend(report), false));
  acts.append(button(words.drop, () => confirm(words.sure) && queue.drop(report.key).then(show)));
  item.append(title, state);
  if (report.state === "refused" && report.complaint) {
    item.append(Object.assign(document.createElement("p"), { className: "complaint", textContent: report.complaint.words }));
  }
  item.append(acts);
  return item;
}

/** Between tries of what nothing but the line holds back: at first, and at most. */
const RETRY_MS = [3000, 60_000];

function showQueue(part) {
  const list = part.querySelector("ul");
  const none = part.querySelector(".empty");
  let alarm;
  let pause = RETRY_MS[0];
  // As long as this page is open what was put off goes out when its time has come, and what the
  // line holds back every now and then: a browser says early that it is back, and some say it once.
  const plan = (waiting) => {
    clearTimeout(alarm);
    if (waiting.length === 0) return;
    const wait = Math.min(...waiting.map(({ notBefore = 0 }) => notBefore)) - Date.now();
    if (wait > 0) alarm = setTimeout(send, wait + 1000);
    else if (navigator.onLine) {
      alarm = setTimeout(send, pause);
      pause = Math.min(2 * pause, RETRY_MS[1]);
    }
  };
  const show = async () => {
    const all = await queue.all();
    plan(all.filter(({ state }) => state === "waiting"));
    list.replaceChildren(...all.map((report) => line(report, part.dataset, show)));
    none.hidden = all.length > 0;
    // Also shown in place of a page that is not kept.
    part.querySelector("[data-offline]").hidden = navigator.onLine && location.pathname === "/antrean";
  };
  addEventListener("online", () => (pause = RETRY_MS[0]));
  for (const event of ["online", "offline"]) addEventListener(event, show);
  worker?.addEventListener("message", show);
  return show();
}

if (worker) {
  worker.register("/sw.js").catch(() => {});
  addEventListener("online", send);
  if (navigator.onLine) send();
}
// Drops what is too old.
draft.read().catch(() => {});
files.expire().catch(() => {});
for (const form of document.querySelectorAll("form[data-report][data-keeps]")) keepWriting(form);
for (const part of document.querySelectorAll(".receipt[data-of]")) shown(part).catch(() => {});
for (const camera of document.querySelectorAll("[data-camera]")) offerCamera(camera);
for (const part of document.querySelectorAll("[data-pick]")) choosePlace(part);
for (const part of document.querySelectorAll("[data-queue]")) showQueue(part);
