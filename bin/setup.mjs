/**
 * Runs first in `npm start`, `npm test` and `npm run vouchsafe`, under whatever Node the machine has: installs the
 * packages of package-lock.json and builds the web app, each only when needed, and says in plain words what keeps it
 * from doing so. Speaks on standard error alone: standard output belongs to the command that follows.
 *
 * It is not a `pre` script: npm leaves those out where `ignore-scripts` is set, as in our own .npmrc and many a
 * person's. `exec env node` after it looks the path through anew (a shell remembers where it found `node`), and so
 * finds the Node that was just installed.
 */
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const installMarker = join(modules, ".vouchsafe-installed");
const web = join(root, "web");
const webMarker = join(web, "dist", ".vouchsafe-sources");
const lockFile = join(root, ".setup.lock");

/** argon2 in node:crypto. */
const OWN_NODE_AT_LEAST = [24, 7];
const LEAST_FREE_BYTES = 800 * 1024 * 1024;

main().catch((error) => {
  say("");
  say(error.problem ? `✖ ${error.problem}\n  ${error.remedy}` : `✖ Setting up failed: ${error.stack}`);
  process.exit(1);
});

async function main() {
  checkMachine();
  const wanted = await lookAround();
  if (!wanted.install && !wanted.build) return;
  const release = await takeLock(wanted);
  if (release === null) return;
  try {
    // Whoever held the lock may have done it all.
    if (!isInstalled()) await install(release.children);
    const build = needsBuild();
    if (build !== null) await buildWeb(build, release.children);
  } finally {
    release();
  }
}

function checkMachine() {
  if (process.platform === "win32") {
    throw problem("Vouchsafe does not run on Windows itself.", "Run it in WSL, or in a container.");
  }
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw problem(
      `Node ${process.versions.node} is too old: Vouchsafe needs Node 20 or newer to begin with.`,
      "Install a current Node.js and try again.",
    );
  }
}

async function lookAround() {
  const install = !isInstalled();
  return { install, build: !install && needsBuild() !== null };
}

// ── packages

function isInstalled() {
  const fingerprint = installFingerprint();
  if (read(installMarker) === fingerprint) return true;
  if (!matchesLockfile() || !nodeIsThere()) return false;
  try {
    fs.writeFileSync(installMarker, fingerprint);
  } catch {
    // A read-only folder: looked at more closely each time, that is all.
  }
  return true;
}

function installFingerprint() {
  const lock = read(join(root, "package-lock.json"));
  if (lock === null)
    throw problem("package-lock.json is missing.", "Get it back: git checkout package-lock.json");
  return `${sha256(lock)} ${process.platform}-${process.arch}\n`;
}

/**
 * npm notes at the end of every installation what it installed. That covers people who run npm ci themselves, and
 * production images without development packages (there the web app is built already).
 */
function matchesLockfile() {
  const noted = read(join(modules, ".package-lock.json"));
  if (noted === null) return false;
  const there = JSON.parse(noted).packages || {};
  const wanted = JSON.parse(read(join(root, "package-lock.json"))).packages || {};
  const withoutDev = process.env.NODE_ENV === "production" || !fs.existsSync(web) || read(webMarker) !== null;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.link) return true;
    const found = there[path];
    if (found === undefined)
      return entry.optional || entry.devOptional || (entry.dev && withoutDev && !testing());
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function testing() {
  return /^(pre)?test$/.test(process.env.npm_lifecycle_event || "");
}

