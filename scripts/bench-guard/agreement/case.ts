/** Examples whose good and bad forms somebody has labelled. */
import type { CheckId, GroundId } from '#harness/core/guard/catalogue/ids.ts';

export interface Corpus {
  readonly name: string;
  /** Where it comes from: repository, commit, licence. */
  readonly source: string;
  readonly cases: readonly LabelledCase[];
}

export interface LabelledCase {
  /** As its author calls it; no text of it. */
  readonly name: string;
  /** Rule that it is an example of. */
  readonly rule: string;
  readonly label: 'bad' | 'good';
  /** Checks that measure what the rule is about; where there are none, nothing can be said of it. */
  readonly about: readonly (CheckId | GroundId)[];
  /** Of the classes that destroy rows or values: whether the server would say something. */
  readonly lossy?: 'silent' | 'said';
  /** SQL that makes the schema; made up from the statements when absent. */
  readonly schema?: string;
  /** Files that are run one after another. */
  readonly migrations: readonly string[];
}
