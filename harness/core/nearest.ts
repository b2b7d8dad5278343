/** Number of single-letter edits that turn one word into the other (Levenshtein). */
export function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, letter] of left.split('').entries()) {
    const current = [row + 1];
    for (const [column, other] of right.split('').entries()) {
      const change = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(change, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** Names suggested at once. */
const SUGGESTIONS_MAX = 3;

/** The candidates that a mistyped word most likely meant, best first; none when nothing is near. */
export function nearest(word: string, candidates: readonly string[]): readonly string[] {
  const lastPart = word.split('/').at(-1) ?? word;
  return candidates
    .map((candidate) => {
      const part = candidate.split('/').at(-1) ?? candidate;
      const whole = editDistance(word, candidate) / Math.max(word.length, candidate.length, 1);
      const partial = editDistance(lastPart, part) / Math.max(lastPart.length, part.length, 1);
      return { candidate, distance: Math.min(whole, partial) };
    })
    .filter(({ distance }) => distance < 0.35)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ candidate }) => candidate);
}
