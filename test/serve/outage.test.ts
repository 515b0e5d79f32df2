import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock/clock.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { serve } from '../../src/runtime/serve.ts';
import { createTestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';

const begin = systemClock.now();

/** Real time, two hundred times as fast. */
const fast: Clock = {
  now: () => begin + (systemClock.now() - begin) * 200,
  sleep: (ms, signal) => systemClock.sleep(ms / 200, signal),
};

type Said = { readonly level: string; readonly message: string; readonly fields: unknown };

function recordingLog() {
  const said: Said[] = [];
  const arrivals = new EventEmitter();
  const note = (level: string) => (message: string, fields?: unknown) => {
    said.push({ level, message, fields });
    arrivals.emit('said');
  };
  return {
    log: { debug: note('debug'), info: note('info'), warn: note('warn') },
    of: (...levels: string[]) => said.filter(({ level }) => levels.includes(level)),
    async until(isThere: (said: readonly Said[]) => boolean): Promise<void> {
      while (!isThere(said)) await once(arrivals, 'said');
    },
  };
}

const FAILS = 'drains fail; they are tried again until they work';
const WORKS = 'drains work again';

const failures = (said: readonly Said[]) => said.filter(({ message }) => message === FAILS);

test(
  'while the database is down, serve says so once, alerts by the state that is elsewhere, and says when it is back',
  { timeout: 120_000 },
  async () => {
    const server = await startPrivateServer();
    const elsewhere = await createTestDatabase();
    const [receiver, hook] = [await startReceiver(), await startReceiver()];
    const { database, config } = await createPipeline(
      {
        endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }],
        state: { url: elsewhere.url },
        alerts: [{ type: 'webhook', url: hook.url }],
        http: { host: '127.0.0.1', port: 0 },
        // By this clock: a stop has three real seconds.
        serve: { shutdownMs: 600_000 },
      },
      'create table orders (id int primary key)',
      server.url(),
    );
    const { log, of, until } = recordingLog();
    const stop = new AbortController();
    const platform = { ...nodePlatform, clock: fast };
    const ended = serve({ config, platform, log, signal: stop.signal });
    await database.query('insert into orders values (1)');
    await receiver.waitFor(({ requests }) => requests.length === 1);

    await server.stop('immediate');
    await hook.waitFor(({ requests }) => requests.length === 1);
    await until((said) => failures(said).length >= 12);
    const warned = of('warn');
    await server.start();
    await database.query('insert into orders values (2)');
    await receiver.waitFor(({ requests }) => requests.length === 2);
    await hook.waitFor(({ requests }) => requests.length === 2);
    await until((said) => said.some(({ message }) => message === WORKS));
    stop.abort();
    expect(await ended).toBe(true);

    expect(failures(warned)).toMatchObject([
      { fields: { error: { code: expect.stringMatching(/^database_/) } } },
    ]);
    const kinds = warned.map(({ message, fields }) => {
      const { error } = fields as { readonly error: { readonly code: string } };
      return `${message}: ${error.code}`;
    });
    expect(kinds).toEqual([...new Set(kinds)]);
    expect(of('info').filter(({ message }) => message === WORKS)).toMatchObject([
      { fields: { failed_for_ms: expect.any(Number), tries: expect.any(Number) } },
    ]);
    expect(hook.events().map(({ type }) => type)).toEqual([
      'incident.opened',
      'incident.recovered',
    ]);
  },
);
