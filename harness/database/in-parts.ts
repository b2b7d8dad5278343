/** Tables that one statement asks about: a question costs the way to the server and back, and a plan of many parts its time. */
const TABLES_MAX = 50;

/** Does something with some at a time, one after another. */
export async function inParts<Item>(
  items: readonly Item[],
  act: (part: readonly Item[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < items.length; from += TABLES_MAX) await act(items.slice(from, from + TABLES_MAX));
}
