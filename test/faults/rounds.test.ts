import { test } from "node:test";
import { builtInFaults } from "./faults.ts";
import { openBuiltIn } from "./installation.ts";
import { clockMoved } from "./outages.ts";
import { ROUNDS, runRounds, SEED } from "./rounds.ts";

// Half of the rounds; the others are in rounds-spread.test.ts. The long form, both at once:
//   ROUNDS=200 SEED=7 node bin/test.ts --test-timeout=7200000 test/faults/rounds

const rounds = Math.ceil(ROUNDS / 2);

test(`${rounds} rounds of faults with all in one lose nothing that was acknowledged (seed ${SEED})`, (t) =>
  runRounds(
    t,
    async () => {
      const at = await openBuiltIn(700 + 5 * ROUNDS);
      if (!at.hasSmallDisk) t.diagnostic("no full disk: mounting one of its own is not allowed here");
      return at;
    },
    [...builtInFaults, clockMoved],
    { rounds, seed: SEED, settledEachRound: true, restoresAtEnd: true },
  ));
