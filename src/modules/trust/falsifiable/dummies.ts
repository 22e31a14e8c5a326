import type { Defence } from "../../../defences/defence.ts";

const claim = "trust.security-txt";
const project = "src/project.ts";

/** Removals that nobody may notice, each for its own reason: of the cheapest claim there is, so that they cost little. */
export const dummies: readonly Defence[] = [
  {
    words: "a removal of nothing that counts",
    claim,
    file: project,
    text: "/** The folder of the clone",
    without: "/** The folder  of the clone",
  },
  {
    words: "a removal after which the program does not start",
    claim,
    file: project,
    text: "export const projectFolder",
    without: "export const = projectFolder",
  },
  {
    words: "a removal after which the check cannot ask anything",
    claim,
    file: "src/modules/trust/stage/client.ts",
    text: "const response = await fetch(url, {",
    without: 'if (url) throw new Error("nobody answers");\n  const response = await fetch(url, {',
  },
];

/** A removal of what stands nowhere any more. */
export const rotten: Defence = {
  words: "a removal of what stands nowhere",
  claim,
  file: project,
  text: "This sentence is in no file but in the one that says so.",
  without: "",
};
