import type { CustomSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { EChartsCoreOption } from 'echarts/core';
import type { Backup } from '../model/recovery/backups.ts';
import type { OrderBins, OrderFate } from '../model/recovery/order-bins.ts';
import type { Recovery } from '../model/recovery/recovery.ts';
import { FATE_WORDS } from '../model/recovery/words.ts';
import { type TimeAxis, timeAxisOf, timeLabel } from './layout.ts';
import { FONT } from './option.ts';
import { type ColourName, colour } from './palette.ts';
import type { Point } from './points.ts';
import { type ChartText, renderOption } from './render.ts';

const FATE_COLOURS: Readonly<Record<OrderFate, ColourName>> = {
  kept: 'next',
  accepted: 'other',
  unknown: 'pending',
  refused: 'stable',
  changed: 'badSoft',
  lost: 'bad',
};

const PLOT_PX = 170;
const LANE_PX = 24;
const AXIS_PX = 46;
/** Height of a line of names above the lane. */
const NAME_PX = 13;
/** The lane of backups, and the plot of orders. */
const LANE_GRID = 0;
const PLOT_GRID = 1;

/** What the chart of orders is drawn from. */
export interface OrderChart {
  readonly recovery: Recovery;
  readonly bins: OrderBins;
  /** The moment that times are counted from. */
  readonly origin: number;
}

/** Orders on a time axis, by what became of them, below the backups; the loss and the way back are marked. */
export function renderOrders(chart: OrderChart, width: number, text: ChartText): string {
  const narrow = width < 600;
  const legend_rows = narrow ? Math.ceil(chart.bins.fates.length / 2) : 1;
  const top = 10 + legend_rows * 18 + 2 * NAME_PX + 8;
  const height = top + LANE_PX + PLOT_PX + AXIS_PX;
  return renderOption(optionOf(chart, width, top), { width, height }, text);
}

function optionOf(chart: OrderChart, width: number, top: number): EChartsCoreOption {
  const { bins, origin, recovery } = chart;
  const narrow = width < 600;
  const [left, right] = narrow ? [62, 26] : [84, 24];
  const offset_s = (at: number): number => (at - origin) / 1000;
  const first = offset_s(bins.bins[0]?.from ?? origin);
  const last = offset_s(bins.bins.at(-1)?.to ?? origin);
  const axis = timeAxisOf(first, last, Math.floor((width - left - right) / (narrow ? 56 : 72)));
  const x = (grid: number, labels: boolean): object => ({
    gridIndex: grid,
    type: 'value',
    min: axis.min_s,
    max: axis.max_s,
    interval: axis.step_s,
    ...(labels
      ? {
          name: 'time from the loss',
          nameLocation: 'middle',
          nameGap: 26,
          nameTextStyle: { color: colour('muted'), fontSize: 11 },
        }
      : {}),
    axisLabel: {
      show: labels,
      color: colour('muted'),
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number) => timeLabel(value, axis),
    },
    axisLine: { show: labels, lineStyle: { color: colour('axis') }, onZero: false },
    axisTick: { show: labels, lineStyle: { color: colour('axis') } },
    splitLine: { show: true, lineStyle: { color: colour('grid') } },
  });
  const box = { left, right, outerBoundsMode: 'none' };
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: FONT, fontSize: 12, color: colour('ink') },
    grid: [
      { ...box, top, height: LANE_PX },
      { ...box, top: top + LANE_PX, height: PLOT_PX },
    ],
    xAxis: [x(0, false), x(1, true)],
    yAxis: [
      {
        gridIndex: 0,
        type: 'category',
        data: ['backups'],
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: colour('muted'), fontSize: 11 },
      },
      {
        gridIndex: 1,
        type: 'value',
        min: 0,
        splitNumber: 3,
        boundaryGap: [0, '6%'],
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: colour('muted'), fontSize: 11, formatter: '{value}' },
        splitLine: { lineStyle: { color: colour('grid') } },
      },
    ],
    legend: {
      data: bins.fates.map((fate) => ({ name: FATE_WORDS[fate], icon: 'rect' })),
      left: narrow ? 4 : left - 4,
      top: 4,
      padding: 0,
      itemGap: narrow ? 18 : 30,
      itemWidth: 16,
      itemHeight: 9,
      selectedMode: false,
      textStyle: { color: colour('muted'), fontSize: 11 },
    },
    series: [
      ...bandSeries(chart),
      ...momentSeries(recovery, offset_s),
      backupSeries(recovery, offset_s, axis),
    ],
  };
}

