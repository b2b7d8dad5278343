import type { Address } from '../server/types.ts';
import type { DataShape } from './shape.ts';

/** Where the rows come from that a migration is tried on. */
export type DataRequest =
  | { readonly source: 'empty'; readonly makeSchema?: MakeSchema }
  | { readonly source: 'dump'; readonly path: string; readonly makeSchema?: MakeSchema }
  | {
      readonly source: 'live';
      readonly address: Address;
      /** Of these schemas alone; everything when absent. */
      readonly schemas?: readonly string[];
      readonly makeSchema?: MakeSchema;
    }
  | {
      readonly source: 'generated';
      readonly seed: number;
      /** Of each table that is named, or else of each that nothing refers to. */
      readonly rows: number;
      /** `schema.table` of those that matter; others get as many rows as they need. */
      readonly tables?: readonly string[];
      /** Those that are left as they are, with or without rows. */
      readonly untouched?: readonly string[];
      readonly shape?: DataShape;
      readonly makeSchema: MakeSchema;
    };

/**
 * Brings the schema to the state in which the judged migrations find it: runs a schema file, or the migrations before them.
 * For a dump or a copy it runs afterwards; for generated rows it runs first. It leaves no connection behind.
 */
export type MakeSchema = (address: Address) => Promise<void>;
