import type { EChartsCoreOption } from 'echarts/core';
import type { Proportion } from '#harness/core/statistics/proportion.ts';
import type { AccuracyRow } from '../contracts/accuracy.ts';
import { FONT } from './option.ts';
import { colour } from './palette.ts';
import { type ChartText, renderOption } from './render.ts';

const ROW_PX = 46;
const TOP_PX = 34;
const BOTTOM_PX = 44;

/** Positions that ECharts gives a custom series. */
interface Api {
  value(dimension: number): number;
  coord(point: readonly [number, number]): readonly [number, number];
}

/** One judge's share of releases rolled back, case by case: a point in its interval, a little above or below the row's middle. */
function judgeSeries(
  name: string,
  points: readonly (readonly [share: number, row: number, low: number, high: number])[],
  { fill, offset_px }: { readonly fill: string; readonly offset_px: number },
): object {
  return {
    type: 'custom',
    name,
    itemStyle: { color: fill },
    data: points.map((point) => [...point]),
    renderItem: (_params: unknown, api: Api) => {
      const row = api.value(1);
      const [x, middle] = api.coord([api.value(0), row]);
      const y = middle + offset_px;
      const [from] = api.coord([api.value(2), row]);
      const [to] = api.coord([api.value(3), row]);
      const line = (x1: number, y1: number, x2: number, y2: number): object => ({
        type: 'line',
        shape: { x1, y1, x2, y2 },
        style: { stroke: fill, lineWidth: 2 },
      });
      return {
        type: 'group',
        children: [
          line(from, y, to, y),
          line(from, y - 4, from, y + 4),
          line(to, y - 4, to, y + 4),
          { type: 'circle', shape: { cx: x, cy: y, r: 5 }, style: { fill } },
        ],
      };
    },
  };
}

/** In percent. */
function share({ trials, hits }: Proportion): number {
  return trials === 0 ? 0 : (100 * hits) / trials;
}

function optionOf(rows: readonly AccuracyRow[], width: number): EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: FONT, fontSize: 12, color: colour('ink') },
    legend: {
      left: 0,
      top: 0,
      icon: 'circle',
      itemGap: 28,
      itemWidth: 12,
      textStyle: { color: colour('ink') },
      data: ['controller', 'reference judge'],
    },
    grid: {
      left: width < 500 ? 118 : 210,
      right: 24,
      top: TOP_PX,
      bottom: BOTTOM_PX,
      outerBoundsMode: 'none',
    },
    xAxis: {
      type: 'value',
      min: 0,
      max: 100,
      name: 'releases rolled back, %',
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: { color: colour('muted') },
      axisLabel: { color: colour('muted') },
      splitLine: { lineStyle: { color: colour('grid') } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map(({ case: name, controller_name, expected }) => {
        const wanted = expected === 'rollback' ? 'to be rolled back' : 'to be promoted';
        return width < 500 ? `${name}\n${controller_name}` : `${name}, ${controller_name}\n${wanted}`;
      }),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour('axis') } },
      axisLabel: { color: colour('ink'), lineHeight: 15 },
    },
    series: [
      judgeSeries(
        'controller',
        rows.map(({ rolled_back }, index) => [
          share(rolled_back),
          index,
          100 * rolled_back.low,
          100 * rolled_back.high,
        ]),
        { fill: colour('next'), offset_px: -7 },
      ),
      judgeSeries(
        'reference judge',
        rows.map(({ reference_rolled_back: found }, index) => [
          share(found),
          index,
          100 * found.low,
          100 * found.high,
        ]),
        { fill: colour('other'), offset_px: 7 },
      ),
    ],
  };
}

/** How often each judge rolled each kind of release back, with intervals of 95 %. */
export function renderAccuracyChart(rows: readonly AccuracyRow[], width: number, text: ChartText): string {
  const height = TOP_PX + BOTTOM_PX + ROW_PX * rows.length;
  return renderOption(optionOf(rows, width), { width, height }, text);
}
