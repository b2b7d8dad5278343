import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A definition (CRD) of a folder of the bill of materials, small, with texts that YAML 1.1 takes for booleans. */
function definition(folder: string): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.${folder}.test
spec:
  group: ${folder}.test
  modes: ['on', 'no', 'y', '0777', '1e3']
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: not-a-definition
`;
}

/** Writes a folder with one definition for each name, and returns the folders by name. */
export async function definitionFolders(
  dir: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const made = names.map(async (name) => {
    const folder = join(dir, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'crd.yaml'), definition(name));
    return [name, folder] as const;
  });
  return Object.fromEntries(await Promise.all(made));
}
