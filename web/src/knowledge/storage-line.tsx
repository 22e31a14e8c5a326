import { useQuery } from "@tanstack/react-query";
import type { Storage } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Notice } from "../ui/states.tsx";
import { bytesOf, count } from "../ui/time.tsx";

const nearly = 0.8;

export function useStorage() {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "storage"],
    queryFn: () => session.call<Storage>("GET", "storage", { background: true }),
    refetchInterval: ({ state }) => (state.data?.waiting.used ? 10_000 : false),
    enabled: session.can("storage.read"),
    staleTime: 60_000,
  });
}

type Room = { used: number; most: number; whose: "workspace" | "mine"; of: "documents" | "bytes" };

function roomsOf({ workspace, mine }: Storage): Room[] {
  const rooms: Room[] = [];
  for (const of of ["documents", "bytes"] as const) {
    rooms.push({ ...workspace[of], whose: "workspace", of });
    const { used, most } = mine[of];
    if (most !== null) rooms.push({ used, most, whose: "mine", of });
  }
  return rooms;
}

const shareOf = ({ used, most }: Room): number => (most > 0 ? used / most : 1);

/** Above the list: that the room is running out, from 80 % on. Nothing before. */
export function StorageNotice() {
  const { data } = useStorage();
  if (!data) return null;
  const [tightest] = roomsOf(data).sort((a, b) => shareOf(b) - shareOf(a));
  if (!tightest || shareOf(tightest) < nearly) return null;
  const full = tightest.used >= tightest.most;
  const whose = tightest.whose === "mine" ? "You have" : "This workspace has";
  const amount = tightest.of === "documents" ? count : bytesOf;
  const what = tightest.of === "documents" ? " documents" : "";
  const left = amount(Math.max(0, tightest.most - tightest.used));
  return (
    <div className="mb-5">
      <Notice kind={full ? "broken" : "stale"}>
        <strong className="font-semibold">
          {full ? "There is no room left." : `${Math.floor(shareOf(tightest) * 100)} % of the room is used.`}
        </strong>{" "}
        {whose} {amount(tightest.used)} of {amount(tightest.most)}
        {what}; {left} left.{" "}
        {full ? "Delete documents, and empty the bin, to add others." : "The bin counts too."}
      </Notice>
    </div>
  );
}

/** Below the list, quietly: what is used of the room, by the workspace and by this person. */
export function StorageLine() {
  const { data } = useStorage();
  if (!data) return null;
  const { workspace, mine, waiting } = data;
  const own = [
    `${count(mine.documents.used)}${mine.documents.most === null ? "" : ` of ${count(mine.documents.most)}`} documents`,
    `${bytesOf(mine.bytes.used)}${mine.bytes.most === null ? "" : ` of ${bytesOf(mine.bytes.most)}`}`,
  ].join(", ");
  return (
    <p className="mt-6 flex flex-wrap gap-x-4 gap-y-0.5 px-0.5 text-small text-muted">
      <span>
        The workspace uses {count(workspace.documents.used)} of {count(workspace.documents.most)} documents,{" "}
        {bytesOf(workspace.bytes.used)} of {bytesOf(workspace.bytes.most)}.
      </span>
      <span>Yours: {own}.</span>
      {waiting.used > 0 && (
        <span className="flex items-center gap-1.5">
          <Glyph state="working" size={13} />
          {count(waiting.used)} waiting to be read.
        </span>
      )}
    </p>
  );
}
