/** The two acts of a migration of pgroll, between which the old version and the new one serve side by side. */
const PARTS = /\.(start|complete)$/;

export function pgrollPart(name: string, part: 'start' | 'complete'): string {
  return `${name}.${part}`;
}

/** The migration that an act belongs to, as pgroll calls it. */
export function pgrollName(name: string): string {
  return name.replace(PARTS, '');
}
