import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../stage/finding.ts";
import type { Person } from "../stage/people.ts";
import type { Stage } from "../stage/stage.ts";
import { ALARM, FOREIGN, MARK, type Planted, type PlantedPage } from "./escaping-payloads.ts";

const SHOWN_WITHIN_MS = 10_000;
const SETTLED_AFTER_MS = 150;
const DRAWN_AFTER_MS = 500;

// Run in the page, hence text.
const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) =>
  reportViolation(event.violatedDirective + " " + event.blockedURI));`;

/** Opens every page, as whoever is to see it; each person in a browser of their own, one page after the other. */
export async function visitPages(stage: Stage, browser: Browser, planted: Planted): Promise<Finding[]> {
  const origin = stage.server.url;
  const visitors = { colleague: planted.colleague, operator: planted.operator, visitor: null };
  const findings = await Promise.all(
    Object.entries(visitors).map(async ([as, person]) => {
      const watched = await openWatched(browser, origin, person);
      const found: Finding[] = [];
      for (const page of planted.pages) if (page.as === as) found.push(await visit(watched, origin, page));
      if (as === "colleague") {
        for (const id of planted.documents) {
          const url = `${origin}/api/t/${planted.slug}/documents/${id}/original`;
          found.push(await openOriginal(watched, url));
        }
      }
      await watched.context.close();
      return found;
    }),
  );
  return [await alarmRings(browser), ...findings.flat()];
}

interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What happened that must not, since it was last emptied. */
  readonly seen: string[];
}

/** Without this, silence would prove nothing: script of ours that may run is noticed, and so is a request elsewhere. */
async function alarmRings(browser: Browser): Promise<Finding> {
  const { context, page, seen } = await openWatched(browser, "http://localhost", null);
  await page.setContent(`<img ${MARK} src="http://${FOREIGN}/"><script>${ALARM}(0)</script>`);
  await page.waitForTimeout(SETTLED_AFTER_MS);
  seen.push(...(await plantedElements(page)));
  await context.close();
  const noticed = ["script ran", "asked for", "became an element"].filter((words) =>
    seen.some((s) => s.includes(words)),
  );
  return finding(
    noticed.length === 3,
    "the alarm itself",
    "a page that is not ours",
    `noticed: ${noticed.length} of 3`,
  );
}

async function openWatched(browser: Browser, origin: string, person: Person | null): Promise<Watched> {
  const context = await browser.newContext();
  const seen: string[] = [];
  await context.exposeFunction(ALARM, (n: unknown) => void seen.push(`script ran (${n})`));
  await context.exposeFunction(
    "reportViolation",
    (words: string) => void seen.push(`the policy had to stop ${words}`),
  );
  await context.addInitScript({ content: REPORT_VIOLATIONS });
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (/^https?:|^wss?:/.test(url.protocol) && url.origin !== origin) seen.push(`asked for ${url.host}`);
  });
  context.setDefaultNavigationTimeout(SHOWN_WITHIN_MS);
  const page = await context.newPage();
  page.on("dialog", (dialog) => {
    seen.push("a dialog opened");
    void dialog.dismiss();
  });
  if (person) {
    // Set as over HTTPS, which their names ask for; a browser sends them to this computer itself over HTTP too.
    const url = origin.replace(/^http:/, "https:");
    const cookies = [...person.client.cookies].map(([name, value]) => ({
      name,
      value,
      url,
      secure: true,
      httpOnly: true,
    }));
    await context.addCookies(cookies);
  }
  return { context, page, seen };
}

async function visit(
  { page, seen }: Watched,
  origin: string,
  { path, as, shows }: PlantedPage,
): Promise<Finding> {
  seen.length = 0;
  await page.goto(origin + path, { waitUntil: "load" });
  const shown = await page
    .getByText(MARK)
    .first()
    .waitFor({ state: "attached", timeout: shows ? SHOWN_WITHIN_MS : DRAWN_AFTER_MS })
    .then(
      () => true,
      () => false,
    );
  // What a page does by itself a moment after it has been drawn counts too.
  await page.waitForTimeout(SETTLED_AFTER_MS);
  seen.push(...(await plantedElements(page)));
  if (page.url() !== "about:blank" && new URL(page.url()).origin !== origin)
    seen.push(`went to ${new URL(page.url()).host}`);
  const name = path
    .replace(/#.*/, "#…")
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ":id")
    .slice(0, 80);
  if (shows && !shown && seen.length === 0) {
    return {
      verdict: "inconclusive",
      what: name,
      who: `as ${as}`,
      got: "the planted text is not on the page",
    };
  }
  return finding(
    seen.length === 0,
    name,
    `as ${as}`,
    [...new Set(seen)].join("; ") || (shown ? "shown as text, nothing ran" : "nothing ran"),
  );
}

async function plantedElements(page: Page): Promise<string[]> {
  const found = await page.evaluate<number>(`document.querySelectorAll("[${MARK}]").length`);
  return found === 0 ? [] : [`${found} planted tags became an element`];
}

/** An original that is opened like a page is saved, never shown. */
async function openOriginal({ page, seen }: Watched, url: string): Promise<Finding> {
  seen.length = 0;
  const download = page.waitForEvent("download", { timeout: SHOWN_WITHIN_MS }).then(
    (d) => d.cancel().then(() => true),
    () => false,
  );
  const went = await page.goto(url).then(
    () => true,
    () => false,
  );
  if (went) await page.waitForTimeout(SETTLED_AFTER_MS);
  const saved = !went && (await download);
  return finding(
    saved && seen.length === 0,
    "an original, opened like a page",
    "as colleague",
    seen.join("; ") || (saved ? "saved, not shown" : "shown"),
  );
}
