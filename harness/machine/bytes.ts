export const GIB = 1024 ** 3;

/** `12.3 GiB`. */
export function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
