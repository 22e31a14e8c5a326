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
documents("viewer", "search.use", "Search in the text of documents that one may see", support);
documents("manager", "document.upload", "Add documents");
documents("manager", "document.change", "Rename documents that one may write");
documents("manager", "document.move", "Move documents that one may write between folders");
documents("manager", "document.retry", "Have documents read again that could not be read");
documents("manager", "document.delete", "Delete one's own documents");
documents("manager", "document.share", "Share one's own documents");

const folders = under("Folders");
folders("viewer", "folder.read", "See one's own folders and those shared with one", support);
folders("viewer", "folder.see-access", "See who can see a folder");
folders("manager", "folder.create", "Make folders");
folders("manager", "folder.change", "Rename folders that one may write");
folders("manager", "folder.move", "Move folders that one may write");
folders("manager", "folder.delete", "Delete one's own empty folders");
folders("manager", "folder.share", "Share one's own folders and all that lies in them");

const shares = under("Sharing");
shares("manager", "share.change", "Let a share of one's own give more or less");
// Even somebody who may share nothing any more can take back what they shared.
shares("viewer", "share.end", "Take back what one shared");
