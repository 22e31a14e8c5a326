/** Why a document could not be read: a closed list, with what its owner is told. Nothing of the document is in it. */
export const extractionMessages = {
  unsupported_format:
    "This is no kind of file that can be read: PDF, Office files (.docx, .pptx, .xlsx; .odt, .odp, .ods), RTF, HTML, Markdown, plain text, CSV, e-mail (.eml), or a ZIP of these. An older Office file (.doc, .ppt, .xls): open it and save it as .docx, .pptx or .xlsx.",
  damaged:
    "The file is damaged or incomplete. Open it where it came from, save it again, and add the new copy.",
  password_protected: "The file is protected by a password. Remove the password and add it again.",
  no_text:
    "There is no text to read: the pages are pictures (scanned), or the file is empty. No text recognition is built in. Add a version with text in it, or keep it as a file.",
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

/** The code of whatever a reader threw: a verdict as it is, else what the error of a library means for the document. */
export function failureCodeOf(error: unknown): ExtractionFailureCode {
  if (isExtractionFailure(error)) return error.code;
  if (!(error instanceof RangeError)) return "extractor_crashed";
  // Too deep for the stack is a document that no one wrote; every other RangeError here is an allocation refused.
  return /call stack/i.test(error.message) ? "damaged" : "too_much_memory";
}
