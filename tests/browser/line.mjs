// A line between a browser and a stage: it can be cut, it can lose answers on their
// way back, and it can lose some of what is asked.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** A line to `target`: `base`, `cut()`, `deafen()`, `lose(which)`, `mend()`, `end()`. */
export async function line(target) {
  let state = "up";
  let lost = () => false;
  const server = createServer((incoming, outgoing) => {
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
    mend() {
      state = "up";
      lost = () => false;
    },
    async end() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
