/** Passwords as PostgreSQL keeps them. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/**
 * Many rounds make guessing of a password slow that a person thought of. These are drawn by chance and as good as a key, and the
 * guard makes hundreds of connections, each of which would take 4,096 rounds on both sides.
 */
export const FEW_ROUNDS = 1;
/** What the drivers of other languages insist on: Go's lib/pq on four digits, Java's on no less. Source: RFC 7677 section 4. */
export const USUAL_ROUNDS = 4096;

/**
 * `SCRAM-SHA-256$<rounds>:<salt>$<stored key>:<server key>`, which `ALTER ROLE ... PASSWORD` takes in place of the password.
 * Source: RFC 5802 section 3; PostgreSQL, pg_authid.
 */
export function scramVerifier(password: string, rounds: number): string {
  const salt = randomBytes(SALT_BYTES);
  const salted = pbkdf2Sync(password, salt, rounds, KEY_BYTES, 'sha256');
  const keyed = (words: string): Buffer => createHmac('sha256', salted).update(words).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`;
}
