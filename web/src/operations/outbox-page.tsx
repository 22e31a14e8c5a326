import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { callGlobal } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { OutboxMail } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { useLinkToken } from "../identity/link-token.ts";
import { BrandMark } from "../ui/mark.tsx";
import { Empty, ErrorPanel, Skeleton } from "../ui/states.tsx";
import { Moment } from "../ui/time.tsx";

/** Mails that would have been sent, for an installation without a mail server. Only with the outbox's own token. */
export function OutboxPage() {
  useTitle("Outbox");
  const { token } = useLinkToken();
  const mails = useQuery({
    queryKey: ["outbox", token],
    queryFn: () =>
      callGlobal<{ items: OutboxMail[] }>("GET", "outbox", {
        headers: { "x-outbox-token": token },
        background: true,
      }),
    enabled: token !== "",
    refetchInterval: 5000,
  });
  return (
    <main className="mx-auto w-full max-w-[44rem] px-4 pt-10 pb-16 md:px-8">
      <BrandMark size={30} />
      <h1 className="mt-4 font-serif text-page font-medium">Outbox</h1>
      <p className="mt-1.5 mb-7 text-muted">
        No mail server is connected. What would have been mailed is kept here, on this machine, newest first.
      </p>
      {!token || (isApiError(mails.error) && (mails.error.status === 401 || mails.error.status === 403)) ? (
        <Empty title="This link does not open the outbox">
          <p>
            Use the whole link that was shown after set-up, or that the terminal prints when the server
            starts.
          </p>
        </Empty>
      ) : mails.isPending ? (
        <Skeleton label="Loading mails" lines={6} tall />
      ) : mails.isError ? (
        <ErrorPanel
          error={mails.error}
          onRetry={() => void mails.refetch()}
          title="The mails could not be loaded"
        />
      ) : mails.data.items.length === 0 ? (
        <Empty title="No mail yet">
          <p>Invitations and confirmations appear here within seconds.</p>
        </Empty>
      ) : (
        <ul className="flex flex-col gap-4">
          {mails.data.items.map((mail) => (
            <li key={mail.id}>
              <Mail mail={mail} />
            </li>
          ))}
        </ul>
      )}
    </main>
  );
}

function Mail({ mail }: { mail: OutboxMail }) {
  return (
    <article className="rounded-lg border border-line bg-surface px-5 py-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 className="font-semibold">{mail.subject}</h2>
        <span className="text-small text-muted">
          <Moment at={mail.at} how="full" />
        </span>
      </div>
      <p className="text-small text-muted">To {mail.to}</p>
      <p className="mt-3 max-w-[68ch] whitespace-pre-line">{withLinks(mail.text)}</p>
    </article>
  );
}

/** Links of this installation become links; anything else stays text. */
function withLinks(text: string): ReactNode[] {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    const end = /[.,;:)]*$/.exec(piece)?.[0] ?? "";
    const address = end ? piece.slice(0, -end.length) : piece;
    const ours = address.startsWith(`${window.location.origin}/`);
    // biome-ignore lint/suspicious/noArrayIndexKey: the text of a mail does not change.
    return ours ? <MailLink key={index} address={address} end={end} /> : piece;
  });
}

function MailLink({ address, end }: { address: string; end: string }) {
  return (
    <>
      <a href={address} className="break-all text-accent underline underline-offset-3">
        {address}
      </a>
      {end}
    </>
  );
}
