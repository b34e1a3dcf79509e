import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { SystemConfig } from "@tradewind/config";
import { Failure, inputFailure } from "@tradewind/core";
import type { Arguments, Io, Option } from "./command.ts";
import { configOption, settingsOf, shownPath } from "./settings.ts";

/** Flags of every command that talks to a running system. */
export const gatewayOptions: Readonly<Record<string, Option>> = {
  url: { type: "string", value: "URL", doc: "the gateway (default: gateway.host and gateway.port of system.yaml)" },
  "token-file": {
    type: "string",
    value: "FILE",
    doc: "file that holds the token (default: TRADEWIND_TOKEN, else gateway.token or its file)",
  },
  ...configOption,
};

/** Longest a request may take to be answered, ms. */
const ANSWER_MOST_MS = 10_000;
/** Longest a file may take to be sent and tried out, ms. */
const FILE_MOST_MS = 180_000;
const UPGRADE_REQUIRED = 426;

/** A running system, by its gateway. Every call throws `GATEWAY_AWAY` (retry) when nothing answers there. */
export interface Gateway {
  readonly url: string;
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Sends a file as it is; a model's takes a while to be tried out. */
  put<T>(path: string, query: Readonly<Record<string, string | undefined>>, file: Uint8Array, type: string): Promise<T>;
  delete<T>(path: string, query: Readonly<Record<string, string | undefined>>): Promise<T>;
  /** The answer's lines as they come. */
  lines(path: string, query: Readonly<Record<string, string | undefined>>): AsyncIterable<string>;
  /** Opens a stream of text frames. */
  frames(path: string, query: Readonly<Record<string, string | undefined>>, signal: AbortSignal): AsyncIterable<string>;
}

export function gatewayOf(args: Arguments, io: Io): Gateway {
  const { config } = settingsOf(args, io);
  const url = baseOf(args.text("url"), config);
  return connectGateway(url, tokenOf(args, io, config));
}

function baseOf(given: string | undefined, { gateway: { host, port } }: SystemConfig): string {
  const here = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const text = given ?? `http://${here.includes(":") ? `[${here}]` : here}:${port}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw inputFailure("BAD_URL", `--url "${text}" is not an address; write http://127.0.0.1:8080`);
  return url.origin;
}

function tokenOf(args: Arguments, io: Io, config: SystemConfig): string {
  const named = args.text("token-file");
  const file = named === undefined ? config.gateway.token_file : resolve(io.cwd, named);
  const known = io.env["TRADEWIND_TOKEN"] ?? config.gateway.token;
  if (named === undefined && known) return known;
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new Failure(
      named === undefined ? "retry" : "input",
      "NO_TOKEN",
      `no token: "${shownPath(file, io.cwd)}" cannot be read; start the system ("tradewind start"), or name the file with --token-file or the token in TRADEWIND_TOKEN`,
    );
  }
}

