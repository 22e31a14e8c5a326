// Names inside an export. Whoever unpacks it does so on a system that we do not know: nothing leads out of the folder, no
// two names are one on a file system that ignores case, and none means a device.

const LONGEST = 120;
const DEEPEST = 30;
// Windows: these, with any ending, are devices.
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
// What some system does not take, what nobody sees, and what turns the direction of what follows.
const UNSAFE = /[<>:"/\\|?*\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A name as any system can keep it; never empty. */
export function safeName(name: string): string {
  const clean = name
    .toWellFormed()
    .normalize("NFC")
    .replace(UNSAFE, "_")
    .trim()
    .replace(/[. ]+$/u, "");
  const short = shortened(clean);
  if (short === "" || /^\.+$/.test(short)) return "_";
  return DEVICE.test(short) ? `_${short}` : short;
}

/** Keeps the ending, by which people and programs know what it is. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(name)?.[0] ?? "";
  let stem = "";
  for (const letter of name.slice(0, name.length - ending.length)) {
    if (Buffer.byteLength(stem + letter + ending) > LONGEST) break;
    stem += letter;
  }
  return stem.trimEnd() + ending;
}

/** Gives each path once: of equal ones, also those that differ in case only, the later get a number. */
export function uniquePaths(): (folders: readonly string[], name: string) => string {
  const given = new Set<string>();
  return (folders, name) => {
    const folder = folders
      .slice(0, DEEPEST)
      .map((part) => `${safeName(part)}/`)
      .join("");
    const safe = safeName(name);
    const dot = safe.lastIndexOf(".");
    const [stem, ending] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ""];
    for (let no = 1; ; no++) {
      const path = `${folder}${no === 1 ? safe : `${stem} (${no})${ending}`}`;
      const key = path.toLowerCase().normalize("NFKC");
      if (given.has(key)) continue;
      given.add(key);
      return path;
    }
  };
}
