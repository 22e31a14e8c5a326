import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { notData, notInert } from "../inert.ts";
import { leaksInternals, unjudgeable } from "../judge.ts";
import { isLimited } from "../run.ts";
import { type AttackClass, type Judgement, type Scene, spoken } from "../scene.ts";
import { textFields, type Written, writeField, writeFile } from "../written.ts";

/** Script in every text and every kind of file: it comes back as data or as an inert file, never as a page. */
export const storedScript: AttackClass = {
  name: "stored-script",
  claim: "http.escaping",
  excuse: (op, run) => {
    if (op.safe) return "changes no state";
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    if (isLimited(run, op)) return "few calls are let through";
    return textFields(op).length > 0 || op.body?.type === "multipart/form-data"
      ? null
      : "takes no text and no file";
  },
  after: async (scene): Promise<Probe[]> => {
    const { op } = scene;
    const probes: Probe[] = [];
    for (const [name, most] of textFields(op)) {
      const written = await writeField(scene, name, SCRIPT.slice(0, most));
      probes.push(probe(scene, `with script in ${name}`, written));
    }
    if (op.body?.type !== "multipart/form-data") return probes;
    for (const file of FILES)
      probes.push(probe(scene, `with script in ${file.name}`, await writeFile(scene, file)));
    return probes;
  },
};

// Short, so that it fits into names; closes what it may stand in.
const SCRIPT = `"'></title><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>`;
const FILES = [
  {
    name: "drawn.svg",
    type: "image/svg+xml",
    text: `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`,
  },
  {
    name: "page.html",
    type: "text/html",
    text: `<!doctype html><title>Page</title><body onload="alert(1)"><script>alert(2)</script><p>Text</p></body>`,
  },
  {
    name: "notes.md",
    type: "text/markdown",
    text: `# Notes\n\n<script>alert(1)</script> [x](javascript:alert(2)) ![x](x "onerror=alert(3)")\n`,
  },
  {
    name: "sheet.pdf",
    type: "application/pdf",
    text: `%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n`,
  },
];

function probe(scene: Scene, what: string, written: Written | string): Probe {
  const by = { who: `${scene.owner?.label ?? "nobody"}, ${what}`, role: scene.owner?.role ?? "none" };
  if (typeof written === "string")
    return spoken(storedScript, scene.op, by, { verdict: "inconclusive", detail: written });
  return spoken(storedScript, scene.op, by, leaksInternals(written.answer) ?? judge(written), written.answer);
}

function judge({ answer, read, files }: Written): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  const wrong = notData(answer) ?? (read && readable(read)) ?? files.map(servedWrongly).find(Boolean) ?? null;
  if (wrong) return { verdict: "breached", detail: `${answer.status}: ${wrong}` };
  if (answer.status >= 400) return { verdict: "held", detail: `${answer.status}: refused, as data` };
  return {
    verdict: "held",
    detail: `${answer.status}: kept, and shown as data${files.length > 0 ? " and an inert file" : ""}`,
  };
}

function readable(answer: Answer): string | null {
  const wrong = notData(answer);
  return wrong && `read back, ${wrong}`;
}

function servedWrongly(answer: Answer): string | null {
  const wrong = answer.status < 300 ? notInert(answer) : null;
  return wrong && `downloaded, ${wrong}`;
}