export function connectGateway(base: string, token: string): Gateway {
  const headers = { authorization: `Bearer ${token}` };
  const address = (path: string, query: Readonly<Record<string, string | undefined>> = {}): URL => {
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  };

  function reach(url: URL, init: RequestInit, type = "application/json"): Promise<Response> {
    const typed = init.body == null ? {} : { "content-type": type };
    return fetch(url, { ...init, headers: { ...headers, ...typed } }).catch((error: unknown) => {
      throw away(base, error);
    });
  }

  async function call(url: URL, init: RequestInit = {}, type?: string): Promise<Response> {
    const response = await reach(url, init, type);
    if (!response.ok) throw await refusal(base, response);
    return response;
  }

  return {
    url: base,
    async get<T>(path: string, query?: Readonly<Record<string, string | undefined>>) {
      return (await call(address(path, query), { signal: AbortSignal.timeout(ANSWER_MOST_MS) }).then(bodyOf(base))) as T;
    },
    async post<T>(path: string, body: unknown) {
      const init = { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MOST_MS) };
      return (await call(address(path), init).then(bodyOf(base))) as T;
    },
    async put<T>(path: string, query: Readonly<Record<string, string | undefined>>, file: Uint8Array, type: string) {
      const init = { method: "PUT", body: Buffer.from(file), signal: AbortSignal.timeout(FILE_MOST_MS) };
      return (await call(address(path, query), init, type).then(bodyOf(base))) as T;
    },
    async delete<T>(path: string, query: Readonly<Record<string, string | undefined>>) {
      const init = { method: "DELETE", signal: AbortSignal.timeout(ANSWER_MOST_MS) };
      return (await call(address(path, query), init).then(bodyOf(base))) as T;
    },
    async *lines(path, query) {
      const response = await call(address(path, query));
      let rest = "";
      try {
        for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
          const parts = (rest + chunk).split("\n");
          rest = parts.pop()!;
          yield* parts;
        }
      } catch (error) {
        throw away(base, error);
      }
      if (rest !== "") yield rest;
    },
    async *frames(path, query, signal) {
      // A stream that is refused says nothing; asked without one, the gateway says why.
      const plain = await reach(address(path, query), { signal });
      if (plain.status !== UPGRADE_REQUIRED) throw await refusal(base, plain);
      yield* framesOf(base, address(path, query), headers, signal);
    },
  };
}

function bodyOf(base: string): (response: Response) => Promise<unknown> {
  return async (response) => {
    try {
      return await response.json();
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new Failure("retry", "NOT_A_GATEWAY", `${base} answers, but not as a gateway of Tradewind; name it with --url`);
      throw away(base, error);
    }
  };
}

function away(base: string, error: unknown): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why =
    cause instanceof Error && "code" in cause && typeof cause.code === "string"
      ? cause.code
      : cause instanceof Error && cause.name === "TimeoutError"
        ? "no answer in time"
        : cause instanceof Error
          ? cause.message
          : String(cause);
  return new Failure(
    "retry",
    "GATEWAY_AWAY",
    `no gateway answers at ${base} (${why}); start the system ("tradewind start"), or name its address with --url`,
    { cause: error },
  );
}

/** What the gateway says of a request it does not take, as a failure of ours. */
async function refusal(base: string, response: Response): Promise<Failure> {
  const body: unknown = await response.json().catch(() => undefined);
  const { code, message } = (body as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  if (response.status === 401)
    return inputFailure(
      "TOKEN_REFUSED",
      `the gateway at ${base} refuses the token; name its file with --token-file, or set TRADEWIND_TOKEN`,
    );
  if (message === undefined)
    return new Failure("retry", "NOT_A_GATEWAY", `${base} answers ${response.status}, not as a gateway of Tradewind; name it with --url`);
  return new Failure(response.status < 500 ? "input" : "retry", code ?? "REFUSED", message);
}

async function* framesOf(base: string, url: URL, headers: Record<string, string>, signal: AbortSignal): AsyncIterable<string> {
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, { headers });
  const waiting: string[] = [];
  let wake = (): void => undefined;
  let ended: { readonly reason: string; readonly opened: boolean } | undefined;
  let opened = false;
  socket.addEventListener("open", () => (opened = true));
  socket.addEventListener("message", ({ data }) => {
    waiting.push(String(data));
    wake();
  });
  socket.addEventListener("close", ({ code, reason }) => {
    ended = { reason: reason || `closed, ${code}`, opened };
    wake();
  });
  signal.addEventListener("abort", () => {
    ended ??= { reason: "", opened };
    socket.close();
    wake();
  });
  for (;;) {
    yield* waiting.splice(0);
    if (signal.aborted) return;
    if (waiting.length > 0) continue;
    if (ended !== undefined)
      throw new Failure(
        "retry",
        "GATEWAY_AWAY",
        `the gateway at ${base} ${ended.opened ? "ended" : "did not open"} the stream (${ended.reason}); see that it runs and run again`,
      );
    await new Promise<void>((resolve) => (wake = resolve));
  }
}
