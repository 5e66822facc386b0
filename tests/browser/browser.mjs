// A real Chromium, and what every page is looked at for.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.LAPOR_TEST_CHROMIUM ?? "/usr/bin/chromium";

/**
 * Root in a container has no sandbox to give; the pages are our own. Nor is there a graphics processor, which Debian's
 * start of the browser asks to paint: played by the processor, it takes more of this than painting without one.
 */
export const launch = () => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });

/**
 * A visitor: language `id` or `en`, colours `light` or `dark`, how wide the window is, and whether a finger points;
 * `examined` brings axe to each of their pages while it loads, which is sooner than afterwards.
 */
export async function visitor(
  browser,
  { language = "id", colours = "light", width = 1280, script = true, touch = false, examined = false, cookies = [] } = {},
) {
  const context = await browser.newContext({
    locale: language,
    colorScheme: colours,
    viewport: { width, height: width < 600 ? 740 : 900 },
    javaScriptEnabled: script,
    hasTouch: touch,
    reducedMotion: "reduce",
  });
  if (cookies.length > 0) await context.addCookies(cookies);
  if (examined) await context.addInitScript({ content: axe });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A 404 that a test asks for is no complaint; what the policy forbids is.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      complaints.push(`console: ${message.text()}`);
    }
  });
  return { context, page, complaints };
}

/** Lets a visitor of a kind do something, of which no page may complain. */
export async function visit(browser, kind, deed) {
  const { context, page, complaints } = await visitor(browser, kind);
  try {
    await deed(page, context);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

/** Lets somebody of a role, or nobody, work at a page of a stage. */
export async function workAt(browser, stage, role, path, deed, kind = {}) {
  const cookies = await cookiesOf(stage, role);
  await visit(browser, { ...kind, cookies }, async (page) => {
    await page.goto(new URL(path, stage.base).href);
    await deed(page);
  });
}

/** Looks again until something holds; gives what it was. */
export async function until(look) {
  for (let tries = 0; tries < 150; tries += 1) {
    const found = await look();
    if (found) return found;
    await pause(100);
  }
  throw new Error(`never: ${look}`);
}

/** The fields of all that this device keeps in a place (`drafts`, `reports`), without those that are files. */
export const fieldsIn = (page, place) =>
  page.evaluate(
    (place) =>
      new Promise((done, failed) => {
        const opening = indexedDB.open("lapor");
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
          const asked = opening.result.transaction(place).objectStore(place).getAll();
          asked.onsuccess = () => {
            opening.result.close();
            done(asked.result.flatMap(({ fields = [] }) => fields.filter(([, value]) => typeof value === "string")));
          };
        };
      }),
    place,
  );

export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** Opens the page of a deed from the page of its case. */
export async function begin(page, name) {
  const more = page.locator(".case-side details summary");
  if (await more.count()) await more.click();
  await page.locator(".deeds a").filter({ hasText: new RegExp(`^${name}`) }).first().click();
}

/** The cookie of a reporter's conversation that is open on a stage. */
export const talkCookies = (stage, name) => [
  { name: "lapor-percakapan", value: stage.talks[name].token, url: stage.base },
];

/**
 * The cookies of somebody of the staff who has logged in on a stage, such as `admin`, or `pusat admin` at another
 * institution, or of a reporter; none for nobody.
 */
export async function cookiesOf(stage, role) {
  if (!role) return [];
  const [place, own] = role.split(" ");
  if (own) return place === "talk" ? talkCookies(stage, own) : cookiesOf(stage[place], own);
  stage.cookies ??= {};
  if (!stage.cookies[role]) {
    const body = new URLSearchParams({ login: stage.staff[role], password: stage.password });
    const entered = await fetch(`${stage.base}/masuk`, { method: "POST", body, redirect: "manual" });
    if (entered.status !== 303) throw new Error(`${role} cannot log in: ${entered.status}`);
    stage.cookies[role] = entered.headers.getSetCookie().map((line) => {
      const [name, value] = line.split(";")[0].split("=");
      return { name, value, url: stage.base };
    });
  }
  return stage.cookies[role];
}

/**
 * Takes in a report at the counter of the institution whose page stands there, as the form sends it that other tests
 * fill in. Returns its ticket, and the path of its page.
 */
export async function takenIn(page, title, content = "Sudah seminggu, mohon ditangani.") {
  const told = { saluran: "loket", jenis: "pengaduan", judul: title, uraian: content, nama: "Ibu Canary" };
  const form = { kunci: randomUUID(), wilayah: "Kota Bandung, Jawa Barat", tetap: "1", ...told };
  const answer = await page.request.post(new URL("/meja/baru", page.url()).href, { form });
  const slip = await answer.text();
  const [, ticket] = slip.match(/class="ticket">([^<]+)</) ?? [];
  const [, at] = slip.match(/href="(\/meja\/kasus\/[^"]+)"/) ?? [];
  if (!ticket || !at) throw new Error(`${title} is not taken in: ${answer.status()}`);
  return { ticket, at };
}

