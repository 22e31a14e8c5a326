import { useTitle } from "../frame/page.tsx";
import { Part } from "../frame/part.tsx";
import { ProofBox } from "../frame/proof.tsx";
import { type Theme, useTheme } from "../frame/theme.ts";
import { EraseAccount } from "../privacy/erase-account.tsx";
import { Exports } from "../privacy/exports.tsx";
import { Button } from "../ui/button.tsx";
import { SelectField } from "../ui/field.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { AddressForm } from "./account/address-form.tsx";
import { PasswordForm } from "./account/password-form.tsx";
import { ProfileForm } from "./account/profile-form.tsx";
import { useSession } from "./session.tsx";
import { useSignOut } from "./sign-out.ts";

/** A person's own account: who they are, how mails speak to them, their address and password, this device. */
export function AccountPage() {
  useTitle("Account", "Settings");
  const session = useSession();
  return (
    <div className="flex max-w-[46rem] flex-col gap-11">
      {session.can("account.change") && (
        <Part title="You" words="Your name stands beside what you own, share and do.">
          <ProfileForm />
        </Part>
      )}
      {session.can("account.address") && (
        <Part title="Address" words="You sign in with it, and mails go to it.">
          <AddressForm />
        </Part>
      )}
      {session.can("account.password") && (
        <Part title="Password" words="Changing it ends every other session of yours.">
          <PasswordForm />
        </Part>
      )}
      {session.can("account.export") && (
        <Part title="Your data" words="Everything that is yours here, in open formats.">
          <Exports kind="person" />
        </Part>
      )}
      <Part title="This device">
        <ThisDevice />
      </Part>
      {session.can("account.erase") && (
        <Part title="Delete your account" words="With everything that you own here. Nothing brings it back.">
          <EraseAccount />
        </Part>
      )}
    </div>
  );
}

/** Theme, sign-out and the proof are in the rail; a phone has none, so they stand here too. */
function ThisDevice() {
  const [theme, setTheme] = useTheme();
  const signOut = useSignOut();
  return (
    <div className="flex max-w-md flex-col gap-4">
      <SelectField label="Theme" value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
        <option value="system">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </SelectField>
      <div className="md:hidden">
        <ProofBox />
      </div>
      {signOut.error && <Notice>{wordsOf(signOut.error)}</Notice>}
      <div>
        <Button busy={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out here
        </Button>
      </div>
    </div>
  );
}
