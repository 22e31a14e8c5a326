// Cookies know a host name and no port: a copy for comparing beside the real server would be sent its cookies, and would
// put its own over them.

let mark = "";

/** Names cookies of this process so that no other process's are theirs; said once, before it serves. */
export const keepCookiesApart = (words: string): void => {
  mark = `-${words.replace(/[^A-Za-z0-9]/g, "")}`;
};

/** For this host alone, over a secure connection, and one workspace's. */
export const cookieName = (purpose: "access" | "refresh" | "device", slug: string): string =>
  `__Host-vs_${purpose}${mark}.${slug}`;
