import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button } from "../ui/button.tsx";
import { Doorstep } from "./doorstep.tsx";

/** An address that names no page. */
export function NotFound() {
  return (
    <Doorstep title="There is no such page" lead="The address may be mistyped, or the page has moved.">
      <Link to="/" className="text-accent underline underline-offset-3">
        Go to your workspace
      </Link>
    </Doorstep>
  );
}

/** A page whose code failed, or could not be loaded because a new version was installed meanwhile. */
export function PageFailed(_props: ErrorComponentProps) {
  return (
    <Doorstep
      title="This page stopped working"
      lead="What you saved is kept. Loading the page again usually helps, for example after an update of the server."
    >
      <Button kind="primary" onClick={() => window.location.reload()}>
        Load the page again
      </Button>
    </Doorstep>
  );
}
