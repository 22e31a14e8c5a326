import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { projectFolder } from "../../../project.ts";
import { finding } from "../stage/finding.ts";
import type { Stage } from "../stage/stage.ts";
import { ALLOWED } from "./sql-allowed.ts";
import { probeSql } from "./sql-probes.ts";
import { scanSql } from "./sql-scan.ts";

/** Where a running server, and the command that migrates, begin. The checks' own SQL is reached by neither. */
const ENTRIES = ["src/commands/serve.ts", "src/commands/migrate.ts"];

export async function checkSql(stage: Stage): Promise<Outcome> {
  const { findings: swept, files, sites } = await sweepSources(projectFolder);
  const probed = await probeSql(stage);
  return outcomeOf(
    [...swept, ...probed],
    `${sites} statements in ${files} files, ${ALLOWED.length} lines allowed with a reason, ${probed.length} probes`,
    sites + probed.length,
  );
}

/** Looks at every statement in every file that the server can load. */
export async function sweepSources(
  folder: string,
): Promise<{ findings: Finding[]; files: number; sites: number }> {
  const findings: Finding[] = [];
  const used = new Set<(typeof ALLOWED)[number]>();
  const files = await reachable(folder, ENTRIES);
  let sites = 0;
  for (const [file, source] of files) {
    const scanned = scanSql(source);
    sites += scanned.sites;
    for (const { line, text, why } of scanned.problems) {
      const allowed = ALLOWED.find((a) => a.file === file && text.includes(a.text));
      if (allowed) used.add(allowed);
      else findings.push(finding(false, `${file}:${line}`, why, text.slice(0, 160)));
    }
  }
  for (const allowed of ALLOWED) {
    const there = used.has(allowed);
    findings.push(
      finding(
        there,
        `${allowed.file}: ${allowed.text}`,
        "allowed, with a reason",
        there ? allowed.reason : "no such line: strike it off the list",
      ),
    );
  }
  findings.push(
    finding(
      sites > 50 && files.size > 50,
      "the sweep itself",
      "",
      `${sites} statements in ${files.size} files`,
    ),
  );
  return { findings, files: files.size, sites };
}

/** The sources that the entries load, by their path in the project; imports of types alone load nothing. */
async function reachable(folder: string, entries: readonly string[]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (sources.has(file)) continue;
    const source = await readFile(join(folder, file), "utf8");
    sources.set(file, source);
    for (const [statement, specifier = ""] of source.matchAll(
      /(?:^(?:import|export)[^"';]*|\bimport\s*\(\s*)["'](\.[^"']+)["']/gm,
    )) {
      if (/^(?:import|export)\s+type\b/.test(statement)) continue;
      const target = relative(folder, join(folder, dirname(file), specifier));
      if (target.endsWith(".ts") && existsSync(join(folder, target))) waiting.push(target);
    }
  }
  return sources;
}
