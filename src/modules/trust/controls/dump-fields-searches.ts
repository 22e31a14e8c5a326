import { type Client, expectStatus } from "../stage/client.ts";
import type { Canaries } from "./canaries.ts";

const T = "/api/t/{slug}";

/** What a search that somebody keeps is called, and what it looks for. */
export async function writeSearches(client: Client, { word }: Canaries): Promise<void> {
  const saved = (route: string) => ({ name: word(`${route} body.name`), q: word(`${route} body.q`) });
  const body = { ...saved(`POST ${T}/saved-searches`), filters: { kind: "pdf", since: "2025-01-31" } };
  const { id } = expectStatus(
    await client.call("POST", "saved-searches", { body }),
    201,
    "saving a search",
  ).json;
  const changed = saved(`PATCH ${T}/saved-searches/{id}`);
  expectStatus(
    await client.call("PATCH", `saved-searches/${id}`, { body: changed }),
    200,
    "changing a search",
  );
  await client.call("GET", `saved-searches?cursor=${word(`GET ${T}/saved-searches query.cursor`)}`);
  for (const day of ["since", "until"]) {
    const filters = (route: string) => ({ filters: { [day]: word(`${route} body.filters.${day}`) } });
    const made = { ...body, ...filters(`POST ${T}/saved-searches`) };
    expectStatus(await client.call("POST", "saved-searches", { body: made }), 422, "a day that is none");
    const other = filters(`PATCH ${T}/saved-searches/{id}`);
    expectStatus(
      await client.call("PATCH", `saved-searches/${id}`, { body: other }),
      422,
      "a day that is none",
    );
  }
}
