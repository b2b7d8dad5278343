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
  keep: v.optional(v.array(Name), []),
  finish: v.optional(v.string()),
  expected_s: Seconds,
});

const Digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hexadecimal'));
const PathInImage = v.pipe(
  v.string(),
  v.regex(/^(?!.*\.\.)[\w.-]+(\/[\w.-]+)*$/, 'not a path below the root'),
);

const Wheel = v.strictObject({
  package: Name,
  version: Version,
  sha256: v.record(v.picklist(['amd64', 'arm64']), Digest),
  programs: v.record(Name, PathInImage),
  expected_s: Seconds,
});

/** Members that every kind of foreign image may have. */
const Foreign = { of: v.optional(Name), upstream: v.optional(Upstream) };

const GoImage = v.strictObject({
  ...Foreign,
  folder: Name,
  program: Name,
  rootfs: v.optional(Name),
  user: v.optional(User),
});

const WheelImage = v.strictObject({ ...Foreign, wheel: Name, program: Name, rootfs: Name, user: User });

const DebianImage = v.strictObject({
  ...Foreign,
  rootfs: Name,
  entrypoint: v.pipe(v.array(v.string()), v.minLength(1)),
  user: User,
  files: v.optional(v.record(PathInImage, PathInImage), {}),
  package: Name,
  env: v.optional(v.record(v.string(), v.string()), {}),
  stop_signal: v.optional(v.pipe(v.string(), v.regex(/^SIG[A-Z0-9+]+$/, 'not the name of a signal'))),
});

/** What nothing here builds: only a registry has it. */
const PublishedImage = v.strictObject({
  of: Foreign.of,
  upstream: Upstream,
  version: Version,
  unbuildable: v.pipe(v.string(), v.nonEmpty()),
  instead: v.pipe(v.string(), v.nonEmpty()),
});

const PathInProject = v.pipe(
  v.string(),
  v.regex(/^(?!.*\.\.)[@\w.-]+(\/[@\w.-]+)+$/, 'not a path of the project'),
);

const AppImage = v.strictObject({
  app: v.string(),
  rootfs: Name,
  user: User,
  port: v.optional(v.number()),
  threads: v.optional(v.array(PathInProject), []),
  beside: v.optional(v.record(PathInImage, PathInProject), {}),
  files: v.optional(v.record(PathInImage, PathInImage), {}),
  env: v.optional(v.record(v.string(), v.string()), {}),
});

const BillOfMaterials = v.strictObject({
  go: Version,
  debian: Name,
  folders: v.record(Name, Folder),
  rootfs: v.record(Name, Rootfs),
  wheels: v.record(Name, Wheel),
  images: v.record(Name, v.union([GoImage, WheelImage, DebianImage, AppImage, PublishedImage])),
  kubeadm: v.record(Name, Name),
  loaded_last: v.array(Name),
});

export type BillOfMaterials = v.InferOutput<typeof BillOfMaterials>;
export type GoFolder = v.InferOutput<typeof Folder>;
export type WheelSpec = v.InferOutput<typeof Wheel>;
export type ImageSpec = BillOfMaterials['images'][string];

/** Name of an image in the bill of materials. */
export type ComponentName = string;

/** References between the parts that the schema alone cannot check: what is named must be listed. */
function danglingNames(bom: BillOfMaterials): readonly string[] {
  const wrong: string[] = [];
  for (const [name, image] of Object.entries(bom.images)) {
    if ('rootfs' in image && image.rootfs !== undefined && !(image.rootfs in bom.rootfs)) {
      wrong.push(`images.${name}: there is no rootfs ${image.rootfs}`);
    }
    if ('folder' in image && bom.folders[image.folder]?.programs[image.program] === undefined) {
      wrong.push(`images.${name}: no folder ${image.folder} builds ${image.program}`);
    }
    if ('wheel' in image && bom.wheels[image.wheel]?.programs[image.program] === undefined) {
      wrong.push(`images.${name}: no wheel ${image.wheel} holds ${image.program}`);
    }
    wrong.push(...wrongVersion(bom, name, image));
  }
  for (const name of Object.keys(bom.wheels)) {
    if (name in bom.folders) wrong.push(`wheels.${name}: a Go folder has this name too`);
  }
  for (const name of [...Object.values(bom.kubeadm), ...bom.loaded_last]) {
    if (!(name in bom.images)) wrong.push(`there is no image ${name}`);
  }
  return wrong;
}

/** Another version stands beside the image whose name people use, and differs from it in its version. */
function wrongVersion(bom: BillOfMaterials, name: string, image: ImageSpec): readonly string[] {
  if (!('of' in image) || image.of === undefined) return [];
  const main = bom.images[image.of];
  if (main === undefined) return [`images.${name}: there is no image ${image.of}`];
  if (Object.values(bom.kubeadm).includes(image.of))
    return [`images.${name}: every node has its ${image.of} already`];
  if ('of' in main && main.of !== undefined) return [`images.${name}: ${image.of} is another version itself`];
  const version = imageVersion(bom, image);
  const twin = Object.entries(bom.images).find(
    ([other, spec]) =>
      other !== name && mainName(other, spec) === image.of && imageVersion(bom, spec) === version,
  );
  return twin ? [`images.${name}: ${twin[0]} is version ${version} as well`] : [];
}

/** The name by which people speak of an image: its own, or that of the image whose other version it is. */
export function mainName(name: ComponentName, spec: ImageSpec): ComponentName {
  return 'of' in spec && spec.of !== undefined ? spec.of : name;
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

/** Names of the images that can be built here. */
export function buildable(bom: BillOfMaterials): readonly ComponentName[] {
  return Object.entries(bom.images).flatMap(([name, spec]) => ('unbuildable' in spec ? [] : [name]));
}

/**
 * The version that an image carries in its tag: its folder's or its wheel's, the Debian release that its packages come
 * from, or Mettle's own for its applications. Empty where the bill of materials names no such folder or wheel.
 */
export function imageVersion(bom: BillOfMaterials, spec: ImageSpec): string {
  if ('folder' in spec) return bom.folders[spec.folder]?.version ?? '';
  if ('wheel' in spec) return bom.wheels[spec.wheel]?.version ?? '';
  if ('unbuildable' in spec) return spec.version;
  return 'app' in spec ? OWN_VERSION : bom.debian;
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
