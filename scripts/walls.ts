/**
 * The import walls: imports run downwards only. Read with a parser, so that neither a comment nor a string is taken
 * for an import.
 */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';

/** From the bottom to the top: a layer may import itself and what stands before it. */
export const LAYERS: readonly (readonly [name: string, path: RegExp])[] = [
  ['fixtures', /^fixtures\//],
  ['core', /^harness\/core\//],
  ['judge', /^harness\/judge\//],
  ['config', /^harness\/config\//],
  ['process', /^harness\/process\//],
  ['lease', /^harness\/lease\//],
  ['database', /^harness\/database\//],
  ['kube', /^harness\/kube\//],
  ['git', /^harness\/git\//],
  ['images', /^harness\/images\//],
  ['machine', /^harness\/machine\//],
  ['cluster', /^harness\/cluster\//],
  ['offsite', /^harness\/offsite\//],
  ['gateway', /^harness\/gateway\//],
  ['load', /^harness\/load\//],
  ['stack', /^harness\/stack\//],
  ['observe', /^harness\/observe\//],
  ['evidence', /^harness\/evidence\//],
  ['faults', /^harness\/faults\//],
  ['run', /^harness\/run\//],
  ['scenario', /^harness\/scenario\.ts$/],
  ['scenarios', /^scenarios\//],
  ['reports', /^reports\//],
  ['cli', /^harness\/cli\//],
  ['scripts', /^scripts\//],
];

/** Walls beside the order of the layers. */
const STRICT: readonly {
  readonly why: string;
  readonly from: (file: string) => boolean;
  readonly forbids: (target: string) => boolean;
}[] = [
  {
    why: 'core imports nothing but itself',
    from: (file) => file.startsWith('harness/core/'),
    forbids: (target) => !target.startsWith('harness/core/'),
  },
  {
    why: 'rules are pure: judge imports core only',
    from: (file) => file.startsWith('harness/judge/'),
    forbids: (target) => !/^harness\/(core|judge)\//.test(target),
  },
  {
    why: 'reports are made from records alone',
    from: (file) => file.startsWith('reports/'),
    forbids: (target) => target.startsWith('harness/') && !/^harness\/(core|judge)\//.test(target),
  },
  {
    why: 'only the command line imports reports',
    from: (file) => !/^(reports|harness\/cli|scripts)\//.test(file),
    forbids: (target) => target.startsWith('reports/'),
  },
  {
    why: 'only harness/kube imports the Kubernetes client',
    from: (file) => !file.startsWith('harness/kube/'),
    forbids: (target) => target.startsWith('@kubernetes/client-node'),
  },
  {
    why: 'only harness/process starts programs',
    from: (file) => file.startsWith('harness/') && !file.startsWith('harness/process/'),
    forbids: (target) => target === 'zx' || /^(node:)?child_process$/.test(target),
  },
  {
    why: 'the product imports no test code',
    from: () => true,
    forbids: (target) => /(\.test\.tsx?$|\/testing\/)/.test(target),
  },
];

/** An import that breaks a wall. */
export interface Breach {
  readonly file: string;
  readonly target: string;
  readonly why: string;
}

function layerOf(path: string): number {
  return LAYERS.findIndex(([, pattern]) => pattern.test(path));
}

/** Where an import leads: a path from the root for files of the project, else the name of the package. */
export function resolveImport(file: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier));
  return specifier;
}

/** The walls that one file's imports break. Test files may import anything. */
export function breachesOf(file: string, specifiers: readonly string[]): readonly Breach[] {
  if (/(\.test\.tsx?$|\/testing\/)/.test(file)) return [];
  const from = layerOf(file);
  return specifiers.flatMap((specifier) => {
    const target = resolveImport(file, specifier);
    const to = layerOf(target);
    const upwards =
      from !== -1 && to > from
        ? [{ file, target, why: `${LAYERS[from]?.[0]} stands below ${LAYERS[to]?.[0]}` }]
        : [];
    const strict = STRICT.filter((wall) => wall.from(file) && wall.forbids(target)).map(({ why }) => ({
      file,
      target,
      why,
    }));
    return [...upwards, ...strict];
  });
}

/** The import specifiers of a source text: static, re-exported and dynamic ones. */
export function importsOf(file: string, source: string): readonly string[] {
  const { module } = parseSync(file, source);
  const dynamic = module.dynamicImports.map(({ moduleRequest }) =>
    source.slice(moduleRequest.start, moduleRequest.end).replace(/^['"`]|['"`]$/g, ''),
  );
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...dynamic,
  ];
}

/** Every import of the project, by file. */
export async function readImports(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const imports = new Map<string, readonly string[]>();
  for await (const file of glob('{harness,reports,scenarios,scripts,fixtures}/**/*.{ts,tsx}', {
    cwd: root,
    exclude: (path) => path.includes('node_modules') || path.startsWith('reports/out'),
  })) {
    imports.set(file, importsOf(file, readFileSync(join(root, file), 'utf8')));
  }
  return imports;
}

/** Groups of files that import each other in a circle, each as the path around it. */
export function findCycles(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const seen = path.indexOf(file);
    if (seen !== -1) {
      cycles.push([...path.slice(seen), file]);
      return;
    }
    if (done.has(file)) return;
    for (const specifier of imports.get(file) ?? []) {
      const target = resolveImport(file, specifier);
      if (imports.has(target)) visit(target, [...path, file]);
    }
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return cycles;
}
