import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { readConfig } from "./config.ts";
import { reveal } from "./secret.ts";

const read = (env: Record<string, string | undefined>) => {
  const answer = readConfig(env, "/default/home");
  if (!("config" in answer)) assert.fail(JSON.stringify(answer.problems));
  return answer.config;
};
const problems = (env: Record<string, string>) => {
  const answer = readConfig(env, "/default/home");
  return "problems" in answer ? answer.problems : [];
};

test("without any setting it listens on this computer only, and embeds its database", () => {
  const { host, port, home, databaseUrl, smtpUrl, publicUrl, trustedProxies, rateScale } = read({});
  assert.deepEqual(
    { host, port, home, databaseUrl, smtpUrl, publicUrl, trustedProxies, rateScale },
    {
      host: "127.0.0.1",
      port: 8460,
      home: "/default/home",
      databaseUrl: null,
      smtpUrl: null,
      publicUrl: null,
      trustedProxies: [],
      rateScale: 1,
    },
  );
  // What is set to nothing is not set; what is not ours is left alone.
  assert.equal(read({ PORT: "", HOST: undefined, HOME: "/x", RATE_SCALE: "1000" }).port, 8460);
  assert.equal(read({}).passwordHash, "argon2id");
  assert.equal(read({ VOUCHSAFE_PASSWORD_HASH: "bcrypt" }).passwordHash, "bcrypt");
  assert.equal(read({ RATE_SCALE: "1000", rateScale: "9" }).rateScale, 1);
});

test("every setting in its own form", () => {
  const config = read({
    HOST: "0.0.0.0",
    PORT: "0",
    PUBLIC_URL: "https://desk.example/",
    VOUCHSAFE_HOME: "/srv/v",
    DATABASE_URL: "postgresql://a:pass@db/x",
    JOBS_DATABASE_URL: "postgres://b:pass@db/x",
    SMTP_URL: "smtps://u:pass@mail",
    TRUSTED_PROXIES: " 10.0.0.1, ,10.1.0.0/16 ",
    LOG_LEVEL: "warn",
  });
  assert.deepEqual(
    [config.host, config.port, config.publicUrl, config.home, config.logLevel, config.trustedProxies],
    ["0.0.0.0", 0, "https://desk.example", "/srv/v", "warn", ["10.0.0.1", "10.1.0.0/16"]],
  );
  assert.equal(config.databaseUrl && reveal(config.databaseUrl), "postgresql://a:pass@db/x");
  assert.equal(config.smtpUrl && reveal(config.smtpUrl), "smtps://u:pass@mail");
  assert.doesNotMatch(inspect(config, { depth: 9 }) + JSON.stringify(config), /:pass/);
});

test("all problems at once, and no value repeated", () => {
  const found = problems({
    PORT: "70000",
    PUBLIC_URL: "ftp://hunter2",
    LOG_LEVEL: "hunter2",
    DATABASE_URL: "mysql://u:hunter2@db",
    SMTP_URL: "hunter2",
    VOUCHSAFE_NAME: "hunter2".repeat(20),
  });
  assert.deepEqual(found.map((p) => p.variable).sort(), [
    "DATABASE_URL",
    "LOG_LEVEL",
    "PORT",
    "PUBLIC_URL",
    "SMTP_URL",
    "VOUCHSAFE_NAME",
  ]);
  assert.doesNotMatch(JSON.stringify(found), /hunter2|70000/);
  for (const PORT of ["x", "1.5", "-1", "65536"]) assert.equal(problems({ PORT })[0]?.variable, "PORT", PORT);
  // The two database roles are needed together.
  assert.deepEqual(
    problems({ DATABASE_URL: "postgres://db/x" }).map((p) => p.variable),
    ["JOBS_DATABASE_URL"],
  );
});
