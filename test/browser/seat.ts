import type { Page } from "playwright-core";
import type { Person } from "../../src/modules/trust/stage/people.ts";
import type { House } from "./house.ts";
import { openWatched, type Watched } from "./watched.ts";

/** Somebody at a browser of their own, signed in. */
export type Seat = { person: Person; watched: Watched; page: Page };

/** Puts somebody who has an open session at a browser: how they signed in is another story. */
export async function seat({ browser, instance }: House, person: Person): Promise<Seat> {
  const watched = await openWatched(browser, instance.url);
  await watched.context.addCookies(
    [...person.client.cookies].map(([name, value]) => ({
      name,
      value,
      url: instance.url.replace(/^http:/, "https:"),
      secure: true,
      httpOnly: true,
    })),
  );
  return { person, watched, page: await watched.newPage() };
}
