import { h, type JSX } from 'preact';

const WIDE_PX = 1080;
const NARROW_PX = 360;

/** A chart twice: once for wide pages and print, once for narrow ones. */
export function ChartFigure(props: {
  /** Prefix of ids, unique within the page. */
  readonly id: string;
  /** The SVG, made by the chart library, which escapes every text in it. */
  readonly draw: (width: number, id: string) => string;
}): JSX.Element {
  const { id, draw } = props;
  const chart = (kind: 'wide' | 'narrow', width: number): JSX.Element =>
    h('div', {
      class: `chart ${kind}`,
      dangerouslySetInnerHTML: { __html: draw(width, `${id}-${kind}`) },
    });
  return h('figure', null, chart('wide', WIDE_PX), chart('narrow', NARROW_PX));
}
