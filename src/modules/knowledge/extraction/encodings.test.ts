import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "./encodings.ts";
import { languageOf } from "./language.ts";
import { sampler } from "./sample.ts";

const lease: Readonly<Record<string, string>> = {
  en: "The tenant may end this lease by notice in writing, given six months before the end of a quarter.",
  de: "Der Mieter kann den Vertrag mit einer Frist von sechs Monaten kündigen. Die Miete für größere Räume beträgt 400.",
  fr: "Le locataire peut résilier le bail à tout moment, après avoir prévenu le propriétaire. Ça, c'était l'été.",
  pl: "Najemca może wypowiedzieć umowę z zachowaniem sześciomiesięcznego okresu. Zażółć gęślą jaźń, ściana, łódź.",
  cs: "Nájemce může smlouvu vypovědět s šestiměsíční výpovědní lhůtou. Příliš žluťoučký kůň úpěl ďábelské ódy.",
  ru: "Арендатор может расторгнуть договор, предупредив за шесть месяцев. Это письмо о квартире и ключах.",
  uk: "Орендар може розірвати договір, попередивши за шість місяців. Це лист про їжу та ґанок.",
  el: "Ο μισθωτής μπορεί να καταγγείλει τη σύμβαση με προθεσμία έξι μηνών. Άλλη μία επιστολή.",
  tr: "Kiracı altı ay önceden bildirerek sözleşmeyi feshedebilir. Şu anda çok güzel bir gün, değil mi? İğne ağacı.",
  he: "השוכר רשאי לסיים את החוזה בהודעה של שישה חודשים מראש. זה מכתב על הדירה.",
  ar: "يجوز للمستأجر إنهاء العقد بإشعار مدته ستة أشهر. هذه رسالة حول الشقة والمفاتيح.",
  lt: "Nuomininkas gali nutraukti sutartį įspėjęs prieš šešis mėnesius. Žąsys ir ąžuolas.",
  ja: "借主は六か月前に通知することにより契約を解約できます。これはアパートについての手紙です。",
  zh: "承租人可以提前六个月通知终止合同。这是一封关于公寓的信。请把钥匙还给房东。",
  ko: "임차인은 6개월 전에 통지하여 계약을 해지할 수 있습니다. 이것은 아파트에 관한 편지입니다.",
};

/** Text to bytes, by turning the platform's decoder round: all it decodes, byte by byte and pair by pair. */
function encoded(text: string, label: string): Buffer {
  const table = tables.get(label) ?? tableOf(label);
  tables.set(label, table);
  return Buffer.from(
    [...text].flatMap((character) => {
      const bytes = table.get(character);
      assert.ok(bytes, `${character} is not in ${label}`);
      return bytes;
    }),
  );
}

const tables = new Map<string, Map<string, number[]>>();

function tableOf(label: string): Map<string, number[]> {
  const decoder = new TextDecoder(label);
  const table = new Map<string, number[]>();
  for (let a = 0; a < 256; a++) {
    const one = decoder.decode(Uint8Array.of(a));
    if (one.length === 1 && one !== "\uFFFD" && !table.has(one)) table.set(one, [a]);
    if (a < 0x81 || !/jis|euc|gb|big5/.test(label)) continue;
    for (let b = 0x40; b < 256; b++) {
      const two = decoder.decode(Uint8Array.of(a, b));
      if (two.length === 1 && two !== "\uFFFD" && !table.has(two)) table.set(two, [a, b]);
    }
  }
  return table;
}

const pairs: [language: string, ...labels: string[]][] = [
  ["de", "windows-1252"],
  ["fr", "windows-1252", "iso-8859-15"],
  ["pl", "windows-1250", "iso-8859-2"],
  ["cs", "windows-1250", "iso-8859-2"],
  ["ru", "windows-1251", "koi8-r", "iso-8859-5"],
  ["uk", "windows-1251", "koi8-u"],
  ["el", "windows-1253", "iso-8859-7"],
  ["tr", "windows-1254"],
  ["he", "windows-1255"],
  ["ar", "windows-1256", "iso-8859-6"],
  ["lt", "windows-1257"],
  ["ja", "shift_jis", "euc-jp"],
  ["zh", "gb18030"],
  ["ko", "euc-kr"],
];

