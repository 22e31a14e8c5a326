/** What a process tells of its work to whoever runs it. It never names a tenant, a person, or anything of theirs. */
export interface Telemetry {
  /** A request begins; call the answer when it has ended. `route` is a pattern, never an address. */
  request(id: string): (answer: { method: string; route: string; status: number; seconds: number }) => void;
  /** A unit of work or a job begins, in the request or job of this id. Call the answer when it has ended. */
  work(id: string, name: string): (failed: boolean) => void;
  job(id: string, name: string): (failed: boolean) => void;
  /** A number that is asked for at each scrape; null: unknown. Names end in their unit, as Prometheus has it. */
  gauge(name: string, words: string, ask: () => number | null | Promise<number | null>): void;
  /** In Prometheus' text format. */
  metrics(): Promise<{ type: string; text: string }>;
  close(): Promise<void>;
}
