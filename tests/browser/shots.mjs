// Screenshots of every page for human eyes: `node shots.mjs FOLDER [BEGINNING]`; 360 and 1280
// pixels wide, and the first page in each language and colour.
import { mkdirSync } from "node:fs";
import { cookiesOf, launch, visitor } from "./browser.mjs";
import { consolePages, everyPage, everyRarePage } from "./pages.mjs";
import { raise } from "./stage.mjs";

const folder = process.argv[2] ?? "shots";
const wanted = process.argv[3] ?? "";
mkdirSync(folder, { recursive: true });
const [stage, browser] = await Promise.all([raise("sqlite"), launch()]);

/** The cookies of the console's first operator, who is set up with the link that the hub prints. */
async function operator() {
  const { context, page } = await visitor(browser);
  await page.goto(stage.console.base + stage.console.setup);
  await page.getByLabel("Nama").fill("Dewi Lestari");
  await page.getByLabel("Alamat surel").fill("dewi@pusat.example");
  for (const field of ["#password", "#again"]) await page.locator(field).fill(stage.password);
  await page.locator("main form button").click();
  await page.waitForURL("**/konsol");
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}

try {
  const staff = "console".startsWith(wanted.slice(0, 7)) ? await operator() : [];
  const shown = [
    ...[...everyPage(stage), ...everyRarePage(stage)].map((page) => ({ ...page, base: stage.base })),
    ...Object.entries(consolePages(stage)).map(([name, path]) => ({ name, path, base: stage.console.base, cookies: staff })),
  ];
  for (const { name, path, role, base, ...known } of shown.filter((page) => page.name.startsWith(wanted))) {
    const cookies = known.cookies ?? (await cookiesOf(stage, role));
    for (const width of [360, 1280]) {
      for (const colours of ["light", "dark"]) {
        const { context, page } = await visitor(browser, { width, colours, language: colours === "dark" ? "en" : "id", cookies });
        await page.goto(new URL(path, base).href);
        await page.screenshot({ path: `${folder}/${name}-${width}-${colours}.png`, fullPage: true });
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await stage.end();
}
