/** Rules write their limits in plain ASCII, for terminals and files; a page can show the proper signs. */
export function typeset(text: string): string {
  return text
    .replaceAll('<=', '\u2264')
    .replaceAll('>=', '\u2265')
    .replaceAll('+-', '\u00b1')
    .replaceAll(/(?<=[\w)%]) x (?=[\w(])/g, ' \u00d7 ');
}
