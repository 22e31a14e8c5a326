import { BLOCK, blocksOf, impactsOf, type OpenList, readBlock, sizeOfBlock } from "./postings.ts";
import { type Shown, shownWithin } from "./view.ts";

/** A list that is gone through in order, block by block. Blocks are read when they are looked into. */
export type Cursor = {
  blocks: number;
  /** The last ordinal of a block. */
  last: (block: number) => number;
  size: (block: number) => number;
  /** Calls back for pairs of frequency and length class that no passage of the block beats. */
  impacts: (block: number, each: (tf: number, length: number) => void) => void;
  /** Reads the block into `ordinals` and `tfs`, unless it is there already. */
  read: (block: number) => void;
  ordinals: Uint32Array;
  tfs: Uint8Array;
};

export function cursorOf(list: OpenList, lengths: Uint8Array): Cursor {
  const ordinals = new Uint32Array(Math.min(BLOCK, list.df));
  const tfs = new Uint8Array(ordinals.length);
  let present = -1;
  const read = (block: number): void => {
    if (block === present) return;
    readBlock(list, block, ordinals, tfs);
    present = block;
  };
  return {
    blocks: blocksOf(list),
    last: (block) => list.lasts[block] ?? 0,
    size: (block) => sizeOfBlock(list, block),
    impacts: (block, each) => {
      if (list.impacts !== null) return impactsOf(list, block, each);
      read(block);
      for (let i = 0; i < ordinals.length; i += 1) each(tfs[i] ?? 0, lengths[ordinals[i] ?? 0] ?? 0);
    },
    read,
    ordinals,
    tfs,
  };
}

/** Passages of several words taken together, each with the frequency 1. */
export function cursorOver(all: Uint32Array, lengths: Uint8Array): Cursor {
  const ordinals = new Uint32Array(Math.min(BLOCK, all.length));
  const tfs = new Uint8Array(ordinals.length).fill(1);
  const size = (block: number): number => Math.max(0, Math.min(BLOCK, all.length - block * BLOCK));
  return {
    blocks: Math.ceil(all.length / BLOCK),
    last: (block) => all[block * BLOCK + size(block) - 1] ?? 0,
    size,
    impacts: (block, each) => {
      let shortest = 255;
      for (let i = block * BLOCK; i < block * BLOCK + size(block); i += 1) {
        shortest = Math.min(shortest, lengths[all[i] ?? 0] ?? 0);
      }
      each(1, shortest);
    },
    read: (block) => ordinals.set(all.subarray(block * BLOCK, block * BLOCK + size(block))),
    ordinals,
    tfs,
  };
}

/** In how many shown passages the word is. Blocks of which all or none are shown are not read. */
export function shownIn(list: OpenList, shown: Shown): number {
  const { mask } = shown;
  if (mask === null) return list.df;
  if (shown.count === 0) return 0;
  const ordinals = new Uint32Array(BLOCK);
  const tfs = new Uint8Array(BLOCK);
  let count = 0;
  for (let block = 0, from = 0; block < blocksOf(list); block += 1) {
    const to = (list.lasts[block] ?? 0) + 1;
    const within = shownWithin(shown, from, to);
    if (within === to - from) count += sizeOfBlock(list, block);
    else if (within > 0) {
      readBlock(list, block, ordinals, tfs);
      for (let i = 0; i < sizeOfBlock(list, block); i += 1) count += mask[ordinals[i] ?? 0] ?? 0;
    }
    from = to;
  }
  return count;
}
