import type { Handler } from "./model.ts";

/** Who is in the tenant and how many notes each has, as a file. */
export const exportAll: Handler = ({ app }, me) => {
  const members = app.members.filter(({ tenant }) => tenant === me.tenant || app.holes.has("export-of-all"));
  const lines = members.map(({ id, name, role }) => {
    const notes = app.notes.filter(({ owner }) => owner === id).length;
    return [id, name, role, notes].join(",");
  });
  return {
    status: 200,
    headers: {
      "content-type": "text/csv",
      "content-disposition": 'attachment; filename="members.csv"',
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      "cache-control": "no-store",
    },
    body: `id,name,role,notes\n${lines.join("\n")}\n`,
  };
};
