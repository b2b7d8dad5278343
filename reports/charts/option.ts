import type { EChartsCoreOption } from 'echarts/core';
import type { Answers } from '../model/answers.ts';
import type { Mark } from '../model/marks.ts';
import { NO_DATA } from '../model/format.ts';
import type { RunFacts } from '../model/run-facts.ts';
import { type LaneRow, laneCount, laneRows, laneSeries } from './lanes.ts';
import {
  type Box,
  LANE_HEIGHT,
  type Layout,
  layoutOf,
  type TimeAxis,
  timeAxisOf,
  timeLabel,
} from './layout.ts';
import { overlaySeries } from './overlay.ts';
import { type Panel, panelNames, type PanelSeries, panelsOf } from './panels.ts';
import { colour } from './palette.ts';
import { offset_s } from './points.ts';

export interface ChartInput {
  readonly facts: RunFacts;
  readonly answers: Answers;
  readonly marks: readonly Mark[];
}

// No quotes: the SVG renderer writes the family into an attribute as it is.
export const FONT = 'system-ui, Roboto, Arial, sans-serif';

/** Keeps words readable where a line runs behind them. */
const HALO = { textBorderColor: colour('halo'), textBorderWidth: 3 };

/** The stacked charts of a run as one ECharts option: lanes of signs, then panels on one time axis. */
export function chartOption(input: ChartInput, width: number): { option: EChartsCoreOption; height: number } {
  const { facts, answers, marks } = input;
  const layout = layoutOf(width, laneCount(facts), panelNames(facts));
  const plot_width = width - layout.left - layout.right;
  const axis = timeAxisOf(...shownSpan_s(input), Math.floor(plot_width / (layout.narrow ? 56 : 72)));
  const rows = laneRows(facts, marks, axis, plot_width);
  const panels = panelsOf(facts, answers, layout);
  // The overlay's grid spans lanes and panels, so that bands and lines run through without a break.
  const overlay: Box = {
    top: layout.lanes.top,
    height: layout.end - layout.lanes.top,
  };
  const boxes = [layout.lanes, ...panels.map((panel) => panel.box), overlay];
  const last = panels.length;
  const option: EChartsCoreOption = {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: FONT, fontSize: 12, color: colour('ink') },
    grid: boxes.map((box) => ({
      left: layout.left,
      right: layout.right,
      top: box.top,
      height: box.height,
      outerBoundsMode: 'none',
    })),
    xAxis: boxes.map((_, index) =>
      xAxis(index, axis, { labels: index === last, lines: index > 0 && index <= last, facts }),
    ),
    yAxis: boxes.map((_, index) => {
      const panel = panels[index - 1];
      if (index === 0) return laneAxis(rows, index);
      return panel
        ? panelAxis(panel, index)
        : { gridIndex: index, type: 'value', min: 0, max: 1, show: false };
    }),
    title: panels.flatMap((panel) => titles(panel, layout)),
    legend: panels.filter((panel) => panel.data).map((panel) => legend(panel, layout)),
    series: [
      ...overlaySeries(facts, rows, boxes.length - 1),
      ...panels.flatMap((panel, index) => panel.series.map((series) => placed(series, index + 1))),
      laneSeries(rows, layout, axis),
    ],
  };
  return { option, height: layout.height };
}

/**
 * The part of the run that the charts show: from the first measurement to the last thing that happened. Deploying
 * before and collecting evidence after would only squeeze it.
 */
function shownSpan_s({ facts, answers, marks }: ChartInput): readonly [number, number] {
  const first = answers.bins[0]?.from;
  const last = answers.bins.at(-1)?.to;
  if (first === undefined || last === undefined)
    return [offset_s(facts, facts.first_at), offset_s(facts, facts.last_at)];
  const from = Math.min(first, facts.origin, marks[0]?.at ?? first);
  const to = Math.max(last, facts.origin, marks.at(-1)?.at ?? last);
  return [offset_s(facts, from), offset_s(facts, to)];
}

function placed(series: PanelSeries, index: number): PanelSeries {
  return { ...series, xAxisIndex: index, yAxisIndex: index, silent: true };
}

function xAxis(
  index: number,
  axis: TimeAxis,
  show: { readonly labels: boolean; readonly lines: boolean; readonly facts: RunFacts },
): object {
  return {
    gridIndex: index,
    type: 'value',
    min: axis.min_s,
    max: axis.max_s,
    interval: axis.step_s,
    position: index === 0 && !show.labels ? 'top' : 'bottom',
    ...(show.labels
      ? {
          name: `time from ${show.facts.origin_name}`,
          nameLocation: 'middle',
          nameGap: 26,
          nameTextStyle: { color: colour('muted'), fontSize: 11 },
        }
      : {}),
    axisLabel: {
      show: show.labels,
      color: colour('muted'),
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number) => timeLabel(value, axis),
    },
    axisLine: {
      show: show.labels || (index > 0 && show.lines),
      lineStyle: { color: colour('axis') },
      onZero: false,
    },
    axisTick: { show: show.labels, lineStyle: { color: colour('axis') } },
    splitLine: { show: show.lines, lineStyle: { color: colour('grid') } },
  };
}

function laneAxis(rows: readonly LaneRow[], index: number): object {
  return {
    gridIndex: index,
    type: 'category',
    inverse: true,
    data: rows.map((row) => row.name),
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: colour('muted'), fontSize: 11, interval: 0, lineHeight: LANE_HEIGHT },
    splitLine: { show: true, lineStyle: { color: colour('grid') } },
  };
}

function panelAxis(panel: Panel, index: number): object {
  return {
    gridIndex: index,
    type: panel.log ? 'log' : 'value',
    ...(panel.log ? {} : { min: 0 }),
    ...(panel.max === undefined ? {} : { max: panel.max, interval: panel.max / 4 }),
    ...(panel.headroom ? { boundaryGap: [0, '6%'] } : {}),
    splitNumber: 3,
    // Without curves the scale would be invented.
    axisLabel: {
      show: panel.data && panel.note === undefined,
      color: colour('muted'),
      fontSize: 11,
      formatter: panel.unit,
    },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour('grid') } },
  };
}

function titles(panel: Panel, layout: Layout): object[] {
  const head = {
    text: panel.title,
    left: layout.narrow ? 4 : layout.left - 4,
    top: panel.box.top - (layout.narrow ? 50 : 30),
    padding: 0,
    textStyle: { fontSize: 13, fontWeight: 'bold', color: colour('ink'), ...HALO },
  };
  const note = panel.data ? panel.note : NO_DATA;
  if (note === undefined) return [head];
  const middle = {
    text: note,
    left: layout.left + (layout.width - layout.left - layout.right) / 2,
    top: panel.box.top + panel.box.height / 2 - 9,
    textAlign: 'center',
    padding: 0,
    textStyle: { fontSize: 13, fontWeight: 'normal', color: colour('muted') },
  };
  return [head, middle];
}

function legend(panel: Panel, layout: Layout): object {
  return {
    data: panel.series.flatMap((series) =>
      typeof series.name === 'string'
        ? [{ name: series.name, icon: panel.icons.get(series.name) ?? 'rect' }]
        : [],
    ),
    ...(layout.narrow ? { left: 4 } : { right: layout.right }),
    top: panel.box.top - (layout.narrow ? 30 : 31),
    padding: 0,
    itemGap: layout.narrow ? 12 : 16,
    itemWidth: 16,
    itemHeight: 9,
    selectedMode: false,
    textStyle: { color: colour('muted'), fontSize: 11, ...HALO },
  };
}
