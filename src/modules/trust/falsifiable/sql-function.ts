import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Defence } from "../../../defences/defence.ts";
import { projectFolder } from "../../../project.ts";

const MIGRATIONS = "db/migrations/";

/**
 * A defence in a function of the database, as the statement that puts the function without it in place of the other: a
 * database that was set up with it need not be set up anew. Null for everything else: what stands outside of a function,
 * in one that migrations call themselves, or in one that is defined again further on.
 */
export async function withoutInFunction(defence: Defence): Promise<string | null> {
  if (defence.anew || !defence.file.startsWith(MIGRATIONS)) return null;
  const folder = join(projectFolder, MIGRATIONS);
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })),
  );
  return replacement(defence, texts);
}

interface Migration {
  readonly name: string;
  readonly text: string;
}

/** `migrations` in their order. */
export function replacement(defence: Defence, migrations: readonly Migration[]): string | null {
  const at = migrations.findIndex(({ name }) => defence.file === `${MIGRATIONS}${name}`);
  const source = migrations[at]?.text ?? "";
  const own = functionsIn(source).filter(({ statement }) => statement.includes(defence.text));
  const places = (text: string): number => text.split(defence.text).length - 1;
  // All of it stands in these statements.
  if (places(source) === 0 || places(own.map(({ statement }) => statement).join("\n")) !== places(source))
    return null;
  const isLast = ({ name, end }: SqlFunction): boolean =>
    [source.slice(end), ...migrations.slice(at + 1).map(({ text }) => text)].every(
      (text) => !functionsIn(text).some((other) => other.name === name),
    );
  const isCalled = ({ name }: SqlFunction): boolean =>
    migrations.some(({ text }) => text.includes(`\nselect ${name}(`));
  if (!own.every((one) => isLast(one) && !isCalled(one))) return null;
  return own
    .map(({ statement }) => statement.replaceAll(defence.text, defence.without))
    .map((statement) => statement.replace(/^create (?:or replace )?function/, "create or replace function"))
    .join("\n");
}

interface SqlFunction {
  readonly name: string;
  readonly statement: string;
  /** Where it ends in the file. */
  readonly end: number;
}

// With a body in quotes, one of several statements, or a single `return`.
const FUNCTION =
  /^create (?:or replace )?function ([\w.]+)\((?:(?!\$\$|;|begin atomic)[\s\S])*(?:\$\$[\s\S]*?\$\$[^;]*;|begin atomic[\s\S]*?\bend;|;)/gm;

const functionsIn = (text: string): SqlFunction[] =>
  [...text.matchAll(FUNCTION)].map(({ 0: statement, 1: name = "", index }) => ({
    name,
    statement,
    end: index + statement.length,
  }));
