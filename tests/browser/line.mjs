// A line between a browser and a stage: it can be cut, it can lose answers on their
// way back, it can lose or hold up some of what is asked, and it can have it come later.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** A line to `target`: `base`, `cut()`, `deafen()`, `lose(which)`,
 * `stall(which)`, `putOff(which, status)`, `mend()`, `end()`. */
export async function line(target) {
  let state = "up";
  let lost = () => false;
  let stalled = () => null;
  let later = () => false;
  let refusal = 507;
  const server = createServer(async (incoming, outgoing) => {
    await stalled(incoming);
    if (later(incoming)) {
      incoming.resume();
      return outgoing.writeHead(refusal, { "Retry-After": "3600" }).end();
    }
    if (state === "cut" || lost(incoming)) return incoming.socket.destroy();
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url, target), { method, headers }, (answer) => {
      // It has arrived, and what was done is done; nobody hears of it.
      if (state !== "up") return outgoing.socket?.destroy();
      outgoing.writeHead(answer.statusCode, answer.headers);
      return answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.socket?.destroy());
    return incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    cut() {
      state = "cut";
      server.closeAllConnections();
    },
    deafen: () => (state = "deaf"),
    lose: (which) => (lost = which),
    stall: (which) => (stalled = which),
    putOff: (which, status = 507) => ([later, refusal] = [which, status]),
    mend() {
      state = "up";
      lost = later = () => false;
      stalled = () => null;
    },
    async end() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
