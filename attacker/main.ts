import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { attack } from "./attack.ts";
import { CLASSES, type ClassName, type Ledger, parseManifest } from "./contract.ts";
import { isClean } from "./ledger.ts";

const USAGE = `node attacker/main.ts --openapi URL|FILE --tenants FILE [--json] [--classes a,b] [--seed TEXT] [--rate N]

Attacks the application that the OpenAPI document describes, in the name of the tenants in FILE
(attacker/README.md tells what it holds). Exits 1 when anything was breached, left open or not covered,
2 when the input cannot be read.
`;

try {
  const { values } = parseArgs({
    options: {
      openapi: { type: "string" },
      tenants: { type: "string" },
      classes: { type: "string" },
      seed: { type: "string" },
      rate: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help || !values.openapi || !values.tenants) {
    process.stderr.write(USAGE);
    process.exitCode = values.help ? 0 : 2;
  } else {
    const rate = values.rate === undefined ? undefined : Number(values.rate);
    if (rate !== undefined && !(rate > 0)) throw new Error("--rate: a number of requests per second");
    const classes = values.classes?.split(",").map(classNamed);
    const ledger = await attack({
      openapi: await readJson(values.openapi),
      manifest: parseManifest(await readJson(values.tenants)),
      seed: values.seed ?? new Date().toISOString(),
      ...(classes && { classes }),
      ...(rate && { ratePerSecond: rate }),
    });
    process.stdout.write(values.json ? `${JSON.stringify(ledger)}\n` : inWords(ledger));
    process.exitCode = isClean(ledger) ? 0 : 1;
  }
} catch (cause) {
  process.stderr.write(`attacker: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 2;
}

async function readJson(place: string): Promise<unknown> {
  if (!/^https?:/.test(place)) return JSON.parse(await readFile(place, "utf8"));
  const response = await fetch(place);
  if (!response.ok) throw new Error(`${place} answered ${response.status}`);
  return response.json();
}

function classNamed(name: string): ClassName {
  const found = CLASSES.find((candidate) => candidate === name);
  if (!found) throw new Error(`--classes: ${name} is none of ${CLASSES.join(", ")}`);
  return found;
}

function inWords({ probes, summary }: Ledger): string {
  const bad = probes.filter((probe) => probe.verdict !== "held");
  const lines = bad.map(
    (probe) => `${probe.verdict.padEnd(12)} ${probe.class}  ${probe.route}  ${probe.who}: ${probe.detail}`,
  );
  const bare = summary.uncovered.filter(({ reason }) => reason === null);
  lines.push(...bare.map((pair) => `uncovered    ${pair.class}  ${pair.route}`));
  const { routes, held, breached, inconclusive, requests, ms } = summary;
  lines.push(
    `${routes} routes, ${summary.probes} probes with ${requests} requests in ${(ms / 1000).toFixed(1)} s: ` +
      `${held} held, ${breached} breached, ${inconclusive} inconclusive, ${bare.length} pairs uncovered. Seed ${summary.seed}`,
  );
  return `${lines.join("\n")}\n`;
}
