import type { CustomSeriesOption } from 'echarts/charts';
import { alertSpans, type Lane, type Mark } from '../model/marks.ts';
import { migrationOf, migrationSpans, readOnlySpans } from '../model/migration.ts';
import { type RunFacts, releaseSpans, type Span } from '../model/run-facts.ts';
import { LANE_HEIGHT, type Layout, type TimeAxis } from './layout.ts';
import { type ColourName, colour } from './palette.ts';
import { offset_s } from './points.ts';

/** A lane above the charts: what it is called and what stands in it. */
export interface LaneRow {
  readonly name: string;
  readonly bars: readonly LaneBar[];
  readonly signs: readonly Sign[];
}

interface LaneBar {
  readonly from_s: number;
  readonly to_s: number;
  readonly label: string;
  readonly colour: ColourName;
  readonly text: ColourName;
}

/** One or more marks that stand too close to be told apart. */
interface Sign {
  readonly at_s: number;
  readonly label: string;
  readonly grave: boolean;
  readonly lane: Lane;
}

/** Fills the lanes; signs that would overlap are joined. */
export function laneRows(
  facts: RunFacts,
  marks: readonly Mark[],
  axis: TimeAxis,
  plot_width: number,
): readonly LaneRow[] {
  const px_per_s = plot_width / (axis.max_s - axis.min_s);
  const signs = (lane: Lane): readonly Sign[] =>
    joined(
      facts,
      marks.filter((mark) => mark.lane === lane),
      px_per_s,
    );
  const bar = (span: Span, fill: ColourName, text: ColourName): LaneBar => ({
    from_s: offset_s(facts, span.from),
    to_s: offset_s(facts, span.to ?? facts.last_at),
    label: span.label,
    colour: fill,
    text,
  });
  const rows: LaneRow[] = [
    { name: 'phase', bars: facts.phases.map((span) => bar(span, 'phase', 'ink')), signs: [] },
    {
      name: 'release',
      bars: releaseSpans(facts).map((span) => bar(span, 'tolerance', 'ink')),
      signs: signs('release'),
    },
    { name: 'controller', bars: [], signs: signs('controller') },
    {
      name: 'alert',
      bars: alertSpans(facts).map((span) =>
        span.state === 'firing'
          ? bar({ ...span, label: 'firing' }, 'bad', 'markText')
          : bar({ ...span, label: 'pending' }, 'pending', 'ink'),
      ),
      signs: signs('alert'),
    },
    { name: 'chat', bars: [], signs: signs('chat') },
  ];
  if (facts.faults.length > 0) {
    const bars = facts.faults.map((span) => bar(span, 'fault', 'ink'));
    rows.splice(2, 0, { name: 'fault', bars, signs: signs('fault') });
  }
  if (facts.destroyed_at !== undefined)
    rows.splice(3, 0, { name: 'recovery', bars: [], signs: signs('recovery') });
  const migration = migrationOf(facts);
  if (migration) {
    const writes = readOnlySpans(migration).map((span) => bar(span, 'pending', 'ink'));
    rows.splice(
      2,
      0,
      {
        name: 'migration',
        bars: migrationSpans(migration).map((span) => bar(span, 'fault', 'ink')),
        signs: signs('migration'),
      },
      ...(writes.length > 0 ? [{ name: 'read-only', bars: writes, signs: [] }] : []),
    );
  }
  return rows.filter(({ name }) => !hasNoLane(facts, name));
}

/** Where nothing is rolled out during a recovery, the lanes of a rollout would only be empty. */
function hasNoLane(facts: RunFacts, name: string): boolean {
  const rolls_out = facts.shipped_at !== undefined || facts.weights.length > 0;
  return facts.destroyed_at !== undefined && !rolls_out && (name === 'release' || name === 'controller');
}

