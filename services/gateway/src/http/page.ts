import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

const CARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The dashboard: files as they are, nothing built, nothing from elsewhere. Open, for they hold no data. */
export async function addPage(app: FastifyInstance): Promise<void> {
  const folder = join(import.meta.dirname, "..", "..", "page");
  const plots = dirname(fileURLToPath(import.meta.resolve("uplot")));
  await app.register(fastifyStatic, { root: [folder, plots], serve: false, cacheControl: false });
  const serve = (url: string, file: string, root: string): void => {
    app.get(url, { config: { open: true } }, (_request, reply) => reply.header("cache-control", "no-cache").sendFile(file, root));
  };
  serve("/", "index.html", folder);
  for (const file of readdirSync(folder)) if (/\.(?:js|css|svg)$/.test(file)) serve(`/page/${file}`, file, folder);
  // A card brings its own style sheet; the guard's policy would keep it from being applied.
  app.get("/page/card.html", { config: { open: true } }, (_request, reply) =>
    reply.headers({ "cache-control": "no-cache", "content-security-policy": CARD_POLICY }).sendFile("card.html", folder),
  );
  serve("/page/uplot/uPlot.esm.js", "uPlot.esm.js", plots);
  serve("/page/uplot/uPlot.min.css", "uPlot.min.css", plots);
}
