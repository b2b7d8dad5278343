import { secretFault } from './secret-change.ts';

const PLACES = 7;

function moved(letter: string, first: number, count: number): string {
  return String.fromCodePoint((((letter.codePointAt(0) ?? first) - first + PLACES) % count) + first);
}

/** The text with its letters and digits moved on by some places: as long as before, and nothing that it was. */
function garbled(text: string): string {
  const result = text
    .replaceAll(/[a-z]/g, (letter) => moved(letter, 97, 26))
    .replaceAll(/[A-Z]/g, (letter) => moved(letter, 65, 26))
    .replaceAll(/\d/g, (letter) => moved(letter, 48, 10));
  return result === text ? `${text}garbled` : result;
}

/** Corrupts a value of a Secret. */
export const secretCorrupt = secretFault({
  name: 'secret-corrupt',
  breaks: 'corrupts a value of a Secret; pods that start with it cannot use it',
  to: garbled,
});
