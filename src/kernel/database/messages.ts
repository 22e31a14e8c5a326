/**
 * Frontend messages of the extended protocol (PostgreSQL documentation, "Message Formats"), put together in one
 * buffer: an exchange is then one write to the socket, where the driver's own functions make one for each message.
 * Synchronous use only: whoever begins takes the bytes before anything else can begin.
 */

const USUAL_BYTES = 16 * 1024;
let bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
let at = 0;

export function begin(): void {
  at = 0;
}

/** How far it has come; `backTo` takes away what was put together after that. */
export const position = (): number => at;

export function backTo(earlier: number): void {
  at = earlier;
}

/** What was put together since `begin`, as a buffer of its own. */
export function take(): Buffer {
  const taken = Buffer.from(bytes.subarray(0, at));
  // What one large value needed is not kept.
  if (bytes.length > USUAL_BYTES) bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  return taken;
}

/** Prepares a statement under a name, or as the unnamed one; its parameters' types are left to the server. */
export function parse(name: string, sql: string): void {
  const length = open(0x50);
  zeroEnded(name);
  zeroEnded(sql);
  int16(0);
  close(length);
}

/** Binds values to the unnamed portal: strings as text, bytes as binary. Results are asked for as text. */
export function bind(statement: string, values: readonly (string | Buffer | null)[]): void {
  const length = open(0x42);
  zeroEnded("");
  zeroEnded(statement);
  int16(values.length);
  for (const value of values) int16(typeof value === "string" || value === null ? 0 : 1);
  int16(values.length);
  for (const value of values) {
    if (value === null) int32(-1);
    else if (typeof value === "string") {
      reserve(4 + value.length * 3);
      const written = bytes.write(value, at + 4);
      int32(written);
      at += written;
    } else {
      reserve(4 + value.length);
      int32(value.length);
      bytes.set(value, at);
      at += value.length;
    }
  }
  int16(0);
  close(length);
}

/** Asks for the columns of the unnamed portal. */
export function describe(): void {
  const length = open(0x44);
  byte(0x50);
  zeroEnded("");
  close(length);
}

/** Runs the unnamed portal to its end. */
export function execute(): void {
  const length = open(0x45);
  zeroEnded("");
  int32(0);
  close(length);
}

/** Forgets a prepared statement; one that is not there is no error. */
export function forget(name: string): void {
  const length = open(0x43);
  byte(0x53);
  zeroEnded(name);
  close(length);
}

export function sync(): void {
  close(open(0x53));
}

/** Begins a message; answers where its length belongs. */
function open(type: number): number {
  byte(type);
  int32(0);
  return at - 4;
}

function close(length: number): void {
  bytes.writeInt32BE(at - length, length);
}

function zeroEnded(text: string): void {
  // A NUL would end the text here and let the rest be read as something else.
  if (text.includes("\0")) throw new TypeError("a statement holds a NUL");
  reserve(text.length * 3 + 1);
  if (text !== "") at += bytes.write(text, at);
  bytes[at++] = 0;
}

function byte(value: number): void {
  reserve(1);
  bytes[at++] = value;
}

function int16(value: number): void {
  reserve(2);
  at = bytes.writeUInt16BE(value, at);
}

function int32(value: number): void {
  reserve(4);
  at = bytes.writeInt32BE(value, at);
}

function reserve(count: number): void {
  if (at + count <= bytes.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, at + count));
  larger.set(bytes.subarray(0, at));
  bytes = larger;
}
