import { randomBytes } from 'node:crypto';
import { secretFault } from './secret-change.ts';

/** A new secret of the same form: the password of an address, or the whole text. */
function rotated(text: string): string {
  const fresh = randomBytes(18).toString('base64url');
  const url = URL.parse(text);
  if (url === null || url.password === '') return fresh;
  url.password = fresh;
  return url.href;
}

/** Rotates a Secret on the side of those who use it alone, before whoever checks it knows the new one. */
export const secretRotate = secretFault({
  name: 'secret-rotate',
  breaks:
    'gives a Secret a new value that whoever checks it does not know; pods that start with it are turned away',
  to: rotated,
});
