import { browserOf } from "../devices/browser.ts";
import type { FactorKind } from "../notices/kinds.ts";
import type { Texts } from "./texts.ts";

const factors: Record<FactorKind | "all", string> = {
  totp: "The authenticator app",
  passkey: "A passkey",
  "recovery-codes": "The list of recovery codes",
  all: "Every second factor",
};

const roles: Record<string, string> = {
  viewer: "Viewer",
  manager: "Manager",
  admin: "Admin",
  owner: "Owner",
};

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const en: Texts = {
  links: {
    verify: (link) => ({
      subject: "Confirm your address",
      text: `Open this link to confirm that this address is yours. It works once, within a day.\n\n${link}\n\nIf you did not ask for it, ignore this mail.`,
    }),
    unlock: (link) => ({
      subject: "Sign-in was paused",
      text: `Someone gave a wrong password for your account five times, so sign-in is paused for a while.\n\nIf it was you, this link lets you try again at once. It works once, within a day.\n\n${link}\n\nIf it was not you, you need not do anything.`,
    }),
    reset: (link) => ({
      subject: "Choose a new password",
      text: `Someone asked for a new password for your account. If it was you, choose one here. The link works once, within an hour, and only the newest one does.\n\n${link}\n\nA new password ends all of your sessions and API keys. Your second factor stays as it is.\n\nIf it was not you, ignore this mail: nothing has changed.`,
    }),
    "confirm-address": (link) => ({
      subject: "Confirm your new address",
      text: `Open this link to use this address for your account from now on. It works once, within a day.\n\n${link}\n\nIf you did not ask for it, ignore this mail.`,
    }),
  },
  invitation: ({ inviter, workspace, link }) => ({
    subject: "You are invited to a workspace",
    text: `${inviter} invites you to the workspace “${workspace}”.\n\nOpen this link to choose a password and join. It works once, for seven days, and only for this address.\n\n${link}\n`,
  }),
  addressAsked: ({ to, undo }) => ({
    subject: "A change of your address was asked for",
    text: `Someone who is signed in to your account asked to change its address to ${to}. It changes once the new address is confirmed.\n\nIf it was not you, this link stops the change and ends all sessions:\n\n${undo}\n\nIf it was you, you need not do anything.`,
  }),
  addressChanged: ({ to, undo, until }) => ({
    subject: "The address of your account was changed",
    text: `Your account now has the address ${to}. You can no longer sign in with this one.\n\nIf it was not you, this link brings this address back, ends all sessions and mails you a link to a new password. It works until ${until}.\n\n${undo}`,
  }),
  addressTaken: () => ({
    subject: "This address is in use already",
    text: "Someone asked to use this address for another account of the workspace in which you are a member with it. Nothing has changed, and you need not do anything.\n\nIf it was you: sign in with this address, or ask an admin of your workspace.",
  }),
  notices: {
    "new-device": {
      words: "A sign-in from a browser that was not used before",
      subject: "New sign-in to your account",
      text: ({ ip, userAgent }) =>
        `Someone signed in to your account from a browser that was not used before: ${browserOf(userAgent) ?? "an unknown one"}, from the network address ${ip}.`,
    },
    "new-factor": {
      words: "A second factor was added",
      subject: "A second factor was added to your account",
      text: ({ factor, name }) =>
        `${factors[factor]}${name ? ` called “${name}”` : ""} was added to your account.`,
    },
    "factor-removed": {
      words: "A second factor was removed",
      subject: "A second factor was removed from your account",
      text: ({ factor, by }) => `${factors[factor]} was removed from your account${by ? ` by ${by}` : ""}.`,
    },
    "recovery-code-used": {
      words: "A recovery code was used",
      subject: "A recovery code was used",
      text: ({ left }) =>
        `A recovery code was used to sign in to your account. ${left === 0 ? "None is left: make new ones." : `${count(left, "is", "are")} left.`}`,
    },
    "password-known": {
      words: "Somebody gave the right password and a wrong second factor",
      subject: "Somebody knows your password",
      text: ({ ip }) =>
        `Someone gave the right password of your account and then wrong second factors several times, the last time from the network address ${ip}. They are not in.`,
    },
    "password-changed": {
      words: "The password was changed",
      subject: "Your password was changed",
      text: ({ how }) =>
        how === "reset"
          ? "A new password was chosen for your account by a mailed link. All sessions and API keys have ended."
          : "The password of your account was changed. All other sessions have ended.",
    },
    "address-changed": {
      words: "The address was changed",
      subject: "The address of your account was changed",
      text: ({ how }) =>
        how === "undone"
          ? "A change of your account's address was taken back. All sessions have ended."
          : "The address of your account was changed and confirmed.",
    },
    "role-changed": {
      words: "Somebody gave you another role",
      subject: "Your role was changed",
      text: ({ role, by }) => `${by} gave you the role “${roles[role] ?? role}”.`,
    },
    "shared-with-you": {
      words: "Somebody shared something with you",
      subject: "Something was shared with you",
      text: ({ by, what, access }) =>
        `${by} shared a ${what} with you${access === "write" ? ", to read and to change" : ""}.`,
    },
    "access-opened": {
      words: "An admin opened access to your content",
      subject: "An admin opened access to your content",
      text: ({ by, reason, until }, moment) =>
        `${by} opened access to content of yours until ${moment(until)}. The reason given: “${reason}”.`,
    },
    "support-granted": {
      words: "The operator's support was let in",
      subject: "The operator's support was let in",
      text: ({ by, reason, until }, moment) =>
        `${by} lets the operator's support into the workspace until ${moment(until)}. The reason given: “${reason}”.`,
    },
    "key-created": {
      words: "An API key was made",
      subject: "An API key was made",
      text: ({ name }) => `An API key called “${name}” was made for your account.`,
    },
    "key-expiring": {
      words: "An API key is about to expire",
      subject: "An API key is about to expire",
      text: ({ name, expiresAt }, moment) => `Your API key “${name}” expires on ${moment(expiresAt)}.`,
    },
    "handed-over": {
      words: "Content of somebody who left was handed to you",
      subject: "Content was handed over to you",
      text: ({ from, documents, folders, chats }) =>
        `What ${from} owned is yours now: ${count(documents, "document", "documents")}, ${count(folders, "folder", "folders")}, ${count(chats, "chat", "chats")}.`,
    },
    "owner-changed": {
      words: "Folders or chats with something of yours got another owner",
      subject: "Something of yours lies with another owner now",
      text: ({ from, to }) =>
        `Folders or chats of ${from} in which something is of you belong to ${to} now, who can read, change and share what lies in them.`,
    },
    "deleted-with-folder": {
      words: "Somebody deleted a folder with something of yours",
      subject: "Something of yours was deleted with a folder",
      text: ({ by, count: n }) =>
        `${by} deleted a folder in which something of yours lay: ${count(n, "thing", "things")}. For 30 days you can bring yours back from your bin.`,
    },
    "invitation-accepted": {
      words: "Somebody whom you invited joined",
      subject: "Your invitation was accepted",
      text: ({ name }) => `${name} has joined by your invitation.`,
    },
    "people-imported": {
      words: "The operator of this installation added people to the workspace",
      subject: "People were added to your workspace",
      text: ({ count: n }) =>
        `The operator of this installation added ${count(n, "person", "people")} to your workspace from a list.`,
    },
    "workspace-closing": {
      words: "The workspace is being closed",
      subject: "Your workspace is being closed",
      text: ({ by, reason, until }, moment) =>
        `${by || "The operator of this installation"} has closed the workspace.${reason ? ` The reason given: “${reason}”.` : ""} From now on it can be read and exported, and nothing in it can be changed. Until ${moment(until)} an owner can keep it. After that it is deleted for good.`,
    },
    "workspace-kept": {
      words: "The closing of the workspace was taken back",
      subject: "Your workspace is kept",
      text: ({ by }) => `${by} has taken the closing of the workspace back. Everything goes on as before.`,
    },
    "workspace-exported": {
      words: "An owner took out everything in the workspace, yours among it",
      subject: "An owner exported the whole workspace",
      text: ({ by }) =>
        `${by} has asked for an export of the whole workspace. It holds your documents and chats too, those that nobody else can see among them.`,
    },
  },
  notYou:
    "If it was not you, change your password at once, end the other sessions, and tell an admin of your workspace.",
  when: (moment) => `When: ${moment}`,
  lookHere: (link) => `See it here: ${link}`,
  operator: "The operator",
};
