import { z } from "zod";
import type { BucketConfig } from "./s3/bucket.ts";
import { type Secret, secret } from "./secret.ts";

// What is set of backups. A part of config.ts.

export interface BackupConfig {
  /** age1…; none: there are no backups. Checked when the first one is made, since that takes the library. */
  readonly recipients: readonly string[];
  /** null: `backups` in the home when there is no bucket either, else none. */
  readonly folder: string | null;
  readonly bucket: BucketConfig | null;
  /** Minutes after midnight, UTC. */
  readonly at: number;
  readonly keep: Retention;
  /** Role vouchsafe_backup on a database of one's own; the built-in one knows its own. */
  readonly databaseUrl: Secret | null;
}

export type Retention =
  | { readonly kind: "days"; readonly days: number }
  /** So many newest days, and of so many newest weeks the newest. */
  | { readonly kind: "daily-weekly"; readonly daily: number; readonly weekly: number };

const list = (value: string): string[] =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

/** The part of the environment that this file reads. */
export const backupEnvironment = {
  BACKUP_RECIPIENTS: z
    .string()
    .default("")
    .transform(list)
    .refine((all) => all.every((one) => /^age1[a-z0-9]+$/.test(one)), {
      message:
        "must be age recipients (age1…) with commas between; the identity (AGE-SECRET-KEY-…) stays elsewhere",
    }),
  BACKUP_FOLDER: z.string().optional(),
  BACKUP_S3_ENDPOINT: z
    .string()
    .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
      message: "must be a URL that begins with https:// or http://",
    })
    .optional(),
  BACKUP_S3_REGION: z.string().default("auto"),
  BACKUP_S3_BUCKET: z.string().optional(),
  BACKUP_S3_ACCESS_KEY_ID: z.string().optional(),
  BACKUP_S3_SECRET_ACCESS_KEY: z.string().optional(),
  BACKUP_AT: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day, such as 03:00 (UTC)")
    .default("03:00")
    .transform((value) => Number(value.slice(0, 2)) * 60 + Number(value.slice(3))),
  BACKUP_KEEP: z
    .string()
    .regex(/^(\d{1,3}d|\d{1,3}\+\d{1,3}w)$/, "must be 7+4w (days and weeks) or such as 30d")
    .default("7+4w")
    .transform((value): Retention => {
      const [first = 0, second = 0] = (value.match(/\d+/g) ?? []).map(Number);
      return value.endsWith("d")
        ? { kind: "days", days: first }
        : { kind: "daily-weekly", daily: first, weekly: second };
    })
    .refine((keep) => (keep.kind === "days" ? keep.days : keep.daily) >= 1, "must keep at least one day"),
  BACKUP_DATABASE_URL: z
    .string()
    .refine((value) => URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol), {
      message: "must be a URL that begins with postgres:// or postgresql://",
    })
    .optional(),
};

type Given = z.output<z.ZodObject<typeof backupEnvironment>>;

/** What goes together with what; each problem is told with its variable. */
export function backupProblems(
  e: Given & { readonly DATABASE_URL?: string | undefined },
): readonly (readonly [variable: string, message: string])[] {
  const problems: [string, string][] = [];
  const bucket = [
    "BACKUP_S3_ENDPOINT",
    "BACKUP_S3_BUCKET",
    "BACKUP_S3_ACCESS_KEY_ID",
    "BACKUP_S3_SECRET_ACCESS_KEY",
  ] as const;
  if (bucket.some((name) => e[name]))
    for (const name of bucket)
      if (!e[name]) problems.push([name, "is needed beside the other BACKUP_S3_ settings"]);
  if (e.BACKUP_RECIPIENTS.length > 0 && e.DATABASE_URL && !e.BACKUP_DATABASE_URL)
    problems.push(["BACKUP_DATABASE_URL", "is needed beside DATABASE_URL (role vouchsafe_backup)"]);
  return problems;
}

/** Of what has no problems. */
export function backupConfig(e: Given): { readonly backup: BackupConfig } {
  return {
    backup: {
      recipients: e.BACKUP_RECIPIENTS,
      folder: e.BACKUP_FOLDER ?? null,
      bucket: e.BACKUP_S3_ENDPOINT
        ? {
            endpoint: e.BACKUP_S3_ENDPOINT,
            region: e.BACKUP_S3_REGION,
            bucket: e.BACKUP_S3_BUCKET ?? "",
            accessKeyId: e.BACKUP_S3_ACCESS_KEY_ID ?? "",
            secretAccessKey: secret(e.BACKUP_S3_SECRET_ACCESS_KEY ?? ""),
          }
        : null,
      at: e.BACKUP_AT,
      keep: e.BACKUP_KEEP,
      databaseUrl: e.BACKUP_DATABASE_URL ? secret(e.BACKUP_DATABASE_URL) : null,
    },
  };
}
