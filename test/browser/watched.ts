import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { projectFolder } from "../../src/project.ts";

/** A person's browser whose pages are watched: what goes wrong in any of them is remembered until it is asked for. */
export interface Watched {
  readonly context: BrowserContext;
  newPage(): Promise<Page>;
  /** Says that the server will refuse, such as `404 GET /documents/`; what the browser writes about it is no error then. */
  willRefuse(...refusals: readonly string[]): void;
  /** Throws unless the page as it stands has passed axe in both themes, and nothing has gone wrong so far. */
  look(page: Page, name: string): Promise<void>;
  close(): Promise<void>;
}

export const DESK = { width: 1280, height: 820 };
export const PHONE = { width: 390, height: 844 };

const results = join(projectFolder, "test-results");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Run in the page, hence text.
const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) =>
  reportViolation(event.violatedDirective + " " + (event.blockedURI || event.sourceFile)));`;
const RUN_AXE = (rules: string) => `axe.run(document, { resultTypes: ["violations"], preload: false${rules} })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) =>
    id + " at " + node.target.join(" ") + ": " + node.failureSummary)))`;
const OVERFLOW = `[document.documentElement, ...document.querySelectorAll("main, dialog[open]")]
  .filter((part) => part === document.documentElement || getComputedStyle(part).overflowX !== "visible")
  .filter((part) => part.scrollWidth > part.clientWidth + 1)
  .map((part) => part.localName + " is " + (part.scrollWidth - part.clientWidth) + " px too wide")`;

/** Opens a browser context of its own. `origin` is the only one that its pages may speak to. */
export async function openWatched(browser: Browser, origin: string): Promise<Watched> {
  // Without motion, so that a colour is what it is and not on its way.
  const context = await browser.newContext({ viewport: DESK, colorScheme: "light", reducedMotion: "reduce" });
  context.setDefaultTimeout(20_000);
  const seen: string[] = [];
  const allowed: string[] = [];
  await context.exposeFunction("reportViolation", (words: string) => void seen.push(`CSP stopped ${words}`));
  await context.addInitScript({ content: REPORT_VIOLATIONS });
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !["data:", "blob:"].includes(url.protocol)) seen.push(`asked for ${url}`);
  });
  context.on("response", (response) => {
    if (response.status() < 400) return;
    const path = new URL(response.url()).pathname.replace(/^\/api(\/t\/[^/]+)?/, "");
    const refusal = `${response.status()} ${response.request().method()} ${path}`;
    if (!allowed.some((start) => refusal.startsWith(start))) seen.push(refusal);
  });
  context.on("console", (message) => {
    // Refusals are judged by their responses, where it stands which call they answer.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    seen.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => void seen.push(`page: ${error.error().message}`));
  return {
    context,
    newPage: () => context.newPage(),
    willRefuse: (...refusals) => void allowed.push(...refusals),
    async look(page, name) {
      await page.locator("h1").first().waitFor({ state: "attached" });
      // A busy button may be what the page is looked at for: it waits for a dialog above it.
      await page.locator("main .waiting:not(button)").first().waitFor({ state: "detached" });
      await page.evaluate("document.fonts.ready.then(() => null)");
      await page.evaluate(axe);
      seen.push(...((await page.evaluate(RUN_AXE(""))) as string[]));
      await page.emulateMedia({ colorScheme: "dark" });
      const contrast = `, runOnly: ["color-contrast"]`;
      seen.push(...((await page.evaluate(RUN_AXE(contrast))) as string[]).map((words) => `dark: ${words}`));
      await page.emulateMedia({ colorScheme: "light" });
      seen.push(...((await page.evaluate(OVERFLOW)) as string[]));
      await shoot(page, name);
      assert.deepEqual(seen.splice(0), [], `on ${name}`);
    },
    close: () => context.close(),
  };
}

/** Leaves a picture of the page in test-results/. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(results, { recursive: true });
  await page.screenshot({ path: join(results, `${name}.png`) });
}
