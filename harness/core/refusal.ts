/** Where in a repository's files something that was refused stands; lines count from 1. */
export interface RefusedPlace {
  readonly file: string;
  readonly line: number;
}

/** `template: shop/templates/deployment.yaml:12:5: ...`, as Helm names a place in a chart. */
const TEMPLATE = /\b(?<chart>[\w.-]+)\/(?<path>templates\/[\w./-]+):(?<line>\d+)/;
/** `Deployment.apps "shop" is invalid`, as the API server names an object. */
const SERVER_OBJECT = /\b(?<kind>[A-Z]\w+)(?:\.[\w.]+)? "(?<name>[^"]+)" is invalid/;
/** `Deployment/shop-1/shop dry-run failed`, as kustomize-controller names one. */
const FLUX_OBJECT =
  /\b(?<kind>[A-Z]\w+)\/(?:(?<namespace>[\w.-]+)\/)?(?<name>[\w.-]+) (?:dry-run failed|not found|namespace not specified)/;
/** `spec.template.spec.containers[0].ports[0].containerPort: Invalid value`, and other ways to name a field. */
const FIELD =
  /(?<path>(?:\.?[a-z]\w*(?:\[[^\]]*\])?(?:\.[a-zA-Z]\w*(?:\[[^\]]*\])?)+)): (?:Invalid|Required|Forbidden|Unsupported|Too|Duplicate|field not declared|expected)/;
const UNKNOWN_FIELD = /(?:unknown field "|\.)(?<path>[\w.[\]]+?)(?:"|: field not declared in schema)/;

function lineOf(lines: readonly string[], pattern: RegExp, from: number): number {
  return lines.findIndex((line, index) => index >= from && pattern.test(line));
}

function keyPattern(key: string): RegExp {
  return new RegExp(`^\\s*(?:- )?['"]?${key.replace(/[^\w]/g, String.raw`\$&`)}['"]?\\s*:`);
}

/** The documents of a file, each with the line it begins at (from 0). Templates of a chart are read line by line as well. */
function documentsOf(text: string): readonly { readonly from: number; readonly lines: readonly string[] }[] {
  const documents: { from: number; lines: string[] }[] = [{ from: 0, lines: [] }];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('---')) documents.push({ from: index + 1, lines: [] });
    else documents.at(-1)?.lines.push(line);
  }
  return documents;
}

/** The keys of a path, without the places in lists: these cannot be told from lines alone. */
function keysOf(path: string): readonly string[] {
  return path
    .replaceAll(/\[[^\]]*\]/g, '')
    .split('.')
    .filter(Boolean);
}

/** The line that a path of keys leads to, as deep as it can be followed; the first of a list where it goes through one. */
function follow(lines: readonly string[], path: string): number | undefined {
  let found: number | undefined;
  let from = 0;
  for (const key of keysOf(path)) {
    const line = lineOf(lines, keyPattern(key), from);
    if (line === -1) break;
    found = line;
    from = line + 1;
  }
  return found;
}

/**
 * Leads a controller's words about a refusal back to a file and a line: to the named field where the words name one, else
 * to the named object, else to a place that they name themselves. Undefined when the files hold nothing of the kind.
 * @param files contents by path, as they were committed
 */
export function placeOfRefusal(
  message: string,
  files: Readonly<Record<string, string>>,
): RefusedPlace | undefined {
  const template = TEMPLATE.exec(message)?.groups;
  if (template) {
    const file = Object.keys(files).find((path) => path.endsWith(`${template['chart']}/${template['path']}`));
    if (file !== undefined) return { file, line: Number(template['line']) };
  }
  const object = (SERVER_OBJECT.exec(message) ?? FLUX_OBJECT.exec(message))?.groups;
  if (!object) return undefined;
  const path = (FIELD.exec(message) ?? UNKNOWN_FIELD.exec(message))?.groups?.['path'];
  const kind = new RegExp(`^kind:\\s*['"]?${object['kind']}['"]?\\s*$`);
  const name = new RegExp(`^\\s+name:\\s*['"]?${object['name']}['"]?\\s*$`);
  for (const [file, text] of Object.entries(files)) {
    for (const { from, lines } of documentsOf(text)) {
      const begins = lineOf(lines, kind, 0);
      if (begins === -1 || lineOf(lines, name, 0) === -1) continue;
      return { file, line: from + (path === undefined ? begins : (follow(lines, path) ?? begins)) + 1 };
    }
  }
  return undefined;
}