/** Whether `node` will be one that can run Vouchsafe: the packaged one, else the machine's own. */
function nodeIsThere() {
  const packaged = join(modules, ".bin", "node");
  if (fs.existsSync(packaged)) {
    try {
      return isNewEnough(
        execFileSync(packaged, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      );
    } catch {
      // Installed, but not for this C library (Alpine): out of the way of the machine's own, which npm looks for later.
      fs.rmSync(packaged, { force: true });
    }
  }
  const own = machineNode();
  if (isNewEnough(own.version)) return true;
  throw problem(
    `There is no packaged Node 24 for this machine (${process.platform}-${process.arch}), and its own is ${own.version}.`,
    "Install Node 24.7 or newer on the machine and try again.",
  );
}

/** The Node that runs npm; this process may run under the packaged one, which npm puts first in the path. */
function machineNode() {
  const path = process.env.npm_node_execpath || process.execPath;
  if (path === process.execPath) return { path, version: process.version };
  try {
    return { path, version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim() };
  } catch {
    return { path: process.execPath, version: process.version };
  }
}

function isNewEnough(version) {
  const [major, minor] = version.trim().replace(/^v/, "").split(".").map(Number);
  return major > OWN_NODE_AT_LEAST[0] || (major === OWN_NODE_AT_LEAST[0] && minor >= OWN_NODE_AT_LEAST[1]);
}

async function install(children) {
  if (freeBytes() < LEAST_FREE_BYTES) throw diskFull();
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  args.push(
    "--loglevel=error",
    "--no-progress",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
  );
  const npm = npmCommand();
  const { code, output } = await run(
    npm.program,
    [...npm.args, ...args],
    root,
    "Installing packages",
    children,
  );
  if (code !== 0) throw explainNpm(output);
  checkOptional();
  if (!nodeIsThere()) throw problem("The packaged Node does not run.", "Remove node_modules and try again.");
  fs.writeFileSync(installMarker, installFingerprint());
}

/** npm goes on in silence without an optional package that it could not fetch or unpack; we need those of our system. */
function checkOptional() {
  const packages = JSON.parse(read(join(root, "package-lock.json"))).packages;
  const absent = Object.keys(packages[""].optionalDependencies || {}).filter((name) => {
    const entry = packages[`node_modules/${name}`];
    const fits = (list, value) => list === undefined || list.includes(value);
    if (entry === undefined || !fits(entry.os, process.platform) || !fits(entry.cpu, process.arch))
      return false;
    return !fs.existsSync(join(modules, name, "package.json"));
  });
  if (absent.length === 0) return;
  if (freeBytes() < LEAST_FREE_BYTES / 10) throw diskFull();
  throw problem(
    `npm did not get ${absent.join(" and ")}.`,
    "Check the connection to the package registry and try again.",
  );
}

function freeBytes() {
  const disk = fs.statfsSync(root);
  return disk.bavail * disk.bsize;
}

function npmCommand() {
  const script = process.env.npm_execpath || "";
  // Under yarn or pnpm the variable names those; the lockfile is npm's.
  if (/npm-cli\.c?js$/.test(script) && fs.existsSync(script))
    return { program: machineNode().path, args: [script] };
  return { program: "npm", args: [] };
}

function explainNpm(output) {
  const has = (pattern) => pattern.test(output);
  if (has(/\bENOSPC\b|\bEDQUOT\b|no space left/i)) return diskFull();
  if (has(/\bEROFS\b|\bEACCES\b|\bEPERM\b/)) {
    const path = /(?:path|open|mkdir|rename|unlink) '?(\/[^'\n]+)'?/.exec(output);
    return problem(
      `npm may not write ${path ? path[1] : `to ${root}`}.`,
      "Make it writeable for this user, or start as the user that owns it.",
    );
  }
  if (has(/\bEINTEGRITY\b/)) {
    return problem(
      "A package from the registry is not the one that package-lock.json names. Nothing was installed from it.",
      "Empty npm's cache (npm cache clean --force) and try again; if it stays so, do not trust the registry.",
    );
  }
  if (
    has(
      /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR|UND_ERR\w*)\b|network/i,
    )
  ) {
    return problem(
      "The package registry cannot be reached.",
      "Check the connection, and npm's proxy and registry settings (npm config list); then try again.",
    );
  }
  if (has(/\bE(401|403|404|429|5\d\d)\b/)) {
    const line =
      output.split("\n").find((text) => /E(401|403|404|429|5\d\d)|\b(401|403|404|429|5\d\d) /.test(text)) ||
      "";
    return problem(
      `The package registry refused: ${line.replace(/^npm (error|ERR!) /, "").trim()}`,
      "Check npm's registry settings (npm config list); then try again.",
    );
  }
  if (has(/\bEUSAGE\b/)) {
    return problem(
      "package.json and package-lock.json do not fit together.",
      "Get both back (git checkout package.json package-lock.json), or run npm install after a change of your own.",
    );
  }
  return problem(`npm could not install the packages:\n${lastLines(output)}`, "Mend that and try again.");
}