/** Bands on top of each other: the highest sum is painted first and the lower ones over it. */
function bandSeries({ bins, origin }: OrderChart): readonly LineSeriesOption[] {
  const { fates } = bins;
  return fates.map((fate, index) => ({
    type: 'line',
    name: FATE_WORDS[fate],
    xAxisIndex: 1,
    yAxisIndex: 1,
    silent: true,
    showSymbol: false,
    z: 1 + (fates.length - index) / (fates.length + 1),
    lineStyle: { width: 0 },
    itemStyle: { color: colour(FATE_COLOURS[fate]) },
    areaStyle: { color: colour(FATE_COLOURS[fate]), opacity: 1, origin: 'start' },
    data: bins.bins.flatMap(({ from, to, counts }): Point[] => {
      const sum = fates.slice(0, index + 1).reduce((total, one) => total + counts[one], 0);
      const rate = sum / Math.max((to - from) / 1000, 0.001);
      return [
        [(from - origin) / 1000, rate],
        [(to - origin) / 1000, rate],
      ];
    }),
  }));
}

/** A band from the loss to the first good answer, and a line where each moment was: through the plot, named above the lane. */
function momentSeries(recovery: Recovery, offset_s: (at: number) => number): readonly LineSeriesOption[] {
  const { lost, first_answer_at, steady_at } = recovery;
  const moments = [
    { name: 'lost', at: lost?.at, stroke: 'bad', line: 0 },
    // On a line of its own: it is close to the steady state.
    { name: 'first answer', at: first_answer_at, stroke: 'ink', line: 1 },
    { name: 'steady', at: steady_at, stroke: 'ink', line: 0 },
  ] as const;
  const through = (grid: number): LineSeriesOption => ({
    type: 'line',
    xAxisIndex: grid,
    yAxisIndex: grid,
    data: [],
    silent: true,
    markLine: {
      silent: true,
      symbol: 'none',
      z: 6,
      data: moments.flatMap(({ name, at, stroke, line }) =>
        at === undefined
          ? []
          : [
              {
                name,
                xAxis: offset_s(at),
                lineStyle: { color: colour(stroke), width: 1.25, type: 'dashed' as const },
                label: {
                  show: grid === LANE_GRID,
                  formatter: '{b}',
                  position: 'end' as const,
                  distance: 3 + line * NAME_PX,
                  color: colour(stroke),
                  fontSize: 11,
                },
              },
            ],
      ),
    },
  });
  if (!lost || first_answer_at === undefined) return [through(LANE_GRID), through(PLOT_GRID)];
  const markArea = {
    silent: true,
    itemStyle: { color: colour('fault') },
    data: [[{ xAxis: offset_s(lost.at) }, { xAxis: offset_s(first_answer_at) }]] satisfies [
      { xAxis: number },
      { xAxis: number },
    ][],
  };
  return [through(LANE_GRID), { ...through(PLOT_GRID), markArea }];
}

const BACKUP_COLOURS: Readonly<Record<Backup['state'], ColourName>> = {
  taken: 'stableLine',
  restored: 'next',
  refused: 'bad',
};

/** A ring for a backup that was taken, a disc for the one that was restored, a cross for one that was refused. */
function backupSeries(
  { backups }: Recovery,
  offset_s: (at: number) => number,
  axis: TimeAxis,
): CustomSeriesOption {
  const shown = backups.filter(({ taken_at }) => {
    const at_s = offset_s(taken_at);
    return at_s >= axis.min_s && at_s <= axis.max_s;
  });
  return {
    type: 'custom',
    silent: true,
    z: 8,
    xAxisIndex: 0,
    yAxisIndex: 0,
    data: shown.map((_, index) => [index]),
    renderItem: (params, api) => {
      const backup = shown[params.dataIndex];
      if (backup === undefined) return { type: 'group', children: [] };
      const [x = 0, y = 0] = api.coord([offset_s(backup.taken_at), 0]);
      const stroke = colour(BACKUP_COLOURS[backup.state]);
      const line = (x1: number, y1: number, x2: number, y2: number) => ({
        type: 'line' as const,
        shape: { x1: x + x1, y1: y + y1, x2: x + x2, y2: y + y2 },
        style: { stroke, lineWidth: 2.5 },
      });
      if (backup.state === 'refused') {
        return { type: 'group', children: [line(-5, -5, 5, 5), line(-5, 5, 5, -5)] };
      }
      return {
        type: 'circle',
        shape: { cx: x, cy: y, r: backup.state === 'restored' ? 6 : 4 },
        style: backup.state === 'restored' ? { fill: stroke } : { fill: 'none', stroke, lineWidth: 2 },
      };
    },
  };
}