const CONTRAST = "color-contrast";

/** The rules that read words, which can be missing or the same in one language alone. */
const WORDS = [
  "area-alt",
  "aria-command-name",
  "aria-dialog-name",
  "aria-input-field-name",
  "aria-meter-name",
  "aria-progressbar-name",
  "aria-tab-name",
  "aria-toggle-field-name",
  "aria-tooltip-name",
  "aria-treeitem-name",
  "button-name",
  "document-title",
  "empty-heading",
  "empty-table-header",
  "form-field-multiple-labels",
  "html-has-lang",
  "html-lang-valid",
  "image-alt",
  "image-redundant-alt",
  "input-button-name",
  "input-image-alt",
  "label",
  "label-content-name-mismatch",
  "label-title-only",
  "landmark-unique",
  "link-name",
  "object-alt",
  "role-img-alt",
  "select-name",
  "summary-name",
  "svg-img-alt",
  "table-duplicate-name",
  "valid-lang",
];

/** Brings axe to a page that has none; through the debugger, because the pages' own policy rightly lets no script in. */
async function bring(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
}

/** What axe-core finds wrong by all its rules but that on contrast, or by those that are named, as lines. */
async function broken(page, rules) {
  await bring(page);
  const which = rules ? { runOnly: rules } : { rules: { [CONTRAST]: { enabled: false } } };
  return page.evaluate(async (which) => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"], ...which });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(" ")}`));
  }, which);
}

/** Looks of words that axe has found to stand out, on whatever page. */
const readable = new Set();

/**
 * Words that hardly stand out, as lines. The rule on contrast costs as much as all others, and what it says depends
 * on the look alone: colour, size, and all that lies below. A look that was found good needs no second judgement.
 */
