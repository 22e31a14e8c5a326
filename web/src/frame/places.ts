import { Activity, Building2, Folder, MessageSquare, SlidersHorizontal } from "lucide-react";
import type { Session } from "../identity/session.tsx";

export type Place = {
  words: string;
  to: "/t/$slug/ask" | "/t/$slug/library" | "/t/$slug/activity" | "/t/$slug/settings" | "/t/$slug/tenants";
  icon: typeof Folder;
  /** Second key of the `g …` shortcut. */
  key: string;
};

/** The places that this person may enter, in the order of the rail. */
export function placesOf(session: Session): Place[] {
  const places: Place[] = [];
  if (session.can("chat.use"))
    places.push({ words: "Ask", to: "/t/$slug/ask", icon: MessageSquare, key: "a" });
  if (session.can("document.read"))
    places.push({ words: "Library", to: "/t/$slug/library", icon: Folder, key: "l" });
  if (session.can("operator.tenants.read")) {
    places.push({ words: "Customers", to: "/t/$slug/tenants", icon: Building2, key: "c" });
  }
  places.push({ words: "Activity", to: "/t/$slug/activity", icon: Activity, key: "y" });
  places.push({ words: "Settings", to: "/t/$slug/settings", icon: SlidersHorizontal, key: "s" });
  return places;
}
