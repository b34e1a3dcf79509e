import { request } from "node:http";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { startSystem, variantOf } from "./support.ts";

let system: Awaited<ReturnType<typeof startSystem>>;
beforeAll(async () => {
  system = await startSystem({ variants: { sim: variantOf() } });
  await eventually(() => system.desired("sim"));
});
afterAll(() => system[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request as it stands, whatever a client library thinks of it. */
function raw(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(system.gateway.url, { method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode!, text, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const json = { "content-type": "application/json" };
const upgrade = {
  connection: "upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const authorized = (): Record<string, string> => ({ authorization: `Bearer ${system.gateway.token}` });
const concrete = (url: string): string => url.replace(/:\w+/g, "sim");

/** Every registered route, so that a new one is held to the same. */
const routes = () =>
  system.gateway.routes.flatMap(({ method, url, schema }) => [method].flat().map((one) => ({ method: one, url, schema })));
const open = new Set(["/", "/health"]);
const isOpen = (method: string, url: string): boolean => method === "GET" && (open.has(url) || url.startsWith("/page/"));

function expectRefusal({ status, text }: Answer, allowed: readonly number[], what: string): void {
  expect(allowed, `${what} answered ${status} ${text}`).toContain(status);
  const { error } = JSON.parse(text) as { error: { code: string; message: string } };
  expect(Object.keys(JSON.parse(text) as object)).toEqual(["error"]);
  expect(error.code).toMatch(/^[A-Z_]+$/);
  for (const inside of [system.gateway.token, system.dir, "node_modules", "    at "]) expect(text).not.toContain(inside);
}

describe("given the routes of a gateway", () => {
  test("without a token, with a wrong one, or one in the wrong place: refused", async () => {
    const guarded = routes().filter(({ method, url }) => !isOpen(method, url));
    expect(guarded.length).toBeGreaterThan(10);
    const wrong: Record<string, string>[] = [
      {},
      { authorization: "Bearer 0000000000000000" },
      { authorization: `Bearer ${system.gateway.token}0` },
      { authorization: `Bearer ${system.gateway.token.slice(1)}` },
      { authorization: `Basic ${system.gateway.token}` },
      { authorization: system.gateway.token },
      { cookie: `token=${system.gateway.token}` },
    ];
    for (const { method, url } of guarded)
      for (const headers of wrong) expectRefusal(await raw(method, concrete(url), { ...json, ...headers }), [401], `${method} ${url}`);
    for (const { method, url } of guarded)
      expectRefusal(await raw(method, `${concrete(url)}?token=${system.gateway.token}`, json), [401], `${method} ${url}`);
  });

  test("streams refuse a wrong token before they become one, and a page of another origin", async () => {
    for (const url of ["/api/live", "/api/tap?subject=tw.%3E"]) {
      expectRefusal(await raw("GET", url, upgrade), [401], url);
      expectRefusal(await raw("GET", url, { ...upgrade, "sec-websocket-protocol": "tradewind, bearer.wrong" }), [401], url);
      expectRefusal(await raw("GET", `${url}${url.includes("?") ? "&" : "?"}token=wrong`, upgrade), [401], url);
      const foreign = { ...upgrade, ...authorized(), origin: "https://elsewhere.example" };
      expectRefusal(await raw("GET", url, foreign), [403], url);
      expectRefusal(await raw("GET", url, authorized()), [426], url);
    }
    expectRefusal(await raw("GET", "/api/tap?subject=%24KV.%3E", { ...upgrade, ...authorized() }), [400], "tap of $KV");
    expectRefusal(await raw("GET", "/api/tap", { ...upgrade, ...authorized() }), [400], "tap of nothing");
  });

  test("a malformed body, path or query: refused", async () => {
    for (const { method, url, schema } of routes()) {
      const path = concrete(url);
      const { body, querystring, params, consumes } = (schema ?? {}) as Record<string, unknown>;
      const type = { "content-type": (consumes as string[] | undefined)?.[0] ?? "application/json" };
      if (body !== undefined)
        for (const text of ["{", "[]", '"x"', "null", '{"verb":"sell"}', '{"unknown":1}', '{"__proto__":{"a":1}}', '{"by":"<script>"}'])
          expectRefusal(await raw(method, path, { ...json, ...authorized() }, text), [400], `${method} ${url} ${text}`);
      if (body !== undefined)
        expectRefusal(await raw(method, path, { "content-type": "text/xml", ...authorized() }, "<a/>"), [415], `${method} ${url} as XML`);
      if (querystring !== undefined && method === "GET")
        for (const query of ["variant=a%20b", "limit=-1", "account=%2e%2e%2f", "order=1", "variant=sim&at=yesterday", "subject=secret"])
          if (!url.endsWith("/live"))
            expectRefusal(await raw(method, `${path}?${query}&unknown=1`, authorized()), [400], `${method} ${url}?${query}`);
      if (params !== undefined) {
        const bad = url.replace(/:\w+/g, "..%2f..%2fetc%2fpasswd");
        expectRefusal(await raw(method, bad, { ...type, ...authorized() }, "{}"), [400, 405], `${method} ${bad}`);
        const none = url.replace(/:\w+/g, "no-such-one");
        // Who serves models is not there, and what it alone can tell is not known.
        const refused = none.startsWith("/api/models/") && method !== "GET" ? [400, 404, 405, 503] : [404, 405];
        const sent = method === "GET" ? undefined : "{}";
        expectRefusal(await raw(method, none, { ...type, ...authorized() }, sent), refused, `${method} ${none}`);
      }
    }
  });

  test("an oversized body, header, path or parameter: refused", async () => {
    const large = JSON.stringify({ by: "x".repeat(70_000) });
    for (const { method, url, schema } of routes())
      if (schema?.body !== undefined)
        expectRefusal(await raw(method, concrete(url), { ...json, ...authorized() }, large), [413], `${method} ${url}`);
    expectRefusal(await raw("GET", `/api/status?x=${"y".repeat(5_000)}`, authorized()), [414], "long URL");
    expectRefusal(
      await raw("POST", `/api/variants/${"v".repeat(500)}/start`, { ...json, ...authorized() }, "{}"),
      [400, 404, 414],
      "long id",
    );
    expectRefusal(await raw("GET", "/api/status", { ...authorized(), "x-large": "y".repeat(20_000) }), [431], "long header");
  });

  test("a method a route does not take, and a route there is not", async () => {
    for (const url of new Set(routes().map((route) => route.url))) {
      const taken = routes()
        .filter((route) => route.url === url)
        .map(({ method }) => method);
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
        if (taken.includes(method)) continue;
        expectRefusal(await raw(method, concrete(url), authorized()), [405], `${method} ${url}`);
        expectRefusal(await raw(method, concrete(url)), [401], `${method} ${url} without a token`);
      }
    }
    for (const path of ["/api", "/api/nope", "/.env", "/page/../package.json", "/page/%2e%2e/package.json", "//api/status", "/API/status"])
      expectRefusal(await raw("GET", path, authorized()), [404], path);
    expectRefusal(await raw("GET", "/%61pi/status"), [401], "encoded path");
  });

  test("what is refused is not in the log with its token", () => {
    expect(system.log.join("")).not.toContain(system.gateway.token);
  });

  test("the page and its parts need no token, and say what a browser may do with them", async () => {
    const parts = routes().filter(({ method, url }) => isOpen(method, url) && url !== "/health");
    expect(parts.length).toBeGreaterThan(10);
    for (const { url } of parts) {
      const { status, headers } = await raw("GET", url);
      expect(status, url).toBe(200);
      expect(headers["content-security-policy"], url).toContain("default-src 'none'");
      // A card's own style sheet is applied; nothing in it can run, load or send.
      const policy = String(headers["content-security-policy"]);
      expect(url === "/page/card.html" ? policy.replace("style-src 'unsafe-inline'", "") : policy, url).not.toContain("unsafe");
    }
    const { text } = await raw("GET", "/");
    expect(text).not.toMatch(/https?:|<script(?![^>]*src=)|style=|onclick=/);
  });

  test("the token is kept for its owner alone", () => {
    expect(statSync(join(system.dir, "token")).mode & 0o777).toBe(0o600);
  });

  test("the OpenAPI document names every route and what it takes", async () => {
    const { body } = await system.call("/api/openapi.json");
    const documented = Object.keys(body.paths as object);
    const registered = routes().filter(({ url }) => url.startsWith("/api/"));
    expect(documented.sort()).toEqual([...new Set(registered.map(({ url }) => url.replace(/:(\w+)/g, "{$1}")))].sort());
    expect(body.paths["/api/commands"].post.requestBody.content["application/json"].schema.required).toContain("verb");
  });
});