/** How many lanes the run needs. */
export function laneCount(facts: RunFacts): number {
  const names = ['phase', 'release', 'controller', 'alert', 'chat'];
  if (facts.faults.length > 0) names.push('fault');
  if (facts.destroyed_at !== undefined) names.push('recovery');
  const migration = migrationOf(facts);
  if (migration) names.push('migration');
  if (migration && readOnlySpans(migration).length > 0) names.push('read-only');
  return names.filter((name) => !hasNoLane(facts, name)).length;
}

function joined(facts: RunFacts, marks: readonly Mark[], px_per_s: number): readonly Sign[] {
  const groups: Mark[][] = [];
  for (const mark of marks) {
    const last = groups.at(-1);
    const start = last?.[0];
    const width = last ? signWidth(labelOf([...last, mark])) + 3 : 0;
    if (last && start && ((mark.at - start.at) / 1000) * px_per_s < width) last.push(mark);
    else groups.push([mark]);
  }
  return groups.flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const grave = group.some((mark) => mark.grave);
    return [{ at_s: offset_s(facts, first.at), label: labelOf(group), grave, lane: first.lane }];
  });
}

function labelOf(group: readonly Mark[]): string {
  const first = group[0]?.number ?? 0;
  const last = group.at(-1)?.number ?? first;
  return first === last ? String(first) : `${first}\u2013${last}`;
}

function signWidth(label: string): number {
  return Math.max(18, 8 + label.length * 6.5);
}

/** The lanes as one series drawn by hand: bars behind, signs in front. */
export function laneSeries(rows: readonly LaneRow[], layout: Layout, axis: TimeAxis): CustomSeriesOption {
  const scale = (layout.width - layout.left - layout.right) / (axis.max_s - axis.min_s);
  const x = (at_s: number): number =>
    layout.left + (Math.min(Math.max(at_s, axis.min_s), axis.max_s) - axis.min_s) * scale;
  const y = (lane: number): number => layout.lanes.top + lane * LANE_HEIGHT;
  const parts = rows.flatMap((row, lane) => [
    ...row.bars.map((bar) => barShape(bar, x(bar.from_s), x(bar.to_s), y(lane))),
    ...row.signs.map((sign) => signShape(sign, x(sign.at_s), y(lane), layout)),
  ]);
  return {
    type: 'custom',
    silent: true,
    z: 8,
    coordinateSystem: 'none',
    data: [0],
    renderItem: () => ({ type: 'group', children: parts.flat() }),
  };
}

type Shapes = NonNullable<
  Extract<ReturnType<NonNullable<CustomSeriesOption['renderItem']>>, { type: 'group' }>['children']
>;

function barShape(bar: LaneBar, from: number, to: number, top: number): Shapes {
  const width = Math.max(to - from, 2);
  const fits = bar.label.length * 6.2 + 8 <= width;
  const rect = {
    type: 'rect' as const,
    shape: { x: from, y: top + 4, width: Math.max(width - 1, 1), height: LANE_HEIGHT - 8, r: 2 },
    style: { fill: colour(bar.colour) },
  };
  if (!fits) return [rect];
  const label = {
    type: 'text' as const,
    style: {
      text: bar.label,
      x: from + width / 2,
      y: top + LANE_HEIGHT / 2,
      align: 'center' as const,
      verticalAlign: 'middle' as const,
      fontSize: 11,
      fill: colour(bar.text),
    },
  };
  return [rect, label];
}

function signShape(sign: Sign, at: number, top: number, layout: Layout): Shapes {
  const width = signWidth(sign.label);
  // A joined sign stands at its first mark and grows to the right, as far as the plot allows.
  const left = Math.min(at - 9, layout.width - width - 2);
  return [
    {
      type: 'rect',
      shape: { x: left, y: top + 4, width, height: LANE_HEIGHT - 8, r: 9 },
      style: { fill: colour(sign.grave ? 'bad' : 'mark') },
    },
    {
      type: 'text',
      style: {
        text: sign.label,
        x: left + width / 2,
        y: top + LANE_HEIGHT / 2,
        align: 'center',
        verticalAlign: 'middle',
        fontSize: 11,
        fontWeight: 'bold',
        fill: colour('markText'),
      },
    },
  ];
}
