// The list of the desk: several cases at once, and from case to case, by hand and by keyboard.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { faults, launch, press, takenIn, workAt } from "./browser.mjs";
import { databases, raise } from "./stage.mjs";

for (const database of databases) {
  // How a page looks, and what a browser does by itself, does not depend on what keeps the reports.
  const looks = database === databases[0];
  describe(`the list of the desk on ${database}`, () => {
    let stage, browser;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets an officer work at a page. */
    const work = (path, deed, kind = {}) => workAt(browser, stage, "officer", path, deed, kind);

    const heading = (page) => page.getByRole("heading", { level: 1 }).textContent();

    const tick = async (page, titles) => {
      await page.goto(`${stage.base}/meja?tab=semua`);
      for (const title of titles) {
        await page.locator("[data-row]", { hasText: title }).getByRole("checkbox").check();
      }
    };

    for (const script of looks ? [true, false] : [false]) {
      it(`several reports are disposed at once ${script ? "with" : "without"} script`, () =>
        work("/meja", async (page) => {
          const titles = ["Gorong-gorong amblas", "Jembatan gantung lapuk"].map((title) => `${title} ${script}`);
          for (const title of titles) await takenIn(page, title);
          await tick(page, [...titles, "Jalan berlubang di depan Pasar Kosambi"]);
          await press(page, "Disposisi …");
          await page.getByRole("heading", { name: "Disposisi" }).waitFor();
          assert.deepEqual(await page.locator("main .choices input:checked").count() >= 2, true);
          await page.getByLabel("Jalan berlubang di depan Pasar Kosambi").uncheck();
          if (script && looks) assert.deepEqual(await faults(page), []);
          await page.getByLabel("Instruksi").fill("Mohon ditangani bersama.");
          await press(page, "Tambah tembusan");
          await page.getByLabel("Tembusan 2").fill("pusat");
          assert.equal(await page.getByLabel("Instruksi").inputValue(), "Mohon ditangani bersama.");
          await page.getByLabel("Tujuan").fill("kemenpu");
          await page.getByLabel("Tujuan").press("Enter");
          await page.getByText("2 laporan didisposisi ke").waitFor();
          await page.locator("[data-row] a", { hasText: titles[0] }).click();
          await page.getByText("Diteruskan ke instansi").first().waitFor();
          await page.getByText("Mohon ditangani bersama.").waitFor();
        }, { script }));
    }

    it("reports that tell of the same are merged into one of them", () =>
      work("/meja", async (page) => {
        const titles = ["Rambu roboh di simpang Dago", "Rambu simpang Dago roboh lagi"];
        for (const title of titles) await takenIn(page, title);
        await tick(page, titles);
        await press(page, "Gabungkan …");
        if (looks) assert.deepEqual(await faults(page), []);
        await page.getByLabel(titles[1]).check();
        await press(page, "Gabungkan");
        await page.getByText("1 laporan digabungkan ke").waitFor();
        await page.locator("[data-row] a", { hasText: titles[0] }).click();
        await page.getByText("Digabung dengan laporan lain").first().waitFor();
      }));

    it("one goes from case to case by keyboard, and on to the next after an act", () =>
      work("/meja?tab=semua", async (page) => {
        const titles = await page.locator("[data-row] .title").allTextContents();
        await page.locator("[data-row] .title").first().click();
        assert.equal(await heading(page), titles[0]);
        await page.keyboard.press("j");
        await page.waitForURL(/urut=1/);
        assert.equal(await heading(page), titles[1]);
        await page.keyboard.press("k");
        await page.waitForURL(/urut=0/);
        assert.equal(await heading(page), titles[0]);
        // What was disposed to others has fewer acts once that is ruled.
        const note = page.locator(".deeds a").filter({ hasText: /^Catatan internal/ });
        let at = 0;
        while ((await note.count()) === 0 && at + 2 < titles.length) {
          at += 1;
          await page.keyboard.press("j");
          await page.waitForURL(new RegExp(`urut=${at}`));
        }
        await page.keyboard.press("?");
        assert.ok(await page.locator("#tombol").evaluate((help) => help.open));
        await note.click();
        await page.getByLabel("Catatan", { exact: true }).fill("Dilihat bersama lurah.");
        await page.getByLabel("Setelah ini buka laporan berikutnya").check();
        await press(page, "Catatan internal");
        await page.getByText("Ini laporan berikutnya").waitFor();
        assert.notEqual(await heading(page), titles[at]);
        await page.keyboard.press("u");
        await page.getByRole("heading", { level: 1, name: "Semua" }).waitFor();
      }));

    it("questions are added without a page in between, and no more than may be asked", { skip: !looks }, () =>
      work(`/meja/kasus/${stage.cases.new}/tunda`, async (page) => {
        await page.getByLabel("Pertanyaan 1").fill("Di mana?");
        while (await page.getByRole("button", { name: "Tambah pertanyaan" }).isVisible()) {
          await press(page, "Tambah pertanyaan");
        }
        assert.equal(await page.locator(".asking").count(), 20);
        assert.equal(await page.getByLabel("Pertanyaan 20").evaluate((field) => field.name), "tanya20");
        assert.equal(await page.getByLabel("Pertanyaan 1", { exact: true }).inputValue(), "Di mana?");
        assert.deepEqual(await faults(page), []);
      }));
  });
}
