// Makes the portal an application on this device: keeps what somebody is writing,
// shows what waits for a line, and has it sent when the line is back.

const worker = navigator.serviceWorker;

/** Asks the worker to send what waits. */
const send = async () => (await worker?.ready)?.active.postMessage("kirim");

// A draft

/** What belongs to one showing of the form. */
const PASSING = ["kunci", "cap", "situs", "langkah", "tetap", "unggahan", "lampiran", "akun", "program"];
/** Who writes, which whoever uses the device next shall not read. */
const WHO = ["nama", "surel", "telepon"];
/** What asks for more than that: nothing is kept. */
const HIDDEN = ["anonim", "rahasia"];

/** What may be kept of a form, if anything. */
function typed(form) {
  const all = [...new FormData(form)];
  if (all.some(([name]) => HIDDEN.includes(name))) return null;
  return all.filter(([name, value]) => !PASSING.includes(name) && !WHO.includes(name) && value !== "");
}

function fill(form, fields) {
  for (const [name, value] of fields) {
    if (value instanceof File) continue;
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else field.value = value;
    }
  }
  const files = fields.map(([, value]) => value).filter((value) => value instanceof File && value.size > 0);
  const input = form.querySelector('input[type="file"]');
  if (files.length > 0 && input) attach(input, files);
}

/** Puts files into a field as if they had been chosen there. */
function attach(input, files) {
  const chosen = new DataTransfer();
  for (const one of files) chosen.items.add(one);
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function keepDraft(form) {
  const told = document.querySelector("[data-draft]");
  const known = await draft.read().catch(() => null);
  const written = ["judul", "uraian"].map((name) => form.elements[name].value);
  const empty = written.every((value) => value === "");
  const keep = () => {
    const fields = typed(form);
    return (fields ? draft.keep(fields) : draft.drop()).catch(() => {});
  };
  if (known && empty) {
    fill(form, known.fields);
    // A report that is to be mended comes with everything.
    if (known.fields.some(([name]) => [...WHO, ...HIDDEN].includes(name))) await keep();
  }
  // A browser may have put the same text back by itself.
  told.hidden = !known || !(empty || known.fields.some(([name, value]) => name === "judul" && value === written[0]));
  let timer;
  told.querySelector("button").addEventListener("click", () => {
    clearTimeout(timer);
    draft.drop().catch(() => {});
    form.reset();
    for (const name of ["judul", "uraian"]) form.elements[name].value = "";
    told.hidden = true;
    form.elements.judul.focus();
  });
  const note = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 300);
  };
  form.addEventListener("input", note);
  form.addEventListener("change", note);
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

// A place on the map: the first tap comes nearer, the second chooses

function choosePlace(part) {
  const map = part.querySelector("svg");
  const mark = map.querySelector("circle");
  const told = part.querySelector("[role=status]");
  const { lintang, bujur } = part.closest("form").elements;
  const whole = map.getAttribute("viewBox");
  const scale = (name) => Number(part.dataset[name]);
  const far = () => map.getAttribute("viewBox") === whole;
  const near = (shape) => {
    const { x, y, width, height } = shape.getBBox();
    const margin = Math.max(width, height) * 0.08;
    map.setAttribute("viewBox", [x - margin, y - margin, width + 2 * margin, height + 2 * margin].join(" "));
  };
  map.addEventListener("click", (event) => {
    if (far()) return event.target.matches("use") ? near(event.target) : undefined;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    const size = map.viewBox.baseVal.width / 60;
    for (const [name, value] of [["cx", x], ["cy", y], ["r", size]]) mark.setAttribute(name, value);
    lintang.value = (scale("north") - y * scale("southPerUnit")).toFixed(2);
    bujur.value = (scale("west") + x * scale("eastPerUnit")).toFixed(2);
    bujur.dispatchEvent(new Event("change", { bubbles: true }));
    told.textContent = part.dataset.picked;
    return undefined;
  });
  part.querySelector("button").addEventListener("click", () => {
    map.setAttribute("viewBox", whole);
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
  await queue.drop(report.key);
  return location.assign("/lapor/terima");
}

async function mend(report) {
  await draft.keep(report.fields.filter(([name]) => !PASSING.includes(name) || name === "lampiran"));
  await queue.drop(report.key);
  const about = report.fields.find(([name]) => name === "program");
  location.assign(about ? `/lapor?${new URLSearchParams([about])}` : "/lapor");
}

function line(report, words, show) {
  const item = document.createElement("li");
  const title = Object.assign(document.createElement("h2"), { textContent: report.title });
  const state = Object.assign(document.createElement("p"), { textContent: words[report.state] });
  const acts = Object.assign(document.createElement("div"), { className: "actions" });
  item.className = "card";
  if (report.state === "waiting") acts.append(button(words.send, send, false));
  if (report.state === "sent") {
    const ask = async () => (state.textContent = (await receipt(report, words)) ?? words.sent);
    acts.append(button(words.receipt, ask, false));
  }
  if (["refused", "unsure"].includes(report.state)) acts.append(button(words.mend, () => mend(report), false));
  acts.append(button(words.drop, () => confirm(words.sure) && queue.drop(report.key).then(show)));
  item.append(title, state, acts);
  return item;
}

function showQueue(part) {
  const list = part.querySelector("ul");
  const none = part.querySelector(".empty");
  const show = async () => {
    const all = await queue.all();
    list.replaceChildren(...all.map((report) => line(report, part.dataset, show)));
    none.hidden = all.length > 0;
    // Also shown in place of a page that is not kept.
    part.querySelector("[data-offline]").hidden = navigator.onLine && location.pathname === "/antrean";
  };
  for (const event of ["online", "offline"]) addEventListener(event, show);
  worker?.addEventListener("message", show);
  return show();
}

if (worker) {
  worker.register("/sw.js").catch(() => {});
  addEventListener("online", send);
  if (navigator.onLine) send();
}
if (location.pathname === "/lapor/terima") draft.drop().catch(() => {});
// Drops one that is too old.
else draft.read().catch(() => {});
for (const form of document.querySelectorAll("form[data-report][data-keeps]")) keepDraft(form);
for (const camera of document.querySelectorAll("[data-camera]")) offerCamera(camera);
for (const part of document.querySelectorAll("[data-pick]")) choosePlace(part);
for (const part of document.querySelectorAll("[data-queue]")) showQueue(part);
