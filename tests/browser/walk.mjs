// Every page of a part of a node, narrow and wide, in each language and each colour, and with the keyboard alone; on
// one database, for how a page looks does not depend on what keeps the reports.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cookiesOf, faults, launch, translated, visit } from "./browser.mjs";
import { answerPages, everyPage, everyRarePage, forgotten, noPages } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

/**
 * Tests the pages of a part, by its name, whose paths belong to it. `further` adds tests that look at single pages:
 * it is given `see(kind, path, look)`, whose `kind` is that of a visitor, and what gives the stage.
 */
export function walkThrough(part, belongs, further) {
  describe(`every page of ${part}`, () => {
    let stage, browser;
    /** The addresses of the pages that were looked at for all that can be wrong. */
    const seen = new Set();
    before(async () => {
      [stage, browser] = await Promise.all([raise(databases[0]), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets a visitor of a kind look at pages. */
    const come = async ({ role, ...kind }, look) => {
      const cookies = await cookiesOf(stage, role);
      await visit(browser, { ...kind, cookies, examined: true }, look);
    };

    /** The same at one page. */
    const see = (kind, path, look) =>
      come(kind, async (page) => {
        await page.goto(new URL(path, stage.base).href);
        await look(page);
      });

    const here = (pages) => pages.filter(({ path }) => belongs(new URL(path, stage.base).pathname));

    /** Lets one visitor after the other, a new one for each role, see pages; what `look` finds, by page. */
    const walk = async (all, kind, look) => {
      const pages = here(all);
      const found = {};
      for (const role of new Set(pages.map((page) => page.role))) {
        await come({ ...kind, role }, async (page) => {
          for (const { name, path, send } of pages.filter((page) => page.role === role)) {
            const to = new URL(path, stage.base).href;
            await page.goto(to);
            await send?.(page);
            const wrong = await look(page, to);
            if (wrong.length > 0) found[name] = wrong;
          }
        });
      }
      assert.deepEqual(found, {});
    };

    /** What every page has. */
    const stands = async (page) => {
      assert.equal(await page.getAttribute("html", "lang"), "id");
      return (await page.locator("main h1").count()) > 0 ? [] : ["no heading"];
    };

    const sound = async (page) => {
      seen.add(new URL(page.url()).pathname);
      return faults(page);
    };

    it("is sound", () => walk(everyPage(stage), {}, async (page) => [...(await stands(page)), ...(await sound(page))]));

    it("is sound in English", () =>
      walk(everyPage(stage), { language: "en" }, async (page) => {
        assert.equal(await page.getAttribute("html", "lang"), "en");
        return translated(page);
      }));

    it("is as sound where few people see it", async () => {
      const rare = everyRarePage(stage);
      const one = async (page, to) => {
        const there = page.url() === to ? [] : [`leads to ${page.url()}`];
        return (await page.locator("h1").count()) === 1 ? there : [...there, "not one heading"];
      };
      await walk(rare, {}, async (page, to) => [...(await one(page, to)), ...(await sound(page))]);
      await walk(rare, { language: "en" }, translated);
    });

    it("is as sound where it answers a form", () => walk(answerPages(stage), {}, sound));

    it("is not forgotten", () => {
      const routes = stage.routes.node.filter(belongs);
      assert.ok(routes.length > 30, "these are not all routes");
      const left = Object.entries(noPages).filter(([name]) => belongs(name));
      assert.deepEqual(forgotten(routes, seen, Object.fromEntries(left)), []);
    });

    further(see, () => stage);
  });
}
