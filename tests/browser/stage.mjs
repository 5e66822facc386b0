// Starts a served node (`lapor-stage`) for the tests and ends it with them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));

export const databases = process.env.LAPOR_TEST_SQLITE_ONLY === "1" ? ["sqlite"] : ["sqlite", "postgres"];

/**
 * A stage on a database, of the programs of a profile: `base`, `tickets`, `exchange()` between the institutions, and
 * `end()`.
 */
export async function raise(database, profile = "debug") {
  const child = spawn(`${target}/${profile}/lapor-stage`, [database], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const said = await Promise.race([once(lines, "line"), ended.then(() => null)]);
  if (said === null) throw new Error(`lapor-stage ${database} ended before it was up; build it with cargo first`);
  return {
    ...JSON.parse(said[0]),
    async exchange() {
      child.stdin.write("\n");
      await once(lines, "line");
    },
    async end() {
      child.stdin.end();
      const [code] = await ended;
      if (code !== 0) throw new Error(`lapor-stage ${database} ended with ${code}`);
    },
  };
}
