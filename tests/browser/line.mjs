// A line between a browser and a stage: it can be cut, and it can lose answers on
// their way back.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** A line to `target`: `base`, `cut()`, `deafen()`, `mend()`, `end()`. */
export async function line(target) {
  let state = "up";
  const server = createServer((incoming, outgoing) => {
    if (state === "cut") return incoming.socket.destroy();
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
    mend: () => (state = "up"),
    async end() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
