/**
 * Colours that stay apart for every kind of colour vision: grey for the old release, blue for the new one,
 * red-orange for harm. Charts are drawn in the light colours; the page's style sheet swaps each for its dark
 * counterpart, so every colour here must be unlike all others.
 */
export const PALETTE = {
  ink: { light: '#1b2430', dark: '#e6ebf2' },
  muted: { light: '#5a6675', dark: '#9aa7b7' },
  grid: { light: '#e3e8ee', dark: '#2a3442' },
  axis: { light: '#b3bdc9', dark: '#4a5768' },
  stable: { light: '#9ba9b9', dark: '#66768a' },
  stableLine: { light: '#6b7a8c', dark: '#a3b2c4' },
  next: { light: '#1f6fc9', dark: '#5aa2f0' },
  nextSoft: { light: '#7db2ea', dark: '#2f6db5' },
  tolerance: { light: '#cfe2f8', dark: '#1d3a5c' },
  bad: { light: '#d1410c', dark: '#ff7a45' },
  badSoft: { light: '#8f2405', dark: '#ffb08a' },
  other: { light: '#7a5ba8', dark: '#b296dd' },
  band: { light: '#eaf2fc', dark: '#152337' },
  fault: { light: '#fbe6c8', dark: '#4a3413' },
  pending: { light: '#e2b04a', dark: '#b98a2c' },
  mark: { light: '#1a2b3d', dark: '#dfe6ee' },
  markText: { light: '#fefefe', dark: '#10161e' },
  markLine: { light: '#8b98a8', dark: '#6d7b8e' },
  halo: { light: '#fdfefe', dark: '#131a24' },
  phase: { light: '#d7dee7', dark: '#364152' },
} as const satisfies Readonly<Record<string, { readonly light: string; readonly dark: string }>>;

export type ColourName = keyof typeof PALETTE;

/** The colour as the chart is drawn. */
export function colour(name: ColourName): string {
  return PALETTE[name].light;
}

/** Style rules that give a chart its dark colours. Attribute selectors work in mail programs that lack variables. */
export function darkChartRules(): string {
  return Object.values(PALETTE)
    .flatMap(({ light, dark }) => [
      `.chart [fill="${light}"]{fill:${dark}}`,
      `.chart [stroke="${light}"]{stroke:${dark}}`,
    ])
    .join('');
}
