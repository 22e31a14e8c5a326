import type pg from "pg";
import type { System } from "../../src/kernel/system.ts";

/** Where a process dies: at its n-th exchange with the database, before that is sent or after it was carried out. */
export interface Fault {
  readonly at: number;
  readonly when: "before" | "after";
}

/** What everything fails with that a dead process still tries. */
export class Crashed extends Error {}

/**
 * A system whose process dies as `fault` says: from there on every statement fails, those that clean up as well. What
 * the database has by then stays. `exchanges` counts what was sent.
 */
export function dyingSystem(system: System, fault: Fault): System & { readonly exchanges: () => number } {
  let count = 0;
  let dead = false;
  const die = (): Error => {
    dead = true;
    return new Crashed(`crashed ${fault.when} exchange ${fault.at}`);
  };
  const connect = async (): Promise<pg.PoolClient> => {
    if (dead) throw die();
    const client = await system.pool.connect();
    const query = (given: unknown, ...rest: unknown[]) => {
      count += 1;
      const fails = dead || (count === fault.at && fault.when === "before");
      const isExchange = typeof given === "object" && given !== null && "handleError" in given;
      if (!isExchange) {
        if (fails) return Promise.reject(die());
        // The queue's own statements; what comes after them fails.
        return (client.query as (...all: unknown[]) => unknown)(given, ...rest);
      }
      const exchange = given as { handleError(error: Error): void; handleReadyForQuery?: unknown };
      if (fails) {
        exchange.handleError(die());
        return undefined;
      }
      if (count === fault.at) exchange.handleReadyForQuery = () => exchange.handleError(die());
      client.query(given as unknown as pg.Submittable); // the driver's types know no exchange
      return undefined;
    };
    return new Proxy(client, {
      get: (target, name) => {
        if (name === "query") return query;
        if (name === "release") return (broken?: Error | boolean) => target.release(dead || broken);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  const pool = new Proxy(system.pool, {
    get: (target, name) => (name === "connect" ? connect : Reflect.get(target, name, target)),
  });
  return { ...system, pool, exchanges: () => count };
}
