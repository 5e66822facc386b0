// A citizen files a report and talks with the institution, with and without script.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  begin,
  fallen,
  fieldsIn,
  launch,
  overflowing,
  press,
  sheets,
  talkCookies,
  until,
  violations,
  visit,
  visitor,
  workAt,
} from "./browser.mjs";
import { everyPage, isDesk } from "./pages.mjs";
import { databases, raise } from "./stage.mjs";

for (const database of databases) {
  // How a page looks, and what a browser does by itself, does not depend on what keeps the reports.
  const looks = database === databases[0];
  const once = { skip: !looks };
  describe(`a citizen on ${database}`, () => {
    let stage, browser, picture;
    before(async () => {
      [stage, browser] = await Promise.all([raise(database), launch()]);
      const { context, page } = await visitor(browser, { width: 360 });
      await page.goto(stage.base);
      picture = await page.screenshot({ type: "jpeg" });
      await context.close();
    });
    after(async () => {
      await browser?.close();
      await stage?.end();
    });

    /** Lets a visitor of a kind do something, beginning at a path. */
    const come = (kind, path, deed) =>
      visit(browser, kind, async (page, context) => {
        await page.goto(stage.base + path);
        await deed(page, context);
      });

    const photo = (name = "jalan.jpg") => ({ name, mimeType: "image/jpeg", buffer: picture });
    const talking = (name, kind = {}) => ({ ...kind, cookies: talkCookies(stage, name) });

    const write = async (page, title, content) => {
      await page.getByLabel("Pengaduan").check();
      await page.getByLabel("Judul").fill(title);
      await page.getByLabel("Isi laporan").fill(content);
    };

    /** Waits until this device keeps what is being written, with its file. */
    const drafted = (page) => until(async () => (await fieldsIn(page, "drafts")).some(([name]) => name === "unggahan"));

    /** Ticket and key of the page that a filing ends on. */
    const receipt = async (page) => {
      await page.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/lapor/terima");
      return page.locator(".keys .code").allTextContents();
    };

    it("finds every page on the other database", { skip: looks }, async () => {
      const pages = everyPage(stage).filter(({ path }) => !isDesk(path));
      assert.ok(pages.length > 30, "these are not all pages");
      assert.deepEqual(await fallen(stage, pages), {});
    });

    it("files with a picture without script and reads it in the conversation", async () => {
      await come({ script: false }, "/", async (page) => {
        await page.getByRole("link", { name: "Mulai menulis" }).click();
        await write(page, "Rambu terbalik di simpang Dago", "Rambu dilarang belok terpasang terbalik.");
        await page.getByLabel("Lampiran").setInputFiles(photo());
        await page.getByLabel("Wilayah").fill("Kota Cimahi, Jawa Barat");
        await press(page, "Kirim laporan");
        const [ticket, key] = await receipt(page);
        assert.match(ticket, /^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
        assert.match(key, /^\d{4} \d{4} \d{4} \d{4}$/);
        await press(page, "Buka percakapan");
        await page.getByText("Rambu dilarang belok").waitFor();
        await page.getByRole("link", { name: "Foto 1" }).waitFor();
        await press(page, "Tutup percakapan");
        await page.goto(`${stage.base}/lapor/terima`);
        await page.getByText("Nomor ini tidak ditampilkan lagi").waitFor();
      });
    });

    it("sends a picture in pieces, goes on where the line broke, and files once for two presses", async () => {
      await come({}, "/lapor", async (page, context) => {
        await context.grantPermissions(["geolocation"]);
        await context.setGeolocation({ latitude: -6.9034, longitude: 107.6186 });
        await write(page, "Papan reklame roboh di Jalan Merdeka", "Papan reklame roboh menimpa trotoar.");
        let broken = 0;
        await page.route("**/unggahan/*", (route) => {
          if (route.request().method() === "PATCH" && broken === 0) {
            broken += 1;
            return route.abort("connectionreset");
          }
          return route.continue();
        });
        await page.getByLabel("Lampiran").setInputFiles(photo("reklame.jpg"));
        await page.locator('.held input[name="unggahan"]:checked').waitFor();
        assert.equal(broken, 1);
        await page.getByRole("combobox", { name: /^Wilayah/ }).fill("bandnug barat");
        await page.getByRole("option", { name: "Kabupaten Bandung Barat, Jawa Barat" }).click();
        await page.getByRole("button", { name: "Gunakan posisi saya" }).click();
        await page.getByText("Posisi Anda sudah diisikan.").waitFor();
        assert.equal(await page.locator("#lintang").inputValue(), "-6.903400");
        await page.getByRole("button", { name: "Kirim laporan" }).dblclick();
        const first = await receipt(page);
        await page.getByRole("button", { name: "Cetak" }).waitFor();
        await page.goto(`${stage.base}/lapor/terima`);
        assert.deepEqual(await receipt(page), first);
        await press(page, "Sudah saya simpan");
        await page.goto(`${stage.base}/lapor/terima`);
        await page.getByText("Nomor ini tidak ditampilkan lagi").waitFor();
      });
    });

    it("prints the receipt on one sheet, without what only a screen can do", once, async () => {
      await come({}, "/lapor", async (page) => {
        await write(page, "Halte tanpa atap di Cihampelas", "Atap halte lepas tertiup angin.");
        await page.getByRole("textbox", { name: "Surel" }).fill("siti@contoh.id");
        await press(page, "Kirim laporan");
        await receipt(page);
        await page.emulateMedia({ media: "print" });
        assert.equal(await page.locator("main button:visible").count(), 0);
        assert.equal(await sheets(page), 1);
      });
    });

    it("lets the region follow the position, and says so", once, async () => {
      await come({}, "/lapor", async (page, context) => {
        await context.grantPermissions(["geolocation"]);
        await context.setGeolocation({ latitude: -7.2575, longitude: 112.7521 });
        const region = page.getByRole("combobox", { name: /^Wilayah/ });
        assert.equal(await region.inputValue(), "Kota Bandung, Jawa Barat");
        await press(page, "Gunakan posisi saya");
        await page.getByText("Wilayah diubah menjadi Jawa Timur").waitFor();
        assert.equal(await region.inputValue(), "Jawa Timur");
      });
    });

    it("chooses a place in a small province by a finger that falls beside it", once, async () => {
      await come({ width: 360, colours: "dark", touch: true }, "/lapor", async (page) => {
        const more = page.locator("details.more", { has: page.locator("[data-pick]") });
        await more.locator("summary").first().click();
        const map = page.locator("[data-pick] svg");
        const yogyakarta = map.locator('use[href$="#id-yo"]');
        /** Taps at so many pixels right of its middle; says how wide it was. */
        const tap = async (aside) => {
          await yogyakarta.scrollIntoViewIfNeeded();
          const { x, y, width, height } = await yogyakarta.boundingBox();
          await page.touchscreen.tap(x + width / 2 + aside, y + height / 2);
          return width;
        };
        const first = await tap(6);
        assert.ok(first < 10, `${first} px`);
        const second = await tap(0);
        assert.ok(second > 20, `${second} px`);
        assert.equal(await page.locator("#lintang").inputValue(), "");
        const third = await tap(0);
        assert.ok(third > 150, `${third} px`);
        await page.getByText("Koordinat perkiraan sudah diisikan.").waitFor();
        const [latitude, longitude] = [await page.locator("#lintang").inputValue(), await page.locator("#bujur").inputValue()];
        assert.ok(latitude > -8.3 && latitude < -7.5, latitude);
        assert.ok(longitude > 110 && longitude < 110.9, longitude);
        // What the land is told from the sea by.
        const told = await map.evaluate((svg) => {
          const [sea, land] = [getComputedStyle(svg), getComputedStyle(svg.querySelector("use"))];
          const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          const light = (colour) => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
            const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const against = (colour) => (light(colour) + 0.05) / (light(sea.backgroundColor) + 0.05);
          return { coast: against(land.stroke), land: against(land.fill) };
        });
        assert.ok(told.coast >= 3 && told.land >= 1.5, JSON.stringify(told));
      });
    });

    it("waits for every file, and does not go without one that failed unless asked again", once, async () => {
      await come({}, "/lapor", async (page) => {
        await write(page, "Gorong-gorong ambles di Jalan Sukajadi", "Gorong-gorong ambles sejak hujan kemarin.");
        let release;
        const pressed = new Promise((done) => (release = done));
        let begun = 0;
        await page.route("**/unggahan", async (route) => {
          begun += 1;
          await pressed;
          return begun === 2 || begun === 4 ? route.fulfill({ status: 415 }) : route.continue();
        });
        await page.getByLabel("Lampiran").setInputFiles([photo("satu.jpg"), photo("dua.jpg"), photo("tiga.jpg")]);
        await press(page, "Kirim laporan");
        release();
        await page.locator(".held li:focus", { hasText: "dua.jpg: jenis berkas ini tidak diterima" }).waitFor();
        assert.equal(await page.locator('.held input[name="unggahan"]:checked').count(), 2);
        assert.equal(new URL(page.url()).pathname, "/lapor");
        await press(page, "Hapus dari daftar: dua.jpg");
        assert.equal(await page.locator(".held li").count(), 2);
        const told = page.locator("[data-progress]");
        await page.getByLabel("Lampiran").setInputFiles(photo("empat.jpg"));
        await told.getByText("empat.jpg: jenis berkas ini tidak diterima").waitFor();
        await press(page, "Hapus dari daftar: empat.jpg");
        assert.equal(await told.textContent(), "");
        await press(page, "Kirim laporan");
        await receipt(page);
        await press(page, "Buka percakapan");
        await page.getByRole("link", { name: "Foto 2" }).waitFor();
      });
    });

    it("keeps what was typed and what was attached when something is wrong", async () => {
      const titles = { false: "Selokan berbau di Antapani", true: "Ayunan putus di Cibeunying" };
      for (const script of looks ? [false, true] : [false]) {
        await come({ script }, "/lapor", async (page) => {
          const title = titles[script];
          await write(page, title, `${title}, sejak Senin.`);
          await page.getByRole("combobox", { name: /^Wilayah/ }).fill("bandung");
          await page.getByLabel("Lampiran").setInputFiles(photo("selokan.jpg"));
          await page.getByLabel("Nama").fill("Siti <Aminah>");
          if (script) await page.locator('.held input[name="unggahan"]:checked').waitFor();
          if (script) await drafted(page);
          await press(page, "Kirim laporan");
          await page.getByRole("link", { name: /Ada beberapa wilayah/ }).waitFor();
          assert.equal(await page.getByLabel("Judul").inputValue(), title);
          assert.equal(await page.getByLabel("Nama").inputValue(), "Siti <Aminah>");
          assert.ok(await page.getByLabel(/selokan\.jpg/).isChecked());
          if (script) await page.waitForTimeout(800);
          assert.equal(await page.locator(".held li").count(), 1, "the device puts it there no second time");
          assert.ok(await page.locator("[data-draft]").isHidden(), "nothing was put back");
          await page.getByLabel("Kota Bandung, Jawa Barat").check();
          await press(page, "Kirim laporan");
          await receipt(page);
          await press(page, "Buka percakapan");
          await page.getByRole("link", { name: "Foto 1" }).waitFor();
          assert.equal(await page.getByRole("link", { name: "Foto 2" }).count(), 0);
        });
      }
    });

    it("holds a picture that went along with a form once, by the name that the node has for it", once, async () => {
      // The node cuts long names, and a browser writes some letters of a name in another way.
      for (const name of ["perosotan.jpg", `perosotan "merah" ${"retak ".repeat(20)}.jpg`]) {
        await come({}, "/lapor", async (page) => {
          await page.route("**/unggahan", (route) => route.abort());
          await write(page, "Perosotan retak di Cibeunying", "Perosotan retak, tajam tepinya.");
          await page.getByRole("combobox", { name: /^Wilayah/ }).fill("bandung");
          await page.getByLabel("Lampiran").setInputFiles(photo(name));
          await page.locator(".held li", { hasText: "Dikirim bersama formulir ini" }).waitFor();
          await drafted(page);
          const looked = page.waitForResponse((answer) => answer.request().method() === "HEAD");
          await press(page, "Kirim laporan");
          await page.getByRole("link", { name: /Ada beberapa wilayah/ }).waitFor();
          assert.equal((await looked).status(), 404);
          await page.waitForTimeout(800);
          const held = page.locator(".held li");
          assert.equal(await held.count(), 1);
          assert.equal(await held.locator('input[name="unggahan"]:checked').count(), 1);
          assert.ok(await page.locator("[data-draft]").isHidden(), "nothing was put back");
        });
      }
    });

    it("suggests institutions with reasons, with script and without", async () => {
      for (const script of looks ? [true, false] : [false]) {
        await come({ script }, "/lapor", async (page) => {
          await write(page, "Jalan nasional berlubang", "Lubang besar di jalan nasional dekat gerbang tol.");
          await press(page, "Sarankan instansi");
          const hint = page.getByRole("radio", { name: /Menangani hal ini: jalan nasional/ });
          await hint.check();
          assert.equal(await page.getByLabel("Judul").inputValue(), "Jalan nasional berlubang");
        });
      }
    });

    it("shows what is alike while one writes, and asks without script before it files", async () => {
      const words = ["Jalan berlubang di Pasar Kosambi", "Jalan berlubang di depan Pasar Kosambi, sudah seminggu."];
      await come({}, "/lapor", async (page) => {
        await write(page, ...words);
        await page.getByRole("combobox", { name: /^Wilayah/ }).focus();
        await page.getByRole("heading", { name: "Mungkin sudah dilaporkan" }).waitFor();
        await page.getByRole("heading", { name: "Jalan berlubang di depan Pasar Kosambi" }).waitFor();
        if (looks) assert.deepEqual(await violations(page), []);
        // Seen, it need not be asked again, until something else is written.
        await page.locator("[data-alike]").scrollIntoViewIfNeeded();
        const seen = page.locator('input[name="tetap"]');
        await seen.waitFor({ state: "attached" });
        await page.getByLabel("Judul").fill("Paspor belum terbit");
        await page.getByLabel("Isi laporan").fill("Paspor saya belum terbit sejak bulan lalu.");
        await page.getByLabel("Isi laporan").blur();
        await page.getByRole("heading", { name: "Mungkin sudah dilaporkan" }).waitFor({ state: "detached" });
        assert.equal(await seen.count(), 0);
      });
      await come({ script: false }, "/lapor", async (page) => {
        await write(page, ...words);
        await press(page, "Kirim laporan");
        await page.getByRole("heading", { name: "Apakah ini laporan Anda?" }).waitFor();
        await press(page, "Kirim laporan saya");
        await receipt(page);
      });
      await come({ width: 360 }, "/lapor", async (page) => {
        await page.route("**/lapor/mirip", (route) => route.abort());
        await write(page, ...words);
        await press(page, "Kirim laporan");
        await page.getByRole("heading", { name: "Apakah ini laporan Anda?" }).waitFor();
        if (looks) assert.deepEqual(await violations(page), []);
        assert.deepEqual(await overflowing(page), []);
        await page.getByRole("button", { name: /Saya juga mengalami/ }).first().click();
        await page.getByText("Suara Anda sudah dihitung").waitFor();
      });
    });

    it("looks for what is alike while one rests in a field, and never twice for the same", once, async () => {
      await come({}, "/lapor", async (page) => {
        const asked = [];
        page.on("request", (request) => {
          if (new URL(request.url()).pathname === "/lapor/mirip") asked.push(request.postData());
        });
        const answered = (words) => page.waitForResponse((answer) => answer.request().postData()?.includes(words));
        const content = page.getByLabel("Isi laporan");
        await write(page, "Jalan berlubang di Pasar Kosambi", "Jalan berlubang di depan Pasar Kosambi.");
        await page.getByRole("heading", { name: "Mungkin sudah dilaporkan" }).waitFor();
        const more = answered("makin+dalam");
        await content.pressSequentially(" Lubangnya makin dalam.");
        await more;
        assert.ok(await content.evaluate((field) => field === document.activeElement), "nobody has left the field");
        const other = answered("Kini+jalan");
        await content.blur();
        await page.getByLabel("Judul").fill("Kini jalan berlubang di Pasar Kosambi");
        await other;
        assert.equal(new Set(asked).size, asked.length);
      });
    });

    it("answers questions, replies and rates without script", async () => {
      await come(talking("held", { script: false }), "/percakapan", async (page) => {
        await page.getByLabel("Di depan rumah nomor berapa").fill("Nomor 12");
        await page.getByLabel("Sejak kapan airnya").fill("Sejak hujan hari Minggu");
        await page.getByLabel("Apakah airnya masuk").selectOption("Ya");
        await page.getByLabel("Lampiran").setInputFiles(photo());
        await press(page, "Kirim jawaban");
        await page.getByText("Jawaban Anda terkirim").waitFor();
        await page.getByText("Sejak hujan hari Minggu").waitFor();
        await page.getByRole("textbox", { name: "Pesan" }).fill("Terima kasih sudah ditanggapi.");
        await press(page, "Kirim pesan");
        await page.getByText("Pesan Anda terkirim.").waitFor();
        assert.equal(await page.getByText("Terima kasih sudah ditanggapi.").count(), 1);
      });
      await come(talking("answered", { script: false }), "/percakapan", async (page) => {
        await press(page, "Ya, selesai");
        await page.getByText("Laporan ditutup atas pernyataan Anda").waitFor();
        await page.getByLabel("4: baik").check();
        await press(page, "Kirim nilai");
        await page.getByText("Anda memberi nilai 4 dari 5").waitFor();
        await page.getByText("Buka kembali laporan").click();
        await press(page, "Buka kembali");
        await page.getByText("Laporan dibuka kembali.").waitFor();
      });
    });

    it("stays as wide as a telephone, whatever without a space is pasted", once, async () => {
      const link = `https://drive.google.com/drive/folders/${"1aBcDeFgHiJkLmNo".repeat(3)}?usp=sharing&resourcekey=0-xYz`;
      const title = `Lampu${"padam".repeat(21)}`;
      /** What of it stands on a page, and what stands out of it. */
      const fits = async (page, path) => {
        await page.goto(stage.base + path);
        const told = await page.locator("main").innerText();
        assert.ok(told.includes(title) || told.includes(link), `${path} says nothing that is long`);
        assert.deepEqual(await overflowing(page), [], path);
      };
      await come({ width: 360 }, "/lapor", async (page) => {
        await write(page, title, `Bukti foto: ${link}`);
        await press(page, "Kirim laporan");
        const [ticket] = await receipt(page);
        await press(page, "Buka percakapan");
        await page.getByText("Bukti foto").first().waitFor();
        let at;
        await workAt(browser, stage, "officer", `/meja?cari=${ticket}`, async (desk) => {
          await desk.locator("[data-row] .title").first().click();
          await desk.getByRole("heading", { level: 1, name: title }).waitFor();
          at = new URL(desk.url()).pathname;
          await begin(desk, "Verifikasi");
          await press(desk, "Verifikasi");
          await begin(desk, "Tunda");
          await desk.getByLabel("Pertanyaan 1").fill(`Yang mana dari ${link}?`);
          await press(desk, "Tunda");
          await desk.getByText("Yang mana dari").first().waitFor();
        });
        await fits(page, "/percakapan");
        await page.getByLabel("Yang mana dari").fill(`Yang ini: ${link}`);
        await press(page, "Kirim jawaban");
        await page.getByText("Jawaban Anda terkirim").waitFor();
        const open = `/laporan/${at.split("/").at(-1)}`;
        for (const path of ["/percakapan", `/lacak?tiket=${ticket}`, open, "/laporan"]) await fits(page, path);
        const narrow = { width: 360 };
        await workAt(browser, stage, "officer", at, (desk) => fits(desk, at), narrow);
        await workAt(browser, stage, "officer", at, (desk) => fits(desk, `${at}/catatan`), narrow);
      });
    });

    it("speaks English in the conversation, and opens it with ticket and key", async () => {
      const { ticket, key } = stage.talks.lost;
      await come({ language: "en", script: false }, "/percakapan", async (page) => {
        await page.getByLabel("Ticket").fill(ticket.toLowerCase());
        await page.getByLabel("Secret key").fill("1234 5678 9012 3456");
        await press(page, "Open the conversation");
        await page.getByText("This ticket and this key do not open a conversation").first().waitFor();
        assert.equal(await page.getByLabel("Ticket").inputValue(), ticket.toLowerCase());
        await page.getByLabel("Secret key").fill(key.replaceAll(" ", ""));
        await press(page, "Open the conversation");
        await page.getByRole("heading", { name: "Write a message" }).waitFor();
        await page.getByText("Change the secret key").click();
        await press(page, "Make a new key");
        const [fresh] = await page.locator(".keys .code").allTextContents();
        assert.notEqual(fresh, key);
        await page.getByRole("link", { name: "Open the conversation" }).click();
        await page.getByLabel("Ticket").waitFor();
      });
    });
  });
}
