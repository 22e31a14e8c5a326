import { readFileSync } from "node:fs";

// Loaded before a server (`node --import`), whose clock is then ahead by as many milliseconds as the file of SHIFTED_CLOCK
// says, and follows it. Only what is asked of `Date` moves: timers and the clocks of other processes go on as they were,
// as when somebody sets the clock of one machine.

const path = process.env.SHIFTED_CLOCK ?? "";
const real = Date;
let ahead = 0;

const look = () => {
  try {
    ahead = Number(readFileSync(path, "utf8")) || 0;
  } catch {
    // Not moved yet.
  }
};
look();
setInterval(look, 25).unref();

const now = (): number => real.now() + ahead;

globalThis.Date = new Proxy(real, {
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
  construct: (target, given, self) => Reflect.construct(target, given.length === 0 ? [now()] : given, self),
  apply: () => new real(now()).toString(),
});
