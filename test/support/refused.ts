import type { AppError, ErrorCode } from "../../src/kernel/errors.ts";

/** For `assert.rejects` and `assert.throws`: an error of ours with this code. */
export const refused = (code: ErrorCode) => (error: unknown) => {
  const given = (error as Partial<AppError>).code;
  if (given !== code) throw new Error(`${String(given)} instead of ${code}`, { cause: error });
  return true;
};
