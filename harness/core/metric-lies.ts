/** Names of the acts that make a check answer something else than Prometheus knows; rules find them as phases of the run. */
export const METRIC_LIES = {
  nan: 'the check answers NaN',
  empty: 'the check answers nothing',
  infinite: 'the check answers +Inf',
  two_series: 'the check answers two series',
  slow: 'the check answers after 8 s',
  cut: 'the check is cut off',
  refused: 'the check answers 503',
  truth: 'the check answers the truth',
} as const;
