import { Navigate } from "@tanstack/react-router";
import { useSession } from "../identity/session.tsx";
import { placesOf } from "./places.ts";

/** Goes on to the first place that this person may enter: Ask for members, the customers for an operator. */
export function FirstPlace() {
  const session = useSession();
  const [first] = placesOf(session);
  return first && <Navigate to={first.to} params={{ slug: session.slug }} replace />;
}
