import { type ComponentChild, h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { STYLES } from './styles.ts';

/** Nothing may be loaded and no script may run: the page is only what stands in it, even with hostile text. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A self-contained page: no network, no script, light and dark, printable. */
export function pageOf(title: string, ...content: readonly ComponentChild[]): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('link', { rel: 'icon', href: 'data:,' }),
      h('title', null, title),
      h('style', { dangerouslySetInnerHTML: { __html: STYLES } }),
    ),
    h('body', null, h('main', null, ...content)),
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}
