import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { allRoutes } from "../app.ts";
import { dumpSchema, dumpTypes } from "../kernel/database/dump.ts";
import { printMatrix } from "../kernel/matrix.ts";
import { printCoverage } from "../modules/trust/attack/coverage.ts";
import { projectFolder } from "../project.ts";
import { startThrowAway } from "../throw-away.ts";
import { boundaryProblems } from "./check-boundaries.ts";

/** `check schema|matrix|attack|boundaries [--write]`: exit code 1 when what is committed differs from what is. */
export async function run(args: readonly string[]): Promise<number> {
  const write = args.includes("--write");
  switch (args[0]) {
    case "schema":
      return compare(write, await schemaFiles());
    case "matrix":
      return compare(write, { "docs/permission-matrix.md": printMatrix(allRoutes()) });
    case "attack":
      return compare(write, { "docs/attack-coverage.md": printCoverage(allRoutes()) });
    case "boundaries": {
      const problems = await boundaryProblems(projectFolder);
      for (const problem of problems) process.stderr.write(`${problem}\n`);
      return problems.length === 0 ? 0 : 1;
    }
    default:
      process.stderr.write("check schema, matrix, attack or boundaries\n");
      return 2;
  }
}

async function schemaFiles(): Promise<Record<string, string>> {
  const instance = await startThrowAway();
  const client = new pg.Client(instance.postgres?.url("postgres", "vouchsafe"));
  try {
    await client.connect();
    return {
      "db/schema.sql": await dumpSchema(client),
      "src/kernel/database/tables.ts": await dumpTypes(client),
    };
  } finally {
    await client.end();
    await instance.close();
  }
}

async function compare(write: boolean, files: Record<string, string>): Promise<number> {
  let differing = 0;
  for (const [name, text] of Object.entries(files)) {
    const path = join(projectFolder, name);
    const committed = await readFile(path, "utf8").catch(() => "");
    if (committed === text) continue;
    if (write) {
      await writeFile(path, text);
      process.stderr.write(`${name} written\n`);
    } else {
      differing++;
      process.stderr.write(
        `${name} is not what the program makes; look at the difference, then renew it with --write\n`,
      );
    }
  }
  return differing === 0 ? 0 : 1;
}
