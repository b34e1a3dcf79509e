import { once } from "node:events";
import { connect } from "node:net";

/** A connection that speaks the text protocol itself, so that what is tried is what the server sees. */
export interface NatsLine {
  /** Sends lines and gives what the server refused of them, in its own words. */
  tell(...lines: string[]): Promise<string[]>;
  close(): void;
}

export interface Credential {
  readonly user: string;
  readonly pass: string;
}

/** Connects; throws the server's words when it refuses. */
export async function openLine(host: string, port: number, credential?: Credential): Promise<NatsLine> {
  const socket = connect(port, host);
  socket.setEncoding("utf8");
  let heard = "";
  let ended = false;
  let wake = (): void => undefined;
  socket.on("data", (chunk: string) => {
    heard += chunk;
    wake();
  });
  socket.on("error", () => undefined);
  socket.once("close", () => {
    ended = true;
    wake();
  });
  await once(socket, "connect");

  async function tell(...lines: string[]): Promise<string[]> {
    heard = "";
    socket.write([...lines, "PING", ""].join("\r\n"));
    // The server answers in order: what stands before PONG is all it has to say.
    while (!heard.includes("PONG\r\n")) {
      if (ended) throw new Error(/-ERR '(.*)'/.exec(heard)?.[1] ?? "the server closed the connection");
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return [...heard.matchAll(/-ERR '(.*)'/g)].map((match) => match[1]!);
  }
  const hello = { verbose: false, pedantic: false, lang: "text", version: "0", ...credential };
  await tell(`CONNECT ${JSON.stringify(hello)}`);
  return { tell, close: () => socket.destroy() };
}
