import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { openBrowser } from "../stage/browser.ts";
import type { Stage } from "../stage/stage.ts";
import { checkHeaders } from "./escaping-headers.ts";
import { plantPayloads } from "./escaping-payloads.ts";
import { visitPages } from "./escaping-visits.ts";

/**
 * A member writes script into everything that others see, and a colleague opens every page in a real browser. Where
 * there is no browser there is nothing to say: headers alone would not show that nothing runs.
 */
export async function checkEscaping(stage: Stage): Promise<Outcome> {
  const browser = await openBrowser();
  if (!browser) return outcomeOf([], "No browser was found: set CHROMIUM to the path of one", 0);
  try {
    const planted = await plantPayloads(stage);
    const findings: Finding[] = [];
    try {
      findings.push(...(await checkHeaders(stage, planted)));
      findings.push(...(await visitPages(stage, browser, planted)));
    } finally {
      await planted.restore();
    }
    return outcomeOf(
      findings,
      `${planted.pages.length} pages opened in Chromium ${browser.version().split(".")[0]}, ${findings.length} checks`,
    );
  } finally {
    await browser.close();
  }
}
