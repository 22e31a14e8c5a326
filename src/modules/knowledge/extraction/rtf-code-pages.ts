// The upper halves of two code pages that no decoder of the platform knows (IBM 437 and 850).
const IBM_437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00A0";
const IBM_850 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0";

const labels: Readonly<Record<number, string>> = {
  708: "iso-8859-6",
  866: "ibm866",
  874: "windows-874",
  932: "shift_jis",
  936: "gbk",
  949: "euc-kr",
  950: "big5",
  1361: "euc-kr",
  10000: "macintosh",
  10007: "x-mac-cyrillic",
  65001: "utf-8",
};

// Of \fcharset (RTF 1.9.1, font table) to a code page; what is not here is the document's own.
const charsets: Readonly<Record<number, number>> = {
  0: 1252,
  77: 10000,
  128: 932,
  129: 949,
  130: 1361,
  134: 936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
  254: 437,
  255: 850,
};

export const codePageOf = (charset: number): number | undefined => charsets[charset];

/** Whether a letter of this code page may take two bytes, of which the second may look like any other character. */
export const isDouble = (page: number): boolean =>
  page === 932 || page === 936 || page === 949 || page === 950 || page === 1361;

/** Bytes to text in a code page by its number; one that no one knows is read as Western European. */
export function decodePage(bytes: readonly number[], page: number): string {
  const upper = page === 437 ? IBM_437 : page === 850 ? IBM_850 : null;
  if (upper !== null)
    return bytes.map((b) => (b < 128 ? String.fromCharCode(b) : (upper[b - 128] ?? ""))).join("");
  let decoder = decoders.get(page);
  if (decoder === undefined) {
    const label = labels[page] ?? (page >= 1250 && page <= 1258 ? `windows-${page}` : "windows-1252");
    decoder = new TextDecoder(label);
    if (decoders.size < 100) decoders.set(page, decoder);
  }
  return decoder.decode(Uint8Array.from(bytes));
}

// One is made in the time in which it reads a page.
const decoders = new Map<number, InstanceType<typeof TextDecoder>>();
