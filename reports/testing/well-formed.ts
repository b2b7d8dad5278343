/** Elements of HTML that have no end tag. */
const VOID = new Set(['meta', 'link', 'br', 'hr', 'img', 'input']);

/**
 * What is wrong with the nesting and quoting of a piece of XML, or of the HTML that our renderer writes.
 * Undefined when nothing is: enough of a parser to notice text that broke out of its place.
 */
export function markupFault(markup: string): string | undefined {
  const open: string[] = [];
  const body = markup.replace(/^<\?xml[^>]*\?>\s*/, '').replace(/^<!doctype html>\s*/, '');
  let rest = body.replaceAll(/<style>[^<]*<\/style>/g, '');
  while (rest !== '') {
    const text = /^[^<]+/.exec(rest)?.[0];
    if (text !== undefined) {
      const stray = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/.exec(text);
      if (stray) return `bare ampersand in ${text.slice(0, 60)}`;
      rest = rest.slice(text.length);
      continue;
    }
    const tag = /^<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/.exec(rest);
    if (!tag) return `no tag at ${rest.slice(0, 80)}`;
    const [whole, end, name = '', , closed] = tag;
    if (end === '/') {
      const expected = open.pop();
      if (expected !== name) return `</${name}> where </${expected ?? 'nothing'}> belongs`;
    } else if (closed !== '/' && !VOID.has(name)) open.push(name);
    rest = rest.slice(whole.length);
  }
  return open.length === 0 ? undefined : `<${open.at(-1)}> has no end`;
}
