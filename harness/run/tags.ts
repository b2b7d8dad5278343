import { UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { type Tag, TAG_NAMES, TAGS } from './header.ts';

/** One condition on a scenario's tags. */
interface TagCondition {
  readonly tag: Tag;
  /** Whether the scenario must have it, or must not. */
  readonly wanted: boolean;
}

function condition(word: string): TagCondition {
  const wanted = !word.startsWith('!');
  const name = wanted ? word : word.slice(1);
  const tag = TAG_NAMES.find((one) => one === name);
  if (tag !== undefined) return { tag, wanted };
  const near = nearest(name, TAG_NAMES);
  throw new UsageError(`there is no tag ${JSON.stringify(name)}`, {
    next:
      near.length > 0
        ? `did you mean ${near.join(' or ')}?`
        : `there are ${TAG_NAMES.map((one) => `${one} (${TAGS[one]})`).join(', ')}`,
  });
}

/**
 * What `--tags` asks for: words separated by commas, each a tag or `!tag`; all must hold.
 * @returns whether a scenario with the given tags is meant
 * @throws UsageError for an unknown tag, with the nearest ones
 */
export function parseTags(text: string): (tags: readonly Tag[]) => boolean {
  const conditions = text.split(',').map((word) => condition(word.trim()));
  return (tags) => conditions.every(({ tag, wanted }) => tags.includes(tag) === wanted);
}
