import library, { type Builder } from 'junit-report-builder';

/** The library's types describe its export as an ES module's default; what Node loads is the builder itself. */
export function builder(): Builder {
  const loaded: unknown = library;
  if (!isBuilder(loaded)) throw new TypeError('junit-report-builder exports no builder');
  return loaded;
}

function isBuilder(loaded: unknown): loaded is Builder {
  return typeof loaded === 'object' && loaded !== null && 'newBuilder' in loaded;
}

/** XML cannot hold control characters or half a surrogate pair, not even escaped. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\s\ufffe\uffff]+/gu, ' ');
}
