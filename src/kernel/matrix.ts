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
    "member reaches behind it is decided where the row is loaded (own, shared, or not there). A role of a workspace's own",
    "opens the routes of the permissions that it was given, and those of the last table that every role has. An API key",
    "opens what it was given of its owner's; the operator's staff come in only under a grant of the workspace.",
    "",
    "| route | permission | exists in | viewer | manager | admin | owner | staff | API key | second factor |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...guarded.map((r) => {
      const key = permissionOf(r) ?? "";
      const declared = permissions().find((p) => p.key === key);
      const held = [
        ...roles.map((role) => yes(r, role)),
        may(declared?.forSupport),
        may(declared?.forKeys && !r.demand.fresh),
      ];
      return `| \`${r.method} ${r.url}\` | ${key} | ${declared?.in ?? "nowhere"} | ${held.join(" | ")} | ${factorWords(r)} |`;
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
    "| permission | group | in words | from | every role | for API keys | for staff |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...permissions().map(
      (p) =>
        `| ${p.key} | ${p.group} | ${p.words} | ${p.from} | ${may(p.always)} | ${may(p.forKeys)} | ${may(p.forSupport)} |`,
    ),
    "",
  ].join("\n");
}

const may = (yes: boolean | undefined): string => (yes ? "yes" : "–");

function factorWords({ demand }: Route): string {
  if (demand.fresh) return "within 5 minutes";
  return demand.beforeFactor ? "may still be missing" : "–";
}

const byUrl = (a: Route, b: Route): number =>
  a.url === b.url ? (a.method < b.method ? -1 : 1) : a.url < b.url ? -1 : 1;
