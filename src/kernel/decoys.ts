import { Transform } from "node:stream";
import type { FastifyRequest } from "fastify";
import type { Ctx } from "./context.ts";

/** What the kernel knows of decoys: that somebody wants to hear when one may have been touched. It asks on every request. */
export interface Decoys {
  /** A request as it came in. Answers null unless it names a decoy; else whom to tell who asked, once that is known. */
  asked(request: FastifyRequest): ((ctx: Ctx | null) => void) | null;
  /** Some of the text or bytes of an answer, before they leave. `ctx` is whose answer it is, null for nobody's. */
  answered(request: FastifyRequest, ctx: Ctx | null, part: string | Buffer): void;
  /** A job is about to begin. */
  working(job: string, data: { readonly tenantId: string; readonly id: string }): void;
  /** The longest text that is looked for: so much of one part is looked at again with the next. */
  readonly longest: number;
}

/** Passes bytes on unchanged and shows each part, together with the end of the part before. */
export function showing(longest: number, look: (part: Buffer) => void): Transform {
  let end: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const part = end.length === 0 ? chunk : Buffer.concat([end, chunk]);
      look(part);
      end = part.subarray(Math.max(0, part.length - longest + 1));
      done(null, chunk);
    },
  });
}
