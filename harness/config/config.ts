import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { readDocument } from './document.ts';

/** Where images come from: what is present first, then pull or build. */
export const IMAGE_MODES = ['auto', 'pull', 'build'] as const;
export type ImageMode = (typeof IMAGE_MODES)[number];

/** Whether a cluster outlives its run. */
export const KEEP_CHOICES = ['never', 'on-failure', 'always'] as const;
export type Keep = (typeof KEEP_CHOICES)[number];

/** A registry prefix: host, optional port, optional path; no scheme. */
export const registrySchema = v.pipe(
  v.string('must be a registry prefix'),
  v.regex(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-][a-z0-9]+)*)*$/,
    'must look like mirror.example:5000 or mirror.example/path, without a scheme',
  ),
);

/** The configuration file, `mettle.yaml`. Flags outweigh it; every key is optional. */
export const configSchema = v.strictObject({
  images: v.optional(v.picklist(IMAGE_MODES, `must be one of ${IMAGE_MODES.join(', ')}`)),
  registry: v.optional(registrySchema),
  keep: v.optional(v.picklist(KEEP_CHOICES, `must be one of ${KEEP_CHOICES.join(', ')}`)),
  seed: v.optional(
    v.pipe(
      v.number('must be a whole number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must not be negative'),
    ),
  ),
});

export type Config = v.InferOutput<typeof configSchema>;

/** Name of the configuration file in the current folder. */
export const CONFIG_FILE = 'mettle.yaml';

/**
 * Reads the configuration: the named file, or `mettle.yaml` in the folder if there is one, or nothing.
 * @throws UsageError with file, line and column of every mistake
 */
export async function readConfig(folder: string, named: string | undefined): Promise<Config> {
  if (named !== undefined) return readDocument(configSchema, named);
  const file = join(folder, CONFIG_FILE);
  return existsSync(file) ? readDocument(configSchema, file) : {};
}
