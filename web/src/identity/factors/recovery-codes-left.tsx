import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Factors } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { Moment, plural } from "../../ui/time.tsx";
import { useSession } from "../session.tsx";
import { RecoveryCodesDialog } from "./add-factor-dialog.tsx";

/** How many recovery codes are left, and ten new ones in their place. */
export function RecoveryCodesLeft({ left }: { left: Factors["recoveryCodes"] }) {
  const session = useSession();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const renew = useMutation({
    mutationFn: () => session.call<{ recoveryCodes: string[] }>("POST", "account/recovery-codes"),
    onSuccess: () => setAsking(false),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "factors"] }),
  });
  const few = !left || left.left <= 3;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
      <p className="flex min-w-0 flex-1 basis-56 items-center gap-2">
        <Glyph state={few ? "stale" : "held"} />
        <span>
          {left ? (
            <>
              {plural(left.left, "code")} left, made <Moment at={left.createdAt} />
              {few && ". Make new ones soon."}
            </>
          ) : (
            "There are none"
          )}
        </span>
      </p>
      <Button small onClick={() => (left ? setAsking(true) : renew.mutate())} busy={renew.isPending}>
        Make new ones
      </Button>
      {asking && (
        <Confirm
          title="Make ten new recovery codes?"
          deed="Make new ones"
          danger={false}
          busy={renew.isPending}
          error={renew.error}
          onClose={() => setAsking(false)}
          onConfirm={() => renew.mutate()}
        >
          Those that you have kept are worth nothing any more. The new ones are shown once.
        </Confirm>
      )}
      {renew.data && <RecoveryCodesDialog codes={renew.data.recoveryCodes} onClose={() => renew.reset()} />}
    </div>
  );
}
