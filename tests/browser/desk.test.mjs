// Officers at the desk: every act, by hand and by keyboard, with and without script.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { begin, fallen, faults, launch, overflowing, press, sheets, takenIn, violations, visitor, workAt } from "./browser.mjs";
import { everyPage, isDesk } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

for (const database of databases) {
  // How a page looks, and what a browser does by itself, does not depend on what keeps the reports.
  const looks = database === databases[0];
  const once = { skip: !looks };
  describe(`the desk on ${database}`, () => {
    let stage, browser;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets somebody of a role work at a page of an institution. */
    const work = (role, path, deed, kind = {}, at = stage) => workAt(browser, at, role, path, deed, kind);

    /** Takes in a report at the counter; its page is open afterwards. */
    const takeIn = async (page, title, content) => {
      const taken = await takenIn(page, title, content);
      await page.goto(stage.base + taken.at);
      return taken;
    };

    it("every page stands on the other database", { skip: looks }, async () => {
      const pages = everyPage(stage).filter(({ path }) => isDesk(path));
      assert.ok(pages.length > 30, "these are not all pages");
      assert.deepEqual(await fallen(stage, pages), {});
    });

    it("shows the tab that is open on a narrow screen, and room between the parts of a page", once, async () => {
      const narrow = { width: 360 };
      for (const path of ["/meja/saluran/kota", "/meja?tab=semua"]) {
        await work("admin", path, async (page) => {
          const tab = await page.locator(".inbox-tabs [aria-current]").boundingBox();
          assert.ok(tab.x >= 0 && tab.x + tab.width <= 360, path);
        }, narrow);
      }
      await work("admin", "/meja/saluran", async (page) => {
        const sides = (cells) => cells.map((cell) => getComputedStyle(cell).textAlign);
        const found = await page.locator(".stacked td.number").evaluateAll(sides);
        assert.ok(found.length > 0 && found.every((side) => side === "start"), `figures in cards: ${found}`);
      }, narrow);
      const gaps = (page, pairs) =>
        page.evaluate((pairs) => [...document.querySelectorAll(pairs)].map((below) => {
          const above = below.previousElementSibling.getBoundingClientRect();
          return below.getBoundingClientRect().top - above.bottom;
        }), pairs);
      for (const [path, pairs] of [
        ["/meja/akun", "main > ul + h2"],
        ["/meja/pengaturan", "main > .card + .card"],
      ]) {
        await work("admin", path, async (page) => {
          const found = await gaps(page, pairs);
          assert.ok(found.length > 0 && found.every((gap) => gap >= 12), `${path}: ${found}`);
        });
      }
    });

    it("shows a slip on a telephone, and prints it for whoever came without what is said to the officer", once, () =>
      work("officer", "/meja/baru", async (page) => {
        await page.getByLabel("Judul", { exact: true }).fill("Kursi taman patah di Taman Lansia");
        await page.getByLabel("Isi laporan", { exact: true }).fill("Dua kursi patah kakinya.");
        await press(page, "Simpan dan buat tanda terima");
        await page.locator(".slip").waitFor();
        await page.setViewportSize({ width: 360, height: 740 });
        assert.deepEqual(await overflowing(page), []);
        const lines = (all) =>
          all.map((secret) => {
            const words = document.createRange();
            words.selectNodeContents(secret);
            return words.getClientRects().length;
          });
        assert.deepEqual(await page.locator(".slip .ticket").evaluateAll(lines), [1, 1], "ticket and key, a line each");
        await page.emulateMedia({ media: "print" });
        assert.ok(await page.getByText("hanya ditampilkan sekali").isHidden());
        assert.equal(await page.locator("main button:visible, main a:visible").count(), 0);
        assert.equal(await sheets(page), 1);
      }));

    it("shows at the counter what a report may repeat, beside a form that stays", () =>
      work("officer", "/meja/baru", async (page) => {
        // Like nothing on the stage.
        const title = "Papan catur raksasa retak di Lapangan Gasibu";
        const fill = async () => {
          await page.goto(`${stage.base}/meja/baru`);
          await page.getByLabel("Judul", { exact: true }).fill(title);
          await page.getByLabel("Isi laporan", { exact: true }).fill("Petak hitamnya terbelah dua.");
          await press(page, "Simpan dan buat tanda terima");
        };
        await fill();
        await page.locator(".slip").waitFor();
        await fill();
        const alike = page.locator(".notice.warning").getByRole("link", { name: title });
        const [beside] = await Promise.all([page.waitForEvent("popup"), alike.click()]);
        await beside.getByRole("heading", { level: 1 }).waitFor();
        await beside.close();
        assert.equal(await page.getByLabel("Judul", { exact: true }).inputValue(), title);
        await press(page, "Simpan sebagai laporan baru");
        await page.locator(".slip").waitFor();
      }));

    const standing = (page) => page.locator(".badges .badge").first().textContent();

    it("a wrong log-in says no more than that it is wrong, and what is typed outlives a session that an admin ends", async () => {
      const { context, page } = await visitor(browser);
      const at = `/meja/kasus/${stage.cases.new}`;
      const words = "Warga menunggu kabar sejak Senin.";
      await page.goto(`${stage.base}${at}/catatan`);
      await page.getByLabel("Alamat surel").fill(stage.staff.officer);
      await page.getByLabel("Kata sandi").fill("salah sekali ini");
      await press(page, "Masuk");
      await page.getByText("Alamat surel atau kata sandi salah").first().waitFor();
      await page.getByLabel("Kata sandi").fill(stage.password);
      await press(page, "Masuk");
      await page.getByLabel("Catatan", { exact: true }).fill(words);
      await work("admin", "/meja/petugas", async (admin) => {
        await admin.getByRole("link", { name: "Siti Aminah", exact: true }).click();
        await press(admin, "Akhiri semua sesi");
        await admin.getByText("Semua sesi diakhiri.").waitFor();
      });
      // The officer's others have ended with it.
      delete stage.cookies.officer;
      await press(page, "Catatan internal");
      await page.getByText("Sesi Anda sudah berakhir").waitFor();
      await page.getByLabel("Alamat surel").fill(stage.staff.officer);
      await page.getByLabel("Kata sandi").fill(stage.password);
      await press(page, "Masuk");
      await page.getByRole("heading", { name: "Isian Anda belum terkirim" }).waitFor();
      await page.locator(".said", { hasText: words }).waitFor();
      if (looks) assert.deepEqual(await faults(page), []);
      await press(page, "Kirim isian ini");
      await page.locator(".inside").getByText(words).waitFor();
      assert.equal(new URL(page.url()).pathname, at);
      await context.close();
    });

    for (const script of looks ? [true, false] : [false]) {
      it(`an answer takes files with it ${script ? "with" : "without"} script`, async () => {
        await work("officer", "/meja", async (page) => {
          const { at } = await takeIn(page, `Selokan mampet di Jalan Sadang ${script ? 1 : 2}`);
          await page.goto(`${stage.base}${at}/tindak-lanjut`);
          await page.getByLabel("Isi", { exact: true }).fill("Selokan sudah dikeruk.");
          const proof = { name: "berita acara.txt", mimeType: "text/plain", buffer: Buffer.from("serah terima") };
          await page.getByLabel("Lampiran").setInputFiles(proof);
          if (script) await page.locator('.held input[name="unggahan"]:checked').waitFor();
          await press(page, "Tindak lanjut");
          await page.getByText("Jawaban dikirim").waitFor();
          const file = page.locator(".attachments a");
          const sent = await page.request.get(stage.base + (await file.getAttribute("href")));
          assert.equal(await sent.text(), "serah terima");
        }, { script });
      });
    }

    it("the inbox is worked by keyboard", once, async () => {
      await work("officer", "/meja?tab=semua", async (page) => {
        await page.keyboard.press("/");
        assert.equal(await page.evaluate(() => document.activeElement.id), "cari");
        await page.keyboard.press("Escape");
        await page.keyboard.press("?");
        assert.ok(await page.locator("#tombol").evaluate((help) => help.open));
        await page.keyboard.press("?");
        await page.keyboard.press("j");
        await page.keyboard.press("j");
        await page.keyboard.press("k");
        await page.keyboard.press("x");
        const first = page.locator("[data-row]").first();
        assert.ok(await first.locator("input").isChecked());
        const title = await first.locator(".title").textContent();
        await first.locator(".title").focus();
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { level: 1, name: title }).waitFor();
      });
    });

    it("single keys do nothing once they are switched off in this browser", once, async () => {
      await work("officer", "/meja?tab=semua", async (page) => {
        const focused = () => page.evaluate(() => document.activeElement.id);
        await page.keyboard.press("?");
        await page.locator("#tombol").getByRole("link", { name: "Matikan tombol pintas" }).click();
        await press(page, "Matikan tombol pintas");
        await page.getByText("Mati di peramban ini.").waitFor();
        await page.goto(`${stage.base}/meja?tab=semua`);
        await page.keyboard.press("/");
        await page.keyboard.press("j");
        assert.equal(await focused(), "");
        assert.ok(await page.locator("#tombol").isHidden());
        assert.equal(await page.locator("[data-row] :focus").count(), 0);
        await page.goto(`${stage.base}/meja/akun`);
        await press(page, "Nyalakan tombol pintas");
        await page.getByText("Menyala di peramban ini.").waitFor();
        await page.goto(`${stage.base}/meja?tab=semua`);
        await page.keyboard.press("/");
        assert.equal(await focused(), "cari");
      });
    });

    it("a walk-in report is entered by keyboard in under a minute", once, async () => {
      await work("officer", "/meja", async (page) => {
        // Who types forty words a minute needs 0.28 s a key (Card, Moran and Newell, 1980).
        const SECONDS_A_KEY = 0.28;
        let keys = 0;
        const hit = async (key) => {
          keys += 1;
          await page.keyboard.press(key);
        };
        const write = async (text) => {
          keys += text.length;
          await page.keyboard.type(text);
        };
        const goTo = async (what) => {
          for (let tabs = 0; tabs < 80; tabs += 1) {
            if (await page.evaluate((what) => document.activeElement?.matches(what), what)) return;
            await hit("Tab");
          }
          assert.fail(`${what} is not reached`);
        };
        const began = Date.now();
        await goTo("a[href='/meja/baru']");
        await hit("Enter");
        await page.locator("[name=judul]").waitFor();
        await goTo("[name=judul]");
        await write("Pohon tumbang menutup gang di Sukasari");
        await goTo("[name=uraian]");
        await write("Sejak tadi malam, motor tidak dapat lewat.");
        await goTo("[name=wilayah]");
        await write("Kota Bandung");
        await goTo("[name=nama]");
        await write("Ibu Canary");
        await goTo("[data-send]");
        await hit("Enter");
        // Another tree lies across another street: this one is new.
        await page.getByText("Mungkin sudah dilaporkan").waitFor();
        await goTo("[data-send]");
        await hit("Enter");
        await page.locator(".slip .ticket").first().waitFor();
        const seconds = keys * SECONDS_A_KEY + (Date.now() - began) / 1000;
        assert.ok(seconds < 60, `${keys} keys, ${seconds} s`);
      });
    });

    it("a search finds, a filter is kept, and several are given to a unit without script", async () => {
      await work(
        "admin",
        "/meja",
        async (page) => {
          await page.getByRole("searchbox").fill(stage.tickets.worked);
          await press(page, "Cari");
          await page.getByText("Jalan berlubang di depan Pasar Kosambi").waitFor();
          await page.getByLabel("Nama saringan").fill("Kosambi");
          await press(page, "Simpan saringan");
          await page.getByRole("link", { name: "Kosambi", exact: true }).waitFor();
          await press(page, "Hapus saringan Kosambi");
          await page.getByText("Saringan dihapus").waitFor();
          await page.locator("[data-row] input").first().check();
          await page.locator("#unit-tujuan").selectOption("dinas-pu");
          await press(page, "Serahkan ke unit");
          await page.getByText("1 laporan diserahkan").waitFor();
          await page.locator("[data-row]").getByText("Dinas Pekerjaan Umum").waitFor();
        },
        { script: false },
      );
    });

    it("a report is verified, held, completed, answered, closed and reopened", async () => {
      await work("officer", "/meja", async (page) => {
        await takeIn(page, "Saluran air tersumbat di Cibadak");
        await begin(page, "Verifikasi");
        await page.getByLabel("Kategori").selectOption("Pekerjaan Umum dan Penataan Ruang/Drainase dan Banjir");
        await press(page, "Verifikasi");
        assert.equal(await standing(page), "Terverifikasi");
        await begin(page, "Tunda");
        await page.getByLabel("Pertanyaan 1").fill("Di dekat nomor berapa?");
        await press(page, "Tunda");
        assert.equal(await standing(page), "Menunggu jawaban pelapor");
        await page.getByText("Di dekat nomor berapa?").waitFor();
        await begin(page, "Catat kelengkapan");
        await page.getByLabel("Di dekat nomor berapa?").fill("Di depan nomor 12.");
        await press(page, "Catat kelengkapan");
        assert.equal(await standing(page), "Terverifikasi");
        await begin(page, "Catatan internal");
        await page.getByLabel("Catatan", { exact: true }).fill("Petugas berangkat besok.");
        await press(page, "Catatan internal");
        await page.locator(".inside").getByText("Petugas berangkat besok.").waitFor();
        await begin(page, "Tindak lanjut");
        await page.getByLabel("Jawaban dan usul selesai").check();
        await page.getByLabel("Isi", { exact: true }).fill("Saluran sudah dibersihkan.");
        await press(page, "Tindak lanjut");
        assert.equal(await standing(page), "Menunggu tanggapan pelapor");
        await begin(page, "Catat tanggapan pelapor");
        await page.getByLabel("Tanggapan pelapor").fill("Terima kasih.");
        await press(page, "Catat tanggapan pelapor");
        await begin(page, "Tindak lanjut");
        await page.getByLabel("Jawaban dan usul selesai").check();
        await page.getByLabel("Isi", { exact: true }).fill("Sama-sama.");
        await press(page, "Tindak lanjut");
        await begin(page, "Selesai menurut pelapor");
        await page.getByLabel("Pelapor sudah menyatakan").check();
        await press(page, "Selesai menurut pelapor");
        assert.equal(await standing(page), "Selesai, ditutup petugas atas keterangan pelapor");
        await begin(page, "Buka kembali");
        await press(page, "Buka kembali");
        assert.equal(await standing(page), "Sedang ditindaklanjuti");
      });
    });

    it("a report is disposed by a hint, recalled, returned and archived", async () => {
      await work("officer", "/meja", async (page) => {
        await takeIn(page, "Jalan nasional berlubang", "Lubang besar di jalan nasional dekat gerbang tol.");
        await page.locator(".deeds a", { hasText: "Menangani" }).first().click();
        await page.getByLabel("Instruksi").fill("Mohon ditangani.");
        await page.getByLabel("Tenggat").fill("2026-12-04");
        await press(page, "Disposisi");
        assert.equal(await standing(page), "Diteruskan ke instansi");
        await page.locator(".said-facts").getByText("4 Desember 2026").waitFor();
        await begin(page, "Tarik kembali");
        await page.getByLabel("Salah disposisi").check();
        await press(page, "Tarik kembali");
        assert.equal(await standing(page), "Menunggu verifikasi");
        await begin(page, "Bukan wewenang");
        await page.getByLabel("Milik instansi lain").check();
        await page.getByLabel(/^Instansi lain/).fill("kemenpu");
        await press(page, "Bukan wewenang");
        await page.locator(".case-facts").getByText("Kali dikembalikan").waitFor();
        await takeIn(page, "Tes");
        await begin(page, "Arsipkan");
        await page.getByLabel("Isinya bukan laporan").check();
        await press(page, "Arsipkan");
        assert.equal(await standing(page), "Diarsipkan");
      });
    });

    it("duplicates are merged and parted, and a report is split", async () => {
      await work("officer", "/meja", async (page) => {
        const first = await takeIn(page, "Pohon tumbang di Jalan Riau");
        await takeIn(page, "Pohon tumbang menutup Jalan Riau");
        await begin(page, "Gabungkan");
        await page.getByLabel("Nomor tiket laporan yang tetap berjalan").fill(first.ticket.toLowerCase());
        await press(page, "Gabungkan");
        assert.equal(await standing(page), "Digabung dengan laporan lain");
        await begin(page, "Batalkan penggabungan");
        await press(page, "Batalkan penggabungan");
        assert.equal(await standing(page), "Menunggu verifikasi");
        await begin(page, "Pecah");
        await page.getByLabel("Judul").fill("Kabel putus di Jalan Riau");
        await page.getByLabel("Isi laporan").last().fill("Kabel ikut putus.");
        await press(page, "Pecah");
        await page.locator("li", { hasText: "Pecahan:" }).getByRole("link").click();
        await page.getByRole("heading", { level: 1, name: "Kabel putus di Jalan Riau" }).waitFor();
      });
    });

    it("an identity is asked for, granted by the keeper, seen and logged", async () => {
      let case_;
      await work("officer", "/meja", async (page) => {
        case_ = await takeIn(page, "Bantuan belum diterima");
        assert.ok(!(await page.content()).includes("Canary"));
        await begin(page, "Minta identitas pelapor");
        await page.getByLabel("Menghubungi pelapor").check();
        await page.getByLabel("Mengapa identitas diperlukan").fill("Perlu menanyakan alamat.");
        await press(page, "Minta identitas pelapor");
        await page.getByText("menunggu penjaga identitas").waitFor();
      });
      await work("identity_keeper", "/meja", async (page) => {
        await page.getByRole("link", { name: "menunggu jawaban Anda" }).click();
        const card = page.locator(".ask", { hasText: case_.ticket });
        await card.getByText("Perlu menanyakan alamat.").waitFor();
        await card.getByRole("button", { name: "Beri" }).click();
        await page.getByText("Identitas diberikan").waitFor();
        await page.goto(stage.base + case_.at.replace("kasus", "identitas"));
        await press(page, "Lihat identitas");
        await page.getByText("Ibu Canary").waitFor();
        await page.goBack();
        await page.reload();
        await page.getByText("Dibuka").first().waitFor();
      });
      await work("officer", case_.at, async (page) => {
        await press(page, "Lihat identitas");
        await page.getByText("Ibu Canary").waitFor();
      });
    });

    // On the other database, further acts of the desk have one signed.
    it("an answer in a supervised category is signed by somebody else", once, async () => {
      let case_;
      await work("officer", "/meja", async (page) => {
        case_ = await takeIn(page, "Pegawai ikut kampanye");
        await begin(page, "Verifikasi");
        await page.getByLabel("Kategori").selectOption("Netralitas ASN");
        await press(page, "Verifikasi");
        await begin(page, "Tindak lanjut");
        await page.getByText("akan disetujui atasan").waitFor();
        await page.getByLabel("Isi", { exact: true }).fill("Sedang diperiksa inspektorat.");
        await press(page, "Tindak lanjut");
        await page.getByText("Jawaban tersimpan dan menunggu persetujuan").waitFor();
        assert.equal(await standing(page), "Terverifikasi");
      });
      await work("admin", "/meja", async (page) => {
        await page.getByRole("link", { name: "menunggu persetujuan" }).click();
        await press(page, "Setujui dan terbitkan");
        await page.getByText("disetujui dan diterbitkan").waitFor();
        await page.goto(stage.base + case_.at);
        assert.equal(await standing(page), "Sedang ditindaklanjuti");
        await page.getByText("Disetujui Dewi Lestari").waitFor();
      });
    });

    it("an answer to a report that has ended is dropped", async () => {
      let case_;
      await work("officer", "/meja", async (page) => {
        case_ = await takeIn(page, "Kepala dinas ikut kampanye");
        await begin(page, "Verifikasi");
        await page.getByLabel("Kategori").selectOption("Netralitas ASN");
        await press(page, "Verifikasi");
        await begin(page, "Tindak lanjut");
        await page.getByLabel("Isi", { exact: true }).fill("Sedang diperiksa inspektorat.");
        await press(page, "Tindak lanjut");
        await begin(page, "Arsipkan");
        await page.locator('input[name="alasan"]').first().check();
        await press(page, "Arsipkan");
      });
      await work("admin", "/meja/persetujuan", async (page) => {
        await page.getByText("tidak dapat terbit lagi").waitFor();
        if (looks) assert.deepEqual([...(await violations(page)), ...(await overflowing(page))], []);
        await press(page, "Buang rancangan");
        await page.getByText("Rancangan jawaban dibuang").waitFor();
      });
    });

    it("a case is escalated with the reporter's consent only, and the Ombudsman takes it over", async () => {
      let case_;
      await work("officer", "/meja", async (page) => {
        case_ = await takeIn(page, "Bantuan dipotong petugas");
        await begin(page, "Verifikasi");
        await press(page, "Verifikasi");
        await begin(page, "Eskalasi ke pengawas");
        assert.match(page.url(), /\/loket\/eskalasi$/);
        await press(page, "Eskalasi ke pengawas");
        await page.getByRole("link", { name: "Centang dahulu" }).waitFor();
        await page.getByLabel("Pelapor menyetujui eskalasi ini").check();
        await press(page, "Eskalasi ke pengawas");
        await page.getByText("Dieskalasi ke pengawas").first().waitFor();
      });
      await stage.exchange();
      await work(
        "officer",
        case_.at,
        async (page) => {
          await page.getByText("Bantuan dipotong petugas").first().waitFor();
          await begin(page, "Ambil alih");
          await press(page, "Ambil alih");
          await page.getByText("Diambil alih").first().waitFor();
          await begin(page, "Tindak lanjut");
        },
        {},
        stage.supervisor,
      );
      await stage.exchange();
      await work("officer", case_.at, async (page) => {
        await page.getByText("Diambil alih").first().waitFor();
        assert.equal(await page.locator(".deeds a").filter({ hasText: /^Disposisi/ }).count(), 0);
      });
    });

    it("an erasure waits, is seen by everybody and can be called off", async () => {
      await work("admin", "/meja", async (page) => {
        await takeIn(page, "Berisi data pribadi");
        await begin(page, "Hapus isi laporan");
        await page.getByLabel("Memuat data pribadi").check();
        await press(page, "Hapus isi laporan");
        await page.getByRole("link", { name: "Centang dahulu" }).waitFor();
        await page.getByLabel("Saya mengerti").check();
        await press(page, "Hapus isi laporan");
        await page.getByText(/Isi laporan dihapus pada .* Alasan/).waitFor();
        await page.goto(`${stage.base}/meja/penghapusan`);
        const row = page.locator(".card", { hasText: "Memuat data pribadi" }).last();
        await row.getByRole("button", { name: /Batalkan/ }).click();
        await page.getByText("Penghapusan dibatalkan.").waitFor();
      });
    });

    it("a leader reads everything in English and finds nothing to press", async () => {
      await work(
        "leader",
        `/meja/kasus/${stage.cases.worked}`,
        async (page) => {
          await page.getByText("In progress").or(page.getByText("Being followed up")).first().waitFor();
          assert.equal(await page.locator("main form").count(), 0);
          await page.goto(`${stage.base}/meja/kinerja`);
          await page.getByRole("heading", { name: "Figures" }).waitFor();
          const labels = page.locator(".figures-ask label");
          const tops = await labels.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
          assert.equal(tops.length, 3);
          assert.ok(Math.max(...tops) - Math.min(...tops) < 2, `the labels stand at ${tops}`);
          const table = await page.request.get(`${stage.base}/meja/kinerja.csv`);
          assert.match(await table.text(), /^institution,intake/);
        },
        { language: "en" },
      );
    });
  });
}
