import { describe, expect, test } from 'vitest';
import { ended, startWalhook, walhook } from '../cli/walhook.ts';
import { freePort } from '../support/free-port.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { secret } from '../support/secrets.ts';

const TOKEN = secret('token');

async function shop() {
  const receiver = await startReceiver();
  const endpoints = [{ name: 'http', type: 'http', url: receiver.url }] as const;
  const pipeline = await createPipeline(
    { endpoints: [...endpoints] },
    'create table orders (id int primary key)',
  );
  const port = await freePort();
  const env = {
    DATABASE_URL: pipeline.database.url,
    SLOT_NAME: pipeline.config.slot,
    HTTP_ENDPOINT_URL: receiver.url,
    WALHOOK_TOKEN: TOKEN,
    PORT: String(port),
  };
  return { receiver, env, port, database: pipeline.database };
}

describe('walhook serve', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly on %s', async (signal) => {
    const { receiver, env, port, database } = await shop();
    await database.query('insert into orders values (1)');
    const child = startWalhook(['serve', '--json'], env);
    const end = ended(child);
    await receiver.waitFor(({ requests }) => requests.length === 1);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`http://127.0.0.1:${port}/api/status`, { headers });
    expect(answer.status).toBe(200);
    child.kill(signal);
    const { code, stdout, stderr } = await end;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain('listening');
    expect(stderr).not.toContain(TOKEN);
  });

  test('says what is wrong where it cannot listen', async () => {
    const { env, receiver } = await shop();
    const { code, stderr } = await walhook(['serve'], { ...env, PORT: String(receiver.port) });
    expect(code).toBe(2);
    expect(stderr).toContain('EADDRINUSE');
  });

  test('refuses a token that can be guessed, without showing it', async () => {
    const { env } = await shop();
    const { code, stderr } = await walhook(['serve'], { ...env, WALHOOK_TOKEN: 'hunter22' });
    expect(code).toBe(2);
    expect(stderr).toContain('WALHOOK_TOKEN');
    expect(stderr).not.toContain('hunter22');
  });
});
