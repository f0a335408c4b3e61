import { distance } from 'fastest-levenshtein';

/** Names that are short have other words of their own near by. */
const LONG = 8;

/** A sentence for each variable whose name is a typo away from that of a setting. */
export function findMisspelt(variables: string[], settings: string[]): string[] {
  return variables
    .filter((variable) => !settings.includes(variable))
    .flatMap((variable) => {
      const meant = settings.find((setting) => isTypoOf(variable, setting));
      return meant ? [`${variable} is not a setting and has no effect: did you mean ${meant}?`] : [];
    });
}

/** A letter too many, too few or wrong; in a long name two, as when they are swapped; or another case or separator. */
function isTypoOf(variable: string, setting: string): boolean {
  const name = variable.toUpperCase().replaceAll(/[-.]/g, '_');
  return distance(name, setting) <= (setting.length < LONG ? 1 : 2);
}
