import { useTitle } from "../frame/page.tsx";
import { Part } from "../frame/part.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";
import { AuthenticatorApp } from "./factors/authenticator-app.tsx";
import { useFactors } from "./factors/factors.ts";
import { Passkeys } from "./factors/passkeys.tsx";
import { RecoveryCodesLeft } from "./factors/recovery-codes-left.tsx";
import { useSession } from "./session.tsx";
import { Sessions } from "./sessions.tsx";
import { SignInHistory } from "./sign-in-history.tsx";

/** How a person proves who they are, where they are signed in, and every sign-in. */
export function OwnSecurityPage() {
  useTitle("Security", "Settings");
  const session = useSession();
  return (
    <div className="flex max-w-[46rem] flex-col gap-11">
      {session.can("account.factors") && <Factors />}
      {session.can("account.sessions") && (
        <Part
          title="Where you are signed in"
          words="A session ends after 30 minutes without activity, and after 7 days in any case."
        >
          <Sessions />
        </Part>
      )}
      {session.can("account.sign-ins") && (
        <Part
          title="Sign-in history"
          words="Every attempt with your address in this workspace, refused ones too."
        >
          <SignInHistory />
        </Part>
      )}
    </div>
  );
}

function Factors() {
  const factors = useFactors();
  if (factors.isPending)
    return (
      <Part title="Second factors">
        <Skeleton label="Loading your second factors" lines={4} tall />
      </Part>
    );
  if (factors.isError) return <ErrorPanel error={factors.error} onRetry={() => void factors.refetch()} />;
  const { data } = factors;
  return (
    <>
      <Part
        title="Authenticator app"
        words={`Six digits of an app on your phone, beside your password.${
          data.required ? " Your role, or your workspace, asks for a second factor." : ""
        }`}
      >
        <AuthenticatorApp factors={data} />
      </Part>
      <Passkeys factors={data} />
      {(data.recoveryCodes || data.totp || data.passkeys.length > 0) && (
        <Part
          title="Recovery codes"
          words="Each lets you in once, in place of the second factor, when neither phone nor passkey is at hand."
        >
          <RecoveryCodesLeft left={data.recoveryCodes} />
        </Part>
      )}
    </>
  );
}
