const number = new Intl.NumberFormat("en-GB");

export function count(value: number): string {
  return number.format(value);
}

/** "214 documents", "1 document". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${number.format(value)} ${value === 1 ? one : many}`;
}

/** "14 minutes ago"; `short` gives "14 min ago". */
export function ago(iso: string, now = Date.now(), short = false): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 60) return "just now";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return short ? `${minutes} min ago` : `${plural(minutes, "minute")} ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return short ? `${hours} h ago` : `${plural(hours, "hour")} ago`;
  return `${plural(Math.floor(hours / 24), "day")} ago`;
}
