import { characters, type Place } from './text.ts';

/** What a syntax error is likely about, where the text is meant for psql and not for a server. */
interface Explained {
  readonly hint?: string;
  readonly next?: string;
}

function lineAt(text: string, line: number): string {
  return text.split('\n')[line - 1] ?? '';
}

/**
 * A second look at a text that does not parse: commands and variables of psql, and rows of a COPY, are no SQL. No server
 * understands them, and no migration tool sends them on.
 */
export function explainSyntax(text: string, { line, column }: Place): Explained {
  const found = lineAt(text, line);
  const rest = characters(found)
    .slice(column - 1)
    .join('');
  const meta = /^\\([a-z!?]+|\.)/i.exec(rest);
  if (meta !== null) {
    return {
      hint: `\`${meta[0]}\` is a command of psql, which the server does not know`,
      next: 'take commands of psql out of the file: migrations are sent to the server as they are',
    };
  }
  const before = text
    .split('\n')
    .slice(0, line - 1)
    .join('\n');
  if (/\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;[^;]*$/i.test(before)) {
    return {
      hint: 'these look like the rows of a COPY ... FROM stdin, which only psql can read from a file',
      next: 'write the rows as INSERT, or load them with the data (`--data`)',
    };
  }
  if (/^:['"]?[a-z_{]/i.test(rest)) {
    return {
      hint: `\`${/^:['"{]?\w+['"}]?/.exec(rest)?.[0] ?? ':'}\` looks like a variable of psql, which the server does not know`,
      next: 'write the value itself into the file',
    };
  }
  const before_on_line = found.slice(0, found.length - rest.length);
  if (/^\$\{?$/.test(before_on_line.slice(-2)) || rest.startsWith('${')) {
    return {
      hint: '`${...}` looks like a placeholder that a tool fills in before it runs the file',
      next: 'give the file as it is after its placeholders are filled in',
    };
  }
  return {};
}
