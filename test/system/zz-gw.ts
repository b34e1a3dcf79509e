// gateway hostile
import { connect } from "node:net";
import { startSystem, variantOf } from "../../services/gateway/test/support.ts";
await using s = await startSystem({ variants: { sim: variantOf() } });
const { url, token } = s.gateway; const u = new URL(url);
const raw = (text: string, waitMs = 400): Promise<string> => new Promise((done) => { const c = connect(Number(u.port), u.hostname); let got = ""; c.on("data", (d) => got += d); c.on("error", (e) => got += String(e)); c.on("close", () => done(got)); c.write(text); setTimeout(() => { c.destroy(); done(got); }, waitMs); });
const first = (t: string) => t.split("\r\n")[0] + " | " + (t.split("\r\n\r\n")[1] ?? "").slice(0, 110).replace(/\s+/g, " ");
for (const p of ["GET /api/status", "GET //api/status", "GET /API/status", "GET /api%2fstatus", "GET /%61pi/status", "GET /api/status/", "GET /api/status;x", "GET /page/../api/status", "GET /page/..%2f..%2fpackage.json", "GET /page/../../package.json", "GET /page/%2e%2e/%2e%2e/src/token.ts", "GET /page/uplot/../../package.json", "HEAD /api/status", "OPTIONS /api/status", "TRACE /api/status", "GET http://evil/api/status", "GET /api/variants/..%2f..%2fetc/start", "POST /api/variants/sim/stop", "GET /health", "GET /?token=" + token, "PROPFIND /api/status", "QUERY /api/status", "HEAD /api/variants/sim/start", "GET /api/status?token=" + token])
  console.log(p, "=>", first(await raw(`${p} HTTP/1.1\r\nhost: x\r\n\r\n`)));
const ws = (path: string, h = "") => raw(`GET ${path} HTTP/1.1\r\nhost: ${u.host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${h}\r\n`);
console.log("ws no token", first(await ws("/api/live")));
console.log("ws /api/status upgrade w token in query", first(await ws("/api/status?token=" + token)));
console.log("ws variants stop? query", first(await ws("/api/variants?token=" + token)));
console.log("ws token ok", first(await ws("/api/live?token=" + token)).slice(0, 60));
console.log("ws evil origin", first(await ws("/api/live?token=" + token, "origin: http://evil\r\n")));
console.log("ws null origin", first(await ws("/api/live?token=" + token, "origin: null\r\n")));
console.log("post w upgrade header", first(await raw(`POST /api/variants/sim/stop?token=${token} HTTP/1.1\r\nhost: ${u.host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n`)));
console.log("post json text/plain", (await fetch(url + "/api/variants/sim/stop", { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "text/plain" }, body: "{}" })).status);
console.log("proto", (await fetch(url + "/api/variants/__proto__/start", { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: '{"by":"x"}' })).status, (await s.call("/api/variants/constructor/start", {})).body);
console.log("by newline", (await s.call("/api/commands", { verb: "halt", variant: "sim", by: "a\nb" })).status);
console.log("two tap", first(await ws(`/api/tap?subject=${encodeURIComponent("$KV.>")}&token=${token}`)), first(await ws(`/api/tap?subject=tw.%3E&token=${token}`)).slice(0, 50), first(await ws(`/api/tap?subject=_INBOX.%3E&token=${token}`)));
console.log("why", (await s.call("/api/why?variant=sim&at=9999-12-31")).status, (await s.call("/api/decisions?limit=1e9")).status, (await s.call("/api/equity?variant=nope")).body, (await s.call("/api/ledger?account=" + "a".repeat(500))).status, (await s.call("/api/ledger?account=*")).status);
// slow loris
const t0 = Date.now(); const slow = connect(Number(u.port), u.hostname); slow.write("GET /api/status HTTP/1.1\r\nhost: x\r\n"); let closedAt = 0; slow.on("close", () => closedAt = Date.now() - t0); slow.on("error", () => undefined); slow.resume();
const drip = setInterval(() => slow.writable && slow.write("x-a: b\r\n"), 1000);
// flood: 300 sockets
const many = Array.from({ length: 300 }, () => { const c = connect(Number(u.port), u.hostname); c.on("error", () => undefined); return c; });
console.log("with 300 idle", (await s.call("/api/status")).status);
let ok = 0; const socks = await Promise.all(Array.from({ length: 100 }, () => new Promise<WebSocket>((r) => { const w = new WebSocket(url.replace("http", "ws") + "/api/live?token=" + token); w.onopen = () => { ok++; r(w); }; w.onerror = () => r(w); })));
console.log("ws open", ok, (await s.call("/api/status")).status);
for (const w of socks) if (w.readyState === 1) for (let i = 0; i < 2000; i++) w.send("x".repeat(1000));
console.log("flooded", (await s.call("/api/status")).status);
await new Promise((r) => setTimeout(r, 32_000)); clearInterval(drip);
console.log("loris closed after", closedAt, "token in log", s.log.join("").includes(token), s.log.length);
for (const c of many) c.destroy(); for (const w of socks) w.close();
