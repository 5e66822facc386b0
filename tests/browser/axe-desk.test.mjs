// The pages of the desk. What takes longest begins first, and files begin in the order of their names.
import assert from "node:assert/strict";
import { it } from "node:test";
import { overflowing } from "./browser.mjs";
import { isDesk } from "./pages.mjs";
import { walkThrough } from "./walk.mjs";

walkThrough("the desk", isDesk, (see) => {
  it("has values in words beside a long name on a telephone", () =>
    see({ role: "leader", width: 360 }, "/meja/kinerja", async (page) => {
      const row = page.locator(".bars tbody tr").first();
      await row.evaluate((row) => {
        row.querySelector("th").textContent = "Badan Nasional Penanggulangan Terorisme";
        row.querySelector(".number").textContent = "kurang dari satu jam";
      });
      assert.deepEqual(await overflowing(page), []);
      const bar = await row.locator("svg").boundingBox();
      assert.ok(bar.width > 16, `a bar of ${bar.width} px`);
    }));
});
