import { styleText } from 'node:util';

/** How a piece of text is shown where colours are. */
export type Style = 'dim' | 'bold' | 'green' | 'red' | 'yellow' | 'cyan';
export type Painter = (style: Style, text: string) => string;

export function painter(colour: boolean): Painter {
  // The caller has decided; styleText must not look at this process's own streams again.
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** Control characters would let a message from the cluster move the cursor or recolour the terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}

export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}\u2026`;
}

/** Breaks at spaces; a word longer than the column is cut. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width) line = longer;
    else {
      if (line !== '') lines.push(line);
      line = cut(word, width);
    }
  }
  return [...lines, line];
}
