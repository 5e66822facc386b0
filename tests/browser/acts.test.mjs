// Acts of the desk beyond the course of one report: what superiors give back, keepers refuse, people say at the
// counter, units are given, registers bring and programmes tell; what came too late; and what admins look after.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { begin, faults, launch, press, takenIn, workAt } from "./browser.mjs";
import { databases, raise } from "./stage.mjs";

/** What an authenticator shows of a secret at a time in ms (RFC 6238). */
function oneTimeCode(secret, at) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac("sha1", key).update(step).digest();
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

for (const database of databases) {
  // How a page looks does not depend on what keeps the reports.
  const looks = database === databases[0];
  describe(`further acts of the desk on ${database}`, () => {
    let stage, browser;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets somebody of a role, or nobody, work at a page of an institution. */
    const work = (role, path, deed, at = stage) => workAt(browser, at, role, path, deed);

    const reads = (page, words) => page.getByText(words).first().waitFor();

    /** Takes in a report at the counter; its page is open afterwards. */
    const takeIn = async (page, title) => {
      const { at } = await takenIn(page, title);
      await page.goto(new URL(at, page.url()).href);
      return at;
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

    it("an identity is refused, and the officer who asked reads so", async () => {
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
        await card.getByText("Perlu menanyakan alamat.").waitFor();
        // Reasons are for other institutions, which read them in a message.
        assert.equal(await card.getByLabel("Alasan bila ditolak").count(), 0);
        await card.getByRole("button", { name: "Tolak", exact: true }).click();
        await reads(page, "Permintaan ditolak.");
      });
      await work("officer", at, async (page) => {
        await reads(page, "Penjaga identitas menolak permintaan Anda.");
        assert.equal(await page.getByRole("button", { name: "Lihat identitas" }).count(), 0);
        assert.ok(!(await page.content()).includes("Canary"));
      });
    });

    it("an identity is refused to another institution with a reason, which is read there", async () => {
      const at = `/meja/kasus/${stage.handed.late}`;
      await work("officer", at, async (page) => {
        await begin(page, "Minta identitas pelapor");
        await page.getByLabel("Menghubungi pelapor").check();
        await page.getByLabel("Mengapa identitas diperlukan").fill("Perlu menanyakan letaknya.");
        await press(page, "Minta identitas pelapor");
        await reads(page, "menunggu jawaban instansi tempat laporan masuk");
      });
      await stage.exchange();
      await work(
        "identity_keeper",
        "/meja/identitas",
        async (page) => {
          const card = page.locator(".ask", { hasText: "Perlu menanyakan letaknya." });
          await card.getByRole("button", { name: "Tolak", exact: true }).click();
          await reads(page, "pilih dahulu alasan penolakannya");
          await card.getByLabel("Alasan bila ditolak").selectOption("Tidak diperlukan");
          await card.getByRole("button", { name: "Tolak", exact: true }).click();
          await reads(page, "Permintaan ditolak.");
        },
        stage.pusat,
      );
      await stage.exchange();
      await work("officer", at, (page) => reads(page, /tidak memberikan identitas pelapor: .*Tidak diperlukan/));
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
        // Nothing in it lets a narrow page break the line.
        const name = "register_pengaduan_kecamatan_lengkong_triwulan_ketiga_2026.csv";
        const file = { name, mimeType: "text/csv", buffer: Buffer.from(`${rows.join("\n")}\n`) };
        await page.getByLabel("Berkas", { exact: true }).setInputFiles(file);
        await press(page, "Periksa berkas");
        await page.getByRole("heading", { level: 1, name }).waitFor();
        await reads(page, "1 baris siap, 1 baris bermasalah");
        await page.getByLabel("Tanpa 1 baris yang bermasalah").check();
        await press(page, "Masukkan 1 baris");
        await reads(page, "1 baris sudah menjadi laporan.");
        if (looks) assert.deepEqual(await faults(page), []);
        await page.goto(`${stage.base}/meja/register`);
        await page.getByRole("link", { name }).waitFor();
        if (looks) assert.deepEqual(await faults(page), []);
      });
    });

    it("a programme is published with a picture, its progress told, and all is seen at the portal", async () => {
      await work("officer", "/meja/program/baru", async (page) => {
        await page.getByLabel("Nama program").fill("Taman baca Cibiru");
        await page.getByLabel("Uraian").fill("Gedung kecil dengan dua ribu buku.");
        await press(page, "Umumkan");
        await reads(page, "Program diumumkan.");
        const picture = { name: "gedung.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
        await page.locator("#lampiran").setInputFiles(picture);
        await page.getByLabel("Keterangan gambar baru").fill("Gambar rencana gedung.");
        await press(page, "Simpan gambar");
        await reads(page, "Gambar program disimpan.");
        await page.getByLabel("Kemajuan dalam persen").fill("40");
        await page.locator("[name=keadaan]").selectOption({ label: "Berjalan" });
        await page.locator("[name=kabar]").fill("Atap selesai.");
        await press(page, "Kabarkan");
        await reads(page, "Kemajuan dikabarkan.");
        await page.getByRole("link", { name: "Lihat di portal" }).click();
        await page.getByRole("heading", { level: 1, name: "Taman baca Cibiru" }).waitFor();
        await reads(page, "40 persen");
        await reads(page, "Atap selesai.");
        await page.getByRole("img", { name: "Gambar rencana gedung." }).waitFor();
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

    it("acts that came too late are dropped or done again", () =>
      work("officer", `/meja/kasus/${stage.handed.late}`, async (page) => {
        await reads(page, "Laporan sudah berpindah tangan sebelum tindakan ini sampai.");
        await page.locator(".tasks").getByRole("button", { name: "Abaikan" }).first().click();
        await reads(page, "Tindakan diabaikan");
        await page.locator(".tasks").getByRole("link", { name: "Ulangi" }).click();
        assert.match(await page.getByLabel("Isi", { exact: true }).inputValue(), /^(Pohon|Rambu) /);
        await press(page, "Tindak lanjut");
        await reads(page, "Jawaban dikirim");
        assert.equal(await page.locator(".tasks").count(), 0);
      }));

    it("the national desk puts a successor in the place of an institution that ended", () =>
      work(
        "officer",
        `/meja/kasus/${stage.handed.ended}`,
        async (page) => {
          await begin(page, "Alihkan ke penerus");
          await press(page, "Alihkan ke penerus");
          await reads(page, "Instansi penerus menggantikan yang dibubarkan.");
        },
        stage.pusat,
      ));

    it("an erasure waits for another admin where the institution wants two", async () => {
      const { supervisor } = stage;
      await work(
        "admin",
        "/meja",
        async (page) => {
          await takeIn(page, "Berisi nomor induk seorang tetangga");
          await begin(page, "Hapus isi laporan");
          await page.getByLabel("Memuat data pribadi").check();
          await page.getByLabel("Saya mengerti").check();
          await press(page, "Hapus isi laporan");
          await reads(page, "menunggu persetujuan orang kedua");
          await page.goto(`${supervisor.base}/meja/penghapusan`);
          await page.getByRole("button", { name: /^Batalkan/ }).waitFor();
          assert.equal(await page.getByRole("button", { name: /^Setujui/ }).count(), 0);
        },
        supervisor,
      );
      await work(
        "second_admin",
        "/meja/penghapusan",
        async (page) => {
          await page.getByRole("button", { name: /^Setujui penghapusan/ }).click();
          await reads(page, "Disetujui. Pelapor diberi tahu.");
        },
        supervisor,
      );
    });

    /** The path of a link that is shown to be handed over. */
    const shownLink = async (page) => {
      await page.getByRole("heading", { name: "Tautan untuk kata sandi" }).waitFor();
      return new URL(await page.locator("main code").textContent()).pathname;
    };

    const choose = async (page, list, name) => {
      const option = page.locator(`${list} option`, { hasText: name });
      await page.locator(list).selectOption(await option.getAttribute("value"));
    };

    /** A new password, and the log-in with it. */
    const enter = async (page, password) => {
      for (const field of ["#password", "#again"]) await page.locator(field).fill(password);
      await press(page, "Simpan kata sandi");
      await reads(page, "Kata sandi tersimpan. Silakan masuk.");
      await page.getByLabel("Alamat surel").fill("asep@bandung.go.id");
      await page.getByLabel("Kata sandi").fill(password);
      await press(page, "Masuk");
    };

    it("an admin adds and closes a unit, and makes an account, whose owner logs in with a code", async () => {
      let link;
      await work("admin", "/meja/unit", async (page) => {
        await page.locator("#name").fill("Bidang Penerangan");
        await page.locator("#unit").fill("bidang-penerangan");
        await press(page, "Tambah unit");
        await reads(page, "Unit ditambahkan.");
        await page.locator("tr", { hasText: "bidang-penerangan" }).getByRole("button", { name: "Tutup" }).click();
        await reads(page, "Unit ditutup.");
        await page.goto(`${stage.base}/meja/petugas/baru`);
        await page.locator("#name").fill("Asep Kurnia");
        await page.locator("#login").fill("asep@bandung.go.id");
        await page.locator("[name=role][value=officer]").check();
        await press(page, "Buat akun, tautannya saya serahkan sendiri");
        link = await shownLink(page);
      });
      await work(undefined, link, async (page) => {
        await enter(page, stage.password);
        await page.getByRole("heading", { name: "Perlu dikerjakan" }).waitFor();
        await page.goto(`${stage.base}/meja/akun/kode`);
        await page.locator("#password").fill(stage.password);
        await press(page, "Aktifkan");
        const secret = (await page.locator("main code").textContent()).replaceAll(" ", "");
        await page.locator("#code").fill(oneTimeCode(secret, stage.now));
        await press(page, "Aktifkan");
        await page.getByRole("heading", { level: 1, name: "Kode cadangan" }).waitFor();
        await page.context().clearCookies();
        await page.goto(`${stage.base}/meja/kinerja`);
        await page.getByLabel("Alamat surel").fill("asep@bandung.go.id");
        await page.getByLabel("Kata sandi").fill(stage.password);
        await press(page, "Masuk");
        await page.getByRole("heading", { name: "Kode verifikasi" }).waitFor();
        if (looks) assert.deepEqual(await faults(page), []);
        // Each code counts once, and that of the next half minute counts already.
        await page.locator("#code").fill(oneTimeCode(secret, stage.now + 30_000));
        await press(page, "Masuk");
        await page.waitForURL("**/meja/kinerja");
      });
    });

    it("a desk is handed over, a code and a password are replaced, and an account is closed", async () => {
      let link, account;
      await work("admin", `/meja/kasus/${stage.cases.new}`, async (page) => {
        await choose(page, "#petugas", "Asep Kurnia");
        await press(page, "Simpan penugasan");
        await reads(page, "Penugasan tersimpan.");
        await page.goto(`${stage.base}/meja/petugas`);
        await page.getByRole("link", { name: "Asep Kurnia", exact: true }).click();
        await choose(page, "#kepada", "Siti Aminah");
        account = new URL(page.url()).pathname;
        await press(page, "Serahkan semuanya");
        await reads(page, "1 laporan diserahkan kepada Siti Aminah.");
        await press(page, "Hapus verifikasi dua langkah");
        await reads(page, "Verifikasi dua langkah dihapus.");
        await press(page, "Buat tautan kata sandi untuk saya serahkan");
        link = await shownLink(page);
      });
      await work(undefined, link, async (page) => {
        await enter(page, "delapan payung hijau kereta");
        await page.getByRole("heading", { name: "Perlu dikerjakan" }).waitFor();
        await page.goto(`${stage.base}/sandi/lupa`);
        await page.locator("#login").fill("asep@bandung.go.id");
        await press(page, "Kirim tautan");
        await reads(page, "Jika alamat itu milik sebuah akun");
      });
      await work("admin", account, async (page) => {
        await press(page, "Nonaktifkan akun");
        await reads(page, "Akun dinonaktifkan.");
      });
    });

    it("the first admin of a node makes an account and is led through its settings", () =>
      work(undefined, stage.setup, async (page) => {
        await page.locator("#name").fill("Hasan Basri");
        await page.locator("#login").fill("hasan@kemenpu.example");
        for (const field of ["#password", "#again"]) await page.locator(field).fill(stage.password);
        await press(page, "Buat akun dan masuk");
        await reads(page, "Akun admin dibuat.");
        await page.getByLabel("Telepon").fill("(021) 000-0000");
        await press(page, "Simpan kontak");
        await reads(page, "Tersimpan dan sudah berlaku.");
        for (let step = 2; step <= 10; step += 1) {
          await page.getByRole("link", { name: "Lanjut", exact: true }).click();
          await page.waitForURL(`**/meja/pengaturan?langkah=${step}`);
        }
        await page.getByRole("link", { name: "Ke meja kerja" }).click();
        await page.getByRole("heading", { level: 1 }).waitFor();
        assert.equal(new URL(page.url()).pathname, "/meja");
      }));

    it("own categories are mapped, replaced by a table, taken back and removed", () =>
      work("admin", "/meja/kategori", async (page) => {
        const national = "Pekerjaan Umum dan Penataan Ruang/Jalan";
        await page.locator("#lokal").fill("Parkir/Parkir liar");
        await page.locator("#nasional").selectOption(national);
        await press(page, "Simpan");
        await reads(page, "Kategori tersimpan.");
        const text = `lokal,nasional\nTrotoar/Trotoar rusak,${national}\n`;
        const table = { name: "kategori.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
        await page.locator("#berkas").setInputFiles(table);
        await press(page, "Ganti");
        await reads(page, "Pohon kategori diganti.");
        await page.getByRole("button", { name: "Berlakukan lagi" }).click();
        await reads(page, "Edisi itu berlaku lagi.");
        await press(page, "Hapus Parkir/Parkir liar");
        await reads(page, "Kategori dihapus.");
      }));
  });
}
