import type { Defence } from "./defence.ts";

const claim = "audit.tamper-evident";

export const auditLogDefences: readonly Defence[] = [
  {
    words: "nothing is signed over a log that was set back",
    claim,
    file: "src/modules/operations/audit/log/sequencer.ts",
    text: "if (size < last.size) throw",
    without: "if (size < 0) throw",
  },
  {
    words: "an entry's hash covers what happened",
    claim,
    file: "db/migrations/0018_audit_log.sql",
    text: "    || int4send(octet_length(e.event)) || convert_to(e.event, 'UTF8')\n",
    without: "",
  },
  {
    words: "an entry's hash covers its content",
    claim,
    file: "src/kernel/audit.ts",
    text: "      commitmentTo(text),\n",
    without: "      null,\n",
  },
  {
    words: "an entry that nobody recorded is shown",
    claim,
    file: "src/modules/operations/audit/log/proofs.ts",
    text: "for (const row of strays) yield",
    without: "for (const row of strays.slice(0, 0)) yield",
  },
  {
    words: "what was removed is counted",
    claim,
    file: "db/migrations/0018_audit_log.sql",
    text: "where not exists (select from audit.place p",
    without: "where false and not exists (select from audit.place p",
  },
  {
    words: "the separate program asks for each number",
    claim,
    file: "verify/export.ts",
    text: "if (number !== expected)",
    without: "if (number > expected + 1)",
  },
  {
    words: "the separate program checks the signature",
    claim,
    file: "verify/note.ts",
    text: "return crypto.subtle.verify(",
    without: "return true || crypto.subtle.verify(",
  },
];
