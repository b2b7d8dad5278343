import { integer, minValue, number, pipe, record, string } from 'valibot';

/** Shapes that those of all files of a run folder are made of. */

export const text = string();
export const count = pipe(number(), integer(), minValue(0));
export const texts = record(string(), text);
