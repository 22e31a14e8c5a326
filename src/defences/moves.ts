import type { Defence } from "./defence.ts";

const moving = { claim: "ops.tenant-restore", part: "beside and moved" } as const;

export const moveDefences: readonly Defence[] = [
  {
    ...moving,
    words: "a copy gets the rows of one workspace",
    file: "src/modules/operations/backup/one-tenant.ts",
    text: "    return isOwn;\n",
    without: "    return true;\n",
  },
  {
    ...moving,
    words: "a workspace comes from the installation that the operator named",
    file: "src/modules/operations/moves/reading.ts",
    text: "  requireSigned(read, reader(signedBy));\n",
    without: "",
  },
  {
    ...moving,
    words: "what moves is a customer's workspace",
    file: "src/modules/operations/moves/checking.ts",
    text: 'if (tenant.kind !== "customer")',
    without: "if (false)",
  },
  {
    ...moving,
    words: "log entries that move are those of the old log",
    file: "src/modules/operations/moves/log-proof.ts",
    text: "        if (!rootFrom(leaf.hash, leaf.index, size, hashes)?.equals(root)) throw broken();\n",
    without: "        rootFrom(leaf.hash, leaf.index, size, hashes)?.equals(root);\n",
  },
  {
    ...moving,
    words: "rows that move name files of their own",
    file: "src/modules/operations/moves/importing.ts",
    text: "    [...named].some((name) => !files.has(name) && !gone.has(name)) ||\n    [...files].some((name) => !named.has(name))\n",
    without: '    gone.has("")\n',
  },
  {
    ...moving,
    words: "rows that move hold times and lengths that can be",
    file: "src/modules/operations/moves/checking.ts",
    text: "  if (taken !== undefined) await requirePossible(from, tables, taken);\n",
    without: '  if (taken === "") await requirePossible(from, tables, taken);\n',
  },
  {
    ...moving,
    words: "what let somebody in at the old place does not at the new one",
    file: "src/modules/operations/moves/checking.ts",
    text: "  await endRights(from);\n",
    without: "",
  },
];
