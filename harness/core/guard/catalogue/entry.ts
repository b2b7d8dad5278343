/** What a person is told of one check, whatever was measured. */
export interface CatalogueEntry {
  /** A few words: `readers wait`. */
  readonly title: string;
  readonly measured: string;
  readonly why: string;
  /** When it fails, with its limit. */
  readonly judged: string;
  /** In general; for a statement at hand see `saferWay`. */
  readonly safer: string;
  readonly sources: readonly Source[];
}

export interface Source {
  readonly title: string;
  readonly url?: string;
}

const MANUAL = 'https://www.postgresql.org/docs/current';

/** A page of the manual of PostgreSQL. */
export function manual(title: string, page: string): Source {
  return { title: `PostgreSQL, ${title}`, url: `${MANUAL}/${page}` };
}
