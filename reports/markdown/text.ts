/** A table whose cells are text, whatever they hold. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells, index) =>
    // The second line rules off the head: its dashes are markup, all else is text.
    index === 1 ? `| ${cells.join(' | ')} |` : `| ${cells.map(plain).join(' | ')} |`,
  );
}

/** Text from the run must stay text: no markup, no line breaks, no column of its own. */
export function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|#~]/g, String.raw`\$&`);
}
