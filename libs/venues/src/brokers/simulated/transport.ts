import { Agent, request as httpRequest, type IncomingMessage } from "node:http";

/** What came of a request. Only `answered` says anything about the venue; `unsent` is certain, `unknown` is not. */
export type Outcome =
  | { readonly type: "answered"; readonly status: number; readonly text: string }
  | { readonly type: "unsent"; readonly reason: string }
  | { readonly type: "unknown"; readonly reason: string };

export interface TransportOptions {
  readonly url: string;
  /** Patience with an answer, from the write on, ms of the wall. */
  readonly timeoutMs: number;
}

export interface Transport {
  /** `ready` is awaited on an open socket, right before the write. */
  post(path: string, body: string, ready?: Ready): Promise<Outcome>;
  /** An endless answer, told in pieces; resolves with how to end it once it has begun. `ended` is called once. */
  stream(path: string, take: (text: string) => void, ended: () => void): Promise<{ stop(): void }>;
  close(): void;
}

const SOCKETS_MAX = 16;

/** The reason not to write, or undefined. */
type Ready = () => Promise<string | undefined>;

export function createTransport(options: TransportOptions): Transport {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  return {
    post: (path, body, ready) => post(options, agent, path, body, ready),
    stream: (path, take, ended) => stream(options, path, take, ended),
    close: () => agent.destroy(),
  };
}

function post({ url, timeoutMs }: TransportOptions, agent: Agent, path: string, body: string, ready?: Ready): Promise<Outcome> {
  return new Promise((resolve) => {
    let written = false;
    let timer: NodeJS.Timeout | undefined;
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = httpRequest(new URL(path, url), { method: "POST", agent, headers });
    const done = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
      if (outcome.type !== "answered") request.destroy();
    };
    const failed = (reason: string): void => done({ type: written ? "unknown" : "unsent", reason });
    const write = async (): Promise<void> => {
      const refused = await ready?.();
      if (refused !== undefined) return done({ type: "unsent", reason: refused });
      written = true;
      request.end(body);
      timer = setTimeout(() => failed(`no answer within ${timeoutMs} ms`), timeoutMs);
    };
    // Node writes nothing before `end`, headers included.
    request.on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => void write());
      else void write();
    });
    request.on("error", (error) => failed(error.message));
    request.on("response", (response) => {
      readAll(response).then(
        (text) => done({ type: "answered", status: response.statusCode ?? 0, text }),
        (error: unknown) => failed(String(error)),
      );
    });
  });
}

/** The server beats once a second, however short the patience with an answer is. */
const SILENT_LEAST_MS = 3_000;

function stream(
  { url, timeoutMs }: TransportOptions,
  path: string,
  take: (text: string) => void,
  ended: () => void,
): Promise<{ stop(): void }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), { method: "GET" });
    let begun = false;
    let over = false;
    let silence: NodeJS.Timeout | undefined;
    const end = (error: Error): void => {
      clearTimeout(silence);
      request.destroy();
      if (over) return;
      over = true;
      if (begun) ended();
      else reject(error);
    };
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => end(new Error("the stream fell silent")), Math.max(SILENT_LEAST_MS, timeoutMs));
    };
    heard();
    request.on("error", end);
    request.on("response", (response) => {
      if (response.statusCode !== 200) return end(new Error(`GET ${path}: status ${response.statusCode}`));
      begun = true;
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        heard();
        take(text);
      });
      response.on("end", () => end(new Error("ended")));
      response.on("error", end);
      resolve({
        stop() {
          over = true;
          clearTimeout(silence);
          request.destroy();
        },
      });
    });
    request.end();
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const part of response) text += String(part);
  return text;
}
