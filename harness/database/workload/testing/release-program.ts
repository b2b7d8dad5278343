/** A small application with a table of users, for tests of what starts and asks one. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 8 });
// A connection that breaks is told by the next question.
pool.on('error', () => undefined);

async function answerTo(method: string, path: string, body: string): Promise<number> {
  const [, , id] = path.split('/');
  if (method === 'GET') {
    const { rowCount } = await pool.query('SELECT name FROM users WHERE id = $1', [id]);
    return rowCount === 0 ? 404 : 200;
  }
  const { name } = JSON.parse(body);
  await pool.query('INSERT INTO users (name) VALUES ($1)', [name]);
  return 201;
}

const [mode] = process.argv.slice(2);
if (mode === 'fail') {
  process.stderr.write(`cannot connect to ${process.env['DATABASE_URL']}\n`);
  process.exit(7);
}

// As careless programs do.
process.stdout.write(`serving from ${process.env['DATABASE_URL']}\n`);

createServer((request, response) => {
  const { method = '', url = '' } = request;
  void text(request)
    .then((body) => answerTo(method, url, body))
    .catch(() => 500)
    .then((status) => response.writeHead(status).end());
}).listen(Number(process.env['PORT']), process.env['HOST'] ?? '127.0.0.1');
