import { glob, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/**
 * Reads every import: the kernel imports no module; a module imports another's verbs and shapes, without
 * circles between modules; attacker/ and verify/ import nothing of src/. Answers what is wrong, a line each.
 */
export async function boundaryProblems(folder: string): Promise<string[]> {
  const problems: string[] = [];
  const edges = new Map<string, Set<string>>();
  for await (const file of glob("{src,attacker,verify}/**/*.ts", { cwd: folder })) {
    const text = await readFile(join(folder, file), "utf8");
    for (const [, specifier = ""] of text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
      const target = specifier.startsWith(".")
        ? relative(folder, join(folder, dirname(file), specifier))
        : null;
      if (target === null) continue;
      if (/^(attacker|verify)\//.test(file) && !target.startsWith(`${file.split("/")[0]}/`))
        problems.push(`${file} imports ${target}: it must stand alone`);
      if (file.startsWith("src/kernel/") && !target.startsWith("src/kernel/") && !file.endsWith(".test.ts"))
        problems.push(`${file} imports ${target}: the kernel imports only itself`);
      const from = moduleOf(file);
      const to = moduleOf(target);
      // Tests and controls look at everything; nothing may look at them.
      if (from && to && from !== to && !looksOn(file)) {
        edges.set(from, (edges.get(from) ?? new Set()).add(to));
      }
    }
  }
  return [...problems, ...circles(edges)];
}

const looksOn = (file: string): boolean => /(\.test|\/controls)\.ts$|\/checks\//.test(file);

const moduleOf = (path: string): string | null => /^src\/modules\/([^/]+)\//.exec(path)?.[1] ?? null;

function circles(edges: Map<string, Set<string>>): string[] {
  const found: string[] = [];
  const visit = (at: string, path: string[]): void => {
    if (path.includes(at)) {
      const circle = [...path.slice(path.indexOf(at)), at];
      // Each circle is met once from each of its members; report it from the first by name.
      if (circle[0] === [...circle].sort()[0])
        found.push(`modules import each other in a circle: ${circle.join(" → ")}`);
      return;
    }
    for (const next of edges.get(at) ?? []) visit(next, [...path, at]);
  };
  for (const start of edges.keys()) visit(start, []);
  return [...new Set(found)];
}
