/** Where the parts of the stacked charts lie; all panels share left, right and the time axis. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly lanes: Box;
  /** Where each panel lies, in their order from above; the end of the last is the end of the charts. */
  readonly panels: ReadonlyMap<PanelName, Box>;
  readonly end: number;
  readonly narrow: boolean;
}

export interface Box {
  readonly top: number;
  readonly height: number;
}

/** Panels below the lanes, from what was declared to what users met. */
export type PanelName = 'weight' | 'pods' | 'answers' | 'bad' | 'latency';

/** Heights on wide and on narrow pages. */
const HEIGHTS: Readonly<Record<PanelName, readonly [wide: number, narrow: number]>> = {
  weight: [128, 120],
  pods: [72, 72],
  answers: [140, 130],
  bad: [92, 90],
  latency: [128, 120],
};

/** Height of one lane of signs above the charts. */
export const LANE_HEIGHT = 26;

/** The layout for a page of the given width, in CSS pixels. */
export function layoutOf(width: number, lanes: number, panels: readonly PanelName[]): Layout {
  const narrow = width < 600;
  // A title and a legend stand above each panel: on a narrow page on two lines.
  const head = narrow ? 58 : 46;
  const axis = 8;
  const boxes = new Map<PanelName, Box>();
  let at = 8 + lanes * LANE_HEIGHT;
  for (const name of panels) {
    const height = HEIGHTS[name][narrow ? 1 : 0];
    boxes.set(name, { top: at + head, height });
    at += head + height + axis;
  }
  return {
    width,
    height: at + 42,
    left: narrow ? 62 : 84,
    right: narrow ? 18 : 24,
    lanes: { top: 8, height: lanes * LANE_HEIGHT },
    panels: boxes,
    end: panels.length === 0 ? at : at - axis,
    narrow,
  };
}

/** A time axis: round steps, both ends on a step. All in seconds from the origin. */
export interface TimeAxis {
  readonly min_s: number;
  readonly max_s: number;
  readonly step_s: number;
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 86_400];

/** The axis that shows the given span with at most `ticks` labels. */
export function timeAxisOf(from_s: number, to_s: number, ticks: number): TimeAxis {
  const span_s = Math.max(to_s - from_s, 1);
  const step_s = STEPS_S.find((step) => span_s / step <= ticks) ?? Math.ceil(span_s / ticks);
  return {
    min_s: Math.floor(from_s / step_s) * step_s,
    max_s: Math.max(Math.ceil(to_s / step_s), Math.floor(from_s / step_s) + 1) * step_s,
    step_s,
  };
}

/** `−15 s`, `0`, `+90 s` on a short axis; `+1:30` on a long one. */
export function timeLabel(value_s: number, axis: TimeAxis): string {
  if (Math.abs(value_s) < 1e-9) return '0';
  const sign = value_s < 0 ? '\u2212' : '+';
  const size = Math.round(Math.abs(value_s));
  if (Math.max(axis.max_s, -axis.min_s) <= 120) return `${sign}${size} s`;
  return `${sign}${Math.floor(size / 60)}:${String(size % 60).padStart(2, '0')}`;
}
