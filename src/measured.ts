import type { App } from "./app.ts";
import { openStreams } from "./kernel/routes/streams.ts";
import type { System } from "./kernel/system.ts";
import type { Certificate } from "./kernel/tls/certificate.ts";

/** Numbers of this process and of the installation, asked for at each scrape. */
export function measure(system: System, app: App | null, certificate: Certificate | null): void {
  const { telemetry, pool } = system;
  if (!telemetry) return;
  const { gauge } = telemetry;
  gauge("vouchsafe_database_connections", "Open connections to the database", () => pool.totalCount);
  gauge("vouchsafe_database_connections_idle", "Of those, idle ones", () => pool.idleCount);
  gauge("vouchsafe_database_waiting", "Units of work that wait for one", () => pool.waitingCount);
  gauge("vouchsafe_jobs_running", "Jobs that this process works on", () => system.jobs.running());
  gauge("vouchsafe_streams", "Open event streams", () => openStreams(system));
  if (app) {
    gauge("vouchsafe_http_connections", "Open connections of clients", () => app.load().connections);
    gauge("vouchsafe_event_loop_late_seconds", "How late the event loop is", () => app.load().lateMs / 1000);
    gauge("vouchsafe_overload_refused", "Requests refused for too much to do", () => app.load().refused);
    gauge("vouchsafe_overloaded", "1 while they are", () => (app.load().refusing ? 1 : 0));
  }
  if (certificate)
    gauge("vouchsafe_certificate_left_seconds", "Until the certificate ends", () => {
      const until = certificate.current()?.until;
      return until ? (until.getTime() - Date.now()) / 1000 : null;
    });
  type Age = { age: number | null };
  const ageOf = (asked: () => Promise<{ rows: Age[] }>) => async () => (await asked()).rows[0]?.age ?? null;
  const backedUp = ageOf(() =>
    pool.query<Age>(
      `select extract(epoch from now() - max(taken_at))::float8 as age
         from platform.backup_run where kind = 'data' and state = 'good'`,
    ),
  );
  gauge("vouchsafe_backup_age_seconds", "Since the newest good backup", backedUp);
  const attacked = ageOf(() =>
    pool.query<Age>(
      "select extract(epoch from now() - max(at))::float8 as age from platform.attack_run where kind = 'live'",
    ),
  );
  gauge("vouchsafe_attack_age_seconds", "Since the newest attack on itself", attacked);
  const checked = ageOf(() =>
    pool.query<Age>("select extract(epoch from now() - max(at))::float8 as age from platform.control_run"),
  );
  gauge("vouchsafe_checks_age_seconds", "Since the newest run of all checks", checked);
}
