import { attack } from "./attack.ts";
import { notesApplication } from "./example/application.ts";
import { notesDocument } from "./example/openapi.ts";

const [, , classes, holes, http] = process.argv;
const app = notesApplication((holes ? holes.split(",") : []) as never);
const server = http ? await app.listen() : null;
const manifest = server ? { ...app.manifest, origin: server.origin } : app.manifest;
const t = performance.now();
const l = await attack({
  openapi: notesDocument(),
  manifest,
  seed: "one",
  ...(server ? {} : { request: app.request }),
  patienceMs: 50,
  ...(classes ? { classes: classes.split(",") as never } : {}),
});
await server?.close();
const bad = l.probes.filter((p) => p.verdict !== "held");
const seen = new Set();
for (const p of bad) {
  const k = p.class + p.route + p.verdict + p.status;
  if (seen.has(k)) continue;
  seen.add(k);
  console.log(p.verdict, p.class, p.route, p.status, p.who, p.detail.slice(0, 200));
}
console.log(
  bad.length,
  "bad of",
  l.probes.length,
  l.summary.uncovered.filter((u) => u.reason === null).map((u) => u.class + " " + u.route),
  Math.round(performance.now() - t),
  "ms",
);
