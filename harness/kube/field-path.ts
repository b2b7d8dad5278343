/** A place in an object: names of fields and numbers of list items. */
export type FieldPath = readonly (string | number)[];

/** A field's name, then more names and item numbers: `spec.template.spec.containers[0].image`. */
const PATH = String.raw`[A-Za-z][\w-]*(?:\.[A-Za-z][\w/-]*|\[(?:\d+|[^\]"]*|"[^"]*"|\w+="[^"]*"(?:,\w+="[^"]*")*)\])+`;

/** How API servers name the field that is wrong, the most telling first. */
const PATTERNS: readonly RegExp[] = [
  // Strict decoding: unknown field "spec.replcas"
  new RegExp(String.raw`(?:unknown|duplicate) field "(?<path>${PATH}|[\w-]+)"`),
  // Structured merge: .spec.template.spec.containers[name="x"].imag: field not declared in schema. Conflicts end with it.
  new RegExp(String.raw`(?:^|[\s:(])\.(?<path>${PATH}|[\w-]+)(?=: |\s|$)`),
  // Validation: spec.template.spec.containers[0].image: Required value
  new RegExp(
    String.raw`(?:^|[\s:*\[])(?<path>${PATH}): (?:Required|Invalid|Duplicate|Unsupported|Forbidden|Too|Internal|Not)`,
  ),
];

function stepsOf(text: string): FieldPath {
  return [...text.matchAll(/(?<name>[^.[\]]+)|\[(?<item>[^\]]*)\]/g)].flatMap(({ groups = {} }) => {
    const { name, item } = groups;
    if (name !== undefined) return [name];
    const inner = item ?? '';
    return [/^\d+$/.test(inner) ? Number(inner) : inner.replaceAll('"', '')];
  });
}

/**
 * The field that an API server's refusal speaks of first; undefined when it names none. Items of a list that are named by
 * their key (`[name="x"]`) appear as `name=x`.
 */
export function fieldIn(message: string): FieldPath | undefined {
  for (const pattern of PATTERNS) {
    const path = pattern.exec(message)?.groups?.['path'];
    if (path !== undefined) return stepsOf(path);
  }
  return undefined;
}
