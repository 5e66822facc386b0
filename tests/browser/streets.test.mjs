// The streets of a form, drawn by its script alone, with tiles that come late or never.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, it } from "node:test";
import { launch, visitor } from "./browser.mjs";

const script = readFileSync(new URL("../../node/assets/streets.js", import.meta.url), "utf8");
const form = `<form><input name="lintang" value="-6.9175"><input name="bujur" value="107.6191">
<div data-streets data-at="https://ubin.invalid" data-farthest="14" data-nearest="16" data-moved="Dipindahkan" data-none="Tidak ada">
<svg viewBox="0 0 200 200"></svg><button type="button" data-zoom="1">Dekat</button><span role="status"></span></div></form>`;

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

it("tiles that fail after another draw say nothing of what is drawn then", async () => {
  const { context, page } = await visitor(browser);
  const held = [];
  await page.route("https://ubin.invalid/**", (route) => {
    if (route.request().url().includes("/15/")) held.push(route);
    else route.fulfill({ contentType: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg"/>' });
  });
  await page.setContent(form);
  const first = page.waitForRequest(/\/15\//);
  await page.evaluate(script);
  await first;
  const told = page.getByRole("status");
  const loaded = page.waitForResponse(/\/16\//);
  await page.getByText("Dekat").click();
  await loaded;
  // A browser may have given them up by itself.
  await Promise.allSettled(held.map((route) => route.abort()));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await told.textContent(), "");
  await context.close();
});

it("tiles that all fail are told", async () => {
  const { context, page } = await visitor(browser);
  await page.route("https://ubin.invalid/**", (route) => route.abort());
  await page.setContent(form);
  await page.evaluate(script);
  await page.getByText("Tidak ada").waitFor();
  await context.close();
});
