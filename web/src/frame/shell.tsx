import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect } from "react";
import { StepUp } from "../identity/factors/step-up.tsx";
import { SessionGate, useSession } from "../identity/session.tsx";
import { ErrorPanel } from "../ui/states.tsx";
import { Banners } from "./banners.tsx";
import { Keyboard } from "./keyboard.tsx";
import { Rail } from "./rail.tsx";
import { Tabs } from "./tabs.tsx";

/** The frame of every signed-in page: rail (tabs on a phone), banners, the page, keyboard, the question for a second factor. */
export function Shell() {
  const { slug } = useParams({ from: "/t/$slug" });
  const navigate = useNavigate();
  const signedOut = useCallback(() => {
    const here = window.location.pathname + window.location.search;
    void navigate({ to: "/t/$slug/sign-in", params: { slug }, search: { next: here }, replace: true });
  }, [navigate, slug]);

  return (
    <SessionGate
      key={slug}
      slug={slug}
      signedOut={signedOut}
      waiting={<Waiting />}
      failed={(error, retry) => (
        <main className="pt-[16vh]">
          <ErrorPanel error={error} onRetry={retry} title="Your workspace could not be opened" whole />
        </main>
      )}
    >
      <FactorGate>
        <a
          href="#page"
          className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-md focus:bg-raised focus:px-4 focus:py-2 focus:shadow-soft"
        >
          Skip to the page
        </a>
        <div className="flex h-dvh flex-col md:flex-row">
          <Rail />
          <main
            id="page"
            tabIndex={-1}
            className="relative flex min-h-0 min-w-0 flex-1 flex-col overflow-y-auto outline-none"
          >
            <Banners />
            <Outlet />
          </main>
          <Tabs />
        </div>
        <Keyboard />
        <StepUp />
      </FactorGate>
    </SessionGate>
  );
}

/** Whoever still has to set up a second factor is led there; the server would refuse everything else. */
function FactorGate({ children }: { children: ReactNode }) {
  const { slug, factor } = useSession();
  const navigate = useNavigate();
  useEffect(() => {
    if (!factor.due) return;
    const next = window.location.pathname + window.location.search;
    void navigate({ to: "/t/$slug/set-up-factor", params: { slug }, search: { next }, replace: true });
  }, [factor.due, navigate, slug]);
  return factor.due ? <Waiting /> : children;
}

function Waiting() {
  return (
    <div className="flex h-dvh" role="status">
      <span className="sr-only">Opening your workspace</span>
      <div className="hidden w-[212px] border-r border-line md:block" />
    </div>
  );
}
