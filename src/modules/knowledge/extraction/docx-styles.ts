import type { Package } from "./ooxml.ts";

/** What a style says of paragraphs, as far as reading needs it. `outline` counts from 0; 9 is body text. */
type Style = {
  name: string;
  basedOn?: string;
  outline?: number;
  numbering?: string;
  level?: number;
  hidden?: boolean;
};

export type Styles = {
  /** Its level as a heading from 1, its own or one that it inherits; null for body text. */
  heading(id: string | undefined): number | null;
  isTitle(id: string | undefined): boolean;
  /** The list that paragraphs of the style are numbered in. */
  numbering(id: string | undefined): { numbering: string; level: number | undefined } | null;
  hidden(id: string | undefined): boolean;
};

// Every language of the office suite keeps the English names of its own styles inside; other programs write what they show.
const HEADING =
  /^(?:heading|überschrift|titre|título|titulo|titolo|kop|rubrik|overskrift|nagłówek|nadpis|otsikko|заголовок|标题|見出し|제목)\s?([1-9])$/i;
const DEEPEST = 20;

/** Reads a styles part. */
export async function readStyles(pack: Package, part: string | undefined): Promise<Styles> {
  const styles = new Map<string, Style>();
  let style: Style | undefined;
  await pack.read(part, {
    open(name, attribute) {
      const value = attribute("w:val");
      if (name === "w:style") {
        style = { name: "" };
        styles.set(attribute("w:styleId") ?? "", style);
      } else if (style === undefined) return;
      else if (name === "w:name") style.name = value ?? "";
      else if (name === "w:basedOn" && value !== undefined) style.basedOn = value;
      else if (name === "w:outlineLvl") style.outline = Number(value);
      else if (name === "w:numId" && value !== undefined) style.numbering = value;
      else if (name === "w:ilvl") style.level = Number(value);
      else if (name === "w:vanish") style.hidden = isOn(value);
    },
    close(name) {
      if (name === "w:style") style = undefined;
    },
  });

  /** The first answer among a style and those that it is based on, itself first; a circle ends. */
  function inherited<T>(id: string | undefined, look: (style: Style) => T | undefined): T | undefined {
    for (let depth = 0, at = id; at !== undefined && depth < DEEPEST; depth++) {
      const found = styles.get(at);
      if (found === undefined) return undefined;
      const value = look(found);
      if (value !== undefined) return value;
      at = found.basedOn;
    }
    return undefined;
  }
  return {
    heading(id) {
      const outline = inherited(id, (found) => found.outline ?? named(found.name));
      if (outline === undefined) return inherited(id, isTitle) ? 1 : null;
      return outline >= 0 && outline < 9 ? outline + 1 : null;
    },
    isTitle: (id) => inherited(id, isTitle) === true,
    numbering(id) {
      const numbering = inherited(id, (found) => found.numbering);
      return numbering === undefined ? null : { numbering, level: inherited(id, (found) => found.level) };
    },
    hidden: (id) => inherited(id, (found) => found.hidden) === true,
  };
}

/** How a property without children is said: present is on, unless its value says otherwise. */
export function isOn(value: string | undefined): boolean {
  return value === undefined || !/^(?:0|false|off)$/i.test(value);
}

const named = (name: string) => {
  const level = HEADING.exec(name)?.[1];
  return level === undefined ? undefined : Number(level) - 1;
};
const isTitle = ({ name }: Style) => (/^title$/i.test(name) ? true : undefined);
