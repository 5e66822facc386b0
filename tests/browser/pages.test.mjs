// Every page, in each language and each colour, wide and narrow; on the second database each once, for
// colours, widths and keys do not depend on what keeps the reports.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cookiesOf, largestPaint, launch, overflowing, unreached, violations, visitor, weigh } from "./browser.mjs";
import { answerPages, everyPage, everyRarePage } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

const KILOBYTES_FIRST_PAGE = 60;
const MS_LARGEST_PAINT = 1000;
/** The pages whose paint is timed: the first, and those with pictures, files, tables or a long course. */
const PAINTED = [
  "front",
  "filing",
  "case-worked",
  "reports",
  "map",
  "statistics",
  "programmes",
  "programme",
  "talk-answered",
  "desk-inbox",
  "desk-case-worked",
  "desk-follow-up",
  "desk-programme",
  "desk-figures",
  "desk-letters",
];

for (const database of databases) {
  const once = { skip: database !== databases[0] };
  describe(`on ${database}`, () => {
    let stage, browser;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets a visitor of a kind see a page and hands it to `look`. */
    const see = async ({ role, ...kind }, path, look) => {
      const cookies = await cookiesOf(stage, role);
      const { context, page, complaints } = await visitor(browser, { ...kind, cookies });
      try {
        await page.goto(new URL(path, stage.base).href);
        await look(page);
        assert.deepEqual(complaints, [], path);
      } finally {
        await context.close();
      }
    };

    for (const language of ["id", "en"]) {
      for (const colours of ["light", "dark"]) {
        // Colours are the same whatever the language.
        if (language === "en" && colours === "dark") continue;
        const first = language === "id" && colours === "light";
        it(`axe finds no violation in ${language}, ${colours}`, first ? {} : once, async () => {
          for (const { name, path, role } of everyPage(stage)) {
            await see({ language, colours, role }, path, async (page) => {
              assert.equal(await page.getAttribute("html", "lang"), language);
              assert.deepEqual(await violations(page), [], name);
            });
          }
        });
      }
      it(`nothing stands out of 360 pixels in ${language}`, once, async () => {
        for (const { name, path, role } of everyPage(stage)) {
          await see({ language, width: 360, role }, path, async (page) => {
            assert.deepEqual(await overflowing(page), [], name);
          });
        }
      });
    }

    it("the keyboard reaches everything and shows where it is", once, async () => {
      for (const { name, path, role } of everyPage(stage)) {
        await see({ role }, path, async (page) => assert.deepEqual(await unreached(page), [], name));
      }
    });

    it("pages that few people see are as sound as the others", once, async () => {
      const sound = async (page, name) => {
        assert.deepEqual(await violations(page), [], name);
        assert.deepEqual(await overflowing(page), [], name);
        assert.deepEqual(await unreached(page), [], name);
      };
      for (const { name, path, role } of everyRarePage(stage)) {
        await see({ width: 360, role }, path, async (page) => {
          assert.equal(await page.locator("h1").count(), 1, name);
          await sound(page, name);
        });
        await see({ language: "en", colours: "dark", role }, path, async (page) => {
          assert.deepEqual(await violations(page), [], name);
        });
      }
      for (const { name, path, role, send } of answerPages(stage)) {
        await see({ width: 360, role }, path, async (page) => {
          await send(page);
          await sound(page, name);
        });
      }
    });

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

    it(`the first page weighs at most ${KILOBYTES_FIRST_PAGE} KB`, once, async () => {
      const { context, page } = await visitor(browser);
      const bytes = await weigh(page, stage.base);
      await context.close();
      assert.ok(bytes > 1000, `${bytes} bytes are too few to be a page`);
      assert.ok(bytes <= KILOBYTES_FIRST_PAGE * 1000, `${bytes} bytes`);
    });

    for (const name of PAINTED) {
      it(`the largest paint of ${name} comes within ${MS_LARGEST_PAINT} ms on a slow telephone`, once, async () => {
        const { path, role } = everyPage(stage).find((page) => page.name === name);
        const cookies = await cookiesOf(stage, role);
        const times = [];
        for (let round = 0; round < 3; round += 1) {
          // Each visitor is a new one, who has kept nothing.
          const { context, page } = await visitor(browser, { width: 360, cookies });
          times.push(await largestPaint(page, stage.base + path));
          await context.close();
        }
        const median = times.sort((a, b) => a - b)[1];
        assert.ok(median < MS_LARGEST_PAINT, `${times.map(Math.round)} ms`);
      });
    }
  });
}
