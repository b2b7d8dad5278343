import { Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import { IMAGE_MODES, KEEP_CHOICES, registrySchema } from '#harness/config/config.ts';

/** A whole number from a flag. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

function registry(text: string): string {
  const parsed = v.safeParse(registrySchema, text);
  if (!parsed.success) throw new InvalidArgumentError(`It ${parsed.issues[0].message}.`);
  return parsed.output;
}

export const installOption = () =>
  new Option(
    '--install',
    'consent to install what is missing (packages by apt, libraries by npm, a Docker daemon)',
  );

export const imagesOption = () =>
  new Option('--images <mode>', 'where images come from: what is present first, then pull or build').choices(
    IMAGE_MODES,
  );

export const registryOption = () =>
  new Option(
    '--registry <prefix>',
    'registry that holds images built before, for example mirror.example:5000',
  ).argParser(registry);

export const keepOption = () =>
  new Option('--keep <when>', 'whether the cluster outlives the run').choices(KEEP_CHOICES);

export const configOption = () =>
  new Option('--config <file>', 'configuration file (default: mettle.yaml, if present)');

export const jsonOption = () => new Option('--json', 'print only JSON on standard output');
