import { describe, expect, test } from 'vitest';
import { ConfigError, type Problem } from '../../src/config/config-error.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import { parseWorkerConfig } from '../../src/config/worker-config.ts';

const REMOTE = 'postgres://me:secret@db.example.com:5432/shop';
const bindings = { DATABASE_URL: REMOTE, HTTP_ENDPOINT_URL: 'https://example.com/hooks' };

const configOf = (input: unknown, env: Record<string, unknown> = bindings): ResolvedConfig =>
  parseWorkerConfig(input, env).config;

function problemsOf(input: unknown, env: Record<string, unknown> = bindings): readonly Problem[] {
  try {
    parseWorkerConfig(input, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the bounds of a worker', () => {
  test('are small unless the code or a variable says otherwise', () => {
    expect(configOf(null).drain).toMatchObject({
      deadlineMs: 25_000,
      maxRequests: 40,
      maxWindowChanges: 20_000,
      maxWindowBytes: 16 << 20,
    });
    expect(
      configOf(
        { drain: { deadlineMs: 60_000, maxWindowChanges: 7 } },
        { ...bindings, WALHOOK_DRAIN_MAX_REQUESTS: '900', WALHOOK_DRAIN_MAX_WINDOW_CHANGES: '8' },
      ).drain,
    ).toMatchObject({ deadlineMs: 60_000, maxRequests: 900, maxWindowChanges: 8 });
  });

  test('leave what is no configuration to the one who names its faults', () => {
    expect(problemsOf({ drain: 7 })).toMatchObject([{ path: 'drain' }]);
    expect(problemsOf([])).toMatchObject([{ got: 'a list' }]);
  });
});

describe('a Hyperdrive binding', () => {
  const connectionString = 'postgresql://me:pw@1f.hyperdrive.local:5432/shop?sslmode=disable';
  /** As the runtime has it: nothing of its own but a getter of its class. */
  const HYPERDRIVE = new (class {
    get connectionString(): string {
      return connectionString;
    }
  })();

  test('stands for DATABASE_URL, also where the code refers to that', () => {
    const { DATABASE_URL: _none, ...others } = bindings;
    const input = { database: { url: '${DATABASE_URL}' } };
    for (const given of [null, input]) {
      const { database } = configOf(given, { ...others, HYPERDRIVE });
      expect(database).toMatchObject({ url: connectionString, tls: { mode: 'disable' } });
    }
  });

  test('gives way to a DATABASE_URL', () => {
    expect(configOf(null, { ...bindings, HYPERDRIVE }).database.url).toBe(REMOTE);
  });
});

describe('TLS', () => {
  test.each([
    ['is required and checked where nothing is said', REMOTE, 'verify-full'],
    ['is what is said', `${REMOTE}?sslmode=prefer`, 'prefer'],
    ['may be left out', `${REMOTE}?sslmode=disable`, 'disable'],
    ['is left alone on loopback', 'postgres://me@localhost:5432/shop', undefined],
    ['is left alone on loopback, without a user', 'postgres://localhost/shop', undefined],
    ['is left alone on loopback, by its address', 'postgres://me:pw@[::1]/shop', undefined],
    [
      'goes by the host, not the password',
      'postgres://me:a@localhost:b@db.example/s',
      'verify-full',
    ],
    ['goes by the host, not the database', 'postgres://db.example/a@localhost:1', 'verify-full'],
    ['goes by the host of the query', 'postgres://localhost/shop?host=db.example', 'verify-full'],
    ['is required where no host is named', 'postgres:///shop', 'verify-full'],
  ])('%s', (_what, url, mode) => {
    expect(configOf(null, { ...bindings, DATABASE_URL: url }).database.tls?.mode).toBe(mode);
  });

  test('is the same for the state elsewhere', () => {
    const { state } = configOf({ state: { url: 'postgres://me:pw@state.example.com/state' } });
    expect(state.tls).toEqual({ mode: 'verify-full' });
    expect(configOf(null).state.tls).toBeUndefined();
  });

  test('with anything that the platform does not take is refused', () => {
    const tls = { mode: 'no-verify', serverName: 'db', ca: 'PEM', negotiation: 'direct' };
    expect(problemsOf({ database: { tls }, state: { tls: { ca: 'PEM' } } })).toMatchObject([
      { path: 'database.tls.serverName', wants: expect.stringMatching(/^nothing: /) },
      { path: 'database.tls.ca', got: 'certificates' },
      {
        path: 'database.tls.mode',
        got: '"no-verify"',
        wants: expect.stringMatching(/^verify-full: /),
      },
      { path: 'database.tls.negotiation', got: '"direct"' },
      { path: 'state.tls.ca' },
    ]);
  });
});

test('what needs Node is refused, everything at once', () => {
  const http = { type: 'http', url: 'https://example.com/hooks' };
  const store = { redis: 'redis://localhost:6379' };
  const smtp = { host: 'smtp.example.com', from: 'a@example.com', to: ['b@example.com'] };
  const input = {
    endpoints: [
      { ...http, name: 'fine', rateLimit: { requests: 1 } },
      { ...http, name: 'shared', rateLimit: { requests: 1, store } },
      { name: 'printed', type: 'stdout' },
    ],
    alerts: [
      { type: 'webhook', url: 'https://example.com/alerts' },
      { type: 'email', ...smtp },
    ],
    drain: { reader: 'copy' },
  };
  expect(problemsOf(input).map(({ path }) => path)).toEqual([
    'endpoints[1].rateLimit.store',
    'endpoints[2].type',
    'alerts[1].type',
    'drain.reader',
  ]);
});

test('a worker without an endpoint is told which variable names one', () => {
  expect(problemsOf(null, { DATABASE_URL: REMOTE })).toMatchObject([
    { path: 'endpoints[0].type', variable: 'HTTP_ENDPOINT_URL' },
  ]);
});
