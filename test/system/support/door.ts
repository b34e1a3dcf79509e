import { connect, createServer, type Socket } from "node:net";

/** An address that leads to a server, to another one, or nowhere. */
export interface Door {
  /** From now on it leads there; who came through to somewhere else is cut off. */
  leadTo(target: { readonly host: string; readonly port: number }): Promise<void>;
  close(): Promise<void>;
}

/** A door on this port of the machine, closed at first. */
export function createDoor(port: number): Door {
  let target: { readonly host: string; readonly port: number } | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect({ ...target! });
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    async leadTo(next) {
      target = next;
      cut();
      if (!server.listening) await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      return closed;
    },
  };
}
