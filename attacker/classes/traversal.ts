import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { holdsSystemFile } from "../inert.ts";
import { excerpt, leaksInternals, unjudgeable } from "../judge.ts";
import { isLimited } from "../run.ts";
import { type AttackClass, type Judgement, type Scene, spoken } from "../scene.ts";
import { textFields, type Written, writeField, writeFile } from "../written.ts";

/** Paths upwards in every text that is a name, and as the name of every file: a name names nothing but itself. */
export const traversal: AttackClass = {
  name: "traversal",
  claim: "knowledge.files",
  excuse: (op, run) => {
    if (op.safe) return "changes no state";
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    if (isLimited(run, op)) return "few calls are let through";
    return namesIn(op).length > 0 || op.body?.type === "multipart/form-data"
      ? null
      : "takes no name and no file";
  },
  after: async (scene): Promise<Probe[]> => {
    const { op } = scene;
    const probes: Probe[] = [];
    for (const [field, most] of namesIn(op)) {
      for (const name of NAMES) {
        const written = await writeField(scene, field, name.slice(0, most));
        probes.push(probe(scene, `${name.slice(0, 30)} as ${field}`, written, null));
      }
    }
    if (op.body?.type !== "multipart/form-data") return probes;
    for (const name of NAMES) {
      const written = await writeFile(scene, { name, type: "text/plain", text: CONTENT });
      probes.push(
        probe(scene, `a file called ${name.slice(0, 30)}`, written, op.creates === null ? null : CONTENT),
      );
    }
    return probes;
  },
};

const NAMES = [
  "../../../../../etc/passwd",
  "..\\..\\..\\windows\\win.ini",
  "..%2f..%2f..%2fetc%2fpasswd",
  "/etc/passwd",
  "....//....//etc/passwd",
  "../../../etc/passwd%00.txt",
];
const CONTENT = "A line of its own.\n";

function namesIn(op: Scene["op"]): [string, number][] {
  return textFields(op).filter(([name]) => /name|title|file|folder|path|slug/i.test(name));
}

function probe(scene: Scene, what: string, written: Written | string, content: string | null): Probe {
  const by = { who: `${scene.owner?.label ?? "nobody"}, ${what}`, role: scene.owner?.role ?? "none" };
  if (typeof written === "string")
    return spoken(traversal, scene.op, by, { verdict: "inconclusive", detail: written });
  return spoken(
    traversal,
    scene.op,
    by,
    leaksInternals(written.answer) ?? judge(written, content),
    written.answer,
  );
}

function judge({ answer, read, files }: Written, content: string | null): Judgement {
  if (answer.status >= 500 && answer.status !== 503)
    return { verdict: "breached", detail: `${answer.status}: ${excerpt(answer)}` };
  const open = unjudgeable(answer);
  if (open) return open;
  const brought = [answer, ...(read ? [read] : []), ...files].some(({ body }) => holdsSystemFile(body));
  if (brought) return { verdict: "breached", detail: "it brought a file of the system" };
  const wrong = files.map((file) => wrongFile(file, content)).find(Boolean);
  if (wrong) return { verdict: "breached", detail: wrong };
  const kept = answer.status < 300 ? "a name like any other" : "refused";
  return { verdict: "held", detail: `${answer.status}: ${kept}` };
}

/** Whoever saves the file must get what was sent, under a name without a path in it. */
function wrongFile(file: Answer, content: string | null): string | null {
  if (file.status >= 300) return null;
  if (content !== null && file.body !== content) return `the file came back as another: ${excerpt(file)}`;
  const header = file.headers["content-disposition"] ?? "";
  const names = [...header.matchAll(/filename\*?=(?:UTF-8'')?"?([^";]*)/gi)].map(([, name = ""]) => name);
  const bent = names.find((name) => /(^|[\\/])\.\.([\\/]|$)|^[\\/]|[\0\r\n]/.test(decoded(name)));
  return bent === undefined ? null : `the answer names the file ${bent}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