async function pale(page) {
  await bring(page);
  const { wrong, good } = await page.evaluate(
    async ([rule, known]) => {
      const lying = new Map([[null, ""]]);
      /** All that lies below words in an element, as far as it can be seen; null where nobody sees the words. */
      const ground = (element) => {
        if (!lying.has(element)) {
          const style = getComputedStyle(element);
          const below = ground(element.parentElement);
          // What is placed by itself can lie on anything.
          const placed = ["absolute", "fixed", "sticky"].includes(style.position) && `${element.localName}.${element.className}`;
          const own = [style.backgroundColor, style.backgroundImage, style.filter, style.opacity, placed];
          const seen = own.filter((part) => part && !["rgba(0, 0, 0, 0)", "none", "1"].includes(part));
          const hidden = below === null || style.clipPath.startsWith("inset");
          lying.set(element, hidden ? null : [...seen, below].join(" < "));
        }
        return lying.get(element);
      };
      const mute = "option, :disabled, :disabled *, input:is([type=checkbox], [type=radio], [type=range], [type=color], [type=hidden], [type=image])";
      const says = (element) =>
        element.matches("input, select, textarea") ||
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
      const looks = new Map();
      for (const element of document.body.querySelectorAll("*")) {
        if (element.matches(mute) || !says(element)) continue;
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const below = ground(element);
        if (below === null || element.getBoundingClientRect().right <= 0) continue;
        const { color, fontSize, fontWeight } = getComputedStyle(element);
        looks.set(element, [color, fontSize, fontWeight, below].join(" < "));
      }
      const old = new Set(known);
      const include = [...looks.keys()].filter((element) => !old.has(looks.get(element)));
      if (include.length === 0) return { wrong: [], good: [] };
      const options = { runOnly: [rule], resultTypes: ["violations", "passes"], elementRef: true };
      const { violations, passes } = await globalThis.axe.run({ include }, options);
      const look = ({ element }) => looks.get(element);
      const bad = violations.flatMap(({ nodes }) => nodes.map(look));
      // Hidden words pass without a ratio: nothing was judged.
      const judged = passes.flatMap(({ nodes }) => nodes.filter(({ any }) => any.some(({ data }) => data?.contrastRatio)));
      return {
        wrong: violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(" ")}`)),
        good: [...new Set(judged.map(look))].filter((one) => one !== undefined && !bad.includes(one)),
      };
    },
    [CONTRAST, [...readable]],
  );
  for (const look of good) readable.add(look);
  return wrong;
}

/** What axe-core finds wrong with the page as it stands there, as lines; empty when nothing is. */
export async function violations(page) {
  return [...(await broken(page)), ...(await pale(page))];
}

/** Whether something comes forth, or begins to scroll, that did not when the page was last asked. */
const comesForth = (page) =>
  page.evaluate(() => {
    const scrolls = (element) =>
      (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight) &&
      /auto|scroll/.test(getComputedStyle(element).overflow);
    const stood = globalThis.laporStood ?? new Map();
    const all = [...document.body.querySelectorAll("*")];
    const stands = new Map(all.map((element) => [element, element.checkVisibility() ? 1 + scrolls(element) : 0]));
    globalThis.laporStood = stands;
    return all.some((element) => stands.get(element) > (stood.get(element) ?? 0));
  });

/**
 * All that can be wrong with the page that stands there, as lines: the window's edge and contrast, narrow and wide;
 * all other rules narrow, and wide where more is seen than before; contrast in both colours; and the keyboard.
 */
export async function faults(page) {
  const found = [];
  const note = (where, lines) => found.push(...lines.map((line) => `${where}: ${line}`));
  await page.setViewportSize({ width: 360, height: 740 });
  note("narrow", [...(await overflowing(page)), ...(await violations(page))]);
  await comesForth(page);
  await page.setViewportSize({ width: 1280, height: 900 });
  const more = await comesForth(page);
  note("wide", [...(await overflowing(page)), ...(more ? await violations(page) : await pale(page))]);
  note("keyboard", await unreached(page));
  await page.emulateMedia({ colorScheme: "dark" });
  note("dark", await pale(page));
  await page.emulateMedia({ colorScheme: "light" });
  return found;
}

/** What another language can do to a page that is sound in the first: longer words, words that are missing. */
export async function translated(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  return [...(await overflowing(page)), ...(await broken(page, WORDS))];
}

/**
 * Pages that do not stand, by name, with the status of the answer: a failure, or one without heading or language.
 * They are asked for without a browser: where only the database is another, only the answer can be.
 */
export async function fallen(stage, pages) {
  const found = {};
  for (const { name, path, role } of pages) {
    const cookie = (await cookiesOf(stage, role)).map(({ name, value }) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", "accept-language": "id", cookie };
    const answer = await fetch(new URL(path, stage.base), { headers });
    const text = await answer.text();
    const stands = answer.status < 500 && /<html lang="id"/.test(text) && /<main[^]*<h1/.test(text);
    if (!stands) found[name] = answer.status;
  }
  return found;
}

/** On how many sheets of A4 a page is printed. */
export async function sheets(page) {
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  return pdf.match(/\/Type\s*\/Page\b(?!s)/g).length;
}

/** What stands out of the window to the side, also words that leave their own box: how wide the page is, and by what. */
export function overflowing(page) {
  return page.evaluate(() => {
    const { clientWidth: width, scrollWidth } = document.documentElement;
    if (scrollWidth <= width) return [];
    const says = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    const leaves = (e) => {
      const { left, right } = e.getBoundingClientRect();
      return right > width + 1 || (says(e) && left + e.scrollWidth > width + 1);
    };
    const out = [...document.querySelectorAll("body *")].filter(leaves);
    return [`scrollWidth ${scrollWidth} of ${width}`, ...out.slice(0, 5).map((e) => `${e.tagName}.${e.className}`)];
  });
}

/** How often Tab is pressed before anybody looks where it has led. */
const TABS = 10;

/** What can be pressed or filled in and the Tab key does not reach, or reaches without showing it. */
export async function unreached(page) {
  const all = await page.evaluate(() => {
    const wanted = 'a[href], button, input:not([type="hidden"]), select, textarea, summary';
    const seen = [...document.querySelectorAll(wanted)].filter((e) => !e.disabled && e.checkVisibility());
    seen.forEach((element, place) => (element.dataset.reach = String(place)));
    document.activeElement?.blur();
    // Once for each element that it comes to: the parts of a date have the focus within their field.
    globalThis.laporReached = [];
    document.addEventListener("focusin", ({ target }) => {
      if (target.dataset?.reach === undefined) return;
      const marked = getComputedStyle(target).outlineStyle !== "none";
      globalThis.laporReached.push({ place: target.dataset.reach, unmarked: marked ? null : target.outerHTML.slice(0, 80) });
    });
    // Day, month, year and the calendar are a step each, and so are the parts of a time.
    const parts = { date: 3, "datetime-local": 6 };
    return seen.reduce((sum, e) => sum + 1 + (parts[e.type] ?? 0), 0);
  });
  const keyboard = await page.context().newCDPSession(page);
  const tab = { type: "rawKeyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 };
  let round = [];
  for (let step = 0; step < all + 20; step += TABS) {
    // Nobody sees what is painted in between.
    await Promise.all(Array.from({ length: TABS }, () => keyboard.send("Input.dispatchKeyEvent", tab)));
    round = await page.evaluate(() => globalThis.laporReached);
    // Round once, and at the first again: the rest would be the same.
    const last = round.findLastIndex(({ place }) => place === round[0].place);
    if (round.slice(0, last).some(({ place }) => place !== round[0].place)) break;
  }
  await keyboard.detach();
  const unmarked = round.filter((at) => at.unmarked).map((at) => `focus is not shown: ${at.unmarked}`);
  // Of a group of radio buttons, the arrow keys reach the others.
  const missed = await page.evaluate(
    (places) =>
      [...document.querySelectorAll("[data-reach]")]
        .filter((e) => !places.includes(e.dataset.reach) && e.type !== "radio")
        .map((e) => `not reached: ${e.outerHTML.slice(0, 80)}`),
    round.map(({ place }) => place),
  );
  return [...missed, ...new Set(unmarked)];
}

/** Bytes over the wire until a page stands, headers included. */
export async function weigh(page, url) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto(url, { waitUntil: "networkidle" });
  await session.detach();
  return bytes;
}

/** Opens a page until all that is to be painted is; the last of its largest paints stands in it as `laporLargest`. */
async function openPainted(page, url) {
  await page.addInitScript(() => {
    const watch = new PerformanceObserver((list) => (globalThis.laporLargest = list.getEntries().at(-1)));
    watch.observe({ type: "largest-contentful-paint", buffered: true });
  });
  await page.goto(url, { waitUntil: "networkidle" });
  await page.evaluate(async () => {
    for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
  });
}

/**
 * What the largest paint of a page waits for: the compressed bytes of its document, the files that hold all paint up,
 * how many elements there are; and what the largest is: the address of a picture, and whether the document shows it.
 */
export async function awaited(page, url) {
  await openPainted(page, url);
  return page.evaluate(async () => {
    const [arrival] = performance.getEntriesByType("navigation");
    const files = performance.getEntriesByType("resource");
    const blocking = files.filter(({ renderBlockingStatus }) => renderBlockingStatus === "blocking");
    const { element, url: picture } = globalThis.laporLargest ?? {};
    const came = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const shown = (other) => other.textContent === element.textContent && !other.closest("[hidden]");
    return {
      bytes: arrival.encodedBodySize,
      blocking: blocking.map(({ name, encodedBodySize }) => ({ name, bytes: encodedBodySize })),
      largest: { picture, shown: !!element && [...came.querySelectorAll(element.localName)].some(shown) },
      elements: document.querySelectorAll("*").length,
    };
  });
}

/** Milliseconds to the Largest Contentful Paint with a processor four times slower. */
export async function largestPaint(page, url) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await openPainted(page, url);
  const ms = await page.evaluate(() => globalThis.laporLargest.startTime);
  await session.detach();
  return ms;
}
