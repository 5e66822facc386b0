// How soon pages are painted on a slow telephone, as one JSON object: `node paint.mjs [ROUNDS]`. Each is
// opened by a new visitor, who has kept nothing, and so is a document of one word that needs nothing from anywhere: what
// that takes is this machine and its browser. Nothing else may run beside it.
import { cookiesOf, largestPaint, launch, visitor } from "./browser.mjs";
import { paintedPages } from "./pages.mjs";
import { raise } from "./stage.mjs";

const MS_TARGET = 1000;
const ONE_WORD = "data:text/html,<!doctype html><title>x</title><p>x";
const rounds = Number(process.argv[2] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1 || rounds % 2 === 0) {
  console.error("error: say how many rounds, an odd number, as in: make paint ARGS=5");
  process.exit(64);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const round = (number, digits) => Number(number.toFixed(digits));
const [stage, browser] = await Promise.all([raise("sqlite", "release"), launch()]);

async function painted(url, cookies = []) {
  const { context, page } = await visitor(browser, { width: 360, cookies });
  const ms = await largestPaint(page, url);
  await context.close();
  return ms;
}

try {
  const pages = paintedPages(stage);
  const times = Object.fromEntries(pages.map(({ name }) => [name, []]));
  const bare = [];
  for (let done = 0; done < rounds; done += 1) {
    for (const { name, path, role } of pages) {
      bare.push(await painted(ONE_WORD));
      times[name].push(await painted(stage.base + path, await cookiesOf(stage, role)));
    }
    console.error(`== round ${done + 1} of ${rounds}`);
  }
  const floor = median(bare);
  const figures = Object.entries(times).map(([name, all]) => {
    const ms = round(median(all), 0);
    return [name, { ms, of_one_word: round(ms / floor, 2), within_target: ms < MS_TARGET }];
  });
  const told = { target_ms: MS_TARGET, rounds, one_word_ms: round(floor, 0), pages: Object.fromEntries(figures) };
  console.log(JSON.stringify(told, null, 2));
} finally {
  await browser.close();
  await stage.end();
}
