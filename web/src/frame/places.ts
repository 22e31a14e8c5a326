import { Activity, Building2, Folder, MessageSquare, SlidersHorizontal } from "lucide-react";
import type { Permission } from "../api/types.ts";
import type { Session } from "../identity/session.tsx";

export type Place = {
  words: string;
  to: "/t/$slug/ask" | "/t/$slug/library" | "/t/$slug/activity" | "/t/$slug/settings" | "/t/$slug/tenants";
  icon: typeof Folder;
  /** Second key of the `g …` shortcut. */
  key: string;
  /** What it takes to enter; everybody may enter a place without it. */
  needs?: Permission;
};

const places: Place[] = [
  { words: "Ask", to: "/t/$slug/ask", icon: MessageSquare, key: "a", needs: "chat.read" },
  { words: "Library", to: "/t/$slug/library", icon: Folder, key: "l", needs: "document.read" },
  { words: "Customers", to: "/t/$slug/tenants", icon: Building2, key: "c", needs: "operator.tenants.read" },
  { words: "Activity", to: "/t/$slug/activity", icon: Activity, key: "y" },
  { words: "Settings", to: "/t/$slug/settings", icon: SlidersHorizontal, key: "s" },
];

/** The places that this person may enter, in the order of the rail. */
export function placesOf(session: Session): Place[] {
  return places.filter(({ needs }) => !needs || session.can(needs));
}