test("old encodings are told by their letters", () => {
  for (const [language, ...labels] of pairs) {
    for (const label of labels) {
      const text = lease[language] ?? "";
      assert.equal(decodeText(encoded(text, label)), text, `${language} in ${label}`);
      // After pages of plain numbers too.
      const late = `${"12 34 56 78\n".repeat(20_000)}${text}`;
      assert.ok(decodeText(encoded(late, label)).endsWith(text), `${language} in ${label}, late`);
    }
  }
  const big5 = "承租人可以提前六個月通知終止合同。這是一封關於公寓的信。請把鑰匙還給房東。";
  assert.equal(decodeText(encoded(big5, "big5")), big5);
});

test("UTF-16 and UTF-32 with and without a mark, Japanese mail, broken UTF-8", () => {
  for (const text of [lease["en"] ?? "", lease["ru"] ?? "", `${lease["zh"]}\n${lease["ja"]}\n`]) {
    const little = Buffer.from(text, "utf16le");
    const four = Buffer.concat(
      [...text].map((c) => {
        const point = Buffer.alloc(4);
        point.writeUInt32LE(c.codePointAt(0) ?? 0);
        return point;
      }),
    );
    const big = Buffer.from(four).swap32();
    const marks = [Buffer.from("fffe0000", "hex"), Buffer.from("0000feff", "hex")];
    for (const bytes of [
      little,
      Buffer.from(little).swap16(),
      four,
      big,
      Buffer.concat([marks[0] ?? four, four]),
      Buffer.concat([marks[1] ?? big, big]),
    ])
      assert.equal(decodeText(bytes), text);
  }
  assert.equal(decodeText(Buffer.from("\x1b$B4]4]\x1b(B end", "latin1")), "丸丸 end");
  const utf8 = Buffer.from(`${lease["de"]} ${lease["ru"]}`);
  assert.equal(decodeText(utf8.subarray(0, -2)), `${utf8.subarray(0, -3).toString()}\uFFFD`);
});

test("a label is believed where the bytes allow it, and a word in Western European needs none", () => {
  const bytes = encoded("žádný", "iso-8859-2");
  assert.equal(decodeText(bytes, "iso-8859-2"), "žádný");
  assert.equal(decodeText(Buffer.from("žádný"), "iso-8859-2"), "žádný");
  assert.equal(decodeText(encoded("Müller", "windows-1252"), "utf-8"), "Müller");
  assert.equal(decodeText(encoded("Zoë’s café – €5", "windows-1252"), "no-such"), "Zoë’s café – €5");
});

test("the language of most of a text", async () => {
  const of = (...texts: string[]) => {
    const sample = sampler();
    for (const text of texts) sample.add(text);
    return languageOf(sample.pieces());
  };
  for (const [language, text] of Object.entries(lease)) assert.equal(await of(text), language);
  assert.equal(
    await of(...Array<string>(50).fill(lease["de"] ?? ""), ...Array<string>(20).fill(lease["en"] ?? "")),
    "de",
  );
  assert.equal(await of("12 34 | 56", "2024-01-01 | 7"), null);
  assert.equal(await of(""), null);
});

test("a sample of a very long text is small and from all over it", () => {
  const sample = sampler();
  for (let i = 0; i < 100_000; i++) sample.add(`piece ${i} of a text that does not end `);
  const pieces = sample.pieces();
  assert.ok(pieces.length <= 129 && pieces.join("").length < 200_000);
  assert.match(pieces.at(-1) ?? "", /piece 9\d{4}/);
});
