import { setFlagsFromString } from 'node:v8';
import type * as Parser from 'libpg-query';

/**
 * Compile the parser's WebAssembly once, simply, and leave it at that. Its grammar is one function of enormous size: what
 * V8 would gain by optimising it is less than a run of the parser takes, and it needs half a gigabyte to do so.
 */
const COMPILE_ONCE = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--liftoff-only'];

async function load(): Promise<typeof Parser> {
  // Before the module is there: it compiles as soon as it is loaded.
  for (const flag of COMPILE_ONCE) setFlagsFromString(flag);
  return import('libpg-query');
}

let loaded: Promise<typeof Parser> | undefined;

/** The parser of the server itself (libpg_query, PostgreSQL 18), loaded when somebody first asks for it. */
export function loadParser(): Promise<typeof Parser> {
  loaded ??= load();
  return loaded;
}
