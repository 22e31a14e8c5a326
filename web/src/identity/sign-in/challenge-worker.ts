import { solveChallenge } from "altcha-lib/v1";
import type { SignInChallenge } from "../../api/types.ts";

// A worker of its own file: the page stays quick while numbers are tried, and the content security policy allows no
// worker made from text. Its scope is that of the page here, as far as the types know.

self.onmessage = async ({ data }: MessageEvent<SignInChallenge>) => {
  const { algorithm, challenge, maxnumber, salt, signature } = data;
  const solution = await solveChallenge(challenge, salt, algorithm, maxnumber).promise;
  const payload = solution && { algorithm, challenge, number: solution.number, salt, signature };
  self.postMessage(payload && btoa(JSON.stringify(payload)));
};
