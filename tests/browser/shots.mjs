// Screenshots of every page for human eyes: `node shots.mjs FOLDER [BEGINNING]`; 360 and 1280
// pixels wide, and the first page in each language and colour.
import { mkdirSync } from "node:fs";
import { cookiesOf, launch, visitor } from "./browser.mjs";
import { everyPage, everyRarePage } from "./pages.mjs";
import { raise } from "./stage.mjs";

const folder = process.argv[2] ?? "shots";
const wanted = process.argv[3] ?? "";
mkdirSync(folder, { recursive: true });
const [stage, browser] = await Promise.all([raise("sqlite"), launch()]);
try {
  for (const { name, path, role } of [...everyPage(stage), ...everyRarePage(stage)].filter((page) => page.name.startsWith(wanted))) {
    const cookies = await cookiesOf(stage, role);
    for (const width of [360, 1280]) {
      for (const colours of ["light", "dark"]) {
        const { context, page } = await visitor(browser, { width, colours, language: colours === "dark" ? "en" : "id", cookies });
        await page.goto(new URL(path, stage.base).href);
        await page.screenshot({ path: `${folder}/${name}-${width}-${colours}.png`, fullPage: true });
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await stage.end();
}
