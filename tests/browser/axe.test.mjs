// Every page, narrow and wide, in each language and each colour, and with the keyboard alone; on the second
// database each once, for how a page looks does not depend on what keeps the reports. It takes longest, and
// files begin in the order of their names.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cookiesOf, faults, launch, overflowing, translated, visitor } from "./browser.mjs";
import { answerPages, everyPage, everyRarePage, forgotten, noPages } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

for (const database of databases) {
  const once = { skip: database !== databases[0] };
  describe(`on ${database}`, () => {
    let stage, browser;
    /** The addresses of the pages that were looked at for all that can be wrong. */
    const seen = new Set();
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets a visitor of a kind look at pages. */
    const visit = async ({ role, ...kind }, look) => {
      const cookies = await cookiesOf(stage, role);
      const { context, page, complaints } = await visitor(browser, { ...kind, cookies });
      try {
        await look(page);
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
      }
    };

    /** The same at one page. */
    const see = (kind, path, look) =>
      visit(kind, async (page) => {
        await page.goto(new URL(path, stage.base).href);
        await look(page);
      });

    /** Lets one visitor after the other, a new one for each role, see pages; what `look` finds, by page. */
    const walk = async (pages, kind, look) => {
      const found = {};
      for (const role of new Set(pages.map((page) => page.role))) {
        await visit({ ...kind, role }, async (page) => {
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

    it("every page is sound", once, () =>
      walk(everyPage(stage), {}, async (page) => [...(await stands(page)), ...(await sound(page))]),
    );

    it("every page is sound in English", once, () =>
      walk(everyPage(stage), { language: "en" }, async (page) => {
        assert.equal(await page.getAttribute("html", "lang"), "en");
        return translated(page);
      }),
    );

    it("pages that few people see are as sound as the others", once, async () => {
      const rare = everyRarePage(stage);
      const one = async (page, to) => {
        const there = page.url() === to ? [] : [`leads to ${page.url()}`];
        return (await page.locator("h1").count()) === 1 ? there : [...there, "not one heading"];
      };
      await walk(rare, {}, async (page, to) => [...(await one(page, to)), ...(await sound(page))]);
      await walk(rare, { language: "en" }, translated);
    });

    it("pages that answer a form are as sound", once, () => walk(answerPages(stage), {}, sound));

    it("no page is forgotten", once, () => {
      assert.ok(stage.routes.node.length > 100, "these are not all routes");
      assert.deepEqual(forgotten(stage.routes.node, seen, noPages), []);
    });

    it("every page stands on the other database", { skip: database === databases[0] }, () =>
      walk(everyPage(stage), {}, stands),
    );

    it("a value in words stands beside a long name on a telephone", once, () =>
      see({ role: "leader", width: 360 }, "/meja/kinerja", async (page) => {
        const row = page.locator(".bars tbody tr").first();
        await row.evaluate((row) => {
          row.querySelector("th").textContent = "Badan Nasional Penanggulangan Terorisme";
          row.querySelector(".number").textContent = "kurang dari satu jam";
        });
        assert.deepEqual(await overflowing(page), []);
        const bar = await row.locator("svg").boundingBox();
        assert.ok(bar.width > 16, `a bar of ${bar.width} px`);
      }),
    );

    it("the choice of language and colours works without script and comes back", async () => {
      await see({ script: false }, `/lacak?tiket=${stage.tickets.worked}`, async (page) => {
        await page.locator(".switch button").click();
        assert.equal(await page.getAttribute("html", "lang"), "en");
        assert.equal(new URL(page.url()).search, `?tiket=${stage.tickets.worked}`);
        await page.getByRole("button", { name: "Dark" }).click();
        assert.equal(await page.getAttribute("html", "data-theme"), "dark");
        assert.equal(await page.getAttribute("html", "lang"), "en");
      });
    });

    it("a ticket leads from the first page to its report", async () => {
      await see({ script: false }, "/", async (page) => {
        await page.getByLabel("Nomor tiket").fill(stage.tickets.worked.toLowerCase());
        await page.getByRole("button", { name: "Lacak" }).click();
        await page.getByText("Penambalan dijadwalkan hari Sabtu").waitFor();
        assert.equal(await page.locator(".steps [aria-current] strong").textContent(), "Tindak lanjut");
      });
    });
  });
}
