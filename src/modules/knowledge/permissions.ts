import type { BuiltInRole } from "../../kernel/context.ts";
import { permission } from "../../kernel/permissions.ts";

const under =
  (group: string) =>
  (from: BuiltInRole, key: string, words: string, more: { forSupport?: true } = {}) =>
    permission({ key, group, words, from, in: "customer", forKeys: true, ...more });
const support = { forSupport: true } as const;

const documents = under("Documents");
documents("viewer", "document.read", "See one's own documents and those shared with one", support);
documents("viewer", "document.download", "Download the originals of documents that one may see", support);
documents("viewer", "document.see-access", "See who can see a document");
documents(
  "viewer",
  "search.use",
  "Search in the text of documents that one may see, and read what is found",
  support,
);
documents("manager", "document.upload", "Add documents");
documents("manager", "document.change", "Rename documents that one may write");
documents("manager", "document.move", "Move documents that one may write between folders");
documents("manager", "document.retry", "Have documents read again that could not be read");
documents("manager", "document.delete", "Put one's own documents into the bin");
documents("viewer", "document.versions", "See and compare the versions of documents that one may see");
documents("viewer", "document.history", "See what was done with documents that one may see");
documents("manager", "document.add-version", "Add new versions to documents that one may write");
documents("manager", "document.restore-version", "Make an older version of a document the newest");
documents("manager", "document.share", "Share one's own documents");

const folders = under("Folders");
folders("viewer", "folder.read", "See one's own folders and those shared with one", support);
folders("viewer", "folder.see-access", "See who can see a folder");
folders("manager", "folder.create", "Make folders");
folders("manager", "folder.change", "Rename folders that one may write");
folders("manager", "folder.move", "Move folders that one may write");
folders("manager", "folder.delete", "Put one's own folders into the bin, with all that lies in them");
folders("manager", "folder.share", "Share one's own folders and all that lies in them");

const bin = under("Bin");
bin("viewer", "bin.see", "See what of one's own was deleted");
bin("manager", "bin.restore", "Bring one's own things back out of the bin");
bin("manager", "bin.empty", "Give up one's own things in the bin for ever");

const room = under("Room");
room("viewer", "storage.read", "See how much the workspace and oneself take");
permission({
  key: "policy.quotas",
  group: "Workspace",
  words: "Say what one member may take",
  from: "admin",
  in: "customer",
});
permission({
  key: "operator.tenants.quota",
  group: "Operator",
  words: "Say what a workspace may take",
  from: "admin",
  in: "operator",
});

const shares = under("Sharing");
shares("manager", "share.change", "Let a share of one's own give more or less");
// Even somebody who may share nothing any more can take back what they shared.
shares("viewer", "share.end", "Take back what one shared");

// Never by key: they are what a person keeps for themselves.
const searches = (key: string, words: string) =>
  permission({ key, group: "Documents", words, from: "viewer", in: "customer" });
searches("saved-search.use", "See one's own saved searches");
searches("saved-search.create", "Save searches");
searches("saved-search.change", "Change one's own saved searches");
searches("saved-search.delete", "Delete one's own saved searches");
