// The pages of the portal, and those at which the desk is entered.
import assert from "node:assert/strict";
import { it } from "node:test";
import { isDesk } from "./pages.mjs";
import { walkThrough } from "./walk.mjs";

const isPortal = (path) => !isDesk(path);

walkThrough("the portal", isPortal, (see, stage) => {
  it("changes language and colours without script and comes back", () => {
    const { worked } = stage().tickets;
    return see({ script: false }, `/lacak?tiket=${worked}`, async (page) => {
      await page.locator(".switch button").click();
      assert.equal(await page.getAttribute("html", "lang"), "en");
      assert.equal(new URL(page.url()).search, `?tiket=${worked}`);
      await page.getByRole("button", { name: "Dark" }).click();
      assert.equal(await page.getAttribute("html", "data-theme"), "dark");
      assert.equal(await page.getAttribute("html", "lang"), "en");
    });
  });

  it("leads from a ticket on the first page to its report", () =>
    see({ script: false }, "/", async (page) => {
      await page.getByLabel("Nomor tiket").fill(stage().tickets.worked.toLowerCase());
      await page.getByRole("button", { name: "Lacak" }).click();
      await page.getByText("Penambalan dijadwalkan hari Sabtu").waitFor();
      assert.equal(await page.locator(".steps [aria-current] strong").textContent(), "Tindak lanjut");
    }));
});
