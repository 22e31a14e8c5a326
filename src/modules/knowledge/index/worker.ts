import { parentPort } from "node:worker_threads";
import type { PurposeKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { atOnce } from "../gently.ts";
import { type Merge, startMerge } from "../search/merge.ts";
import { openSegment, type PassageToIndex, segmentSteps } from "../search/segment.ts";
import { indexKeysOf } from "./keys.ts";
import { packRows, unpackRows } from "./packing.ts";

// Runs in a thread of its own: words are analysed, sealed and merged here, and nobody who waits for the server does. It
// has the index keys of the tenant whose work it does, reaches neither database nor files, and may be ended at any time.

/** One tenant's keys, with which the others' rows neither open nor are made. */
export interface Whose {
  readonly tenantId: string;
  readonly key: PurposeKeys;
}

export type Order =
  | {
      readonly verb: "build";
      readonly whose: Whose;
      readonly segmentId: string;
      readonly passages: readonly PassageToIndex[];
    }
  | {
      readonly verb: "begin-merge";
      readonly whose: Whose;
      readonly merge: string;
      readonly segmentId: string;
      readonly sources: readonly { readonly segmentId: string; readonly stats: Uint8Array }[];
      /** Numbers of documents that are left out. */
      readonly dead: Int32Array;
    }
  | {
      readonly verb: "merge";
      readonly merge: string;
      readonly rows: ArrayBuffer;
      /** Of which source each of the rows is. */
      readonly of: Uint16Array;
    }
  | { readonly verb: "end-merge"; readonly merge: string }
  | { readonly verb: "drop-merge"; readonly merge: string };

/** What comes back: how many passages, packed rows, and a sealed table when the segment is complete. */
export interface Answer {
  readonly passages: number;
  readonly rows: ArrayBuffer;
  readonly stats: Uint8Array | null;
}

export type Reply =
  | "ready"
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly error: string };

const merges = new Map<string, { merge: Merge; sources: readonly string[] }>();
const nothing = (passages = 0): Answer => ({ passages, rows: new ArrayBuffer(0), stats: null });

parentPort?.on("message", ({ id, order }: { id: number; order: Order }) => {
  let reply: Reply;
  try {
    reply = { id, answer: perform(order) };
  } catch (error) {
    reply = { id, error: (error as Error).message };
  }
  parentPort?.postMessage(reply, "answer" in reply ? [reply.answer.rows] : []);
});
parentPort?.postMessage("ready" satisfies Reply);

function perform(order: Order): Answer {
  switch (order.verb) {
    case "build": {
      const keys = indexKeysOf(order.whose.tenantId, order.whose.key);
      const built = atOnce(segmentSteps(order.passages, keys, order.segmentId));
      return { passages: built.passages, rows: packRows(built.postings), stats: built.stats };
    }
    case "begin-merge": {
      const keys = indexKeysOf(order.whose.tenantId, order.whose.key);
      const dead = new Set(order.dead);
      const sources = order.sources.map(({ segmentId, stats }) =>
        openSegment(segmentId, Buffer.from(stats), keys),
      );
      const merge = startMerge({ sources, keys, segmentId: order.segmentId, keeps: (no) => !dead.has(no) });
      merges.set(order.merge, { merge, sources: sources.map((s) => s.segmentId) });
      return nothing(merge.passages);
    }
    case "merge": {
      const { merge, sources } = mergeOf(order.merge);
      const rows = unpackRows(order.rows).map((row, i) => ({
        segmentId: sources[order.of[i] ?? 0] ?? "",
        ...row,
      }));
      return { ...nothing(), rows: packRows(atOnce(merge.add(rows))) };
    }
    case "end-merge": {
      const { postings, stats } = atOnce(mergeOf(order.merge).merge.end());
      merges.delete(order.merge);
      return { passages: 0, rows: packRows(postings), stats };
    }
    case "drop-merge":
      merges.delete(order.merge);
      return nothing();
  }
}

function mergeOf(id: string): { merge: Merge; sources: readonly string[] } {
  const found = merges.get(id);
  if (!found) throw new Error("this merge is not known here any more");
  return found;
}
