import { existsSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** A file that runs for minutes and starts last keeps one worker busy while the other has nothing. */
const LONG = [
  'test/kill/kill.test.ts',
  'test/docs/operations.test.ts',
  'test/hostile/damaged-state.test.ts',
  'test/hostile/huge-row.test.ts',
  'test/hostile/silent-sockets.test.ts',
  'test/chaos/chaos.test.ts',
  'test/pgbench/pgbench.test.ts',
  'test/cli/dead-letters.test.ts',
  'test/docs/snippets.test.ts',
  'test/cli/drain.test.ts',
  'test/cli/wrong-values.test.ts',
  'test/drain/one-dead-endpoint.test.ts',
  'test/drain/windows.test.ts',
];

/** What takes minutes by itself, by the folders: scripts/test-suite.mjs. */
const SUITES: Readonly<Record<string, readonly string[]>> = {
  // Other runtimes, and bundles.
  platforms: ['worker', 'lambda', 'container', 'triggers'],
  // What the documents say, done as they say it.
  pages: ['docs'],
  // What Postgres' own load generator writes, for half a minute.
  pgbench: ['pgbench'],
  // Attacks, damage and full resources.
  hostile: ['hostile'],
};
/** Files of `npm test` that a suite runs as well. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  hostile: [
    'test/http/{access,injection,open-connections,requests,unreadable-requests}.test.ts',
    'test/cli/{hostile-names,standard-streams}.test.ts',
    'test/config/unfit-files.test.ts',
    'test/drain/{clock,role-settings}.test.ts',
    'test/kill/two-drainers.test.ts',
    'test/operations/look-alikes.test.ts',
    'test/postgres/cleartext-password.test.ts',
    'test/quantities/visible-text.test.ts',
    'test/state/damaged.test.ts',
  ],
};
/** Throws where one of them names no file: a test that was renamed would be missed in silence. */
function assertFound(patterns: readonly string[]): readonly string[] {
  for (const pattern of patterns) {
    for (const path of alternatives(pattern)) {
      if (!existsSync(new URL(path, import.meta.url))) throw new Error(`There is no ${path}`);
    }
  }
  return patterns;
}

function assertFolders(folders: readonly string[] | undefined): readonly string[] {
  if (folders === undefined) throw new Error(`There is no suite ${suite}`);
  assertFound(folders.map((folder) => `test/${folder}`));
  return folders;
}

function alternatives(pattern: string): string[] {
  const [, before, names, after] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(pattern) ?? [];
  return names === undefined ? [pattern] : names.split(',').map((name) => before! + name + after!);
}

const suite = process.env['WALHOOK_TEST_SUITE'];
const filesOf = (folders: readonly string[]): string[] =>
  folders.map((folder) => `test/${folder}/**/*.test.ts`);

function isLong({ moduleId }: TestSpecification): boolean {
  return LONG.some((path) => moduleId.endsWith(path));
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include:
      suite === undefined
        ? ['test/**/*.test.ts']
        : [...filesOf(assertFolders(SUITES[suite])), ...assertFound(ALSO[suite] ?? [])],
    exclude: suite === undefined ? filesOf(Object.values(SUITES).flat()) : [],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/secret-watch.ts'],
    // Tests wait for processes, disks and sockets most of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test that passes at the second try has found something.
    retry: 0,
  },
});
