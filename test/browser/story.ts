import { test } from "node:test";
import type { Page } from "playwright-core";
import type { House } from "./house.ts";
import { shoot } from "./watched.ts";

interface Story {
  /** Of the pictures that a failing step leaves behind. */
  readonly name: string;
  /** The longest a step may take, in milliseconds. */
  readonly longest: number;
  readonly house: () => House | null;
  /** Those that are open: what they show when a step fails is kept. */
  readonly pages: () => Page[];
}

/** Tests that build on each other: after one that fails the others are skipped, as all are where there is no browser. */
export function stepsOf({ name: story, longest, house, pages }: Story) {
  let stopped: string | null = null;
  return (name: string, work: (house: House) => Promise<void>): void => {
    test(name, { timeout: longest }, async (t) => {
      const open = house();
      if (!open) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
      if (stopped) return t.skip(`it follows on “${stopped}”, which failed`);
      try {
        await work(open);
      } catch (error) {
        stopped = name;
        await Promise.all(
          pages().map((page, index) => shoot(page, `${story}-failed-${index + 1}`).catch(() => {})),
        );
        throw error;
      }
    });
  };
}
