import { CustomChart, LineChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type ChartInput, chartOption } from './option.ts';

use([
  CustomChart,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  SVGRenderer,
  TitleComponent,
]);

/** Words for those who do not see the chart. */
export interface ChartText {
  /** Prefix of ids, unique within the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/** The stacked charts as an SVG element for a page of the given width. The same input gives the same text. */
export function renderChart(input: ChartInput, width: number, text: ChartText): string {
  const { option, height } = chartOption(input, width);
  return renderOption(option, { width, height }, text);
}

/** An ECharts option as an SVG element. */
export function renderOption(
  option: EChartsCoreOption,
  { width, height }: { readonly width: number; readonly height: number },
  text: ChartText,
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return labelled(chart.renderToSVGString(), text);
  } finally {
    chart.dispose();
  }
}

/** Gives the SVG its accessible name, and ids that neither clash within the page nor change between renderings. */
function labelled(svg: string, text: ChartText): string {
  const ids = `${text.id}-title ${text.id}-desc`;
  return (
    svg
      // Rules for hovering have no use without a pointer, and their names count up from run to run.
      .replaceAll(/<style[^>]*>[\s\S]*?<\/style>/g, '')
      .replaceAll(/ (?:class="zr[^"]*"|ecmeta_\w+="[^"]*"|xmlns(?::xlink)?="[^"]*")/g, '')
      .replaceAll(/\bzr\d+-/g, `${text.id}-`)
      .replace(/^<svg /, `<svg role="img" aria-labelledby="${ids}" `)
      .replace(
        /^(<svg [^>]*>)/,
        `$1<title id="${text.id}-title">${escaped(text.title)}</title><desc id="${text.id}-desc">${escaped(text.description)}</desc>`,
      )
  );
}

function escaped(text: string): string {
  // A function as replacement would be needed for `$`; doubling it keeps `String.replace` from reading it.
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('$', '$$$$');
}
