import { test } from "node:test";
import { withoutRedis } from "../support/redis.ts";
import { spreadFaults } from "./faults.ts";
import { bucketGone, clockMoved, valkeyGone, workerForgotten } from "./outages.ts";
import { ROUNDS, runRounds, SEED } from "./rounds.ts";
import { openSpread } from "./spread.ts";

// The other half of the rounds: see rounds.test.ts.

const rounds = Math.floor(ROUNDS / 2);
const faults = [...spreadFaults, clockMoved, valkeyGone, bucketGone];

test(
  `${rounds} rounds of faults in several processes lose nothing that was acknowledged (seed ${SEED})`,
  {
    skip: withoutRedis,
  },
  (t) =>
    runRounds(t, openSpread, ROUNDS > 10 ? [...faults, workerForgotten] : faults, {
      rounds,
      seed: SEED,
      // A worker that was killed is missed only after some seconds: the next fault does not wait for that.
      settledEachRound: false,
      // In the short form the other installation's backup has to do.
      restoresAtEnd: ROUNDS > 10,
    }),
);
