import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { LineCounter, parseDocument } from 'yaml';
import { UsageError } from '#harness/core/errors.ts';
import { LOCKS } from './places.ts';

const Name = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]*$/, 'not a name of a component'));
const Version = v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+$/, 'not a version with three parts'));
const User = v.pipe(v.string(), v.regex(/^\d+:\d+$/, 'not a numeric user and group'));
const Upstream = v.pipe(v.string(), v.regex(/^[a-z0-9/._-]+:[\w.-]+$/, 'not a repository and tag'));
const Seconds = v.pipe(v.number(), v.minValue(0));

const Folder = v.strictObject({
  version: Version,
  module: v.optional(v.string()),
  programs: v.record(Name, v.string()),
  stamps: v.optional(v.record(v.string(), v.string()), {}),
  files: v.optional(v.record(v.string(), v.string()), {}),
  expected_s: Seconds,
});

const Rootfs = v.strictObject({
  packages: v.pipe(v.array(v.string()), v.minLength(1)),
  unpacked: v.optional(v.boolean(), false),
  finish: v.optional(v.string()),
  expected_s: Seconds,
});

const GoImage = v.strictObject({
  folder: Name,
  program: Name,
  rootfs: v.optional(Name),
  user: v.optional(User),
  upstream: v.optional(Upstream),
});

const AppImage = v.strictObject({ app: v.string(), rootfs: Name, user: User, port: v.number() });

const BillOfMaterials = v.strictObject({
  go: Version,
  debian: Name,
  folders: v.record(Name, Folder),
  rootfs: v.record(Name, Rootfs),
  images: v.record(Name, v.union([GoImage, AppImage])),
  kubeadm: v.record(Name, Name),
  loaded_last: v.array(Name),
});

export type BillOfMaterials = v.InferOutput<typeof BillOfMaterials>;
export type GoFolder = v.InferOutput<typeof Folder>;
export type ImageSpec = v.InferOutput<typeof GoImage> | v.InferOutput<typeof AppImage>;

/** Name of an image in the bill of materials. */
export type ComponentName = string;

/** References between the parts that the schema alone cannot check: what is named must be listed. */
function danglingNames(bom: BillOfMaterials): readonly string[] {
  const wrong: string[] = [];
  for (const [name, image] of Object.entries(bom.images)) {
    if (image.rootfs !== undefined && !(image.rootfs in bom.rootfs)) {
      wrong.push(`images.${name}: there is no rootfs ${image.rootfs}`);
    }
    if ('folder' in image && bom.folders[image.folder]?.programs[image.program] === undefined) {
      wrong.push(`images.${name}: no folder ${image.folder} builds ${image.program}`);
    }
  }
  for (const name of [...Object.values(bom.kubeadm), ...bom.loaded_last]) {
    if (!(name in bom.images)) wrong.push(`there is no image ${name}`);
  }
  return wrong;
}

/**
 * Reads a bill of materials.
 * @param file its path, for the message
 * @throws UsageError naming the line of a syntax error, or the path of a value that cannot be used
 */
export function parseBom(text: string, file: string): BillOfMaterials {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const [mistake] = document.errors;
  if (mistake) {
    const { line, col } = counter.linePos(mistake.pos[0]);
    throw new UsageError(mistake.message, { position: { file, line, column: col } });
  }
  const parsed = v.safeParse(BillOfMaterials, document.toJS());
  const wrong = parsed.success
    ? danglingNames(parsed.output)
    : parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
  if (!parsed.success || wrong.length > 0) {
    throw new UsageError(`${file}: ${wrong.join('; ')}`, { next: 'Correct the bill of materials.' });
  }
  return parsed.output;
}

/** The project's bill of materials. */
export async function loadBom(): Promise<BillOfMaterials> {
  const file = join(LOCKS, 'bom.yaml');
  return parseBom(await readFile(file, 'utf8'), file);
}

/** The version that an image carries in its tag: its folder's, or Mettle's own for its applications. */
export function imageVersion(bom: BillOfMaterials, spec: ImageSpec): string {
  return 'folder' in spec ? folderOf(bom, spec.folder).version : OWN_VERSION;
}

/** Version of Mettle's own applications; what tells them apart is the content key. */
const OWN_VERSION = '0.1.0';

/** @throws UsageError when there is no such folder, naming those there are */
export function folderOf(bom: BillOfMaterials, name: string): GoFolder {
  return listed(bom.folders, name, 'Go folder');
}

/** @throws UsageError when there is no such image, naming those there are */
export function imageOf(bom: BillOfMaterials, name: string): ImageSpec {
  return listed(bom.images, name, 'image');
}

/** @throws UsageError when there is no member of this name, naming those there are */
export function listed<T>(members: Readonly<Record<string, T>>, name: string, kind: string): T {
  const member = Object.hasOwn(members, name) ? members[name] : undefined;
  if (member !== undefined) return member;
  throw new UsageError(`The bill of materials has no ${kind} ${JSON.stringify(name)}`, {
    next: `It has ${Object.keys(members).join(', ')}.`,
  });
}
