// The checks themselves: a page with faults, of which each must be found.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { faults, launch, overflowing, translated, unreached, violations, visitor } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** The same page with and without a fault. */
const shown = async (body, look) => {
  const { context, page } = await visitor(browser, { width: 360 });
  await page.setContent(`<!doctype html><html lang="id"><title>Uji</title><main><h1>Uji</h1>${body}</main></html>`);
  const found = await look(page);
  await context.close();
  return found;
};

it("a picture without words is a violation, one with words is none", async () => {
  const picture = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
  const found = await shown(`<img src="${picture}">`, violations);
  assert.match(found.join(), /image-alt/);
  assert.deepEqual(await shown(`<img src="${picture}" alt="Titik">`, violations), []);
});

it("pale words are found in the colours in which they are pale, and apart from the rest", async () => {
  const pale = '<style>@media (prefers-color-scheme: dark) { p { color: #777; background: #888 } }</style><p>pucat</p>';
  const found = await shown(pale, faults);
  assert.equal(found.length, 1);
  assert.match(found[0], /^dark: color-contrast/);
  const always = '<p style="color: #777; background: #888">pucat</p>';
  assert.deepEqual((await shown(always, faults)).map((line) => line.split(": ")[0]), ["narrow", "wide", "dark"]);
  assert.deepEqual(await shown(always, translated), []);
});

it("words that another language misses, or has too long, are found", async () => {
  assert.match((await shown("<button></button>", translated)).join(), /button-name/);
  const long = await shown('<p style="width: 30rem">Pertanggungjawaban</p>', translated);
  assert.equal(long.length, 2);
  assert.match(long[0], /^scrollWidth \d+ of \d+$/);
  assert.deepEqual(await shown("<button>Send</button>", translated), []);
});

it("words of a look that is good are found again on a ground on which they are pale", async () => {
  const grey = '<p style="color: #595959">terbaca</p>';
  assert.deepEqual(await shown(grey, violations), []);
  assert.deepEqual(await shown(grey, violations), []);
  assert.match((await shown(`<div style="background: #777">${grey}</div>`, violations)).join(), /color-contrast/);
});

it("what comes forth where there is room is looked at by every rule", async () => {
  const picture = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
  const roomy = `<style>@media (max-width: 40rem) { img { display: none } }</style><img src="${picture}">`;
  const found = await shown(roomy, faults);
  assert.equal(found.length, 1);
  assert.match(found[0], /^wide: image-alt/);
});

it("what is wider than the window stands out, be it a box or its words, and what is narrow does not", async () => {
  const word = `<p style="white-space: nowrap">${"lebar".repeat(30)}</p>`;
  for (const wide of ['<div style="width: 600px">lebar</div>', word]) {
    const [scrolls, ...out] = await shown(wide, overflowing);
    assert.match(scrolls, /^scrollWidth \d+ of \d+$/);
    assert.equal(out.length, 1, wide);
  }
  assert.deepEqual(await shown("<div>sempit</div>", overflowing), []);
});

it("a button out of the keyboard's reach is found, and one whose focus does not show", async () => {
  assert.match((await shown('<button tabindex="-1">Kirim</button>', unreached)).join(), /not reached/);
  assert.match((await shown('<button style="outline: none">Kirim</button>', unreached)).join(), /not shown/);
  assert.deepEqual(await shown("<button>Kirim</button>", unreached), []);
});
