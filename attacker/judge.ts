import type { Answer } from "./client.ts";
import { isRecord } from "./contract.ts";
import type { Judgement } from "./scene.ts";

/** 429, 5xx and silence say nothing about a guard. Null when the answer can be judged. */
export function unjudgeable(answer: Answer): Judgement | null {
  if (answer.status === 0) return { verdict: "inconclusive", detail: `no answer: ${answer.body}` };
  if (answer.status === 429) return { verdict: "inconclusive", detail: "429 after waiting" };
  if (answer.status >= 500) return { verdict: "inconclusive", detail: `${answer.status} ${excerpt(answer)}` };
  return null;
}

/** Held when the status is one of those expected; another refusal is inconclusive, a success a breach. */
export function refusedWith(answer: Answer, expected: readonly number[]): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  if (expected.includes(answer.status)) return { verdict: "held", detail: `${answer.status}` };
  return {
    verdict: "breached",
    detail: `${answer.status} where ${expected.join(" or ")} was expected: ${excerpt(answer)}`,
  };
}

/** What `foreign` tells must be what a name of nothing tells, but for the request's own id. */
export function sameAsNothing(foreign: Answer, nothing: Answer): string | null {
  if (foreign.status !== nothing.status)
    return `${foreign.status}, but ${nothing.status} for an id of nothing`;
  if (canonical(foreign) !== canonical(nothing))
    return `the body differs from that for an id of nothing: ${excerpt(foreign)}`;
  const type = (answer: Answer) => answer.headers["content-type"] ?? "";
  return type(foreign) === type(nothing) ? null : "the content type differs from that for an id of nothing";
}

/** What an answer to several says of one of them; null unless each time that it names it, it names an error beside it. */
export function refusalOf({ json, body }: Answer, id: string): string | null {
  const refusals: string[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) look(item);
    if (!isRecord(value)) return;
    const isOfIt = Object.values(value).includes(id) && typeof (value.code ?? value.error) === "string";
    if (isOfIt) refusals.push(JSON.stringify(value).replaceAll(id, "<id>"));
    else for (const inner of Object.values(value)) look(inner);
  };
  look(json);
  const named = body.split(id).length - 1;
  return refusals.length > 0 && refusals.length === named ? refusals.join() : null;
}

function canonical(answer: Answer): string {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([k, v]) => (k === "requestId" ? [] : [[k, strip(v)]])),
    );
  };
  return answer.json === undefined ? answer.body : JSON.stringify(strip(answer.json));
}

const INTERNALS = [
  /\n\s+at [^\n]+:\d+:\d+/,
  /\bat (?:async )?[\w.<>]+ \((?:file:|node:|\/)[^)]*:\d+/,
  /node_modules|node:internal/,
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"]{0,80}\b(?:FROM|VALUES|SET|WHERE)\b/,
  /syntax error at or near|violates [\w-]+ constraint|relation \\?"[\w.]+\\?" does not exist|invalid input syntax for/i,
  /ECONNREFUSED|ENOENT|EACCES|ER_[A-Z_]{6,}|FST_ERR|ZodError|TypeError|ReferenceError|SyntaxError|RangeError/,
  /(?:^|["'\s(])\/(?:home|root|usr|var|opt|srv|etc|tmp|app)\/[\w.-]+/,
];

/** An error that shows a stack, a statement or a path is a breach whatever the probe was after. */
export function leaksInternals(answer: Answer): Judgement | null {
  if (answer.status < 400) return null;
  const found = INTERNALS.map((pattern) => pattern.exec(answer.body)?.[0]).find(Boolean);
  return found
    ? { verdict: "breached", detail: `${answer.status} shows internals: ${found.trim().slice(0, 80)}` }
    : null;
}

/** Null when the body is `{ error: { code, message, requestId } }`, else what is wrong with it. */
export function wrongErrorShape(answer: Answer): string | null {
  const error = isRecord(answer.json) ? answer.json.error : undefined;
  if (!isRecord(error)) return `not the JSON error shape: ${excerpt(answer)}`;
  const lacking = ["code", "message", "requestId"].filter(
    (key) => typeof error[key] !== "string" || error[key] === "",
  );
  return lacking.length > 0 ? `the error lacks ${lacking.join(", ")}` : null;
}

export function excerpt(answer: Answer): string {
  return answer.body.replace(/\s+/g, " ").slice(0, 120);
}
