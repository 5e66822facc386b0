// What the portal's forms do better with a script: files that go up in pieces and
// go on where a line broke, what is alike while one writes, the device's position, one press of a button. Without it all of this
// works by sending the form.
"use strict";

const PIECE_BYTES = 1024 * 1024;
const ATTEMPTS = 6;
const NO_ROOM = 507;
/** What is said of a file that the node does not take, by its answer. */
const REFUSALS = { 400: "broken", 413: "large", 415: "kind", 422: "broken", [NO_ROOM]: "full" };
const TUS = { "Tus-Resumable": "1.0.0" };

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** Calls back once nothing has been asked for a while. */
const settled = (ms, act) => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };
};

// Files

/** Where an upload was begun before in this tab, so that it goes on after a reload. */
const begun = {
  key: (file) => `unggahan ${file.name} ${file.size} ${file.lastModified}`,
  of: (file) => sessionStorage.getItem(begun.key(file)),
  keep: (file, place) => sessionStorage.setItem(begun.key(file), place),
  forget: (file) => sessionStorage.removeItem(begun.key(file)),
};

async function begin(file, at) {
  const headers = { ...TUS, "Upload-Length": String(file.size) };
  const answer = await fetch(at, { method: "POST", headers });
  if (answer.status !== 201) throw new Refused(answer.status);
  const place = answer.headers.get("Location");
  begun.keep(file, place);
  return place;
}

class Refused extends Error {
  constructor(status) {
    super(`refused with ${status}`);
    this.status = status;
  }

  /** Not a fault of the server that passes. */
  get isFinal() {
    return this.status < 500 || this.status === NO_ROOM;
  }
}

async function offsetOf(place) {
  const answer = await fetch(place, { method: "HEAD", headers: TUS });
  if (!answer.ok) throw new Refused(answer.status);
  return Number(answer.headers.get("Upload-Offset"));
}

/** Sends a file in pieces; gives the upload's name. What a server refuses is not tried again. */
async function send(file, at, { progress, waits }) {
  let place = begun.of(file);
  let offset = 0;
  let started = false;
  for (let attempt = 0; ; attempt += 1) {
    try {
      if (place) offset = await offsetOf(place);
      else [place, offset] = [await begin(file, at), 0];
      started = true;
      while (offset < file.size) {
        const piece = file.slice(offset, offset + PIECE_BYTES);
        const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
        const answer = await fetch(place, { method: "PATCH", headers, body: piece });
        if (!answer.ok) throw new Refused(answer.status);
        offset = Number(answer.headers.get("Upload-Offset"));
        attempt = 0;
        progress(offset / file.size);
      }
      begun.forget(file);
      return place.split("/").pop();
    } catch (error) {
      const lost = error instanceof Refused && error.status === 404 && begun.of(file);
      if (lost) begun.forget(file);
      if (lost) place = null;
      const refused = error instanceof Refused && !lost && error.status !== 409 && error.isFinal;
      // Without a line nothing begins; the form takes the file with it.
      const final = refused || (!started && !(error instanceof Refused));
      if (final || attempt >= ATTEMPTS) {
        begun.forget(file);
        throw error;
      }
      waits();
      await wait(500 * 2 ** attempt);
    }
  }
}

/** A line of the list of files; `done` makes it a choice of the form, `along` one that it takes with it
 * and that is kept on this device by a name. */
