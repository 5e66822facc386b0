// Central staff at the hub's console: the first set-up, accounts, and acts with a reason, by one or by two.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, overflowing, unreached, violations, visitor } from "./browser.mjs";
import { databases, raise } from "./stage.mjs";

const OPERATOR = "dewi@pusat.example";
const SECOND = "budi@pusat.example";
const AUDITOR = "rina@pusat.example";
const KEMENPU = "/konsol/instansi/kemenpu";

for (const database of databases) {
  describe(`the console on ${database}`, () => {
    let stage, browser;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

    /** Lets somebody look at a console; `base` is the one or the other. */
    const visit = async (base, deed, kind = {}) => {
      const { context, page, complaints } = await visitor(browser, kind);
      try {
        await deed(page, (path) => page.goto(base + path));
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
      }
    };

    /** The same after logging in. */
    const work = (login, base, deed, kind = {}) =>
      visit(
        base,
        async (page, open) => {
          await open("/konsol");
          await page.locator("#login").fill(login);
          await page.locator("#password").fill(stage.password);
          await page.locator("main form button").click();
          await page.getByRole("heading", { level: 1 }).waitFor();
          assert.equal(new URL(page.url()).pathname, "/konsol");
          await deed(page, open);
        },
        kind,
      );

    const choose = async (page) => {
      await page.locator("#password").fill(stage.password);
      await page.locator("#again").fill(stage.password);
      await page.locator("main form button").click();
    };

    it("the first set-up makes an operator, who makes another and an auditor", async () => {
      await visit(stage.console.base, async (page, open) => {
        await open("/konsol");
        assert.equal(new URL(page.url()).pathname, "/masuk");
        await open(stage.console.setup);
        await page.getByLabel("Nama").fill("Dewi Lestari");
        await page.getByLabel("Alamat surel").fill(OPERATOR);
        await choose(page);
        await page.getByText("Akun operator dibuat").waitFor();
        await page.locator(`a[href="${KEMENPU}"]`).first().waitFor();
        for (const [login, name, role] of [
          [SECOND, "Budi Santoso", "Operator"],
          [AUDITOR, "Rina Wijaya", "Auditor"],
        ]) {
          await open("/konsol/petugas/baru");
          await page.getByLabel("Nama").fill(name);
          await page.getByLabel("Alamat surel").fill(login);
          await page.getByLabel(role).check();
          await press(page, "Buat akun");
          const link = await page.locator("code").textContent();
          await visit("", async (guest) => {
            await guest.goto(link);
            await choose(guest);
            await guest.getByText("Kata sandi tersimpan").waitFor();
          });
        }
      });
    });

    it("an operator suspends and resumes with a reason", async () => {
      await work(OPERATOR, stage.console.base, async (page, open) => {
        await page.locator(`a[href="${KEMENPU}"]`).first().click();
        await page.getByLabel("Alasan").fill("kunci mungkin bocor");
        await press(page, "Tangguhkan");
        await page.getByText("Instansi ditangguhkan.").waitFor();
        await page.getByLabel("Alasan").fill("kunci sudah diganti");
        await press(page, "Pulihkan");
        await page.getByText("Instansi dipulihkan.").waitFor();
        await open("/konsol/audit?instansi=kemenpu");
        await page.getByText("kunci mungkin bocor").waitFor();
        await page.getByText("Dewi Lestari").first().waitFor();
      }, { script: false });
    });

    it("the page of the federation follows what changes, and says when it cannot", async () => {
      await work(OPERATOR, stage.console.base, async (page, open) => {
        await open("/konsol");
        await page.getByText("Mengikuti perubahan secara langsung").waitFor();
        const tile = page.locator("#i-kemenpu");
        assert.doesNotMatch(await tile.getAttribute("class"), /kelabu/);
        await tile.focus();
        await work(SECOND, stage.console.base, async (other, go) => {
          await go(KEMENPU);
          await other.getByLabel("Alasan").fill("dicoba");
          await press(other, "Tangguhkan");
          await other.getByText("Instansi ditangguhkan.").waitFor();
          await page.locator("#i-kemenpu.kelabu").waitFor();
          assert.equal(await page.evaluate(() => document.activeElement.id), "i-kemenpu", "the place is kept");
          await other.getByLabel("Alasan").fill("sudah dicoba");
          await press(other, "Pulihkan");
          await other.getByText("Instansi dipulihkan.").waitFor();
        });
        await page.locator("#i-kemenpu:not(.kelabu)").waitFor();
        await page.getByLabel("Nama").fill("Bandung");
        await press(page, "Tampilkan");
        await page.locator("#i-kota-bandung").waitFor();
        assert.equal(await page.locator("#i-kemenpu").count(), 0);
      });
    });

    it("where two must agree, another operator decides", async () => {
      const two = stage.console.two;
      await work(OPERATOR, two, async (page, open) => {
        await open(KEMENPU);
        await page.getByText("setelah operator lain menyetujuinya").waitFor();
        await page.getByLabel("Alasan").fill("sertifikat dicuri");
        await press(page, "Tangguhkan");
        await page.getByText("Menunggu persetujuan operator lain.").waitFor();
        await open("/konsol/persetujuan");
        await page.getByText("sertifikat dicuri").waitFor();
        assert.equal(await page.getByRole("button", { name: "Setujui" }).count(), 0);
      });
      await work(SECOND, two, async (page, open) => {
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          await open("/konsol/persetujuan");
          assert.deepEqual(await overflowing(page), [], `approvals at ${width}`);
          assert.deepEqual(await violations(page), [], `approvals at ${width}`);
        }
        await page.getByRole("button", { name: /^Setujui: Tangguhkan/ }).click();
        await page.getByText("Instansi ditangguhkan.").waitFor();
        await open(KEMENPU);
        await page.getByLabel("Alasan").fill("sertifikat diganti");
        await press(page, "Pulihkan");
      });
      await work(OPERATOR, two, async (page, open) => {
        await open("/konsol/persetujuan");
        await page.getByRole("button", { name: /^Setujui: Pulihkan/ }).click();
        await page.getByText("Instansi dipulihkan.").waitFor();
      });
    });

    it("an auditor reads the audit log and acts nothing", async () => {
      await work(AUDITOR, stage.console.base, async (page, open) => {
        await open(KEMENPU);
        assert.equal(await page.getByLabel("Alasan").count(), 0);
        await open("/konsol/akun");
        await page.getByRole("link", { name: "Log audit" }).click();
        await page.getByText("instance.suspended").first().waitFor();
      });
    });

    const pages = ["/konsol", "/konsol/instansi", KEMENPU, `${KEMENPU}/cabut`, `${KEMENPU}/ganti`, `${KEMENPU}/wewenang`, "/konsol/undang", "/konsol/undang/massal", "/konsol/peta-jalan", "/konsol/peta-jalan?provinsi=32", "/konsol/peta-jalan/32.73", "/konsol/persetujuan", "/konsol/akun", "/konsol/akun/kode", "/konsol/petugas", "/konsol/petugas/baru", "/konsol/audit"];

    for (const language of ["id", "en"]) {
      for (const width of [360, 1280]) {
        it(`axe finds no violation in ${language} at ${width} pixels`, async () => {
          await work(
            OPERATOR,
            stage.console.base,
            async (page, open) => {
              for (const path of pages) {
                await open(path);
                assert.equal(await page.getAttribute("html", "lang"), language);
                assert.deepEqual(await violations(page), [], path);
                assert.deepEqual(await overflowing(page), [], path);
              }
            },
            { language, width },
          );
        });
      }
    }

    it("the keyboard reaches everything", async () => {
      await work(OPERATOR, stage.console.base, async (page, open) => {
        for (const path of pages) {
          await open(path);
          assert.deepEqual(await unreached(page), [], path);
        }
      });
    });
  });
}
