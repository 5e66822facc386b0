// What a slow telephone waits for before a page is painted: bytes, files and elements, which are counted. How long that
// takes says as much of the machine, and is measured by `make paint`. On one database, for none of it depends on what
// keeps the reports.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { awaited, cookiesOf, launch, visitor, weigh } from "./browser.mjs";
import { paintedPages } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

const KILOBYTES_FIRST_PAGE = 60;
/**
 * What a server may send at once before it hears of its arrival, ten segments of TCP (RFC 6928), without the fields that
 * stand before it.
 */
const BYTES_AT_ONCE = 14_600 - 1_500;
/** The form with all kinds of reports and places to choose from has the most. */
const ELEMENTS = 1500;

/** What is wrong with what the largest paint waits for. */
function late({ bytes, blocking, largest, elements }) {
  const files = blocking.map(({ name, bytes }) => [name.replace(/^.*\//, ""), bytes]);
  const wrong = [];
  if (bytes < 1000 || bytes > BYTES_AT_ONCE) wrong.push(`a document of ${bytes} bytes`);
  if (files.length !== 1 || !/^lapor\.\w+\.css$/.test(files[0][0])) wrong.push(`waits for ${files}`);
  if (files.some(([, bytes]) => bytes < 1000 || bytes > BYTES_AT_ONCE)) wrong.push(`bytes of ${files}`);
  if (largest.picture !== "") wrong.push(`the largest is ${largest.picture}`);
  if (!largest.shown) wrong.push("the document does not show the largest");
  if (elements < 50 || elements > ELEMENTS) wrong.push(`${elements} elements`);
  return wrong;
}

describe("on a slow telephone", () => {
  let stage, browser;
  before(async () => {
    [stage, browser] = await Promise.all([raise(databases[0]), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.end();
  });

  it(`the first page weighs at most ${KILOBYTES_FIRST_PAGE} KB`, async () => {
    const { context, page } = await visitor(browser);
    const bytes = await weigh(page, stage.base);
    await context.close();
    assert.ok(bytes > 1000, `${bytes} bytes are too few to be a page`);
    assert.ok(bytes <= KILOBYTES_FIRST_PAGE * 1000, `${bytes} bytes`);
  });

  it("each page is painted from its document and one style sheet, each sent at once", async () => {
    const found = {};
    for (const { name, path, role } of paintedPages(stage)) {
      const { context, page } = await visitor(browser, { width: 360, cookies: await cookiesOf(stage, role) });
      const wrong = late(await awaited(page, stage.base + path));
      await context.close();
      if (wrong.length > 0) found[name] = wrong;
    }
    assert.deepEqual(found, {});
  });
});