function line(list, file, said) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = document.createElement("input");
  const text = document.createElement("span");
  const small = document.createElement("small");
  const bar = document.createElement("progress");
  label.className = "choice";
  Object.assign(box, { type: "checkbox", name: "unggahan", disabled: true });
  text.textContent = file.name;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `${said.sending} ${file.name}`);
  text.append(small, bar);
  label.append(box, text);
  item.append(label);
  list.append(item);
  return {
    progress(part) {
      bar.value = part;
      small.textContent = "";
    },
    waits: () => (small.textContent = said.waiting),
    done(upload) {
      bar.remove();
      small.textContent = size(file.size);
      Object.assign(box, { disabled: false, checked: true, value: `${upload}/${file.name}` });
    },
    along(words, kept, choose) {
      bar.remove();
      small.textContent = words;
      box.removeAttribute("name");
      box.dataset.along = kept;
      Object.assign(box, { disabled: false, checked: true });
      box.addEventListener("change", () => choose(box.checked));
    },
    failed(words, removed = () => {}) {
      bar.remove();
      small.textContent = words;
      const remove = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: said.remove });
      remove.setAttribute("aria-label", `${said.remove}: ${file.name}`);
      remove.addEventListener("click", () => {
        item.remove();
        removed();
      });
      // A label would hand a press of the button on to the box.
      const plain = document.createElement("p");
      plain.className = "choice failed";
      plain.append(text, remove);
      label.replaceWith(plain);
      item.tabIndex = -1;
      return item;
    },
  };
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} KB` : `${Math.floor(bytes / 1e6)} MB`);

/** A name as uploads have them, for a file that this device keeps and that has not gone up. */
const ownName = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

/** Lets whoever keeps files on this device do so before their form can be sent. */
async function taken(input, upload, file) {
  const keeping = [];
  const detail = { upload, file, until: (done) => keeping.push(done) };
  input.dispatchEvent(new CustomEvent("taken", { bubbles: true, detail }));
  await Promise.allSettled(keeping);
}

function takeFiles(part) {
  const input = part.querySelector('input[type="file"]');
  const list = part.querySelector(".held");
  const status = part.querySelector("[data-progress]");
  const said = part.dataset;
  const form = input.form;
  const tell = (words) => (status.textContent = words);
  // Files that the form takes with it, because they could not be sent before.
  const along = new Map();
  const bring = () => {
    const all = new DataTransfer();
    for (const file of along.values()) all.items.add(file);
    input.files = all.files;
  };
  /** Gives the line of a file that the form cannot take. */
  const take = async (file) => {
    const own = line(list, file, said);
    if (list.querySelectorAll("input").length > Number(said.most)) return own.failed(said.many);
    if (file.size > Number(said.bytes)) return own.failed(said.large.replace("%", file.name));
    tell(`${said.sending} ${file.name}`);
    try {
      const upload = await send(file, said.upload, own);
      await taken(input, upload, file);
      own.done(upload);
      tell("");
    } catch (error) {
      if (error instanceof Refused && error.isFinal) {
        const words = (said[REFUSALS[error.status]] ?? said.failed).replace("%", file.name);
        tell(words);
        return own.failed(words, () => status.textContent === words && tell(""));
      }
      const choose = (is) => {
        if (is) along.set(begun.key(file), file);
        else along.delete(begun.key(file));
        bring();
      };
      choose(true);
      const name = ownName();
      await taken(input, name, file);
      own.along(said.along, `${name}/${file.name}`, choose);
      tell(said.along);
    }
    return null;
  };
  // A file that had gone up before this page was opened.
  input.addEventListener("held", ({ detail: { upload, file } }) => line(list, file, said).done(upload));
  // All that were chosen are under way until the last of them has come to an end.
  const underWay = (more) => (form.dataset.uploads = String(Number(form.dataset.uploads ?? 0) + more));
  input.addEventListener("change", async () => {
    const files = [...input.files].filter((file) => !along.has(begun.key(file)));
    bring();
    underWay(files.length);
    let failed = null;
    for (const file of files) {
      failed = (await take(file)) ?? failed;
      underWay(-1);
    }
    form.dispatchEvent(new CustomEvent("uploaded", { detail: failed }));
  });
}

// One press

/** Waits for files under way, and lets a form be sent once; without a file that failed only if asked again. */
function sendOnce(form) {
  const button = form.querySelector("[data-send]");
  let sent = false;
  let waiting = false;
  form.addEventListener("uploaded", ({ detail: failed }) => {
    if (!waiting) return;
    waiting = false;
    if (failed) failed.focus();
    else form.requestSubmit(button);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter !== button) return;
    if (sent) {
      event.preventDefault();
      return;
    }
    if (Number(form.dataset.uploads ?? 0) > 0) {
      event.preventDefault();
      waiting = true;
      return;
    }
    sent = true;
    if (button) busy(true);
  });
  const label = button?.textContent;
  const busy = (is) => {
    button.setAttribute("aria-busy", String(is));
    button.textContent = is ? button.dataset.busy : label;
  };
  // A page that is come back to can be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted || !sent) return;
    sent = false;
    if (button) busy(false);
  });
}

// What is alike, and whom it may concern

const WRITTEN = ["judul", "uraian", "wilayah", "lintang", "bujur", "tempat", "kategori", "saran", "kecuali"];

/** A piece of the page for what is written so far; in the body, because an address would keep it. */
async function piece(form, at) {
  const all = new FormData(form);
  const fields = new URLSearchParams(WRITTEN.map((name) => [name, all.get(name) ?? ""]));
  const answer = await fetch(at, { method: "POST", body: fields });
  return answer.ok ? (await answer.text()).trim() : null;
}

/** Fields of which a change may lead to other reports. */
const LIKE = ["judul", "uraian", "wilayah", "bujur"];
/** Letters from which on it is looked while somebody types, and how long they must rest. */
const LETTERS = 15;
const REST_MS = 1200;

function suggest(form) {
  const alike = form.querySelector("[data-alike]");
  const seen = Object.assign(document.createElement("input"), { type: "hidden", name: "tetap", value: "1" });
  // Whoever has seen here what is alike need not be asked again, as long as it is the same.
  const watch = new IntersectionObserver((parts) => parts.some((part) => part.isIntersecting) && form.append(seen));
  const written = () => JSON.stringify(LIKE.map((name) => form.elements[name].value));
  const show = () => {
    const shown = alike.lastElementChild;
    if (shown) watch.observe(shown);
  };
  // What was asked about last, which is not asked about again.
  let asked = null;
  const look = async () => {
    const own = written();
    if (own === asked) {
      show();
      return;
    }
    asked = own;
    const found = await piece(form, form.dataset.likely).catch(() => null);
    // No answer, or one to what has been changed since.
    if (found === null || own !== written()) {
      if (asked === own) asked = null;
      return;
    }
    if (found !== alike.innerHTML.trim()) {
      watch.disconnect();
      seen.remove();
      alike.innerHTML = found;
    }
    show();
  };
  const changed = (then) => () => {
    if (written() === asked) return;
    watch.disconnect();
    seen.remove();
    then();
  };
  const left = changed(settled(600, look));
  for (const name of LIKE) form.elements[name].addEventListener("change", left);
  const { judul, uraian } = form.elements;
  const rests = settled(REST_MS, () => {
    if (judul.value.length + uraian.value.length >= LETTERS) look();
  });
  const typing = changed(rests);
  for (const field of [judul, uraian]) field.addEventListener("input", typing);
  const hints = form.querySelector("[data-hints]");
  const ask = form.querySelector("[data-ask-hints]");
  const advise = async () => {
    const found = await piece(form, form.dataset.advice).catch(() => null);
    if (found !== null) hints.innerHTML = found;
  };
  ask.addEventListener("click", (event) => {
    event.preventDefault();
    advise();
  });
  // What was suggested may be excluded now.
  form.elements.kecuali.addEventListener("change", () => hints.childElementCount > 0 && advise());
}

// Position

function position(part) {
  if (!navigator.geolocation) return;
  part.hidden = false;
  const status = part.querySelector("[role=status]");
  part.querySelector("button").addEventListener("click", () => {
    const { lintang, bujur } = part.closest("form").elements;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        lintang.value = coords.latitude.toFixed(6);
        bujur.value = coords.longitude.toFixed(6);
        bujur.dispatchEvent(new Event("change", { bubbles: true }));
        status.textContent = status.dataset.found;
      },
      () => (status.textContent = status.dataset.refused),
      { enableHighAccuracy: true, timeout: 20_000 },
    );
  });
}

/** Lets the region follow the place, wherever the place comes from, and says so. */
function followPlace(form, at) {
  const { lintang, bujur, wilayah } = form.elements;
  const told = form.querySelector("[data-moved]");
  // What a person wrote, and what the place made of it: the one comes back when the place allows.
  let [written, made] = ["", null];
  let turn = 0;
  const look = async () => {
    turn += 1;
    const [own, stood] = [turn, wilayah.value];
    if (stood !== made) written = stood;
    const fields = { lintang: lintang.value, bujur: bujur.value, wilayah: written };
    if (!fields.lintang || !fields.bujur) return;
    const answer = await fetch(at, { method: "POST", body: new URLSearchParams(fields) }).catch(() => null);
    if (!answer?.ok) return;
    const { region, said } = await answer.json();
    // Another place has been asked about since, or somebody writes the region.
    if (own !== turn || wilayah.value !== stood) return;
    told.textContent = said;
    made = region ?? written;
    if (made === stood) return;
    wilayah.value = made;
    wilayah.dispatchEvent(new Event("change", { bubbles: true }));
  };
  for (const field of [lintang, bujur]) field.addEventListener("change", look);
}

/** Appends names from a list to a field with a line for each. */
function addLines(part) {
  const name = part.querySelector("input");
  const lines = document.getElementById(part.dataset.adds);
  const add = () => {
    if (name.value.trim() === "") return;
    lines.value = [...lines.value.split("\n").filter((line) => line.trim()), name.value.trim()].join("\n");
    name.value = "";
    lines.dispatchEvent(new Event("change", { bubbles: true }));
    name.focus();
  };
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  part.querySelector("button").addEventListener("click", add);
  part.hidden = false;
}

/** Asks whether a report may be open to those it excludes before it is sent, for it may have to
 * wait for a line, and nobody is there to be asked then. */
function askOpenness(part) {
  const { form } = part.querySelector("input");
  const { kecuali, rahasia } = form.elements;
  const answers = part.querySelector("fieldset");
  const look = () => {
    const asked = kecuali.value.trim() !== "" && !rahasia.checked;
    part.hidden = !asked;
    answers.disabled = !asked;
  };
  for (const answer of answers.querySelectorAll("input")) {
    answer.required = true;
    // A browser leads to what is missing only where that can be seen.
    answer.addEventListener("invalid", () => (part.closest("details").open = true));
  }
  for (const event of ["input", "change"]) form.addEventListener(event, look);
  form.addEventListener("reset", () => setTimeout(look));
  look();
}

/** Puts what was written on the clipboard, to be taken to another site. */
function copyWords(button) {
  const { judul, uraian, kecuali } = document.querySelector("form[data-report]").elements;
  button.addEventListener("click", async () => {
    const excluded = `${button.dataset.excluded}:\n${kecuali.value}`;
    await navigator.clipboard.writeText([judul.value, uraian.value, excluded].join("\n\n"));
    button.textContent = button.dataset.copied;
  });
  button.hidden = false;
}

for (const part of document.querySelectorAll(".files")) takeFiles(part);
for (const form of document.querySelectorAll("form[data-report]")) {
  sendOnce(form);
  if (form.dataset.likely) suggest(form);
  for (const part of form.querySelectorAll("[data-position]")) position(part);
  for (const part of form.querySelectorAll("[data-adds]")) addLines(part);
  for (const part of form.querySelectorAll("[data-openness]")) askOpenness(part);
  if (form.dataset.place) followPlace(form, form.dataset.place);
}
if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) copyWords(button);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
