import type { CustomSeriesOption } from 'echarts/charts';
import type { EChartsCoreOption } from 'echarts/core';
import { formatDuration_ms } from '../model/format.ts';
import { type Recovery, recoveryTimeMs } from '../model/recovery/recovery.ts';
import { isPart, type RecoveryStep } from '../model/recovery/steps.ts';
import { timeAxisOf, timeLabel } from './layout.ts';
import { FONT } from './option.ts';
import { type ColourName, colour } from './palette.ts';
import { type ChartText, renderOption } from './render.ts';

const ROW_PX = 26;
const TOP_PX = 26;
const BOTTOM_PX = 46;

/** A limit further away than this many times the recovery would squeeze the steps: it is left off. */
const LIMIT_AWAY = 1.6;

const FILLS: Readonly<Record<RecoveryStep['state'], ColourName>> = {
  done: 'next',
  failed: 'bad',
  running: 'pending',
};

interface Bar {
  readonly from_s: number;
  readonly to_s: number;
  readonly label: string;
  readonly took: string;
  readonly fill: ColourName;
}

/** The steps of a recovery as bars on one time axis, each from its beginning to its end. */
export function renderWaterfall(recovery: Recovery, origin: number, width: number, text: ChartText): string {
  const { steps } = recovery;
  const height = TOP_PX + BOTTOM_PX + ROW_PX * Math.max(steps.length, 1);
  return renderOption(optionOf(recovery, origin, width), { width, height }, text);
}

function barsOf({ steps }: Recovery, origin: number): readonly Bar[] {
  const last = steps.reduce((latest, { from, to }) => Math.max(latest, to ?? from), origin);
  return steps.map(({ label, id, from, to, state }) => ({
    from_s: (from - origin) / 1000,
    to_s: ((to ?? last) - origin) / 1000,
    label,
    took: to === undefined ? 'never ended' : formatDuration_ms(to - from),
    fill: state === 'done' && isPart(id) ? 'nextSoft' : FILLS[state],
  }));
}

function optionOf(recovery: Recovery, origin: number, width: number): EChartsCoreOption {
  const narrow = width < 600;
  const bars = barsOf(recovery, origin);
  const left = narrow ? 118 : 170;
  // Room for the time that stands behind the last bar.
  const right = narrow ? 62 : 84;
  const end_s = bars.reduce((latest, { to_s }) => Math.max(latest, to_s), 1);
  const { own_budget_s, recovery_time_s } = recovery.expectation;
  const limits = [
    { name: `own budget ${own_budget_s} s`, at_s: own_budget_s },
    { name: `promised ${recovery_time_s} s`, at_s: recovery_time_s },
  ].filter(({ at_s }) => at_s <= end_s * LIMIT_AWAY);
  const from_s = bars.reduce((first, bar) => Math.min(first, bar.from_s), 0);
  const to_s = limits.reduce((latest, { at_s }) => Math.max(latest, at_s), end_s);
  const axis = timeAxisOf(from_s, to_s, Math.floor((width - left - right) / (narrow ? 56 : 72)));
  const total = recoveryTimeMs(recovery);
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: FONT, fontSize: 12, color: colour('ink') },
    grid: { left, right, top: TOP_PX, bottom: BOTTOM_PX, outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      min: axis.min_s,
      max: axis.max_s,
      interval: axis.step_s,
      name: `time from the loss${total === undefined ? '' : `; recovered after ${formatDuration_ms(total)}`}`,
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: colour('muted'), fontSize: 11 },
      axisLabel: {
        color: colour('muted'),
        fontSize: 11,
        hideOverlap: true,
        formatter: (value: number) => timeLabel(value, axis),
      },
      axisLine: { lineStyle: { color: colour('axis') }, onZero: false },
      splitLine: { lineStyle: { color: colour('grid') } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      // The names of two steps may be the same: a category is a place, not a name.
      data: bars.map((_, index) => String(index)),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        color: colour('ink'),
        fontSize: 12,
        interval: 0,
        width: left - 14,
        overflow: 'truncate',
        formatter: (index: string) => bars[Number(index)]?.label ?? '',
      },
    },
    series: [
      {
        type: 'line',
        silent: true,
        data: [],
        markLine: {
          silent: true,
          symbol: 'none',
          z: 1,
          label: {
            show: true,
            // The axis of the steps runs downwards, so a line begins at the top.
            position: 'start',
            distance: 4,
            color: colour('muted'),
            fontSize: 11,
            formatter: '{b}',
          },
          data: limits.map(({ name, at_s }) => ({
            name,
            xAxis: at_s,
            lineStyle: { color: colour('badSoft'), width: 1.25, type: 'dashed' },
          })),
        },
      },
      barSeries(bars),
    ],
  };
}

function barSeries(bars: readonly Bar[]): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    z: 4,
    data: bars.map((_, index) => [index]),
    renderItem: (params, api) => {
      const bar = bars[params.dataIndex];
      if (bar === undefined) return { type: 'group', children: [] };
      const [from = 0, middle = 0] = api.coord([bar.from_s, params.dataIndex]);
      const [to = 0] = api.coord([bar.to_s, params.dataIndex]);
      return {
        type: 'group',
        children: [
          {
            type: 'rect',
            shape: { x: from, y: middle - 7, width: Math.max(to - from, 2), height: 14, r: 2 },
            style: { fill: colour(bar.fill) },
          },
          {
            type: 'text',
            style: {
              text: bar.took,
              x: Math.max(to, from + 2) + 6,
              y: middle,
              verticalAlign: 'middle',
              fontSize: 11,
              fill: colour(bar.fill === 'bad' ? 'bad' : 'muted'),
            },
          },
        ],
      };
    },
  };
}
