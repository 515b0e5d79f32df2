import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const run = promisify(execFile);

/** A process says at its end what it cost, start and end included. */
const SAY_CPU =
  "process.on('exit', () => { const { user, system } = process.cpuUsage();" +
  ' process.stderr.write(`cpu ${(user + system) / 1e3}`); });';

/** `walhook drain`: each drain is a process, so that its start counts for every one. */
export function cliPlatform() {
  return {
    name: '`walhook drain`',
    start(env) {
      let spent = 0;
      return Promise.resolve({
        async drain() {
          const say = `data:text/javascript,${encodeURIComponent(SAY_CPU)}`;
          const args = ['--import', say, path('dist/entry/cli.js'), 'drain', '--json'];
          const { stderr } = await run(process.execPath, args, {
            cwd: tmpdir(),
            env: { PATH: process.env.PATH, ...env },
          });
          spent += Number(/cpu ([\d.]+)$/.exec(stderr)[1]);
        },
        cpuMs: () => spent,
        stop: () => undefined,
      });
    },
    remove: () => undefined,
  };
}

/** The bundle that serverless.yml deploys, in a process as warm as a container that is reused. */
export async function lambdaPlatform() {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-bench-lambda-'));
  const bundle = join(folder, 'handler.mjs');
  const handler = path('examples/lambda/handler.mjs');
  await run(process.execPath, [path('scripts/build-lambda.mjs'), handler, bundle]);
  return {
    name: 'AWS Lambda’s bundle',
    start(env) {
      const child = fork(path('bench/lambda-process.mjs'), [bundle], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...env },
      });
      const died = once(child, 'exit').then(([code]) => {
        throw new Error(`the function's process ended with ${code}`);
      });
      died.catch(() => undefined);
      let spent = 0;
      return Promise.resolve({
        async drain() {
          child.send('invoke');
          const [{ report, cpu }] = await Promise.race([once(child, 'message'), died]);
          if (report.status !== 'caught_up')
            throw new Error(`the function's drain: ${report.status}`);
          spent = (cpu.user + cpu.system) / 1e3;
        },
        cpuMs: () => spent,
        stop: () => child.disconnect(),
      });
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
