// What a slow telephone waits for before a page is painted: bytes, files and work, which are counted. How long that
// takes says as much of the machine, and is measured by `make paint`. On one database, for none of it depends on what
// keeps the reports.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { awaited, cookiesOf, launch, visitor, weigh } from "./browser.mjs";
import { heaviestPages } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

const KILOBYTES_FIRST_PAGE = 60;
/** What a server may send at once before it hears of its arrival: ten segments of TCP (RFC 6928). */
const BYTES_AT_ONCE = 14_600;
/** Of each page; the form with all kinds of reports and places to choose from has the most. */
const ELEMENTS = 1500;

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

  it("each of the heaviest pages is painted from its document and one style sheet, each sent at once", async () => {
    for (const { name, path, role } of heaviestPages(stage)) {
      const { context, page } = await visitor(browser, { width: 360, cookies: await cookiesOf(stage, role) });
      const { bytes, blocking, largest, elements } = await awaited(page, stage.base + path);
      await context.close();
      assert.ok(bytes > 1000 && bytes <= BYTES_AT_ONCE, `${name}: a document of ${bytes} bytes`);
      const files = blocking.map(({ name }) => name.replace(/^.*\//, ""));
      assert.equal(files.length, 1, `${name} waits for ${files}`);
      assert.match(files[0], /^lapor\.\w+\.css$/, name);
      assert.ok(blocking[0].bytes > 1000 && blocking[0].bytes <= BYTES_AT_ONCE, `${files}: ${blocking[0].bytes} bytes`);
      // Neither a picture nor what a script has put there.
      assert.deepEqual(largest, { picture: "", told: true }, `${name}: the largest that is painted`);
      assert.ok(elements > 50 && elements <= ELEMENTS, `${name}: ${elements} elements`);
    }
  });
});
