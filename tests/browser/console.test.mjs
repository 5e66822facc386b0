// Central staff at the hub's console: the first set-up, accounts, and acts with a reason, by one or by two.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { faults, launch, overflowing, translated, unreached, violations, visitor } from "./browser.mjs";
import { consolePages } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

const OPERATOR = "dewi@pusat.example";
const SECOND = "budi@pusat.example";
const AUDITOR = "rina@pusat.example";
const KEMENPU = "/konsol/instansi/kemenpu";

for (const database of databases) {
  // How a page looks does not depend on what keeps the record.
  const once = { skip: database !== databases[0] };
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
        await page.getByText("kunci mungkin bocor", { exact: true }).waitFor();
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

    it("a tile shows what is measured to a pointer, to the keyboard and to a finger", once, async () => {
      const card = (page) => page.locator("#kartu");
      const shows = (page) => card(page).getByText("Terakhir terdengar").waitFor();
      await work(OPERATOR, stage.console.base, async (page) => {
        await page.locator("#i-kemenpu").hover();
        await shows(page);
        await card(page).getByRole("link", { name: "Halaman instansi" }).hover();
        await page.locator("h1").hover();
        await card(page).waitFor({ state: "hidden" });
        await page.locator("#i-kemenpu").focus();
        await shows(page);
        assert.deepEqual(await violations(page), []);
        await page.keyboard.press("Escape");
        await card(page).waitFor({ state: "hidden" });
        await page.locator("#jumlah-merah").hover();
        await page.locator("#aturan-merah").getByText("Rantai dibekukan: merah.").waitFor();
        await page.keyboard.press("Escape");
        await page.locator("#aturan-merah").waitFor({ state: "hidden" });
        await page.setViewportSize({ width: 1280, height: 720 });
        for (const part of ["#kisi", "#peta"]) {
          const { y } = await page.locator(part).boundingBox();
          assert.ok(y < 480, `${part} begins at ${y}`);
        }
        // A finger, as the browser tells of it.
        const tap = () =>
          page.locator("#i-kemenpu").evaluate((tile) => {
            tile.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, pointerType: "touch" }));
            tile.click();
          });
        await tap();
        await shows(page);
        assert.equal(new URL(page.url()).pathname, "/konsol");
        await tap();
        await page.waitForURL(`**${KEMENPU}`);
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
          await open("/konsol/petugas/baru");
          assert.deepEqual(await overflowing(page), [], `a new account for two at ${width}`);
          assert.deepEqual(await violations(page), [], `a new account for two at ${width}`);
          await open("/konsol/persetujuan");
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

    it("an operator makes a rule, is told of its alarm, acknowledges it and silences what is known", async () => {
      const alarm = "Hub: cadangan sudah lama";
      await work(OPERATOR, stage.console.base, async (page, open) => {
        await open("/konsol/alarm/penerima");
        await page.getByLabel("Webhook").check();
        await page.getByLabel("Nama").fill("Pusat krisis");
        await page.getByLabel("Alamat").fill("https://127.0.0.1/lapor");
        await press(page, "Tambahkan");
        await page.getByText("menuju hub sendiri").first().waitFor();
        await page.getByLabel("Alamat").fill("https://alarm.example/lapor");
        await press(page, "Tambahkan");
        assert.match(await page.locator("code").textContent(), /^whsec_/);
        await open("/konsol/alarm/penerima");
        await page.getByText("https://alarm.example/…").waitFor();
        assert.equal(await page.getByText("whsec_").count(), 0, "a secret is shown once");
        await page.getByRole("link", { name: "Matikan: Pusat krisis" }).click();
        await page.getByLabel("Alasan").fill("penerimanya diganti");
        await press(page, "Matikan");
        await page.getByText("Penerima dimatikan").waitFor();
        await page.getByLabel("Surel").check();
        await page.getByLabel("Nama").fill("Piket");
        await page.getByLabel("Alamat").fill("piket@pusat.example");
        await press(page, "Tambahkan");
        await press(page, "Kirim uji coba: Piket");
        await open("/konsol/alarm/kiriman");
        await page.getByText("Uji coba alarm").waitFor();
        await open("/konsol/alarm/aturan/baru");
        await page.getByLabel("Yang dicari").selectOption({ label: alarm });
        await page.getByLabel("Kuning").check();
        await press(page, "Simpan aturan");
        await page.getByText("Aturan disimpan.").waitFor();
        for (let tries = 0; tries < 60 && (await page.locator(".menu .waiting").count()) === 0; tries += 1) {
          await page.waitForTimeout(500);
          await open("/konsol/alarm");
        }
        await open("/konsol/alarm");
        await page.getByRole("heading", { name: alarm }).waitFor();
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          assert.deepEqual(await overflowing(page), [], `open alarms at ${width}`);
          assert.deepEqual(await unreached(page), [], `open alarms at ${width}`);
        }
        const alarmed = page.getByRole("region", { name: alarm });
        await alarmed.getByLabel("Catatan").fill("cadangan dibuat malam ini");
        await alarmed.getByRole("button", { name: /^Akui semua/ }).click();
        await page.getByText("1 alarm diakui.").waitFor();
        await page.getByText("cadangan dibuat malam ini").waitFor();
        await open(KEMENPU);
        await page.getByRole("link", { name: "Senyapkan" }).click();
        assert.equal(await page.getByLabel("Nama pendek").inputValue(), "kemenpu");
        await page.getByLabel("Alasan").fill("kabel laut putus");
        await press(page, "Senyapkan");
        await page.getByText("kabel laut putus").waitFor();
      }, { script: false });
    });

    it("an auditor reads the audit log and acts nothing", async () => {
      await work(AUDITOR, stage.console.base, async (page, open) => {
        await open(KEMENPU);
        assert.equal(await page.getByLabel("Alasan").count(), 0);
        await open("/konsol/akun");
        await page.getByRole("link", { name: "Log audit" }).click();
        await page.locator("td", { hasText: "Instansi ditangguhkan" }).first().waitFor();
        for (const path of ["", "/aturan", "/senyap", "/penerima", "/kiriman"]) {
          await open(`/konsol/alarm${path}`);
          assert.equal(await page.locator("main form").count(), 0, path);
          assert.equal(await page.locator("main button").count(), 0, path);
        }
      });
    });

    it("an observer of figures goes from a number to a case, which has no words", async () => {
      await work(AUDITOR, stage.console.base, async (page, open) => {
        await open("/konsol/kasus");
        await page.getByRole("heading", { name: "Penanganan laporan" }).waitFor();
        await page.getByLabel("Kurun").selectOption("90");
        await press(page, "Tampilkan");
        await page.getByRole("navigation", { name: "Urut menurut" }).getByRole("link", { name: "Belum dijawab" }).click();
        await page.locator("table a", { hasText: "Pemerintah Kota Bandung" }).or(page.locator("table a", { hasText: "kota-bandung" })).first().waitFor();
        await page.locator(".heads a").last().click();
        await page.locator("tbody th a").first().click();
        await page.getByText("tersegel di antara para pihak").waitFor();
        await page.getByText("Laporan masuk").first().waitFor();
        await page.locator("details", { hasText: "report.filed" }).locator("summary").first().click();
        await page.getByText("report.filed").first().waitFor();
        const id = new URL(page.url()).pathname.split("/").pop();
        await open(`/konsol/kasus/cari?kasus=${id}`);
        assert.equal(new URL(page.url()).pathname, `/konsol/kasus/${id}`);
        await open("/konsol/kasus/minggu");
        await page.locator(".weeks a").first().click();
        await page.getByText("Minggu ini belum selesai").waitFor();
      }, { script: false });
    });

    for (const [language, look] of Object.entries({ id: faults, en: translated })) {
      it(`every page is sound in ${language}`, once, async () => {
        const found = {};
        await work(
          OPERATOR,
          stage.console.base,
          async (page, open) => {
            for (const [name, path] of Object.entries(consolePages)) {
              // The description of the API asks nobody for a language and sets no cookie.
              await open(name === "console-api" ? `${path}?lang=${language}` : path);
              assert.equal(await page.getAttribute("html", "lang"), language, name);
              const wrong = await look(page);
              if (wrong.length > 0) found[name] = wrong;
            }
          },
          { language },
        );
        assert.deepEqual(found, {});
      });
    }

    it("every page stands on either database", async () => {
      await work(OPERATOR, stage.console.base, async (page, open) => {
        for (const [name, path] of Object.entries(consolePages)) {
          await open(path);
          assert.ok((await page.locator("h1").count()) > 0, name);
        }
      });
    });
  });
}
