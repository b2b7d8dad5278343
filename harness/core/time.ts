/** Milliseconds since the Unix epoch; fractions are allowed. */
export type EpochMs = number;
