import { type Excuse, excusesOf } from "../../../../attacker/excuses.ts";
import { rolesOf } from "../../../kernel/matrix.ts";
import type { Routes } from "../../../kernel/routes/contract.ts";
import { openApiOf } from "../../../kernel/routes/openapi.ts";

/**
 * What the attacker does not try, and why: the rules of its own by class, and what a route asks to be left out of. The
 * file is reviewed by people, and its second table only shrinks.
 */
export function printCoverage(routes: Routes): string {
  const excuses = excusesOf(openApiOf(routes, "0", rolesOf));
  const halves = routes.flatMap((route) =>
    Object.entries(route.unprobed).flatMap(([name, reason]) =>
      name.includes("/") ? [[`${route.method} ${route.url}`, name, reason] as const] : [],
    ),
  );
  const asked = excuses
    .filter(({ by }) => by === "document")
    .map((one) => [one.route.replace(/\{(\w+)\}/g, ":$1"), one.class, one.reason] as const);
  return `# What the attacker leaves out

Written by \`node src/main.ts check attack --write\` from the running table of routes; \`bin/ci\` fails when it differs.
Every pair of route and class of attack is tried, or stands here with its reason. What the classes are:
[attacker/README.md](../attacker/README.md).

## By rules of its own

| class | reason |
| --- | --- |
${rulesOf(excuses)
  .map(([name, reason]) => `| ${name} | ${reason} |`)
  .join("\n")}

## Because a route asks for it

This list only shrinks.

| route | class | reason |
| --- | --- | --- |
${[...asked, ...halves].map(([route, name, reason]) => `| \`${route}\` | ${name} | ${reason} |`).join("\n")}
`;
}

/** Each rule once: what a rule says of one route (its reason to be public, its rate class) is left out. */
function rulesOf(excuses: readonly Excuse[]): (readonly [string, string])[] {
  const rules = excuses
    .filter(({ by }) => by === "rule")
    .map(({ class: name, reason }) => [name, withoutCase(reason)] as const);
  return [...new Map(rules.map((rule) => [rule.join(), rule])).values()].sort(([a], [b]) =>
    a < b ? -1 : a > b ? 1 : 0,
  );
}

const withoutCase = (reason: string): string =>
  reason
    .replace(/^public: .*/, "the route is public")
    .replace(/^its rate class is \S+; /, "")
    .replace(/ \(none: .*\)$/, "");
