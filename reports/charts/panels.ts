import type { CustomSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { Answers } from '../model/answers.ts';
import { podsByRelease } from '../model/pods.ts';
import type { RunFacts } from '../model/run-facts.ts';
import type { Box, Layout, PanelName } from './layout.ts';
import { type ColourName, colour } from './palette.ts';
import {
  allowedShare_pct,
  type Band,
  bandsOf,
  declaredWeight,
  heldWeights,
  latencyLine,
  levels,
  measuredShare_pct,
  middles,
  offset_s,
  type Point,
  rateOf,
} from './points.ts';

export type PanelSeries = LineSeriesOption | CustomSeriesOption;

/** One chart of the stack. */
export interface Panel {
  readonly title: string;
  readonly box: Box;
  readonly unit: string;
  readonly series: readonly PanelSeries[];
  readonly icons: ReadonlyMap<string, string>;
  /** False when the run holds nothing that this panel could show. */
  readonly data: boolean;
  /** Words in the middle of the panel, for example that there was nothing to count. */
  readonly note?: string;
  readonly max?: number;
  /** Leaves air above the highest value, so that a full band does not end at the edge. */
  readonly headroom?: boolean;
  readonly log?: boolean;
}

/** Icons of legends: a full box for areas, a bar for lines. */
const LINE_ICON = 'path://M0,3h16v3h-16z';
const DASH_ICON = 'path://M0,3h6v3h-6zM10,3h6v3h-6z';

/** A latency far above the median would flatten everything else: from this ratio on the axis is logarithmic. */
const LOG_RATIO = 20;

/** Ends of the share's axis that divide into four round steps. */
const SHARE_TOPS = [4, 8, 12, 20, 40, 60, 80, 100];

/** Which panels a run has: those about users where load was sent or should have been, pods where some were seen. */
export function panelNames(facts: RunFacts): readonly PanelName[] {
  const pods: readonly PanelName[] = podsByRelease(facts).size > 0 ? ['pods'] : [];
  if (facts.expectation?.of === 'messages' && facts.timeline.of('load', 'started').length === 0) return pods;
  // Nothing is rolled out in most recoveries: an empty panel would say that a weight was missed.
  const weight: readonly PanelName[] =
    facts.expectation?.of === 'recovery' && facts.weights.length === 0 ? [] : ['weight'];
  return [...weight, ...pods, 'answers', 'bad', 'latency'];
}

/** The panels, from what was declared to what users met. */
export function panelsOf(facts: RunFacts, answers: Answers, layout: Layout): readonly Panel[] {
  return [...layout.panels].map(([name, box]): Panel => {
    if (name === 'weight') return weightPanel(facts, answers, { layout, box });
    if (name === 'pods') return podsPanel(facts, box);
    if (name === 'answers') return answersPanel(facts, answers, box);
    return name === 'bad' ? badPanel(facts, answers, box) : latencyPanel(facts, answers, box);
  });
}

/** Pods that are ready, by release, held until the next change. */
function podsPanel(facts: RunFacts, box: Box): Panel {
  const icons = new Map<string, string>();
  const counts = podsByRelease(facts);
  const highest = Math.max(...[...counts.values()].flat().map(({ ready }) => ready), 1);
  const series = [...counts].map(([release, changes]) => {
    icons.set(`${release} ready`, LINE_ICON);
    const points = changes.flatMap(({ at, ready }, index): Point[] => [
      ...(index === 0 ? [] : [[offset_s(facts, at), changes[index - 1]?.ready ?? 0] satisfies Point]),
      [offset_s(facts, at), ready],
    ]);
    const last = changes.at(-1)?.ready ?? 0;
    return line(
      `${release} ready`,
      [...points, [offset_s(facts, facts.last_at), last]],
      shadeOf(facts, release),
      5,
      {
        width: 1.75,
      },
    );
  });
  return {
    title: 'Ready pods, by release',
    box,
    unit: '{value}',
    max: Math.ceil(highest / 4) * 4,
    data: series.length > 0,
    icons,
    series,
  };
}

function shadeOf(facts: RunFacts, release: string): ColourName {
  if (release === facts.stable_release) return 'stableLine';
  return release === facts.next_release ? 'next' : 'other';
}

function weightPanel(
  facts: RunFacts,
  answers: Answers,
  { layout, box }: { readonly layout: Layout; readonly box: Box },
): Panel {
  const declared = declaredWeight(facts);
  const live = heldWeights(facts, facts.live_weights);
  const measured = middles(facts, answers.bins, (bin) => measuredShare_pct(facts, bin));
  const low = levels(facts, answers.bins, (bin) => allowedShare_pct(facts, bin)?.[0]);
  const high = levels(facts, answers.bins, (bin) => allowedShare_pct(facts, bin)?.[1]);
  const highest = highestOf([declared, live, measured, high]);
  const names = {
    declared: layout.narrow ? 'declared' : 'declared weight',
    live: layout.narrow ? 'live' : 'live weight',
    measured: layout.narrow ? 'measured' : 'measured share',
    chance: layout.narrow ? 'by chance (4\u03c3)' : 'allowed by chance (4\u03c3)',
  };
  return {
    title: 'Share of traffic on the new release',
    box,
    unit: '{value} %',
    max: SHARE_TOPS.find((top) => highest * 1.04 <= top) ?? 100,
    data: declared.length > 0 || measured.some(([, value]) => value !== null),
    icons: new Map([
      [names.declared, LINE_ICON],
      ...(live.length > 0 ? [[names.live, DASH_ICON] as const] : []),
      [names.measured, 'circle'],
    ]),
    series: [
      line(names.declared, declared, 'ink', 5, { width: 2 }),
      ...(live.length > 0 ? [line(names.live, live, 'other', 6, { width: 2, type: 'dashed' })] : []),
      {
        ...line(names.measured, measured, 'next', 6, { width: 1.25 }),
        showSymbol: true,
        symbol: 'circle',
        symbolSize: answers.bins.length > 150 ? 2.5 : 4,
        itemStyle: { color: colour('next') },
      },
      between(names.chance, low, high, 'tolerance'),
    ],
  };
}

function answersPanel(facts: RunFacts, answers: Answers, box: Box): Panel {
  return {
    title: 'Answers per second, by release and status',
    box,
    unit: '{value}',
    data: answers.bins.length > 0,
    headroom: true,
    icons: new Map(),
    series: stacked(facts, answers, bandsOf(facts, answers.kinds)),
  };
}

function badPanel(facts: RunFacts, answers: Answers, box: Box): Panel {
  const bands = bandsOf(facts, answers.kinds).filter((band) => band.bad);
  return {
    title: 'Bad answers per second',
    box,
    unit: '{value}',
    data: answers.bins.length > 0,
    ...(bands.length === 0 ? { note: 'none: every answer was as promised', max: 1 } : {}),
    icons: new Map(),
    series: stacked(facts, answers, bands),
  };
}

function latencyPanel(facts: RunFacts, answers: Answers, box: Box): Panel {
  const known = [facts.stable_release, facts.next_release];
  const releases = [...new Set(answers.kinds.map((kind) => kind.release))]
    .filter((release) => release !== 'none')
    .sort((left, right) => known.indexOf(left) - known.indexOf(right));
  const icons = new Map<string, string>();
  const values: number[] = [];
  const series = releases.flatMap((release) => {
    const shade = shadeOf(facts, release);
    const p50 = latencyLine(facts, answers, release, 0.5);
    const p95 = latencyLine(facts, answers, release, 0.95);
    for (const [, value] of [...p50, ...p95]) if (value !== null) values.push(value);
    icons.set(`${release} p50`, LINE_ICON);
    icons.set(`${release} p95`, DASH_ICON);
    return [
      line(`${release} p50`, p50, shade, 5, { width: 1.75 }),
      line(`${release} p95`, p95, shade, 5, { width: 1.5, type: 'dashed' }),
    ];
  });
  values.sort((left, right) => left - right);
  const median = values[Math.floor(values.length / 2)] ?? 0;
  return {
    title:
      releases.length === 1 && facts.destroyed_at !== undefined
        ? 'Latency'
        : 'Latency of the old and the new release',
    box,
    unit: '{value} ms',
    data: values.length > 0,
    log: median > 0 && (values.at(-1) ?? 0) / median > LOG_RATIO,
    icons,
    series,
  };
}

/** Bands on top of each other: the highest sum is painted first and the lower ones over it. */
function stacked(facts: RunFacts, answers: Answers, bands: readonly Band[]): LineSeriesOption[] {
  return bands.map((band, index) =>
    area(
      band.label,
      levels(facts, answers.bins, (bin) =>
        bands.slice(0, index + 1).reduce((sum, one) => sum + rateOf(bin, one), 0),
      ),
      band.colour,
      1 + (bands.length - index) / (bands.length + 1),
    ),
  );
}

function area(name: string | undefined, data: Point[], fill: ColourName, z: number): LineSeriesOption {
  return {
    type: 'line',
    ...(name === undefined ? {} : { name }),
    data,
    z,
    showSymbol: false,
    lineStyle: { width: 0 },
    itemStyle: { color: colour(fill) },
    areaStyle: { color: colour(fill), opacity: 1, origin: 'start' },
  };
}

/** The space between two lines of the same times. */
function between(
  name: string,
  low: readonly Point[],
  high: readonly Point[],
  fill: ColourName,
): CustomSeriesOption {
  const runs: { readonly low: Point[]; readonly high: Point[] }[] = [];
  let current: { low: Point[]; high: Point[] } | undefined;
  for (const [index, point] of low.entries()) {
    const above = high[index];
    if (point[1] === null || above === undefined || above[1] === null) {
      current = undefined;
      continue;
    }
    if (!current) runs.push((current = { low: [], high: [] }));
    current.low.push(point);
    current.high.push(above);
  }
  return {
    type: 'custom',
    name,
    data: runs.map((_, index) => [index]),
    z: 1,
    clip: true,
    itemStyle: { color: colour(fill) },
    renderItem: (params, api) => {
      const run = runs[params.dataIndex];
      const outline = run ? [...run.high, ...run.low.toReversed()] : [];
      return {
        type: 'polygon',
        shape: { points: outline.map((point) => api.coord([point[0], point[1] ?? 0])) },
        style: { fill: colour(fill) },
      };
    },
  };
}

function line(
  name: string,
  data: Point[],
  stroke: ColourName,
  z: number,
  style: { readonly width: number; readonly type?: 'dashed' },
): LineSeriesOption {
  return {
    type: 'line',
    name,
    data,
    z,
    showSymbol: false,
    itemStyle: { color: colour(stroke) },
    lineStyle: { color: colour(stroke), ...style },
  };
}

function highestOf(lines: readonly Point[][]): number {
  let highest = 0;
  for (const points of lines) for (const [, value] of points) highest = Math.max(highest, value ?? 0);
  return highest;
}
