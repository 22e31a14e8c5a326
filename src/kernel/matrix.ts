import { permissions, roles } from "./permissions.ts";
import { permissionOf, type Route, type Routes } from "./routes/contract.ts";

/** Which roles hold the permission of a route, in the tenants where it exists; null for public routes. */
export function rolesOf(route: Route): readonly string[] | null {
  const key = permissionOf(route);
  if (key === null) return null;
  const declared = permissions().find((p) => p.key === key);
  return declared ? roles.slice(roles.indexOf(declared.from)) : [];
}

/** The whole matrix, role by route, as the file that people review: docs/permission-matrix.md. */
export function printMatrix(routes: Routes): string {
  const yes = (route: Route, role: string) => (rolesOf(route)?.includes(role) ? "yes" : "–");
  const guarded = routes.filter((r) => permissionOf(r) !== null).sort(byUrl);
  const open = routes.filter((r) => permissionOf(r) === null).sort(byUrl);
  return [
    "# Permission matrix",
    "",
    "Written by `node src/main.ts check matrix --write` from the running table of routes; `bin/ci` fails when it differs.",
    "Reviewed by people: a change here is a change of who may do what. A permission opens a route; which rows a",
    "member reaches behind it is decided where the row is loaded (own, shared, or not there).",
    "",
    "| route | permission | exists in | viewer | manager | admin | owner | second factor |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...guarded.map((r) => {
      const key = permissionOf(r) ?? "";
      const where = permissions().find((p) => p.key === key)?.in ?? "nowhere";
      return `| \`${r.method} ${r.url}\` | ${key} | ${where} | ${roles.map((role) => yes(r, role)).join(" | ")} | ${factorWords(r)} |`;
    }),
    "",
    "## Public, each with its reason",
    "",
    "| route | reason |",
    "| --- | --- |",
    ...open.map(
      (r) => `| \`${r.method} ${r.url}\` | ${"publicBecause" in r.access ? r.access.publicBecause : ""} |`,
    ),
    "",
    "## Permissions",
    "",
    "| permission | group | in words | from | for API keys |",
    "| --- | --- | --- | --- | --- |",
    ...permissions().map(
      (p) => `| ${p.key} | ${p.group} | ${p.words} | ${p.from} | ${p.forKeys ? "yes" : "–"} |`,
    ),
    "",
  ].join("\n");
}

function factorWords({ demand }: Route): string {
  if (demand.fresh) return "within 5 minutes";
  return demand.beforeFactor ? "may still be missing" : "–";
}

const byUrl = (a: Route, b: Route): number =>
  a.url === b.url ? (a.method < b.method ? -1 : 1) : a.url < b.url ? -1 : 1;
