import { isStartupError } from "./kernel/home.ts";

// The command line. Each command is a file of its own in src/commands, loaded only when it is asked for.

const commands: Record<
  string,
  { words: string; load: () => Promise<{ run(args: readonly string[]): Promise<number> }> }
> = {
  serve: {
    words: "start the server (--demo fills two workspaces with sample documents)",
    load: () => import("./commands/serve.ts"),
  },
  work: {
    words: "work on jobs only, beside processes of `serve --no-jobs`",
    load: () => import("./commands/work.ts"),
  },
  demo: {
    words: "start an instance of its own, ask three questions, print what came of it",
    load: () => import("./commands/demo.ts"),
  },
  controls: {
    words: "check every claim on an instance of its own",
    load: () => import("./commands/controls.ts"),
  },
  attack: { words: "run the attacker on an instance of its own", load: () => import("./commands/attack.ts") },
  bench: {
    words: "measure: read-path, signin, audit, backup, start, search",
    load: () => import("./commands/bench.ts"),
  },
  falsify: {
    words: "remove each defence in a copy of the source and see its claim turn red",
    load: () => import("./commands/falsify.ts"),
  },
  migrate: {
    words: "create roles and bring the database of MIGRATION_DATABASE_URL up to date",
    load: () => import("./commands/migrate.ts"),
  },
  backup: {
    words: "make and verify a backup now (--to FOLDER)",
    load: () => import("./commands/backup.ts"),
  },
  backups: {
    words: "list the backups that there are (--from FOLDER)",
    load: () => import("./commands/backups.ts"),
  },
  restore: {
    words: "fill an empty installation: --identity FILE [--from FOLDER|FILE] [--at TIME]",
    load: () => import("./commands/restore.ts"),
  },
  "rotate-keys": {
    words: "wrap every key with the newest master key (--new makes one first)",
    load: () => import("./commands/rotate-keys.ts"),
  },
  "restore-tenant": {
    words:
      "set one workspace back, and no other: SLUG --identity FILE [--from FOLDER|FILE] [--at TIME]; --beside FOLDER copies it there instead",
    load: () => import("./commands/restore-tenant.ts"),
  },
  "export-tenant": {
    words: "one workspace as an archive for another installation: SLUG --to FOLDER --recipient age1…",
    load: () => import("./commands/export-tenant.ts"),
  },
  "import-tenant": {
    words: "take a workspace in: FILE --identity FILE --signed-by KEY [--slug NEW]",
    load: () => import("./commands/import-tenant.ts"),
  },
  "restore-test": {
    words: "restore a backup on a scratch database, as told on standard input; the server calls it",
    load: () => import("./commands/restore-test.ts"),
  },
  check: {
    words: "compare schema, matrix or boundaries with what is committed (--write renews them)",
    load: () => import("./commands/check.ts"),
  },
};

const [name = "help", ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  const lines = Object.entries(commands).map(([key, { words }]) => `  ${key.padEnd(10)} ${words}`);
  process.stderr.write(`npm run -s vouchsafe -- COMMAND\n\n${lines.join("\n")}\n`);
  process.exitCode = name === "help" ? 0 : 2;
} else {
  const { run } = await command.load();
  process.exitCode = await run(args).catch((error: unknown) => {
    if (isStartupError(error)) process.stderr.write(`\n${error.problem}\n${error.remedy}\n`);
    else
      process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  });
}
