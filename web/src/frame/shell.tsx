import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { SessionGate } from "../identity/session.tsx";
import { ErrorPanel } from "../ui/states.tsx";
import { Keyboard } from "./keyboard.tsx";
import { Rail } from "./rail.tsx";
import { Tabs } from "./tabs.tsx";

/** The frame of every signed-in page: rail (tabs on a phone), the page, keyboard. */
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
          <Outlet />
        </main>
        <Tabs />
      </div>
      <Keyboard />
    </SessionGate>
  );
}

function Waiting() {
  return (
    <div className="flex h-dvh" role="status">
      <span className="sr-only">Opening your workspace</span>
      <div className="hidden w-[212px] border-r border-line md:block" />
    </div>
  );
}
