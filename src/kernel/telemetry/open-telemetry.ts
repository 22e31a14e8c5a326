import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Telemetry } from "./telemetry.ts";
import type { Traces } from "./traces.ts";

// Loaded only where somebody wants to measure.

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const JOB_SECONDS = [0.05, 0.1, 0.5, 1, 5, 15, 60, 300];
const LONGEST_ASK_MS = 2000;

export async function openTelemetry(options: {
  version: string;
  otlpEndpoint: string | null;
}): Promise<Telemetry> {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "vouchsafe_http_requests_total",
    help: "Requests that were answered",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "vouchsafe_http_request_seconds",
    help: "Time from a request to the end of its answer",
    labelNames: ["method", "route"],
    buckets: SECONDS,
    registers,
  });
  const unitSeconds = new Histogram({
    name: "vouchsafe_unit_of_work_seconds",
    help: "Time of a writing unit of work, from asking for a connection to its end",
    labelNames: ["outcome"],
    buckets: SECONDS,
    registers,
  });
  const jobSeconds = new Histogram({
    name: "vouchsafe_job_seconds",
    help: "Time of a job",
    labelNames: ["job", "outcome"],
    buckets: JOB_SECONDS,
    registers,
  });
  new Gauge({ name: "vouchsafe_info", help: "The version", labelNames: ["version"], registers }).set(
    { version: options.version },
    1,
  );
  const traces: Traces | null = options.otlpEndpoint
    ? (await import("./traces.ts")).openTraces(options.otlpEndpoint, options.version)
    : null;
  const outcome = (failed: boolean) => (failed ? "failed" : "done");
  return {
    request(id) {
      const end = traces?.root(id, "request");
      return ({ method, route, status, seconds }) => {
        requests.inc({ method, route, status });
        requestSeconds.observe({ method, route }, seconds);
        end?.(`${method} ${route}`, status >= 500, {
          "http.request.method": method,
          "http.route": route,
          "http.response.status_code": status,
        });
      };
    },
    work(id, name) {
      const begin = performance.now();
      const end = traces?.child(id, name);
      return (failed) => {
        unitSeconds.observe({ outcome: outcome(failed) }, (performance.now() - begin) / 1000);
        end?.(failed);
      };
    },
    job(id, name) {
      const begin = performance.now();
      const end = traces?.root(id, name);
      return (failed) => {
        jobSeconds.observe({ job: name, outcome: outcome(failed) }, (performance.now() - begin) / 1000);
        end?.(name, failed, { "messaging.destination.name": name });
      };
    },
    gauge(name, help, ask) {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          // A question that hangs must not keep all other answers from being given.
          const late = new Promise<null>((resolve) => setTimeout(resolve, LONGEST_ASK_MS, null).unref());
          const value = await Promise.race([Promise.resolve(ask()).catch(() => null), late]);
          if (value === null) this.remove();
          else this.set(value);
        },
      });
    },
    metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    close: async () => {
      await traces?.close();
    },
  };
}
