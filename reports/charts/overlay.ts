import type { LineSeriesOption } from 'echarts/charts';
import { type RunFacts, releaseSpans, type Span } from '../model/run-facts.ts';
import type { LaneRow } from './lanes.ts';
import { type ColourName, colour } from './palette.ts';
import { offset_s } from './points.ts';

/** More lines than this would hide the curves: then only the grave ones are drawn. */
const LINES_MAX = 30;

/** Bands for releases and faults behind all panels, and a line through all panels for each sign. */
export function overlaySeries(facts: RunFacts, rows: readonly LaneRow[], index: number): LineSeriesOption[] {
  const signs = rows.flatMap((row) => row.signs);
  const drawn = signs.length > LINES_MAX ? signs.filter((sign) => sign.grave).slice(0, LINES_MAX) : signs;
  const base = { type: 'line' as const, xAxisIndex: index, yAxisIndex: index, data: [], silent: true };
  const areas = (spans: readonly Span[], fill: ColourName): LineSeriesOption => ({
    ...base,
    markArea: {
      silent: true,
      z: -1,
      itemStyle: { color: colour(fill) },
      data: spans.map((span) => [
        { xAxis: offset_s(facts, span.from) },
        { xAxis: offset_s(facts, span.to ?? facts.last_at) },
      ]),
    },
  });
  return [
    areas(releaseSpans(facts), 'band'),
    areas(facts.faults, 'fault'),
    {
      ...base,
      markLine: {
        silent: true,
        symbol: 'none',
        z: 4,
        label: { show: false },
        data: drawn.map((sign) => ({
          xAxis: sign.at_s,
          lineStyle: {
            color: colour(sign.grave ? 'bad' : 'markLine'),
            width: 1,
            type: sign.lane === 'chat' ? 'dotted' : sign.lane === 'alert' ? 'dashed' : 'solid',
            opacity: 0.75,
          },
        })),
      },
    },
  ];
}
