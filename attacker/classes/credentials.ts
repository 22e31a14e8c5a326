import { genuine } from "../ask.ts";
import { refusedWith } from "../judge.ts";
import type { AttackClass } from "../scene.ts";

export const noCredentials: AttackClass = {
  name: "no-credentials",
  claim: "tenancy.roles",
  harmless: "refusals",
  excuse: (op) => (op.publicBecause === null ? null : `public: ${op.publicBecause}`),
  shots: ({ run, op, slug, ids, body }) => [
    {
      who: "nobody",
      role: "none",
      ask: genuine(run, op, null, { slug, ids, body }),
      judge: (answer) => refusedWith(answer, [401]),
    },
  ],
};
