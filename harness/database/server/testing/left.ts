import { readdir, readlink } from 'node:fs/promises';

/** Processes that work in a folder. */
export async function workingIn(folder: string): Promise<readonly number[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(
    numbers.map(async (number) => ({ number, at: await readlink(`/proc/${number}/cwd`).catch(() => '') })),
  );
  return places.filter(({ at }) => at.startsWith(folder)).map(({ number }) => Number(number));
}
