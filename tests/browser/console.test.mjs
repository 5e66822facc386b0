// Central staff at the hub's console: the first set-up, accounts, and acts with a reason, by one or by two.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { faults, launch, overflowing, press, translated, unreached, until, violations, visit } from "./browser.mjs";
import { consoleBehind, consoleDoors, consolePages, forgotten, noConsolePages } from "./pages.mjs";
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

    /** The addresses of the pages that were looked at for all that can be wrong. */
    const seen = new Set();

    /** What is wrong with the page that stands there; on one database. */
    const look = (page, find = faults) => {
      seen.add(new URL(page.url()).pathname);
      return once.skip ? [] : find(page);
    };

    /** Lets somebody look at a console; `base` is the one or the other. */
    const come = (base, deed, kind = {}) =>
      visit(browser, kind, (page, context) => deed(page, (path) => page.goto(base + path), context));

    /** The cookies of whoever has logged in at a console. */
    const entered = {};

    /** The same for whoever is logged in. */
    const work = (login, base, deed, kind = {}) => {
      const who = `${login} at ${base}`;
      return come(
        base,
        async (page, open, context) => {
          await open("/konsol");
          if (!entered[who]) {
            await page.locator("#login").fill(login);
            await page.locator("#password").fill(stage.password);
            await page.locator("main form button").click();
            await page.getByRole("heading", { level: 1 }).waitFor();
            entered[who] = await context.cookies();
          }
          assert.equal(new URL(page.url()).pathname, "/konsol");
          await deed(page, open);
        },
        { ...kind, cookies: entered[who] },
      );
    };

    const choose = async (page) => {
      await page.locator("#password").fill(stage.password);
      await page.locator("#again").fill(stage.password);
      await page.locator("main form button").click();
    };

    it("the first set-up makes an operator, who makes another and an auditor", async () => {
      await come(stage.console.base, async (page, open) => {
        await open("/konsol");
        assert.equal(new URL(page.url()).pathname, "/masuk");
        for (const path of [...consoleDoors, stage.console.setup]) {
          await open(path);
          assert.deepEqual(await look(page), [], path);
        }
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
          await come("", async (guest) => {
            await guest.goto(link);
            if (login === SECOND) assert.deepEqual(await look(guest), []);
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

    it("the menu of a page that stands open counts what comes to wait, and keeps its place", async () => {
      const two = stage.console.two;
      await work(SECOND, two, async (page) => {
        await page.getByText("Mengikuti perubahan secara langsung").waitFor();
        const link = page.locator("#menu a", { hasText: "Persetujuan" });
        const waits = async () => Number((await link.locator(".waiting").allTextContents())[0] ?? 0);
        const before = await waits();
        await link.focus();
        await work(OPERATOR, two, async (other, go) => {
          await go(KEMENPU);
          await other.getByLabel("Alasan").fill("dicoba");
          await press(other, "Tangguhkan");
          await other.getByText("Menunggu persetujuan operator lain.").waitFor();
          await until(async () => (await waits()) === before + 1);
          assert.ok(await link.evaluate((held) => held === document.activeElement), "the place is kept");
          await go("/konsol/persetujuan");
          await press(other, "Tarik kembali");
          await other.getByText("Permintaan Anda ditarik kembali").waitFor();
          await until(async () => (await waits()) === before);
        });
        assert.ok(await link.evaluate((held) => held === document.activeElement), "the place is kept");
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
        for (const path of ["/konsol/petugas/baru", "/konsol/persetujuan"]) {
          await open(path);
          assert.deepEqual(await look(page), [], path);
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
        for (let tries = 0; tries < 200 && (await page.getByRole("heading", { name: alarm }).count()) === 0; tries += 1) {
          await page.waitForTimeout(100);
          await open("/konsol/alarm");
        }
        await page.getByRole("heading", { name: alarm }).waitFor();
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          assert.deepEqual(await overflowing(page), [], `open alarms at ${width}`);
        }
        if (!once.skip) {
          // The keyboard is followed by a script.
          await work(OPERATOR, stage.console.base, async (other, go) => {
            await go("/konsol/alarm");
            await other.getByRole("heading", { name: alarm }).waitFor();
            assert.deepEqual(await unreached(other), [], "open alarms");
          });
        }
        const alarmed = page.getByRole("region", { name: alarm });
        await work(SECOND, stage.console.base, async (other, go) => {
          await go("/konsol/alarm");
          await other.getByText("Mengikuti perubahan secara langsung").waitFor();
          const box = other.getByRole("region", { name: alarm }).getByRole("checkbox");
          await box.check();
          await box.focus();
          await alarmed.getByLabel("Catatan").fill("cadangan dibuat malam ini");
          await alarmed.getByRole("button", { name: /^Akui semua/ }).click();
          await page.getByText("1 alarm diakui.").waitFor();
          await box.waitFor({ state: "detached" });
          assert.equal(await other.evaluate(() => document.activeElement.id), "terbuka", "the place is on the list");
        });
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

    it("many are invited with one table, and each gets a sheet", async () => {
      await work(OPERATOR, stage.console.base, async (page, open) => {
        await open("/konsol/undang/massal");
        const rows = [
          "slug,kind,name,region_code,time_zone,disposes_to",
          "kota-cimahi,kota,Pemerintah Kota Cimahi,32.77,Asia/Jakarta,",
          "kota-cirebon,kota,Pemerintah Kota Cirebon,32.74,Asia/Jakarta,",
        ];
        const table = { name: "instansi.csv", mimeType: "text/csv", buffer: Buffer.from(`${rows.join("\n")}\n`) };
        await page.locator("#berkas").setInputFiles(table);
        await press(page, "Periksa");
        await page.getByRole("button", { name: "Undang 2 instansi" }).waitFor();
        assert.deepEqual(await look(page), []);
        await press(page, "Undang 2 instansi");
        // Until then the page comes again by itself.
        const sheets = page.getByRole("link", { name: /^Lembar 1 sampai 2/ });
        await sheets.waitFor();
        assert.deepEqual(await look(page), []);
        await sheets.click();
        await page.getByText("Pemerintah Kota Cirebon").first().waitFor();
        assert.deepEqual(await look(page), []);
        await page.goBack();
        await press(page, "Selesai, lupakan baris-barisnya");
        await page.waitForURL("**/konsol/instansi");
      });
    });

    /** Opens the page behind a link of another. */
    const follow = async (page, open, [path, shape]) => {
      await open(path);
      const links = await page.locator("main a[href]").evaluateAll((all) => all.map((link) => link.pathname));
      const to = links.find((link) => shape.test(link));
      assert.ok(to, `${path} leads to nothing like ${shape}`);
      await open(to);
    };

    for (const [language, find] of Object.entries({ id: faults, en: translated })) {
      it(`every page is sound in ${language}`, once, async () => {
        const found = {};
        await work(
          OPERATOR,
          stage.console.base,
          async (page, open) => {
            const regard = async (name) => {
              assert.equal(await page.getAttribute("html", "lang"), language, name);
              assert.ok((await page.locator("h1").count()) > 0, name);
              const wrong = await look(page, find);
              if (wrong.length > 0) found[name] = wrong;
            };
            for (const [name, path] of Object.entries(consolePages(stage))) {
              // The description of the API asks nobody for a language and sets no cookie.
              await open(name === "console-api" ? `${path}?lang=${language}` : path);
              await regard(name);
            }
            for (const [name, behind] of Object.entries(consoleBehind)) {
              await follow(page, open, behind);
              await regard(name);
            }
            await open("/konsol/alarm/penerima");
            await page.locator('form[action$="/rahasia"] button').first().click();
            await regard("console-secret");
          },
          { language, examined: true },
        );
        assert.deepEqual(found, {});
      });
    }

    it("no page is forgotten", once, () => {
      assert.ok(stage.routes.console.length > 70, "these are not all routes");
      assert.deepEqual(forgotten(stage.routes.console, seen, noConsolePages), []);
    });

    it("every page stands on the other database", { skip: !once.skip }, async () => {
      await work(OPERATOR, stage.console.base, async (page) => {
        for (const [name, path] of Object.entries(consolePages(stage))) {
          // Where only the database is another, only the answer can be.
          const answer = await page.request.get(stage.console.base + path);
          assert.ok(answer.status() < 500, `${name}: ${answer.status()}`);
          assert.match(await answer.text(), /<h1/, name);
        }
      });
    });
  });
}
