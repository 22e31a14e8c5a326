/**
 * Whether an error says that the database is away (it ends, begins, or the connection to it broke), so that the same
 * call may succeed in a moment. What it had sent may have been committed all the same.
 */
export function isConnectionError(error: unknown): boolean {
  const { code, message, syscall } = error as { code?: string; message?: string; syscall?: string };
  // SQLSTATE class 57P: the server is going down or coming up; 08: a connection exception.
  if (code?.startsWith("57P") || code?.startsWith("08")) return true;
  // A socket that is not there; ENOENT of any other call is a missing file.
  if (code === "ENOENT" || code === "ECONNREFUSED") return syscall === "connect";
  // Without a call it is the request of a browser that has gone.
  if (code === "ECONNRESET") return syscall !== undefined;
  if (code === "EPIPE") return true;
  // The driver has no codes of its own.
  return code === undefined && DRIVER.test(message ?? "");
}

const DRIVER =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;
