// Acts of the desk beyond the course of one report: what superiors give back, keepers refuse, people say at the
// counter, units are given, registers bring and programmes tell.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cookiesOf, faults, launch, visitor } from "./browser.mjs";
import { databases, raise } from "./stage.mjs";

for (const database of databases) {
  describe(`further acts of the desk on ${database}`, () => {
    let stage, browser;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets somebody of a role work at a page. */
    const work = async (role, path, deed) => {
      const cookies = await cookiesOf(stage, role);
      const { context, page, complaints } = await visitor(browser, { cookies });
      try {
        await page.goto(stage.base + path);
        await deed(page);
        assert.deepEqual(complaints, [], path);
      } finally {
        await context.close();
      }
    };

    const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
    const reads = (page, words) => page.getByText(words).first().waitFor();

    /** Takes in a report at the counter; its page is open afterwards. */
    const takeIn = async (page, title) => {
      await page.goto(`${stage.base}/meja/baru`);
      await page.getByLabel("Judul", { exact: true }).fill(title);
      await page.getByLabel("Isi laporan", { exact: true }).fill("Sudah seminggu, mohon ditangani.");
      await page.getByLabel("Nama (opsional)").fill("Ibu Canary");
      await press(page, "Simpan dan buat tanda terima");
      await page.locator(".slip, .notice.warning").first().waitFor();
      const anew = page.getByRole("button", { name: "Simpan sebagai laporan baru" });
      if (await anew.count()) await anew.click();
      await page.getByRole("link", { name: "Buka laporan" }).click();
      return new URL(page.url()).pathname;
    };

    /** Opens the page of a deed from the page of its case. */
    const begin = async (page, name) => {
      const more = page.locator(".case-side details summary");
      if (await more.count()) await more.click();
      await page.locator(".deeds a").filter({ hasText: new RegExp(`^${name}`) }).first().click();
    };

    it("an answer is given back with a remark, mended and signed", async () => {
      const title = "Camat ikut kampanye";
      let at;
      await work("officer", "/meja", async (page) => {
        at = await takeIn(page, title);
        await begin(page, "Verifikasi");
        await page.getByLabel("Kategori").selectOption("Netralitas ASN");
        await press(page, "Verifikasi");
        await begin(page, "Tindak lanjut");
        await page.getByLabel("Isi", { exact: true }).fill("Sedang diperiksa.");
        await press(page, "Tindak lanjut");
        await reads(page, "menunggu persetujuan");
      });
      await work("admin", "/meja/persetujuan", async (page) => {
        const card = page.locator(".card", { hasText: title });
        await card.getByRole("button", { name: "Kembalikan", exact: true }).click();
        await reads(page, "Tulis apa yang perlu diperbaiki");
        await card.getByLabel("Catatan bila dikembalikan").fill("Sebutkan siapa yang memeriksa.");
        await card.getByRole("button", { name: "Kembalikan", exact: true }).click();
        await reads(page, "Jawaban dikembalikan kepada penulisnya");
      });
      await work("officer", at, async (page) => {
        await reads(page, "Sebutkan siapa yang memeriksa.");
        await page.getByRole("link", { name: "Perbaiki jawaban" }).click();
        const text = page.getByLabel("Isi", { exact: true });
        assert.equal(await text.inputValue(), "Sedang diperiksa.");
        await text.fill("Sedang diperiksa inspektorat.");
        await press(page, "Tindak lanjut");
        await reads(page, "menunggu persetujuan");
      });
      await work("admin", "/meja/persetujuan", async (page) => {
        const card = page.locator(".card", { hasText: title });
        await card.getByText("Sedang diperiksa inspektorat.").waitFor();
        await card.getByRole("button", { name: "Setujui dan terbitkan" }).click();
        await reads(page, "disetujui dan diterbitkan");
      });
    });

    it("an identity is refused with a reason, and whoever asked reads so", async () => {
      const title = "Pungutan di loket parkir";
      let at;
      await work("officer", "/meja", async (page) => {
        at = await takeIn(page, title);
        await begin(page, "Minta identitas pelapor");
        await page.getByLabel("Menghubungi pelapor").check();
        await page.getByLabel("Mengapa identitas diperlukan").fill("Perlu menanyakan alamat.");
        await press(page, "Minta identitas pelapor");
        await reads(page, "menunggu penjaga identitas");
      });
      await work("identity_keeper", "/meja/identitas", async (page) => {
        const card = page.locator(".ask", { hasText: title });
        await card.getByLabel("Alasan bila ditolak").selectOption("Tidak diperlukan");
        await card.getByRole("button", { name: "Tolak", exact: true }).click();
        await reads(page, "Permintaan ditolak.");
      });
      await work("officer", at, async (page) => {
        await reads(page, "Penjaga identitas menolak permintaan Anda.");
        assert.equal(await page.getByRole("button", { name: "Lihat identitas" }).count(), 0);
        assert.ok(!(await page.content()).includes("Canary"));
      });
    });

    it("a rating, a supporter and a new key are taken down at the counter", async () => {
      await work("officer", "/meja", async (page) => {
        const at = await takeIn(page, "Bangku halte patah");
        await begin(page, "Verifikasi");
        await press(page, "Verifikasi");
        await begin(page, "Tindak lanjut");
        await page.getByLabel("Jawaban dan usul selesai").check();
        await page.getByLabel("Isi", { exact: true }).fill("Bangku sudah diganti.");
        await press(page, "Tindak lanjut");
        await begin(page, "Selesai menurut pelapor");
        await page.getByLabel("Pelapor sudah menyatakan").check();
        await press(page, "Selesai menurut pelapor");
        await begin(page, "Catat penilaian pelapor");
        await page.getByLabel("4: baik").check();
        await press(page, "Catat penilaian pelapor");
        await reads(page, "4 dari 5");
        await page.goto(`${stage.base}${at}/loket/kunci-baru`);
        await page.getByLabel("KTP").check();
        await page.locator("[name=nama]").fill("Orang Lain");
        await press(page, "Kunci baru untuk pelapor");
        await reads(page, "Ini tidak cocok dengan yang tersimpan");
        await page.locator("[name=nama]").fill("Ibu Canary");
        await press(page, "Kunci baru untuk pelapor");
        await page.locator(".slip").waitFor();
        await reads(page, "Kunci yang lama tidak berlaku lagi.");
        await page.goto(`${stage.base}/meja/kasus/${stage.cases.worked}/loket/dukung`);
        await press(page, "Catat dukungan warga");
        await reads(page, "Yang disampaikan pelapor tercatat.");
      });
    });

    it("a report is given to a unit, gets a number of its own, and is marked and cleared", async () => {
      await work("admin", "/meja", async (page) => {
        const at = await takeIn(page, "Jembatan kayu lapuk");
        await page.locator("#unit").selectOption({ label: "Dinas Pekerjaan Umum" });
        await press(page, "Simpan penugasan");
        await reads(page, "Penugasan tersimpan.");
        await page.getByLabel("Nomor di aplikasi sendiri").fill("PU-2026/17");
        await press(page, "Simpan nomor");
        await reads(page, "Nomor tersimpan.");
        assert.equal(await page.getByLabel("Nomor di aplikasi sendiri").inputValue(), "PU-2026/17");
        await press(page, "Tandai sebagai dugaan penyalahgunaan");
        await reads(page, "Laporan ditandai");
        await page.goto(stage.base + at);
        await press(page, "Bukan penyalahgunaan");
        await reads(page, "Dinyatakan bukan penyalahgunaan");
      });
    });

    it("a register is looked at row by row, and filed without the row that is wrong", async () => {
      await work("officer", "/meja/register", async (page) => {
        const rows = [
          "No. Register,Isi Laporan,Tanggal Kejadian",
          "R-1,Lampu taman padam sejak Senin.,",
          "R-2,Pagar taman roboh ke trotoar.,kemarin dulu",
        ];
        const file = { name: "register.csv", mimeType: "text/csv", buffer: Buffer.from(`${rows.join("\n")}\n`) };
        await page.getByLabel("Berkas", { exact: true }).setInputFiles(file);
        await press(page, "Periksa berkas");
        await page.getByRole("heading", { level: 1, name: "register.csv" }).waitFor();
        await reads(page, "1 baris siap, 1 baris bermasalah");
        assert.deepEqual(await faults(page), []);
        await page.getByLabel("Tanpa 1 baris yang bermasalah").check();
        await press(page, "Masukkan 1 baris");
        await reads(page, "1 baris sudah menjadi laporan.");
        assert.deepEqual(await faults(page), []);
      });
    });

    it("a programme is published, its progress told, and both are read at the portal", async () => {
      await work("officer", "/meja/program/baru", async (page) => {
        await page.getByLabel("Nama program").fill("Taman baca Cibiru");
        await page.getByLabel("Uraian").fill("Gedung kecil dengan dua ribu buku.");
        await press(page, "Umumkan");
        await reads(page, "Program diumumkan.");
        await page.getByLabel("Kemajuan dalam persen").fill("40");
        await page.locator("[name=keadaan]").selectOption({ label: "Berjalan" });
        await page.locator("[name=kabar]").fill("Atap selesai.");
        await press(page, "Kabarkan");
        await reads(page, "Kemajuan dikabarkan.");
        await page.getByRole("link", { name: "Lihat di portal" }).click();
        await page.getByRole("heading", { level: 1, name: "Taman baca Cibiru" }).waitFor();
        await reads(page, "40 persen");
        await reads(page, "Atap selesai.");
      });
    });

    it("whoever is away names somebody who stands in, and comes back", async () => {
      await work("officer", "/meja/akun", async (page) => {
        await page.locator("#sampai").fill("2026-12-04");
        await page.locator("#pengganti").selectOption({ index: 1 });
        await page.locator("form", { has: page.locator("#pengganti") }).getByRole("button").click();
        await reads(page, "Pengganti Anda tersimpan.");
        await press(page, "Saya sudah kembali");
        await reads(page, "Tercatat bahwa Anda sudah kembali.");
      });
    });
  });
}
