// A real Chromium, and what every page is looked at for.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.LAPOR_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Root in a container has no sandbox to give; the pages are our own. */
export const launch = () => chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** A visitor: language `id` or `en`, colours `light` or `dark`, how wide the window is, and whether a finger points. */
export async function visitor(
  browser,
  { language = "id", colours = "light", width = 1280, script = true, touch = false, cookies = [] } = {},
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

/** What axe-core finds wrong, as lines; empty when nothing is. Its rule on contrast costs as much as all others. */
export async function violations(page, { contrast = "with" } = {}) {
  const rule = "color-contrast";
  const narrowed = { with: {}, only: { runOnly: [rule] }, without: { rules: { [rule]: { enabled: false } } } }[contrast];
  // Through the debugger, because the pages' own policy rightly lets no script in.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(
    (options) => globalThis.axe.run(document, options),
    { resultTypes: ["violations"], ...narrowed },
  );
  return found.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${violation.help}: ${node.target.join(" ")}`),
  );
}

/**
 * All that can be wrong with the page that stands there, as lines: axe and the window's edge, narrow and wide;
 * contrast, which is the same in each language and width, in both colours; and the keyboard.
 */
export async function faults(page) {
  const found = [];
  const note = (where, lines) => found.push(...lines.map((line) => `${where}: ${line}`));
  await page.setViewportSize({ width: 360, height: 740 });
  note("narrow", [...(await overflowing(page)), ...(await violations(page, { contrast: "without" }))]);
  await page.setViewportSize({ width: 1280, height: 900 });
  note("wide", [...(await overflowing(page)), ...(await violations(page))]);
  note("keyboard", await unreached(page));
  await page.emulateMedia({ colorScheme: "dark" });
  note("dark", await violations(page, { contrast: "only" }));
  await page.emulateMedia({ colorScheme: "light" });
  return found;
}

/** What another language can do to a page that is sound in the first: longer words, words that are missing. */
export async function translated(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  return [...(await overflowing(page)), ...(await violations(page, { contrast: "without" }))];
}

/** On how many sheets of A4 a page is printed. */
export async function sheets(page) {
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  return pdf.match(/\/Type\s*\/Page\b(?!s)/g).length;
}

/** What stands out of the window to the side. */
export function overflowing(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1);
    return out.slice(0, 5).map((e) => `${e.tagName}.${e.className}`);
  });
}

/** What can be pressed or filled in and the Tab key does not reach, or reaches without showing it. */
export async function unreached(page) {
  const all = await page.evaluate(() => {
    const wanted = 'a[href], button, input:not([type="hidden"]), select, textarea, summary';
    const seen = [...document.querySelectorAll(wanted)].filter((e) => !e.disabled && e.checkVisibility());
    seen.forEach((element, place) => (element.dataset.reach = String(place)));
    // Day, month, year and the calendar are a step each, and so are the parts of a time.
    const parts = { date: 3, "datetime-local": 6 };
    return seen.reduce((sum, e) => sum + 1 + (parts[e.type] ?? 0), 0);
  });
  await page.evaluate(() => document.activeElement?.blur());
  const reached = new Set();
  const unmarked = [];
  let [first, before] = [];
  for (let step = 0; step < all + 20; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      return { place: element.dataset?.reach, marked: style.outlineStyle !== "none", name: element.outerHTML.slice(0, 80) };
    });
    // Round once, and at the first again: the rest would be the same.
    if (at.place !== undefined && at.place === first && before !== first) break;
    before = at.place;
    if (at.place === undefined) continue;
    first ??= at.place;
    reached.add(at.place);
    if (!at.marked) unmarked.push(`focus is not shown: ${at.name}`);
  }
  // Of a group of radio buttons, the arrow keys reach the others.
  const missed = await page.evaluate(
    (places) =>
      [...document.querySelectorAll("[data-reach]")]
        .filter((e) => !places.includes(e.dataset.reach) && e.type !== "radio")
        .map((e) => `not reached: ${e.outerHTML.slice(0, 80)}`),
    [...reached],
  );
  return [...missed, ...unmarked];
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

/** Milliseconds to the Largest Contentful Paint with a processor four times slower. */
export async function largestPaint(page, url) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.goto(url, { waitUntil: "networkidle" });
  const ms = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const watch = new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime));
        watch.observe({ type: "largest-contentful-paint", buffered: true });
      }),
  );
  await session.detach();
  return ms;
}
