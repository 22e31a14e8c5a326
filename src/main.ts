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
    words: "measure: read-path, signin, audit, start, search",
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
