/** Why a document could not be read: a closed list, with what its owner is told. Nothing of the document is in it. */
export const extractionMessages = {
  unsupported_format:
    "This is not a PDF, HTML, Markdown or plain-text file. Save it as one of these and add it again.",
  damaged:
    "The file is damaged or incomplete. Open it where it came from, save it again, and add the new copy.",
  password_protected: "The file is protected by a password. Remove the password and add it again.",
  no_text:
    "No text to read: pictures of pages without text, or an empty file. Add a text version, or keep it as a file.",
  too_large_inflated:
    "The file unpacks to far more than we read from one document. Split it and add the parts.",
  took_too_long: "Reading the file took too long. Split it into smaller files and add these.",
  too_much_memory: "Reading the file needed too much memory. Split it into smaller files and add these.",
  extractor_crashed: "Reading the file failed. Try again; if it fails again, save it in another format.",
} as const;

export type ExtractionFailureCode = keyof typeof extractionMessages;
export type ExtractionFailure = Error & { code: ExtractionFailureCode };

/** An error with `code`; its message is the public one. `cause` is for the log and never leaves the installation. */
export function extractionFailure(code: ExtractionFailureCode, cause?: unknown): ExtractionFailure {
  const error = new Error(extractionMessages[code], cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: "ExtractionFailure", code });
}

/** Tells a verdict on the document from every other error (a broken store, an abort). */
export function isExtractionFailure(error: unknown): error is ExtractionFailure {
  return error instanceof Error && error.name === "ExtractionFailure";
}
