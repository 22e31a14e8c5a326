import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { say } from "../../ui/toast.tsx";
import { useSession } from "../session.tsx";
import { AddPasskey } from "./add-passkey.tsx";
import { RecoveryCodes } from "./recovery-codes.tsx";
import { SetUpTotp } from "./set-up-totp.tsx";

/** Adds a factor in the settings; the first one brings recovery codes, which have to be kept before it closes. */
export function AddFactorDialog({ kind, onClose }: { kind: "totp" | "passkey"; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [codes, setCodes] = useState<string[] | null>(null);

  function added(made: string[] | null) {
    void queries.invalidateQueries({ queryKey: [session.slug, "factors"] });
    void queries.invalidateQueries({ queryKey: [session.slug, "session"] });
    if (made) return setCodes(made);
    say(kind === "totp" ? "Your authenticator app is set up." : "The passkey is added.");
    onClose();
  }
  if (codes) return <RecoveryCodesDialog codes={codes} onClose={onClose} />;
  const cancel = <Button onClick={onClose}>Cancel</Button>;
  return kind === "totp" ? (
    <Dialog title="Set up an authenticator app" shape="wide" onClose={onClose}>
      <SetUpTotp onAdded={added} back={cancel} />
    </Dialog>
  ) : (
    <Dialog title="Add a passkey" onClose={onClose}>
      <p className="mb-4 text-muted">
        Your device asks for your finger, face or PIN. Those never leave it; this server keeps a public key.
      </p>
      <AddPasskey onAdded={added} back={cancel} />
    </Dialog>
  );
}

/** Escape and a click beside it leave it open: the codes would be gone. */
export function RecoveryCodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  return (
    <Dialog title="Keep these recovery codes" onClose={() => undefined} closes={false}>
      <RecoveryCodes codes={codes} onKept={onClose} />
    </Dialog>
  );
}
