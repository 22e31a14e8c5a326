import { call } from "../../api/client.ts";
import { apiError, isApiError } from "../../api/errors.ts";
import type { SignInChallenge } from "../../api/types.ts";

/**
 * Runs `attempt`; where the server asks for proof of work first, does that work in this browser and runs it once
 * more with the solution. `tell` hears when the work begins (true) and ends (false).
 */
export async function withChallenge<Output>(
  slug: string,
  attempt: (solution: string | null) => Promise<Output>,
  tell: (working: boolean) => void,
): Promise<Output> {
  try {
    return await attempt(null);
  } catch (error) {
    if (!isApiError(error) || error.code !== "challenge_required") throw error;
  }
  tell(true);
  try {
    return await attempt(await solve(await call<SignInChallenge>(slug, "GET", "session/challenge")));
  } finally {
    tell(false);
  }
}

function solve(challenge: SignInChallenge): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const worker = new Worker(new URL("./challenge-worker.ts", import.meta.url), { type: "module" });
  const failed = () =>
    reject(
      apiError("challenge_failed", "This browser could not do the work that was asked of it. Try again."),
    );
  worker.onmessage = ({ data }: MessageEvent<string | null>) => (data ? resolve(data) : failed());
  worker.onerror = failed;
  worker.postMessage(challenge);
  return promise.finally(() => worker.terminate());
}
