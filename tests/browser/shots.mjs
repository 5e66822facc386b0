// Screenshots of every page for human eyes: `node shots.mjs FOLDER`; 360 and 1280
// pixels wide, and the first page in each language and colour.
import { mkdirSync } from "node:fs";
import { launch, visitor } from "./browser.mjs";
import { pages, talkCookies, talkPages } from "./pages.mjs";
import { raise } from "./stage.mjs";

const folder = process.argv[2] ?? "shots";
mkdirSync(folder, { recursive: true });
const [stage, browser] = await Promise.all([raise("sqlite"), launch()]);
try {
  const talks = Object.entries(talkPages).map(([name, [talk, path]]) => [name, path, talkCookies(stage, talk)]);
  for (const [name, path, cookies] of [...Object.entries(pages(stage)), ...talks]) {
    for (const width of [360, 1280]) {
      for (const colours of ["light", "dark"]) {
        const { context, page } = await visitor(browser, { width, colours, language: colours === "dark" ? "en" : "id", cookies });
        await page.goto(stage.base + path);
        await page.screenshot({ path: `${folder}/${name}-${width}-${colours}.png`, fullPage: true });
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await stage.end();
}
