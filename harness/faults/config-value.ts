import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { isMap, parseDocument } from 'yaml';
import { DATA_CHANGE, keyOption, planData, restartOption } from './data-change.ts';
import { defineFault } from './fault.ts';

/** A YAML text with another value at a path of dots. @throws UsageError when the text is no mapping */
function withValue(text: string, path: string, value: string): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw new UsageError('the value of the key is no YAML mapping, so no path of it can be set');
  }
  document.setIn(path.split('.'), value);
  return document.toString();
}

/** Changes a value of a ConfigMap into one that its readers refuse or misread. */
export const configValue = defineFault({
  name: 'config-value',
  breaks: 'puts a wrong value into a ConfigMap; pods that start with it refuse to, or serve by it',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({
    map: v.pipe(v.string(), v.minLength(1), v.description('name of the ConfigMap')),
    key: keyOption,
    value: v.pipe(v.string(), v.description('value that is put in')),
    path: v.optional(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.description('path in the YAML text of the key, with dots; the whole text when absent'),
      ),
    ),
    restart: restartOption,
  }),
  ...DATA_CHANGE,
  example: () => ({
    map: 'shop-release-v1',
    key: 'release.yaml',
    path: 'config.currency',
    value: 'euro',
  }),
  plan: (ctx, { map, key, value, path, restart }, namespace) =>
    planData(ctx, namespace, {
      kind: 'ConfigMap',
      name: map,
      key,
      restart,
      to: (text) => (path === undefined ? value : withValue(text, path, value)),
    }),
});
