/** The longest time, in milliseconds, for which nobody else was served while `run` ran. */
export async function longestFreeze(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = performance.now();
  let running = true;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  await new Promise(setImmediate);
  await run();
  running = false;
  await new Promise(setImmediate);
  return longest;
}
