import { readdir, readFile } from "node:fs/promises";
import type { Finding } from "../kernel/controls.ts";
import type { Client } from "../modules/trust/stage/client.ts";
import { ask } from "../modules/trust/stage/workspace.ts";
import { startThrowAway } from "../throw-away.ts";
import { type DemoCompany, makeDemo } from "./demo-companies.ts";

/** `demo [--json]`: an instance of its own answers three questions from real documents. Exit code 1 when anything is off. */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const progress = (words: string) => void (process.stderr.isTTY && process.stderr.write(`${words} …\n`));
  const instance = await startThrowAway({ progress });
  const ready = Math.round(performance.now() - started);
  try {
    const [first, second] = await makeDemo(instance, progress);
    if (!first || !second) throw new Error("two sample companies are needed");
    const answers = [];
    let right = true;
    for (const { question, expects, document, page } of first.questions) {
      const answer = await ask(first.company.owner.client, question);
      const citations = answer.citations.map((c) => ({
        document: c.document?.name ?? null,
        page: c.page,
        quote: c.quote,
      }));
      const cited = citations.some((c) => c.document === document && c.page === page);
      right &&= cited && expects.every((part) => squash(answer.text).includes(squash(part)));
      answers.push({ question, text: answer.text, mode: answer.mode, citations, ms: answer.ms });
    }
    const isolation = await tryAcross(first, second);
    const breached = isolation.filter((f) => f.verdict !== "held").length;
    const printed = {
      ready_ms: ready,
      answers,
      pss_mb: await pssOfTree(process.pid),
      isolation: { probes: isolation.length, breached },
    };
    process.stdout.write(
      args.includes("--json") ? `${JSON.stringify(printed, null, 2)}\n` : inWords(printed),
    );
    return right && breached === 0 ? 0 : 1;
  } finally {
    await instance.close();
  }
}

const squash = (text: string): string => text.replace(/[’']/g, "'").replace(/\s+/g, " ").toLowerCase();

/** Each company tries to reach each document and chat of the other, which it knows by its real identifier. */
async function tryAcross(one: DemoCompany, other: DemoCompany): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const { id } of to.documents) {
      for (const path of [`documents/${id}`, `documents/${id}/passages`, `documents/${id}/original`]) {
        findings.push(
          await tryOne(
            to.company.owner.client,
            from.company.owner.client,
            path,
            `owner of ${from.company.name}`,
          ),
        );
      }
    }
  }
  return findings;
}

// A refusal counts only when the owner's same call succeeds.
async function tryOne(owner: Client, stranger: Client, path: string, who: string): Promise<Finding> {
  const refused = await stranger.call("GET", path);
  const allowed = await owner.call("GET", path);
  const verdict =
    refused.status === 404 && allowed.status === 200
      ? "held"
      : refused.status < 400
        ? "broken"
        : "inconclusive";
  return { verdict, what: `GET ${path}`, who, got: `${refused.status}, owner ${allowed.status}` };
}

/** Proportional set size of a process and everything below it, in MB; 0 where the system does not tell. */
export async function pssOfTree(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc").catch(() => [] as string[])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent) parents.set(Number(name), parent);
  }
  const below = (pid: number): boolean => pid === root || (parents.has(pid) && below(parents.get(pid) ?? 0));
  let kilobytes = 0;
  for (const pid of parents.keys()) {
    if (!below(pid)) continue;
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return Math.round(kilobytes / 1024);
}

function inWords(d: {
  ready_ms: number;
  answers: { question: string; text: string }[];
  pss_mb: number;
  isolation: { probes: number; breached: number };
}): string {
  const answers = d.answers.map((a) => `${a.question}\n  ${a.text}\n`);
  return `Ready after ${d.ready_ms} ms, ${d.pss_mb} MB.\n\n${answers.join("\n")}\n${d.isolation.probes} attempts by the other company, ${d.isolation.breached} got through.\n`;
}
