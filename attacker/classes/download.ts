import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { CLIMBS, holdsSystemFile, notInert } from "../inert.ts";
import { excerpt, leaksInternals, unjudgeable } from "../judge.ts";
import { type AttackClass, type Judgement, probeOf, type Scene, type Shot } from "../scene.ts";

/** Files: their addresses bent, their ranges stretched; what comes must be the caller's file, and inert. */
export const download: AttackClass = {
  name: "download",
  claim: "knowledge.files",
  harmless: "reads",
  excuse: (op) => (op.download ? null : "answers no file"),
  shots: ({ run, op, owner, slug, ids }) =>
    op.ids.flatMap((name) =>
      CLIMBS.map(([what, raw]): Shot => {
        const ask = genuine(run, op, owner, { slug, ids: { ...ids, [name]: MARK } });
        return {
          who: `${owner?.label ?? "a visitor"}, ${what} as {${name}}`,
          role: owner?.role ?? "none",
          ask: { ...ask, path: ask.path.replace(MARK, raw) },
          judge: outside,
        };
      }),
    ),
  after: async (scene) => {
    const { run, op, owner, slug, ids, control } = scene;
    const whole = control?.answer;
    if (!control?.ok || !whole) return [];
    const by = (what: string) => ({
      who: `${owner?.label ?? "a visitor"}, ${what}`,
      role: owner?.role ?? "none",
    });
    const wrong = notInert(whole);
    const probes: Probe[] = [
      probeOf(download, op, by("reading what is theirs"), whole, {
        verdict: wrong ? "breached" : "held",
        detail: wrong ?? "attachment, nosniff, sandbox",
      }),
    ];
    if (owner) await revive(run, owner);
    for (const headers of stretched(whole.body.length)) {
      const ask = genuine(run, op, owner, { slug, ids });
      const answer = await run.client.send({ ...ask, headers: { ...ask.headers, ...headers } });
      const judged = leaksInternals(answer) ?? within(scene, answer, whole);
      const words = Object.entries(headers).map(([name, value]) => `${name} ${value.slice(0, 40)}`);
      probes.push(probeOf(download, op, by(words.join(", ")), answer, judged));
    }
    return probes;
  },
};

const MARK = "replace-me";

function outside(answer: Answer): Judgement {
  if (holdsSystemFile(answer.body)) return { verdict: "breached", detail: "it brought a file of the system" };
  const open = unjudgeable(answer);
  if (open) return open;
  if (answer.status < 400)
    return { verdict: "breached", detail: `${answer.status} for a path upwards: ${excerpt(answer)}` };
  return { verdict: "held", detail: `${answer.status}` };
}

function stretched(size: number): Record<string, string>[] {
  const many = Array.from({ length: 200 }, (_, i) => `${i}-${i + 1}`).join(",");
  const ranges = ["0-", `0-${size + 4_000}`, `${Math.max(0, size - 1)}-99999999999999999999`, "-99999999"];
  const odd = ["-0", "5-2", "0-0,0-0,0-0", many, "0x0-0xff", "1e1-2e1", "--5", "0--1"];
  return [
    ...[...ranges, ...odd].map((range) => ({ range: `bytes=${range}` })),
    { range: `items=0-${size}` },
    { range: "bytes=0-9", "if-range": '"made-up"' },
    { range: "bytes=0-9", "if-range": "Fri, 01 Jan 2100 00:00:00 GMT" },
  ];
}

/** A part of the same file, the whole of it, or a refusal: never more bytes than there are. */
function within({ op }: Scene, answer: Answer, whole: Answer): Judgement {
  const open = unjudgeable(answer);
  if (open) return answer.status >= 500 && answer.status !== 503 ? { ...open, verdict: "breached" } : open;
  if (answer.status >= 400) return { verdict: "held", detail: `${answer.status}` };
  const wrong = notInert(answer);
  if (wrong) return { verdict: "breached", detail: `${answer.status}: ${wrong}` };
  // What a route without an identifier answers may have grown between two calls.
  const same = answer.body === whole.body || (answer.status === 200 && op.ids.length === 0);
  if (answer.status === 200 && same) return { verdict: "held", detail: "200, the whole file" };
  const multipart = /^multipart\/byteranges/.test(answer.headers["content-type"] ?? "");
  const isPart = multipart
    ? answer.body.length <= 2 * whole.body.length + 4_096
    : whole.body.includes(answer.body) && answer.body.length <= whole.body.length;
  return isPart && answer.status === 206
    ? { verdict: "held", detail: "206, a part of the same file" }
    : { verdict: "breached", detail: `${answer.status}: more or other than the caller's file` };
}
