import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import type { EpochMs, GitCommitData } from '#harness/core/timeline.ts';
import { run } from '#harness/process/run.ts';

/** A repository on a server, and who may push to it. */
export interface GitRemote {
  /** Without credentials: it stands in messages and in process lists. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Who makes a commit. */
export interface Author {
  readonly name: string;
  readonly email: string;
}

/** What a commit changes. */
export interface Change {
  readonly message: string;
  /** New contents by path; `null` removes the file. */
  readonly files: Readonly<Record<string, string | null>>;
  /** The delivery team when absent. */
  readonly author?: Author;
}

/** A commit that the server has accepted. */
export interface Pushed {
  readonly commit: GitCommitData;
  /** When the push was begun: from then on anybody may see the commit. */
  readonly at: EpochMs;
}

/** The working copy of a repository. Disposing of it removes the copy, not what was pushed. */
export interface GitCheckout extends AsyncDisposable {
  readonly branch: string;
  /**
   * Commits a change and pushes it.
   * @throws UsageError for a path outside the repository, or a change that changes nothing
   * @throws CommandError (exit code 3) when the server refuses or does not answer
   */
  push(change: Change): Promise<Pushed>;
  /** The commit that the copy stands at. */
  head(): Promise<string>;
  /** Text of a file as it was last committed; undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  /** Every commit with its changes, the first one first, as `git log -p` tells them. */
  history(): Promise<string>;
}

const BRANCH = 'main';
const AUTHOR: Author = { name: 'Delivery team', email: 'delivery@mettle.test' };
/** Upper bound of one git command. */
const TIMEOUT_S = 30;

/**
 * What git is told by its environment. The person's own configuration, hooks' variables and helpers that ask on the
 * terminal are shut out; the credentials stay out of the arguments, which every user of the machine can read.
 */
function environment(dir: string, remote: GitRemote): Record<string, string> {
  const basic = Buffer.from(`${remote.username}:${remote.password}`).toString('base64');
  const settings: readonly (readonly [string, string])[] = [
    ['http.extraHeader', `Authorization: Basic ${basic}`],
    ['http.proxy', ''],
    ['commit.gpgSign', 'false'],
    ['gc.auto', '0'],
  ];
  return {
    LC_ALL: 'C',
    GIT_DIR: join(dir, '.git'),
    GIT_WORK_TREE: dir,
    GIT_INDEX_FILE: join(dir, '.git/index'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

function inside(path: string): string {
  const plain = normalize(path);
  if (isAbsolute(plain) || plain.startsWith('..') || plain.startsWith('.git/')) {
    throw new UsageError(`${path} is not a path inside a repository`);
  }
  return plain;
}

/**
 * Begins an empty repository that is pushed to a server, which makes it there at the first push.
 * @throws UnfitError when git cannot be run
 */
export async function beginRepository(remote: GitRemote): Promise<GitCheckout> {
  return await checkOut(remote, false);
}

/**
 * Takes a working copy of a repository that a server has.
 * @throws CommandError when the server does not have it, or does not answer
 */
export async function openRepository(remote: GitRemote): Promise<GitCheckout> {
  return await checkOut(remote, true);
}

async function checkOut(remote: GitRemote, exists: boolean): Promise<GitCheckout> {
  const dir = await mkdtemp(join(tmpdir(), 'mettle-git-'));
  const env = environment(dir, remote);
  const git = async (
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> => {
    const options = {
      cwd: dir,
      env: { ...env, ...more },
      timeout_s: TIMEOUT_S,
    };
    return (await run(['git', ...args], options)).stdout;
  };
  const dispose = (): Promise<void> => rm(dir, { recursive: true, force: true });

  async function write(files: Change['files']): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(dir, inside(path));
      if (content === null) {
        await rm(file, { force: true });
      } else {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      }
    }
  }

  async function commit({ message, files, author = AUTHOR }: Change): Promise<GitCommitData> {
    await write(files);
    await git(['add', '--all']);
    const changed = (await git(['diff', '--cached', '--name-only', '-z'])).split('\0').filter(Boolean);
    if (changed.length === 0) throw new UsageError(`the commit ${JSON.stringify(message)} changes nothing`);
    const who = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: author.name,
      GIT_COMMITTER_EMAIL: author.email,
    };
    await git(['commit', '--quiet', '--no-verify', `--message=${message}`], who);
    const revision = (await git(['rev-parse', 'HEAD'])).trim();
    return { revision, branch: BRANCH, message, author: `${author.name} <${author.email}>`, files: changed };
  }

  try {
    await git(['init', '--quiet', '--template=', `--initial-branch=${BRANCH}`]);
    await git(['remote', 'add', 'origin', remote.url]);
    if (exists) {
      await git(['fetch', '--quiet', 'origin', BRANCH]);
      await git(['reset', '--quiet', '--hard', 'FETCH_HEAD']);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    branch: BRANCH,
    async push(change) {
      const made = await commit(change);
      const at = Date.now();
      await git(['push', '--quiet', 'origin', BRANCH]);
      return { commit: made, at };
    },
    head: async () => (await git(['rev-parse', 'HEAD'])).trim(),
    read: async (path) => await readFile(join(dir, inside(path)), 'utf8').catch(() => undefined),
    history: () => git(['log', '--reverse', '--patch', '--stat', '--format=fuller', '--date=iso-strict']),
    [Symbol.asyncDispose]: dispose,
  };
}