// ── web app

/** The fingerprint of the web app's sources when they have to be built, else null. */
function needsBuild() {
  if (!fs.existsSync(join(web, "index.html"))) return null;
  const fingerprint = webFingerprint();
  return read(webMarker) === fingerprint ? null : fingerprint;
}

function webFingerprint() {
  const hash = createHash("sha256");
  // Of the packages only the bundler's and the browser's matter, but all of them are one file.
  hash.update(read(join(root, "package-lock.json")) || "");
  const walk = (folder, prefix) => {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) {
        if (name !== "dist" && entry.name !== "node_modules") walk(join(folder, entry.name), `${name}/`);
      } else if (entry.isFile() && !/\.test\.tsx?$/.test(name)) {
        const bytes = fs.readFileSync(join(folder, entry.name));
        hash.update(`${name}\0${bytes.length}\0`).update(bytes);
      }
    }
  };
  walk(web, "");
  return `${hash.digest("hex")}\n`;
}

async function buildWeb(fingerprint, children) {
  const vite = join(modules, ".bin", "vite");
  const built = fs.existsSync(join(web, "dist", "index.html"));
  if (!fs.existsSync(vite)) {
    if (built) return say("The web app is used as it was built; its sources have changed since.");
    throw problem(
      "The web app is not built, and the packages that build it are not installed.",
      "Run npm ci --include=dev, or copy web/dist from a build.",
    );
  }
  const packaged = join(modules, ".bin", "node");
  const node = fs.existsSync(packaged) ? packaged : machineNode().path;
  const args = [fs.realpathSync(vite), "build", "--logLevel", "warn"];
  const { code, output } = await run(node, args, web, "Building the web app", children);
  if (code === 0) return fs.writeFileSync(webMarker, fingerprint);
  if (/\bENOSPC\b/.test(output)) throw diskFull();
  const failure = problem(
    `The web app could not be built:\n${lastLines(output)}`,
    "Mend web/ and try again.",
  );
  // The tests and the command line do without it, and the tests say more about what is wrong.
  if (/^(pre)?(test|vouchsafe)$/.test(process.env.npm_lifecycle_event || ""))
    return say(`✖ ${failure.problem}`);
  throw failure;
}

// ── one at a time

/**
 * Takes the lock, waiting for another setup of this folder. Returns a function that frees it, whose `children` records
 * the program that is running: when we are killed, npm goes on for a while, and the next setup has to wait for it too.
 * Returns null when the folder is read-only but good enough.
 */
