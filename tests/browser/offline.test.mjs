// The portal as an application: it opens without a line, keeps what is written, and
// sends a report once, whatever happens to the answer.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fieldsIn, launch, overflowing, press, until, violations, visitor } from "./browser.mjs";
import { line } from "./line.mjs";
import { databases, raise } from "./stage.mjs";

for (const database of databases) {
  // What a device does by itself, whatever the node keeps reports in.
  const device = { skip: database !== databases[0] };
  describe(`without a line on ${database}`, () => {
    let stage, browser, wire;
    const begin = async () => {
      stage = await raise(database);
      wire = await line(stage.base);
    };
    const end = async () => {
      await wire?.end();
      await stage?.end();
    };
    /** A node takes ten reports of an address at once, and the stories before have filed as many. */
    const anew = async () => {
      if (device.skip) return;
      await end();
      await begin();
    };
    before(async () => {
      [, browser] = await Promise.all([begin(), launch()]);
    });
    after(async () => {
      await browser?.close();
      await end();
    });

    afterEach(() => wire.mend());

    /** A visitor on a telephone whose worker has kept the portal. */
    const settled = async (kind = {}) => {
      const visit = await visitor(browser, { width: 360, ...kind });
      await visit.page.goto(wire.base);
      await visit.page.evaluate(async () => {
        await navigator.serviceWorker.ready;
        if (navigator.serviceWorker.controller) return;
        await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
      });
      return visit;
    };
    const cut = async (context) => {
      wire.cut();
      await context.setOffline(true);
    };
    const mend = async (context) => {
      wire.mend();
      await context.setOffline(false);
    };
    /** How many reports the institution has, as it counts itself: the first page counts once a minute. */
    const received = async () => {
      const headers = { authorization: `Bearer ${stage.api.keys.reader}` };
      const counts = await fetch(`${stage.base}/api/v1/cases/counts`, { headers });
      const { new: unread, suspect } = await counts.json();
      return unread + suspect;
    };
    const write = async (page, title) => {
      await page.getByLabel("Pengaduan").check();
      await page.getByLabel("Judul").fill(title);
      await page.getByLabel("Isi laporan").fill(`${title}, sejak kemarin sore.`);
    };
    /** What the device keeps in a place, after a change to all of it. */
    const rows = (page, place, change = {}) =>
      page.evaluate(
        ([place, change]) =>
          new Promise((done, failed) => {
            const opening = indexedDB.open("lapor");
            opening.onerror = () => failed(opening.error);
            opening.onsuccess = () => {
              const work = opening.result.transaction(place, "readwrite");
              const store = work.objectStore(place);
              const asked = store.getAll();
              asked.onsuccess = () => asked.result.forEach((row) => store.put(Object.assign(row, change)));
              work.oncomplete = () => {
                opening.result.close();
                done(asked.result.map(({ fields, ...row }) => (fields ? { ...row, fields: fields.length } : row)));
              };
            };
          }),
        [place, change],
      );

    it("says what a telephone needs to install it", device, async () => {
      const { context, page } = await visitor(browser);
      await page.goto(stage.base);
      const at = await page.getAttribute('link[rel="manifest"]', "href");
      const manifest = await (await fetch(stage.base + at, { headers: { "Accept-Language": "id" } })).json();
      assert.equal(manifest.name, "LAPOR! Pemerintah Kota Bandung");
      assert.deepEqual([manifest.start_url, manifest.display, manifest.lang], ["/", "standalone", "id"]);
      for (const icon of manifest.icons) {
        const answer = await fetch(stage.base + icon.src);
        assert.equal(answer.headers.get("content-type"), icon.type);
      }
      await context.close();
    });

    it("keeps what is being written over a reload, and forgets it when told to", device, async () => {
      const { context, page, complaints } = await settled();
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Pohon miring di Jalan Riau");
      await page.getByLabel("Nama").fill("Siti Aminah");
      const kept = async () => (await fieldsIn(page, "drafts")).some(([name]) => name === "uraian");
      await until(kept);
      await page.reload();
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await page.getByLabel("Nama").inputValue(), "", "who writes is nobody else's business");
      assert.equal(await page.getByLabel("Judul").inputValue(), "Pohon miring di Jalan Riau");
      assert.ok(await page.getByLabel("Pengaduan").isChecked());
      await press(page, "Hapus tulisan ini");
      assert.equal(await page.getByLabel("Judul").inputValue(), "");
      await until(async () => !(await kept()));
      await page.goto(wire.base);
      await page.goto(`${wire.base}/lapor`);
      assert.equal(await page.getByLabel("Judul").inputValue(), "");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("keeps the files of what is being written over a reload, and names what is gone", device, async () => {
      const { context, page, complaints } = await settled();
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Pagar roboh di Jalan Dago");
      const picture = { name: "pagar.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await page.getByLabel("Lampiran").setInputFiles(picture);
      const drafted = () => fieldsIn(page, "drafts");
      const kept = await until(async () => (await drafted()).find(([name]) => name === "unggahan")?.[1]);
      const held = page.locator('.held input[name="unggahan"]:checked');
      await page.reload();
      await held.waitFor();
      assert.equal(await held.inputValue(), kept, "it goes up no second time");
      assert.ok(await page.getByText("Berkas ini tidak ada lagi").isHidden());

      // One that the node has no more goes up again from this device; another is nowhere.
      const fields = (await drafted()).filter(([name]) => name !== "unggahan");
      const [lost, gone] = ["0".repeat(32), "1".repeat(32)];
      const named = [...fields, ["unggahan", `${lost}/pagar.jpg`], ["unggahan", `${gone}/hilang.pdf`]];
      await rows(page, "files", { upload: lost });
      await rows(page, "drafts", { fields: named });
      await page.reload();
      await page.getByText("Berkas ini tidak ada lagi; pilih sekali lagi: hilang.pdf").waitFor();
      await held.waitFor();
      assert.match(await held.inputValue(), /\/pagar\.jpg$/);
      assert.notEqual(await held.inputValue(), `${lost}/pagar.jpg`);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("keeps a picture that could not go up over a reload, and sends it", device, async () => {
      const { context, page } = await settled();
      const picture = { name: "kabel.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Kabel menjuntai di Jalan Banda");
      await page.getByLabel("Lampiran").setInputFiles(picture);
      await page.locator(".held li", { hasText: "Dikirim bersama formulir ini" }).waitFor();
      const named = async () => (await fieldsIn(page, "drafts")).find(([name]) => name === "unggahan")?.[1];
      const first = await until(named);
      assert.match(first, /^[0-9a-f]{32}\/kabel\.jpg$/);
      await page.goto(`${wire.base}/lapor`);
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      await page.locator(".held li", { hasText: "kabel.jpg" }).getByText("Dikirim bersama formulir ini").waitFor();
      assert.ok(await page.getByText("Berkas ini tidak ada lagi").isHidden());
      await until(async () => (await named()) !== first);
      await until(async () => (await rows(page, "files")).length === 1);
      // Sent at once, before the draft knows it by its new name.
      await page.goto(`${wire.base}/lapor`);
      await page.locator(".held li", { hasText: "kabel.jpg" }).waitFor();
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      for (const place of ["files", "drafts"]) assert.deepEqual(await rows(page, place), [], "the report has it");
      await mend(context);
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      await press(page, "Lihat nomor tiket");
      await press(page, "Buka percakapan");
      await page.getByRole("link", { name: "Foto 1" }).waitFor();
      await context.close();
    });

    it("keeps no draft for longer than a day, and none of what is to stay hidden", device, async () => {
      const { context, page } = await settled();
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Pungutan di loket kelurahan");
      await until(async () => (await rows(page, "drafts")).length === 1);
      await page.getByRole("checkbox", { name: "Rahasia" }).check();
      await until(async () => (await rows(page, "drafts")).length === 0);
      await page.getByRole("checkbox", { name: "Rahasia" }).uncheck();
      await until(async () => (await rows(page, "drafts")).length === 1);
      await page.goto(wire.base);
      await rows(page, "drafts", { at: Date.now() - 86_400_000 });
      await page.goto(`${wire.base}/lapor`);
      await until(async () => (await rows(page, "drafts")).length === 0);
      assert.equal(await page.getByLabel("Judul").inputValue(), "");
      await context.close();
    });

    it("keeps the form as anybody sees it, and about no programme", device, async () => {
      const { context, page } = await settled();
      await page.goto(`${wire.base}/lapor?program=kota-bandung%2Ftrotoar-braga`);
      await page.locator('input[name="program"]').waitFor({ state: "attached" });
      await write(page, "Ubin lepas di Jalan Braga");
      await until(async () => (await rows(page, "drafts")).length === 1);
      await page.goto(`${wire.base}/lapor?program=kota-bandung%2Ftaman-2027`);
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await page.locator('input[name="program"]').inputValue(), "kota-bandung/taman-2027");
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await page.getByLabel("Judul").waitFor();
      assert.equal(await page.locator('input[name="program"]').count(), 0);
      await mend(context);
      await context.close();
    });

    it("does not send by itself what may have been filed a week ago", device, async () => {
      const { context, page } = await settled();
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Trotoar retak di Jalan Cihampelas");
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      await rows(page, "reports", { tried: Date.now() - 7 * 86_400_000 });
      await mend(context);
      await page.getByText("Kami tidak tahu apakah laporan ini sudah sampai.").waitFor();
      await press(page, "Perbaiki");
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await page.getByLabel("Judul").inputValue(), "Trotoar retak di Jalan Cihampelas");
      assert.equal((await rows(page, "reports")).length, 1, "it waits until it has been sent");
      // Nor what may have been filed by a clock that was ahead.
      await page.goto(`${wire.base}/lacak`);
      await rows(page, "reports", { state: "waiting", tried: Date.now() + 2 * 86_400_000 });
      await page.goto(`${wire.base}/antrean`);
      await page.getByText("Kami tidak tahu apakah laporan ini sudah sampai.").waitFor();
      await context.close();
    });

    it("files without a line, and once, though the first answer is lost", async () => {
      const { context, page } = await settled();
      const before = await received();
      await page.goto(wire.base);
      const picture = await page.screenshot({ type: "jpeg" });
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Tiang listrik miring di Jalan Aceh");
      // A place in another province than the region that stands there: nobody can be asked.
      await page.getByRole("combobox", { name: /^Wilayah/ }).fill("Kota Bandung, Jawa Barat");
      await page.locator("#lintang").evaluate((field) => (field.value = "-7.82"));
      await page.locator("#bujur").evaluate((field) => (field.value = "112.01"));
      const photo = { name: "tiang.jpg", mimeType: "image/jpeg", buffer: picture };
      await page.getByLabel("Lampiran").setInputFiles(photo);
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      await page.getByRole("heading", { name: "Tiang listrik miring di Jalan Aceh" }).waitFor();
      if (!device.skip) assert.deepEqual([...(await violations(page)), ...(await overflowing(page))], []);

      wire.deafen();
      await context.setOffline(false);
      await press(page, "Kirim sekarang");
      await until(async () => (await received()) > before);
      await page.getByText("Menunggu sambungan.").waitFor();

      await mend(context);
      // It may go by itself before this is pressed.
      await press(page, "Kirim sekarang").catch(() => {});
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      const [delivered] = await rows(page, "reports");
      assert.deepEqual(Object.keys(delivered).sort(), ["at", "key", "sent", "state", "title"]);
      await press(page, "Lihat nomor tiket");
      await page.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      assert.match(await page.locator(".keys .code").first().textContent(), /^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
      assert.equal(await received(), before + 1);
      await until(async () => (await rows(page, "reports")).length === 0);
      await page.goto(`${wire.base}/antrean`);
      await page.getByRole("heading", { name: "Tidak ada yang menunggu" }).waitFor();
      await context.close();
    });

    it("sends a picture once more that waited longer than the node keeps it", async () => {
      const { context, page } = await settled();
      const before = await received();
      const picture = { name: "pagar.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Pagar roboh di Jalan Sumatra");
      await page.getByLabel("Lampiran").setInputFiles(picture);
      const upload = await page.locator('.held input[name="unggahan"]:checked').inputValue();
      await cut(context);
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      const tus = { "Tus-Resumable": "1.0.0" };
      const ended = await fetch(`${stage.base}/unggahan/${upload.split("/")[0]}`, { method: "DELETE", headers: tus });
      assert.equal(ended.status, 204);
      await mend(context);
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      assert.equal(await received(), before + 1);
      await press(page, "Lihat nomor tiket");
      await press(page, "Buka percakapan");
      await page.getByRole("link", { name: "Foto 1" }).waitFor();
      assert.deepEqual(await rows(page, "files"), []);
      await context.close();
    });

    it("mends a report with all that was typed, and leaves another draft alone", device, async () => {
      const { context, page } = await settled();
      const picture = { name: "gorong.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Gorong-gorong ambles di Jalan Natuna");
      await page.getByRole("checkbox", { name: "Rahasia" }).check();
      await page.getByLabel("Nama").fill("Siti Aminah");
      await page.getByRole("combobox", { name: /^Wilayah/ }).fill("Negeri Antah Berantah");
      await page.getByLabel("Lampiran").setInputFiles(picture);
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      await mend(context);
      await page.getByText("Belum dapat diterima").waitFor();
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Halte kotor di Jalan Ambon");
      await until(async () => (await rows(page, "drafts")).length === 1);
      await page.goto(`${wire.base}/antrean`);
      for (const look of ["first", "again"]) {
        await press(page, "Perbaiki");
        await page.getByText("dipulihkan dari perangkat ini").waitFor();
        assert.equal(await page.getByLabel("Judul").inputValue(), "Gorong-gorong ambles di Jalan Natuna", look);
        assert.equal(await page.getByLabel("Nama").inputValue(), look === "first" ? "Siti Aminah" : "Siti Aminah Dewi");
        assert.ok(await page.getByRole("checkbox", { name: "Rahasia" }).isChecked());
        await page.locator('.held input[name="unggahan"]:checked').waitFor();
        if (look === "again") break;
        // What is mended and left is mended further.
        await page.getByLabel("Nama").fill("Siti Aminah Dewi");
        await until(async () => (await fieldsIn(page, "reports")).some(([, value]) => value === "Siti Aminah Dewi"));
        assert.deepEqual((await rows(page, "reports")).map(({ title }) => title), ["Gorong-gorong ambles di Jalan Natuna"]);
        await page.goto(`${wire.base}/antrean`);
      }
      await page.getByRole("combobox", { name: /^Wilayah/ }).fill("Kota Bandung, Jawa Barat");
      await press(page, "Kirim laporan");
      await page.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      await until(async () => (await rows(page, "reports")).length === 0);
      await press(page, "Buka percakapan");
      await page.getByRole("link", { name: "Foto 1" }).waitFor();
      await page.goto(`${wire.base}/lapor`);
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await page.getByLabel("Judul").inputValue(), "Halte kotor di Jalan Ambon");
      await context.close();
    });

    it("sends what waits behind a report that the node cannot take now, and nothing that was dropped meanwhile", device, async () => {
      const { context, page } = await settled();
      const before = await received();
      await cut(context);
      for (const street of ["Bali", "Sumba", "Lombok"]) {
        await page.goto(`${wire.base}/lapor`);
        await write(page, `Trotoar pecah di Jalan ${street}`);
        await press(page, "Kirim laporan");
        await page.getByText("Menunggu sambungan.").first().waitFor();
      }
      const posts = [];
      let go;
      const held = new Promise((done) => (go = done));
      wire.mend();
      const filing = ({ method, url }) => method === "POST" && url === "/lapor";
      wire.putOff((asked) => filing(asked) && posts.push(asked) === 1);
      wire.stall((asked) => (filing(asked) && posts.length === 1 ? held : null));
      await context.setOffline(false);
      await until(() => posts.length === 1);
      page.on("dialog", (dialog) => dialog.accept());
      const last = page.locator("li.card").filter({ hasText: "Lombok" });
      await last.getByRole("button").last().click();
      await until(async () => (await rows(page, "reports")).length === 2);
      go();
      const states = async () => (await rows(page, "reports")).map(({ title, state }) => `${title.split(" ").at(-1)} ${state}`).sort();
      await until(async () => (await states()).join() === "Bali waiting,Sumba sent");
      const [waits] = (await rows(page, "reports")).filter(({ state }) => state === "waiting");
      assert.ok(waits.notBefore > Date.now() + 3_000_000, "as the node said");
      assert.equal(await received(), before + 1);
      await page.reload();
      await pause(600);
      assert.equal(posts.length, 2, "not before");
      await press(page, "Kirim sekarang");
      await until(async () => (await states()).join() === "Bali sent,Sumba sent");
      assert.equal(await received(), before + 2);
      await context.close();
    });

    it("does not take back a report that was sent off while its form stood open", device, async () => {
      const { context, page } = await settled();
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Rambu hilang di Jalan Flores");
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      const [{ key }] = await rows(page, "reports", { state: "unsent" });
      await page.goto(`${wire.base}/lapor#perbaiki=${key}`);
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      await rows(page, "reports", { state: "waiting" });
      await page.getByLabel("Nama").fill("Siti Aminah");
      await until(async () => (await fieldsIn(page, "reports")).some(([, value]) => value === "Siti Aminah"));
      const [{ state }] = await rows(page, "reports");
      assert.equal(state, "waiting");
      await context.close();
    });

    it("keeps no file of a form that is to be anonymous", device, async () => {
      const { context, page } = await settled();
      const picture = { name: "pagar.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Pungutan di Jalan Timor");
      await page.getByLabel("Lampiran").setInputFiles(picture);
      await until(async () => (await rows(page, "files")).length === 1);
      await page.getByLabel("Anonim").check();
      await until(async () => (await rows(page, "files")).length === 0);
      await page.getByLabel("Lampiran").setInputFiles(picture);
      await page.locator('.held input[name="unggahan"]:checked').nth(1).waitFor();
      assert.deepEqual(await rows(page, "files"), []);
      await context.close();
    });

    it("goes on with a form that was to be edited when the line was lost", device, async () => {
      const { context, page } = await settled();
      wire.lose(({ url }) => url === "/lapor/mirip");
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Jalan berlubang di Pasar Kosambi");
      await page.getByLabel("Isi laporan").fill("Jalan berlubang di depan Pasar Kosambi, sudah seminggu.");
      await page.getByLabel("Anonim").check();
      await page.getByLabel("Nama").fill("Siti Aminah");
      await press(page, "Kirim laporan");
      await page.getByRole("heading", { name: "Apakah ini laporan Anda?" }).waitFor();
      await cut(context);
      await press(page, "Kembali menyunting");
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await page.getByLabel("Judul").inputValue(), "Jalan berlubang di Pasar Kosambi");
      assert.equal(await page.getByLabel("Nama").inputValue(), "Siti Aminah");
      assert.ok(await page.getByLabel("Anonim").isChecked());
      await page.goto(`${wire.base}/antrean`);
      await page.getByText("Belum dikirim; masih Anda tulis.").waitFor();
      assert.deepEqual(await violations(page), []);
      await press(page, "Perbaiki");
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      await mend(context);
      await press(page, "Kirim laporan");
      await press(page, "Kirim laporan saya");
      await page.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      await until(async () => (await rows(page, "reports")).length === 0);
      await context.close();
    });

    it("keeps the way to a receipt until it is shown, however often the line loses it", async () => {
      const { context, page } = await settled();
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Kabel menjuntai di Jalan Bengawan");
      wire.lose(({ url }) => url === "/lapor/terima");
      await press(page, "Kirim laporan");
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      await press(page, "Lihat nomor tiket");
      await page.getByText("Nomor tiket belum dapat dibuka").waitFor();
      // Found, and lost again on the way to the page itself.
      let looks = 0;
      wire.lose(({ method, url }) => url === "/lapor/terima" && method === "GET" && (looks += 1) > 1);
      await press(page, "Lihat nomor tiket");
      await until(() => looks > 1);
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      assert.equal((await rows(page, "reports")).length, 1);
      wire.mend();
      await press(page, "Lihat nomor tiket");
      await page.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      await until(async () => (await rows(page, "reports")).length === 0);
      await context.close();
    });

    const exclude = async (page, institution) => {
      await page.getByText("Ada instansi yang tidak boleh menerima laporan ini").click();
      await page.getByLabel("Instansi yang dikecualikan").fill(institution);
    };

    it("asks before a report waits whether those it excludes may read it, and sends it by itself", device, async () => {
      const { context, page } = await settled();
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Tiang listrik keropos di Jalan Belitung");
      const open = page.getByLabel("Boleh terbuka");
      await exclude(page, "");
      assert.ok(await open.isHidden());
      await page.getByLabel("Instansi yang dikecualikan").fill("kemenpu");
      await page.getByRole("checkbox", { name: "Rahasia" }).check();
      assert.ok(await open.isHidden(), "it was said");
      await page.getByRole("checkbox", { name: "Rahasia" }).uncheck();
      await page.getByText("Ada instansi yang tidak boleh menerima laporan ini").click();
      await press(page, "Kirim laporan");
      await page.getByLabel("Rahasiakan laporan").waitFor();
      assert.deepEqual(await rows(page, "reports"), []);
      assert.deepEqual([...(await violations(page)), ...(await overflowing(page))], []);
      await open.check();
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      await mend(context);
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      await context.close();
    });

    it("says what is wrong with a report that was kept before this was asked, and where", device, async () => {
      const { context, page } = await settled();
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Gardu terbuka di Jalan Bangka");
      await exclude(page, "kemenpu");
      await page.getByLabel("Rahasiakan laporan").check();
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      const [{ key, title }] = await rows(page, "reports");
      const fields = Object.entries({ kunci: key, klasifikasi: "pengaduan", judul: title, uraian: title, kecuali: "kemenpu" });
      await rows(page, "reports", { fields });
      await mend(context);
      const complaint = page.getByText("juga oleh instansi yang dikecualikan");
      await page.locator("li.card").getByText("Belum dapat diterima").waitFor();
      await complaint.waitFor();
      await press(page, "Perbaiki");
      await page.getByRole("alert").getByText("juga oleh instansi yang dikecualikan").click();
      const secret = page.getByLabel("Rahasiakan laporan");
      assert.ok(await secret.evaluate((answer) => answer === document.activeElement));
      await secret.check();
      await press(page, "Kirim laporan");
      await page.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      await until(async () => (await rows(page, "reports")).length === 0);
      await context.close();
    });

    it("gives each report written without a line a key of its own", async () => {
      await anew();
      const { context, page } = await settled();
      await cut(context);
      for (const title of ["Got tersumbat di Jalan Banda", "Rambu hilang di Jalan Saparua"]) {
        await page.goto(`${wire.base}/lapor`);
        await write(page, title);
        await press(page, "Kirim laporan");
        await page.getByRole("heading", { name: title }).waitFor();
      }
      assert.equal(await page.locator("[data-queue] li").count(), 2);
      await mend(context);
      await page.reload();
      await page.getByText("Terkirim. Catat nomor tiket").nth(1).waitFor();
      await context.close();
    });

    /** Sends a form of which the region may be several; the page that asks which stands then. */
    const askedBack = async (page) => {
      await page.getByRole("combobox", { name: /^Wilayah/ }).fill("bandung");
      await press(page, "Kirim laporan");
      await page.getByRole("link", { name: /Ada beberapa wilayah/ }).waitFor();
    };

    /** A form with a name and a picture that is answered with the page that asks back; `hidden` is a tick that keeps
     * it from this device. */
    const sentWithPicture = async (page, title, hidden) => {
      await page.goto(`${wire.base}/lapor`);
      await write(page, title);
      await page.getByLabel("Nama").fill("Siti Aminah");
      if (hidden) await page.getByRole("checkbox", { name: hidden }).check();
      const picture = { name: "plang.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await page.getByLabel("Lampiran").setInputFiles(picture);
      await page.locator('.held input[name="unggahan"]:checked').waitFor();
      const isKept = ([name]) => name === "unggahan";
      await until(async () => (await fieldsIn(page, "drafts")).some(isKept) !== Boolean(hidden));
      await until(async () => (await rows(page, "drafts")).length === (hidden ? 0 : 1));
      await askedBack(page);
      await page.goto(`${wire.base}/statistik`);
    };
    /** What this device keeps of a form that was gone back to: what it kept of it before, and who writes never. */
    const keptOfIt = async (page, hidden) => {
      assert.deepEqual(await rows(page, "reports"), []);
      for (const place of ["drafts", "files"]) assert.equal((await rows(page, place)).length, hidden ? 0 : 1, place);
      assert.ok((await fieldsIn(page, "drafts")).every(([name]) => name !== "nama"));
    };

    it("shows a form that is gone back to as it was sent, keeps no more of it, and files nothing by that", device, async () => {
      const { context, page, complaints } = await settled();
      const before = await received();
      const title = "Plang terbalik di Jalan Progo";
      for (const hidden of ["Anonim", "Rahasia", null]) {
        await sentWithPicture(page, title, hidden);
        await page.goBack();
        assert.equal(await page.getByLabel("Judul").inputValue(), title);
        assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, "/lapor");
        assert.equal(await page.getByLabel("Nama").inputValue(), "Siti Aminah");
        for (const name of ["Anonim", "Rahasia"]) {
          assert.equal(await page.getByRole("checkbox", { name }).isChecked(), name === hidden, name);
        }
        await page.locator('.held input[name="unggahan"]:checked').waitFor();
        assert.equal(await page.locator(".held li").count(), 1);
        await keptOfIt(page, hidden);
      }
      // What is to be anonymous from here on has left this device, and does not come back to it.
      await page.getByRole("checkbox", { name: "Anonim" }).check();
      for (const place of ["drafts", "files"]) await until(async () => (await rows(page, place)).length === 0);
      await page.goto(`${wire.base}/statistik`);
      await page.goBack();
      assert.equal(await page.getByLabel("Judul").inputValue(), title);
      assert.ok(await page.getByRole("checkbox", { name: "Anonim" }).isChecked());
      await keptOfIt(page, "Anonim");
      await page.goto(`${wire.base}/antrean`);
      await page.getByRole("heading", { name: "Tidak ada yang menunggu" }).waitFor();
      assert.equal(await received(), before);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    /** Follows a link from a form that the node has answered with, and goes back to it. */
    const awayAndBack = async (page) => {
      await page.goto(`${wire.base}/statistik`);
      await page.goBack();
      await page.getByLabel("Judul").waitFor();
    };

    it("leaves a form hidden that was hidden after it was sent, and keeps no word of it", device, async () => {
      const { context, page, complaints } = await settled();
      const title = "Pungli parkir di Jalan Cisangkuy";
      for (const name of ["Anonim", "Rahasia"]) {
        const box = page.getByRole("checkbox", { name });
        await page.goto(`${wire.base}/lapor`);
        await write(page, title);
        await page.getByLabel("Nama").fill("Siti Aminah");
        await askedBack(page);
        await box.check();
        // At once: whoever goes away does not wait.
        await awayAndBack(page);
        await until(() => box.isChecked());
        assert.equal(await page.getByLabel("Nama").inputValue(), "Siti Aminah");
        await until(async () => (await rows(page, "drafts")).length === 0);
        assert.deepEqual(await rows(page, "files"), []);
        const known = await page.evaluate(() => sessionStorage.getItem("formulir"));
        assert.ok(known.includes(name.toLowerCase()) && !known.includes(title) && !known.includes("Siti"), known);

        // It was sent so, and shall be hidden no more.
        await askedBack(page);
        await box.uncheck();
        await until(async () => (await rows(page, "drafts")).length === 1);
        await awayAndBack(page);
        await page.getByText("dipulihkan dari perangkat ini").waitFor();
        assert.ok(!(await box.isChecked()), name);
      }
      await page.goto(`${wire.base}/lapor`);
      await write(page, title);
      await exclude(page, "kemenpu");
      await page.getByLabel("Boleh terbuka").check();
      await askedBack(page);
      await page.getByLabel("Rahasiakan laporan").check();
      await awayAndBack(page);
      await until(() => page.getByLabel("Rahasiakan laporan").isChecked());
      await until(async () => (await rows(page, "drafts")).length === 0);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("shows a form that is gone back to with what was changed in it after it was sent", device, async () => {
      const { context, page, complaints } = await settled();
      const field = (name) => page.locator(`.filing [name="${name}"]`);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Ayunan rusak di Taman Cilaki");
      const picture = { name: "ayunan.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg" }) };
      await page.getByLabel("Lampiran").setInputFiles(picture);
      await page.locator('.held input[name="unggahan"]:checked').waitFor();
      await field("tanggal").fill("2026-01-05");
      await field("surel").fill("siti@contoh.id");
      await field("kabari").check();
      await askedBack(page);
      await field("unggahan").uncheck();
      await field("tanggal").fill("");
      await field("kabari").uncheck();
      await field("tempat").fill("Dekat gerbang utara");
      const gone = ["unggahan", "tanggal", "kabari"];
      await until(async () => {
        const kept = (await fieldsIn(page, "drafts")).map(([name]) => name);
        return kept.includes("tempat") && !kept.some((name) => gone.includes(name));
      });
      await awayAndBack(page);
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await field("tempat").inputValue(), "Dekat gerbang utara");
      assert.equal(await field("surel").inputValue(), "siti@contoh.id", "as it was sent");
      assert.equal(await field("tanggal").inputValue(), "");
      assert.equal(await page.locator(".held li").count(), 1);
      for (const name of ["unggahan", "kabari"]) assert.ok(!(await field(name).isChecked()), name);

      // What was sent last counts, not what was kept before.
      await field("tempat").fill("Dekat gerbang selatan");
      await askedBack(page);
      await awayAndBack(page);
      await page.waitForLoadState("networkidle");
      assert.equal(await field("tempat").inputValue(), "Dekat gerbang selatan");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("shows the first form with its picture where one goes back beyond the answer to it", device, async () => {
      const { context, page } = await settled();
      const held = page.locator('.held input[name="unggahan"]:checked');
      await sentWithPicture(page, "Pot pecah di Jalan Citarum", null);
      await page.goBack();
      await held.waitFor();
      await page.goBack();
      await page.getByText("dipulihkan dari perangkat ini").waitFor();
      assert.equal(await page.getByLabel("Judul").inputValue(), "Pot pecah di Jalan Citarum");
      await held.waitFor();
      assert.equal(await page.locator(".held li").count(), 1);
      assert.ok(await page.getByText("Berkas ini tidak ada lagi").isHidden());
      await context.close();
    });

    it("shows the form that is kept where one is gone back to without a line", device, async () => {
      const { context, page } = await settled();
      for (const hidden of ["Rahasia", null]) {
        await sentWithPicture(page, "Kanopi sobek di Jalan Opak", hidden);
        await cut(context);
        await page.goBack();
        await page.getByRole("button", { name: "Kirim laporan", exact: true }).waitFor();
        if (!hidden) {
          await page.getByText("dipulihkan dari perangkat ini").waitFor();
          assert.equal(await page.getByLabel("Judul").inputValue(), "Kanopi sobek di Jalan Opak");
        }
        assert.deepEqual(await rows(page, "reports"), []);
        assert.equal((await rows(page, "drafts")).length, hidden ? 0 : 1);
        assert.ok((await fieldsIn(page, "drafts")).every(([name]) => name !== "nama"));
        await mend(context);
      }
      await context.close();
    });

    it("shows a form that is gone back to where this device can keep nothing", device, async () => {
      const { context, page } = await settled();
      await sentWithPicture(page, "Lampu taman pecah di Jalan Cilaki", null);
      // As after a newer portal: this one may not open what that one keeps.
      await page.evaluate(
        () =>
          new Promise((done, failed) => {
            const opening = indexedDB.open("lapor", 99);
            opening.onerror = () => failed(opening.error);
            opening.onsuccess = () => done(opening.result.close());
          }),
      );
      await page.goBack();
      assert.equal(await page.getByLabel("Judul").inputValue(), "Lampu taman pecah di Jalan Cilaki");
      assert.equal(await page.locator('.held input[name="unggahan"]:checked').count(), 1);
      await context.close();
    });

    it("leads from a form that is gone back to on to what has become of it", device, async () => {
      const { context, page } = await settled();
      const before = await received();
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Halte bocor di Jalan Serayu");
      await askedBack(page);
      await page.getByLabel("Kota Bandung, Jawa Barat").check();
      await press(page, "Kirim laporan");
      const receipt = page.getByRole("heading", { name: "Laporan Anda sudah kami terima" });
      await receipt.waitFor();
      await until(async () => (await rows(page, "reports")).length === 0);
      assert.equal(await page.evaluate(() => sessionStorage.getItem("formulir")), "{}");
      const [own] = await page.locator(".keys .code").allTextContents();
      const carried = async () => (await context.cookies()).find(({ name }) => name === "lapor-terima").value;
      const key = await carried();

      // The browser carries the receipt of another one by now.
      const other = await context.newPage();
      await other.goto(`${wire.base}/lapor`);
      await write(other, "Bangku patah di Jalan Citarum");
      await press(other, "Kirim laporan");
      await other.getByRole("heading", { name: "Laporan Anda sudah kami terima" }).waitFor();
      await until(async () => (await rows(other, "reports")).length === 0);
      await other.close();
      assert.notEqual(await carried(), key);
      await page.goBack();
      await receipt.waitFor();
      assert.equal(new URL(page.url()).pathname, "/lapor/terima");
      assert.equal(await carried(), key);
      assert.equal(await page.locator(".keys .code").first().textContent(), own);
      await until(async () => (await rows(page, "reports")).length === 0);

      await page.goto(`${wire.base}/lapor`);
      await write(page, "Portal patah di Jalan Cimanuk");
      await askedBack(page);
      await page.getByLabel("Kota Bandung, Jawa Barat").check();
      await cut(context);
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      const [{ key: kept, at }] = await rows(page, "reports");
      await page.goBack();
      await page.getByText("Menunggu sambungan.").waitFor();
      const [waits] = await rows(page, "reports");
      assert.deepEqual([waits.key, waits.at, waits.state], [kept, at, "waiting"]);
      await mend(context);
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      assert.equal(await received(), before + 3);
      await context.close();
    });

    it("files nothing a second time that is sent again from the form behind its receipt", device, async () => {
      const { context, page, complaints } = await settled();
      const before = await received();
      const title = "Tutup got hilang di Jalan Cikapundung";
      const receipt = page.getByRole("heading", { name: "Laporan Anda sudah kami terima" });
      const ticket = () => page.locator(".keys .code").first().textContent();
      const key = () => page.locator('.filing [name="kunci"]').inputValue();
      await page.goto(`${wire.base}/lapor`);
      await write(page, title);
      const first = await key();
      await press(page, "Kirim laporan");
      await receipt.waitFor();
      const own = await ticket();
      await page.goBack();
      assert.equal(await page.getByLabel("Judul").inputValue(), title, "this browser puts it back");
      await until(async () => (await key()) === first);
      await press(page, "Kirim laporan");
      await receipt.waitFor();
      assert.equal(await ticket(), own);

      // With other words it may be another report, which is asked.
      await page.goBack();
      await until(async () => (await key()) === first);
      await page.getByLabel("Judul").fill("Tutup got hilang di Jalan Ciliwung");
      await press(page, "Kirim laporan");
      await page.getByText("sudah terkirim sebelumnya dengan isi lain").first().waitFor();
      assert.equal(await received(), before + 1);

      // Whoever writes a new one is asked nothing.
      await page.goto(`${wire.base}/lapor`);
      assert.notEqual(await key(), first);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("says of words that a browser puts back behind the queue that they are in it", device, async () => {
      const { context, page } = await settled();
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Jembatan goyah di Jalan Ciliwung");
      const queued = page.getByText("sudah ada dalam antrean di perangkat ini");
      assert.ok(await queued.isHidden());
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      const [{ key }] = await rows(page, "reports");
      await page.goBack();
      await page.getByRole("button", { name: "Kirim laporan", exact: true }).waitFor();
      // A browser need not put the words back.
      await write(page, "Jembatan goyah di Jalan Ciliwung");
      await queued.waitFor();
      await page.getByLabel("Judul").fill("Jembatan lain di Jalan Ciliwung");
      await queued.waitFor({ state: "hidden" });
      await page.getByLabel("Judul").fill("Jembatan goyah di Jalan Ciliwung");
      await queued.waitFor();
      assert.deepEqual([...(await violations(page)), ...(await overflowing(page))], []);
      await page.locator("[data-queued] a").click();
      await page.getByText("Menunggu sambungan.").waitFor();
      assert.deepEqual((await rows(page, "reports")).map((row) => row.key), [key]);
      await context.close();
    });

    it("shows what waits where a page is not kept, and never a page of the desk", device, async () => {
      const { context, page } = await settled({ language: "en" });
      await page.goto(`${wire.base}/masuk`);
      await cut(context);
      await page.goto(`${wire.base}/statistik`);
      await page.getByText("You have no connection.").waitFor();
      await assert.rejects(page.goto(`${wire.base}/masuk`));
      await mend(context);
      await context.close();
    });

    it("sends what waits behind a report over which the line goes down each time", device, async () => {
      await anew();
      const { context, page } = await settled();
      await cut(context);
      for (const street of ["Bali", "Kalimantan"]) {
        await page.goto(`${wire.base}/lapor`);
        await write(page, `Pagar miring di Jalan ${street}`);
        await press(page, "Kirim laporan");
        await page.getByText("Menunggu sambungan.").first().waitFor();
      }
      wire.mend();
      // The first one is told by its length.
      let first;
      const isFirst = (length) => (first ??= length) === length;
      wire.lose(({ method, url, headers }) => method === "POST" && url === "/lapor" && isFirst(headers["content-length"]));
      await context.setOffline(false);
      const states = async () => (await rows(page, "reports")).map(({ title, state }) => `${title.split(" ").at(-1)} ${state}`).sort();
      await until(async () => (await states()).join() === "Bali waiting,Kalimantan sent");
      wire.mend();
      // It may go by itself before this is pressed.
      await press(page, "Kirim sekarang").catch(() => {});
      await until(async () => (await states()).join() === "Bali sent,Kalimantan sent");
      await context.close();
    });

    it("sends again by itself what did not arrive in time, whatever the clock does meanwhile", device, async () => {
      const { context, page } = await settled();
      await cut(context);
      await page.goto(`${wire.base}/lapor`);
      await write(page, "Selokan mampat di Jalan Aceh");
      await press(page, "Kirim laporan");
      await page.getByText("Menunggu sambungan.").waitFor();
      wire.mend();
      wire.putOff(({ method, url }) => method === "POST" && url === "/lapor", 408);
      await context.setOffline(false);
      const waits = await until(async () => (await rows(page, "reports")).find(({ notBefore }) => notBefore));
      assert.equal(waits.state, "waiting");
      wire.mend();
      await rows(page, "reports", { notBefore: Date.now() + 2 * 86_400_000 });
      await page.reload();
      await page.getByText("Terkirim. Catat nomor tiket").waitFor();
      await context.close();
    });
  });
}
