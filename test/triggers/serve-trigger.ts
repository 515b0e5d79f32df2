import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ended, startWalhook, walhook } from '../cli/walhook.ts';
import { TOKEN } from '../http/served-app.ts';
import { waitUntil } from '../kill/wait-until.ts';
import { httpStatuses } from './http-trigger.ts';
import { reportIn, type Trigger } from './trigger.ts';

/** After its first drain it looks at the WAL again when the tests are long over. */
const calm = {
  WALHOOK_SERVE_MIN_INTERVAL_MS: '60000',
  WALHOOK_SERVE_MAX_INTERVAL_MS: '600000',
};

/** What serve does without being asked is in test/serve. */
export const serveTrigger: Trigger = {
  name: 'walhook serve, asked by POST /drain',
  says: { ...httpStatuses, config_invalid: 'exit 2' },
  async start({ env, database }) {
    const child = startWalhook(['serve', '--json'], { ...env, ...calm });
    const exit = ended(child);
    const url = await listening(child.stderr);
    // The drain of its start is over.
    await waitUntil(
      database,
      'select from walhook.pipelines where lease_token > 0 and lease_expires_at is null',
    );
    return {
      async drain() {
        const headers = { authorization: `Bearer ${TOKEN}` };
        const answer = await fetch(`${url}/drain`, { method: 'POST', headers });
        return { said: `HTTP ${answer.status}`, report: reportIn(await answer.text()) };
      },
      async close() {
        child.kill('SIGTERM');
        const { code, stderr } = await exit;
        if (code !== 0) throw new Error(`walhook serve ended with ${code}: ${stderr}`);
      },
    };
  },
  async refuse(env) {
    const { code, stderr } = await walhook(['serve'], env);
    return { said: `exit ${code}`, told: stderr };
  },
};

async function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface(stderr);
  for (;;) {
    const [line] = (await once(lines, 'line')) as [string];
    const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
    if (msg === 'listening' && url !== undefined) return url;
  }
}