async function takeLock(wanted) {
  const draft = `${lockFile}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const write = (ids) => {
    fs.writeFileSync(draft, JSON.stringify(ids.map(identify).filter(Boolean)));
  };
  try {
    write([process.pid]);
  } catch (error) {
    if (error.code === "ENOSPC" || error.code === "EDQUOT") throw diskFull();
    if (!wanted.install && fs.existsSync(join(web, "dist", "index.html"))) return null;
    throw problem(
      `${root} cannot be written to (${error.code}), and ${wanted.install ? "the packages are not installed" : "the web app is not built"}.`,
      "Make the folder writeable for this user, or install and build as the user that owns it.",
    );
  }
  let told = false;
  for (;;) {
    try {
      // link(2) fails when the name exists, and never shows a half-written file.
      fs.linkSync(draft, lockFile);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const text = read(lockFile);
    if (text === null) continue;
    const holder = parseHolders(text).find((one) => {
      const now = identify(one.pid);
      return now !== null && now.started === one.started;
    });
    if (holder === undefined) {
      removeStale(text);
      continue;
    }
    if (!told) say(`Another setup of this folder is under way (process ${holder.pid}); waiting for it …`);
    told = true;
    await new Promise((done) => setTimeout(done, 200));
  }
  fs.rmSync(draft, { force: true });
  const release = () => fs.rmSync(lockFile, { force: true });
  release.children = (pid) => {
    try {
      write(pid === undefined ? [process.pid] : [process.pid, pid]);
      fs.renameSync(draft, lockFile);
    } catch {
      // A full disk: the program that runs will say so better.
      fs.rmSync(draft, { force: true });
    }
  };
  return release;
}

/** Two may find the same dead lock; one of them renames it, and gives back what was not the dead one. */
function removeStale(text) {
  const aside = `${lockFile}.${randomBytes(4).toString("hex")}`;
  try {
    fs.renameSync(lockFile, aside);
    if (read(aside) !== text) fs.linkSync(aside, lockFile);
  } catch {
    // The other was faster.
  }
  fs.rmSync(aside, { force: true });
}

function parseHolders(text) {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

/** A process by number and start: numbers are used again. */
function identify(pid) {
  if (process.platform === "linux") {
    const stat = read(`/proc/${pid}/stat`);
    if (stat === null) return null;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : { pid, started: fields[19] };
  }
  try {
    const env = { PATH: "/bin:/usr/bin", LC_ALL: "C" };
    const line = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env });
    return line.trim() === "" ? null : { pid, started: line.trim() };
  } catch {
    return null;
  }
}

// ── running programs

/** Runs a program; says what it does, and how long it has taken, once that is more than a second. */
function run(program, args, cwd, title, children) {
  return new Promise((done, fail) => {
    const begin = Date.now();
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], env: cleanEnvironment() });
    if (child.pid !== undefined) children(child.pid);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-20000);
      });
    }
    const terminal = process.stderr.isTTY;
    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - begin) / 1000);
      if (terminal) process.stderr.write(`\r${title} … ${seconds} s`);
      else if (seconds === 1) say(`${title} …`);
      else if (seconds % 10 === 0) say(`${title} … ${seconds} s`);
    }, 1000);
    let interrupted = false;
    const forward = () => {
      interrupted = true;
      child.kill("SIGTERM");
      // npm finishes its downloads first. It is begun anew next time, so nothing is lost.
      setTimeout(() => child.kill("SIGKILL"), 1500).unref();
    };
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(name, forward);
    child.on("error", (error) => {
      clearInterval(timer);
      if (error.code === "ENOENT" && program === "npm") {
        fail(
          problem(
            "npm is not installed, or not in the path.",
            "Install npm (it comes with Node.js) and try again.",
          ),
        );
      } else
        fail(problem(`${program} cannot be started (${error.code}).`, "Remove node_modules and try again."));
    });
    child.on("close", (code, signal) => {
      clearInterval(timer);
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(name, forward);
      children(undefined);
      const seconds = (Date.now() - begin) / 1000;
      if (seconds >= 1)
        process.stderr.write(
          `${terminal ? "\r" : ""}${title} … ${code === 0 ? "done" : "failed"} after ${seconds.toFixed(0)} s\n`,
        );
      if (interrupted || signal !== null)
        fail(problem(`${title} was interrupted.`, "Begin again when you like; nothing is broken."));
      else done({ code, output });
    });
  });
}

/** Without the settings of the npm that runs us, which are for the outer command (such as --json or --workspace). */
function cleanEnvironment() {
  const keep =
    /^npm_config_(registry|cache|userconfig|globalconfig|(https?_?|no)_?proxy|cafile|ca|strict_ssl|offline|prefer_offline)$/i;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        name !== "NODE_ENV" && (!/^npm_(config|lifecycle|package|command)_?/i.test(name) || keep.test(name)),
    ),
  );
}

function lastLines(output) {
  const lines = stripVTControlCharacters(output).trim().split("\n");
  const telling = lines.filter(
    (line) => line.trim() !== "" && !/^\s+at |^npm (error|ERR!) (A complete log|\/)/.test(line),
  );
  return telling
    .slice(-12)
    .map((line) => `    ${line}`)
    .join("\n");
}

function diskFull() {
  return problem(`The disk of ${root} is full or nearly so.`, "Free about 1 GB and try again.");
}

function problem(what, remedy) {
  return Object.assign(new Error(what), { problem: what, remedy });
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

function read(path) {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
