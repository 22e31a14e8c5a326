import { claimsUnder } from "./claim.ts";

export const signInClaims = claimsUnder("sign-in", [
  {
    id: "identity.invitations",
    words:
      "The only way in is an invitation, which is good for one address, once, within 7 days, and gives no more rights than the person who sent it has; except for people whom the operator of the installation brings along from another product, as viewers or managers only, into a workspace that it created, of which the workspace's owners are told.",
    couldBeWrong:
      "Before the first owner has joined there is nobody to be told of people whom the operator brought along; the workspace's log has them.",
  },
  {
    id: "identity.email-verification",
    words: "Until a person has confirmed their address, they reach nothing.",
  },
  {
    id: "identity.slug-login",
    words:
      "Signing in starts with the workspace's short name, and an address that has an account in two workspaces has two separate accounts.",
  },
  {
    id: "identity.password-policy",
    words:
      "A new password has 12 characters or more with a capital, a small letter, a digit and a special character, is not on the bundled list of common and leaked passwords (49,233 entries, that of zxcvbn-ts), also with decorations and look-alikes undone, and contains neither the person's address nor the workspace's name; a workspace can choose passphrases of 15 or more characters without further rules instead.",
    couldBeWrong:
      "A password that leaked after the list was made is not recognised, and one that was chosen under the other rule stays good until it is changed.",
  },
  {
    id: "identity.password-hash",
    words:
      "Passwords are kept as argon2id hashes at the strength OWASP recommends (or as bcrypt at cost 12, if chosen), hashes brought from elsewhere in bcrypt or PBKDF2 are renewed when their owner next signs in, and no password is ever written to a log.",
    couldBeWrong:
      "A hash from elsewhere stays as weak as it came until its owner signs in. So that nobody can tell by the time who has such a hash, a wrong password takes as long as the costliest kind in use, measured when it is first met; on a machine whose speed changes a lot meanwhile a difference could show.",
  },
  {
    id: "identity.lockout",
    words:
      "Five wrong passwords within 15 minutes pause the account for 15 minutes, and longer each time it happens again; a mailed link or an admin ends the pause, nobody is shut out for good, no answer tells by text, status or timing whether an address has an account, and neighbouring IPv6 addresses count as one sender; after two failures of an address or ten of a network, the browser must solve a small proof of work first.",
    couldBeWrong:
      "Timing is compared over a limited number of attempts; a very small difference could hide in the noise. The proof of work costs a browser about half a second, but a program made for it a few milliseconds: it slows crowds down and stops nobody who means it. Whoever knows an address can keep its sign-in paused by failing again and again; the mailed link and passkeys still let its owner in.",
  },
  {
    id: "identity.totp",
    words:
      "A second factor is required of owners, admins and the operator's staff before anything else works, and can be required of everyone in a workspace after days of grace; a code of an authenticator app is accepted once, guesses are limited per account, and there are ten recovery codes that each work once.",
    couldBeWrong:
      "A code can be asked for by a false page and used within the half minute before its owner uses it; a passkey cannot.",
  },
  {
    id: "identity.passkeys",
    words:
      "A passkey, which signs for this site only and asks for a finger, a face or a PIN, can serve as second factor, or replace the password; each challenge works once.",
    couldBeWrong:
      "Passkeys that a maker keeps in its customers' accounts are as safe as those accounts; which make of authenticator is used is not checked.",
  },
  {
    id: "identity.sessions",
    words:
      "A session's access token lasts at most 5 minutes in one workspace only; its refresh token changes with every use, is stored as a hash, and ends the session when an old one reappears (two tabs renewing together within 10 seconds both go on); 30 minutes without a person's doing or 7 days at the most end it; and the cookies cannot be read by scripts, sent unencrypted or set for another host, with sign-in saying so where a browser would not keep them.",
  },
  {
    id: "identity.session-revocation",
    words:
      "A changed password or role, a suspension, a removal or signing out everywhere takes hold with the very next request, whichever server process gets it.",
    couldBeWrong: "An answer that was already under way when the right ended may still arrive.",
  },
  {
    id: "identity.step-up",
    words:
      "Handling keys, exports, roles, members, access for support, the rules of signing in, single sign-on or the closing of a workspace asks for the second factor again when it was last given more than five minutes ago.",
    couldBeWrong:
      "Single sign-on does not exist yet; the check looks for it by name and turns red if it comes without it. Whoever has set up no second factor, and needs none, gives the password instead before their own data is exported.",
  },
  {
    id: "identity.login-audit",
    words:
      "Every sign-in, second factor, reset, refused renewal, sign-out and change of a key is recorded with its UTC time, network address, browser, method and outcome, whether it succeeded or not; people can read their own record and admins their workspace's.",
  },
  {
    id: "identity.social-login",
    words: "Signing in with Google or Microsoft is impossible until the workspace allows it.",
  },
  {
    id: "identity.sso-oidc",
    words:
      "A workspace can connect its own identity provider through OpenID Connect, be it Okta, Entra, Google Workspace or any other that keeps to the standard, and can make it the only way in.",
  },
  {
    id: "identity.sso-saml",
    words:
      "A workspace can connect its identity provider through SAML 2.0, with sign-in begun on either side, and an assertion that is unsigned, wrapped, replayed, out of date or meant for someone else is refused.",
  },
  {
    id: "identity.scim",
    words:
      "An identity provider can add and remove people through SCIM 2.0, in its own workspace and in no other.",
  },
  {
    id: "connectors.oauth",
    words:
      "Outside programs such as Claude and ChatGPT connect through OAuth 2.1 with PKCE (S256 only), redirect addresses that match to the letter, dynamic registration or a client metadata document, tokens bound to this service and renewed at each use.",
  },
  {
    id: "connectors.api-keys",
    words:
      "An API key has 256 random bits, is shown once and stored only as its SHA-256, reaches no further than its scope, and expires by itself after 90 days.",
  },
  {
    id: "connectors.mtls",
    words:
      "A connection can be restricted to clients that present a certificate issued for a named host, such as mtls.connectors.openai.com.",
  },
  {
    id: "connectors.off",
    words:
      "No outside program can connect until an admin switches this on, and switching it off ends every key and token at that moment.",
  },
  {
    id: "connectors.widget",
    words:
      "The chat that a website embeds works only with its own key and from the sites on its list, and the server checks both.",
    couldBeWrong: "The list is about browsers: a program that is not one can claim to come from any site.",
  },
]);
