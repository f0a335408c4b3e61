import { distance } from 'fastest-levenshtein';

/** How many typos lie between two words: letters too many, too few or wrong. Two neighbours that are swapped are one typo. */
export function typosBetween(one: string, other: string): number {
  const at = [...one].findIndex((letter, i) => letter !== other[i]);
  const swapped = at < 0 ? one : `${one.slice(0, at)}${one[at + 1] ?? ''}${one[at]}${one.slice(at + 2)}`;
  return swapped === other && one !== other ? 1 : distance(one, other);
}

/** The known word with the fewest typos, where no more than a third of the letters is wrong. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 50) return undefined;
  let best = { typos: Math.max(1, Math.floor(word.length / 3)) + 1, name: undefined as string | undefined };
  for (const name of known) {
    const typos = typosBetween(word, name);
    if (typos < best.typos) best = { typos, name };
  }
  return best.name;
}
