import type { Ctx } from "../../../kernel/context.ts";
import { isLoopbackName } from "../../../kernel/routes/loopback.ts";

/** For whom passkeys are made (WebAuthn level 3, 4: RP ID), and from where their signatures may come. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/**
 * The public address decides. Without one, whoever sits at this computer may call it by any of its own names (`host` is
 * the request's); any other name is not believed.
 */
export function relyingParty(ctx: Ctx, host: string | undefined): RelyingParty {
  const { config, origin } = ctx.system;
  const named = config.publicUrl === null && host ? loopbackOrigin(host) : null;
  const url = new URL(named ?? config.publicUrl ?? origin.current);
  return { id: url.hostname, origin: url.origin };
}

function loopbackOrigin(host: string): string | null {
  if (!URL.canParse(`http://${host}`)) return null;
  const url = new URL(`http://${host}`);
  return url.host === host.toLowerCase() && isLoopbackName(url.hostname) ? url.origin : null;
}
