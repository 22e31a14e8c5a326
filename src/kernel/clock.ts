/** What time it is, so that tests can move it. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

export const seconds = (n: number): number => n * 1000;
export const minutes = (n: number): number => n * 60_000;
export const days = (n: number): number => n * 86_400_000;

export function later(from: Date, milliseconds: number): Date {
  return new Date(from.getTime() + milliseconds);
}
