import { permission } from "../../kernel/permissions.ts";

const from = (role: "viewer" | "manager", key: string, words: string) =>
  permission({ key, group: "Documents", words, from: role, in: "customer", forKeys: true });

from("viewer", "document.read", "See one's own documents and those shared with the workspace");
from("viewer", "document.download", "Download the originals of documents that one may see");
from("viewer", "search.use", "Search in the text of documents that one may see");
from("manager", "document.upload", "Add documents");
from("manager", "document.change", "Rename one's own documents");
from("manager", "document.delete", "Delete one's own documents");
from("manager", "document.share", "Share one's own documents with the workspace");
