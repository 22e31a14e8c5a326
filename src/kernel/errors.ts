// One closed union of codes. Each has a status and a public message that says what to do; what went wrong
// inside goes to `cause` and to the log, never to the answer.

const codes = {
  bad_request: [400, "The request could not be read. Check it against the API reference."],
  cookies_impossible: [
    400,
    "Your browser keeps sign-in cookies only over HTTPS or on this computer itself. Open this workspace with https://.",
  ],
  invalid_input: [422, "Some fields need another value."],
  password_policy: [422, "Choose another password."],
  not_signed_in: [401, "Sign in to go on."],
  session_expired: [401, "The access token has expired. Refresh the session."],
  signed_out: [401, "You were signed out. Sign in again."],
  factor_failed: [401, "The code is not right, or was already used. Try the next one."],
  key_invalid: [401, "This API key is not valid here: unknown, expired, revoked, or its owner is gone."],
  two_credentials: [400, "Send either the cookies of a session or an API key, not both."],
  sign_in_failed: [401, "The workspace, address or password is not right. Check all three."],
  locked: [
    423,
    "Too many failed attempts. Wait 15 minutes, or use the link we mailed to the account's address.",
  ],
  email_unverified: [403, "Open the link in the mail we sent you to confirm your address, then sign in."],
  forbidden: [403, "Your role does not allow this. Ask an admin of your workspace."],
  factor_required: [403, "Set up a second factor to go on. Your role, or your workspace, asks for one."],
  step_up_required: [403, "Confirm with your second factor to go on. The last time was too long ago."],
  network_refused: [403, "This API key does not work from your network."],
  csrf: [403, "The request did not prove that it comes from this site. Reload the page and try again."],
  token_invalid: [403, "This link is not valid. Use the newest one that the server printed."],
  closing: [
    423,
    "This workspace is closing. It can be read and exported, and nothing in it can be changed. An owner can keep it.",
  ],
  not_found: [404, "There is nothing here, or nothing that you may see."],
  set_up_done: [409, "This installation is already set up. Sign in instead."],
  slug_taken: [409, "This short name is taken. Choose another."],
  name_taken: [409, "This name is taken. Choose another."],
  in_use: [409, "This is still in use. Free it first."],
  already_member: [409, "Someone with this address is already a member."],
  already_invited: [409, "This address already has an open invitation. Withdraw it first."],
  last_owner: [409, "This is the last owner. Make someone else an owner first."],
  wrong_state: [409, "This is not possible in its present state. Reload to see it."],
  wrong_offset: [409, "This piece is not the next one. Ask where the upload stands, and go on from there."],
  quota: [
    409,
    "This workspace holds as much as it may. Delete documents that are no longer needed, then try again.",
  ],
  link_invalid: [410, "This link has expired or was already used. Ask for a new one."],
  too_large: [413, "This is too large. A document may have 50 MB, any other request 1 MB."],
  unsupported_type: [415, "Send this as application/json, or files as multipart/form-data."],
  unsupported_format: [
    415,
    "This kind of file cannot be read. PDF, Office files, RTF, HTML, Markdown, text, CSV, e-mails and ZIPs of these can.",
  ],
  challenge_required: [428, "Solve the challenge first: your browser does it by itself."],
  rate_limited: [429, "Too many requests. Wait a moment and try again."],
  disk_full: [
    507,
    "There is no room left on the server's disk. Ask whoever runs it to make some, then try again.",
  ],
  busy: [503, "The server is busy. Try again in a few seconds."],
  unavailable: [503, "The database cannot be reached right now. Try again in a few seconds."],
  keys_unavailable: [
    503,
    "The service that keeps this server's keys does not answer. Try again in a moment; whoever runs the server sees why.",
  ],
  internal: [500, "Something went wrong on our side. It was recorded under this request id."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ErrorCode = keyof typeof codes;

export interface AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  /** What is wrong with single fields, by their path in the input. Public. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Seconds after which a repetition may work. */
  readonly retryAfter?: number;
  /** A refusal commits what its unit of work has recorded so far; any other error rolls it back. */
  readonly keepsRecord: boolean;
}

interface Details {
  message?: string;
  fields?: Record<string, string>;
  retryAfter?: number;
  cause?: unknown;
}

const mark: unique symbol = Symbol("app-error");

export function appError(code: ErrorCode, details: Details = {}): AppError {
  return make(code, details, false);
}

/** An error after which the unit of work is still committed: a failed sign-in, a reused token. */
export function refusal(code: ErrorCode, details: Details = {}): AppError {
  return make(code, details, true);
}

export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && mark in error;
}

export function errorCodes(): ErrorCode[] {
  return Object.keys(codes) as ErrorCode[];
}

export function statusOf(code: ErrorCode): number {
  return codes[code][0];
}

function make(code: ErrorCode, details: Details, keepsRecord: boolean): AppError {
  const [status, message] = codes[code];
  const error = new Error(
    details.message ?? message,
    details.cause === undefined ? {} : { cause: details.cause },
  );
  return Object.assign(error, {
    [mark]: true,
    code,
    status,
    keepsRecord,
    ...(details.fields ? { fields: details.fields } : {}),
    ...(details.retryAfter === undefined ? {} : { retryAfter: details.retryAfter }),
  });
}
