import { describe, expect, it } from 'vitest';
import { walhookSchema } from '../../src/config/schema.ts';

const database = { url: 'postgres://u:p@db.example/shop' };
const hooks = { name: 'orders', type: 'http', url: 'https://example.com/hooks' };

function accepts(config: Record<string, unknown>): boolean {
  return walhookSchema.safeParse({ database, endpoints: [hooks], ...config }).success;
}

const withHttp = (options: Record<string, unknown>): boolean =>
  accepts({ endpoints: [{ ...hooks, ...options }] });

describe('the configuration schema', () => {
  it('fills in every default of the public interface', () => {
    const config = walhookSchema.parse({
      database,
      endpoints: [hooks, { name: 'print', type: 'stdout' }],
    });
    expect(config).toEqual({
      pipeline: 'walhook',
      database: {
        ...database,
        connectTimeoutMs: 10_000,
        statementTimeoutMs: 600_000,
        lockTimeoutMs: 60_000,
        keepAliveMs: 30_000,
      },
      slot: 'walhook',
      publication: 'walhook',
      state: { schema: 'walhook', keepRunsMs: 30 * 86_400_000 },
      keys: {},
      alerts: [],
      alertRules: expect.any(Object),
      http: { host: '127.0.0.1', port: 8_080, tokens: [] },
      serve: { minIntervalMs: 20, maxIntervalMs: 250, shutdownMs: 25_000 },
      drain: {
        deadlineMs: 0,
        maxWindowChanges: 100_000,
        maxWindowBytes: 64 << 20,
        maxEventBytes: 16 << 20,
        leaseMs: 30_000,
        checkpointMs: 1_000,
        reader: 'auto',
      },
      endpoints: [
        {
          ...hooks,
          method: 'POST',
          headers: {},
          format: 'walhook',
          values: { int8: 'number', numeric: 'string' },
          batch: { maxEvents: 500, maxBytes: 1_000_000, transactional: false },
          ordering: 'key',
          concurrency: 4,
          timeoutMs: 15_000,
          retry: { attempts: 3, minDelayMs: 250, maxDelayMs: 10_000 },
          answers: { delivered: [], unavailable: [], misconfigured: [], rejected: [], gone: [] },
          circuitBreaker: { failures: 5, resetMs: 30_000 },
          onUnavailable: 'park',
          parkAfterMs: 300_000,
          parkAfterBytes: 256 << 20,
          maxParkedEvents: 1_000_000,
          maxParkedBytes: 2 ** 30,
        },
        {
          name: 'print',
          type: 'stdout',
          format: 'walhook',
          values: { int8: 'number', numeric: 'string' },
        },
      ],
    });
  });

  it.each([
    'postgres://u:p@h:5432/db',
    'postgresql://h/db?sslmode=verify-full',
    'postgres://u:p%40ss@h/db',
    'postgres://u@/db?host=/var/run/postgresql',
    'postgres:///db?host=/tmp',
    'postgres://u:p@%2Fvar%2Frun%2Fpostgresql/db',
    'postgres://u:p@[::1]:5432/db',
  ])('takes the database URL %s', (url) => {
    expect(accepts({ database: { url } })).toBe(true);
  });

  it.each([
    '',
    'db',
    'mysql://h/db',
    'postgres://u:p@h',
    'postgres://u:p@h/',
    'postgres://u:p/w@h/db',
    'postgres://u:p#w@h/db',
    'postgres://u:100%@h/db',
    'postgres://u:p@h:99999/db',
    'postgres://u:p@h/db?sslcrl=/a',
  ])('refuses the database URL "%s"', (url) => {
    expect(accepts({ database: { url } })).toBe(false);
  });

  it.each(['https://example.com', 'http://localhost:8080/x?y=1', 'http://10.0.0.1/', 'HTTPS://h'])(
    'takes the endpoint URL %s',
    (url) => {
      expect(withHttp({ url })).toBe(true);
    },
  );

  it.each(['example.com', 'ftp://h/', 'http:/h', 'https://u:p@h/', 'https://t@h/', 'https://h/#x'])(
    'refuses the endpoint URL %s',
    (url) => {
      expect(withHttp({ url })).toBe(false);
    },
  );

  it.each([
    ['slot', 'walhook_2', 'Walhook'],
    ['slot', 'a'.repeat(63), 'a'.repeat(64)],
    ['slot', '0', 'a-b'],
    ['publication', 'Umlaut ä "x"', ''],
    ['publication', 'é'.repeat(31), 'é'.repeat(32)],
    ['pipeline', 'shop-1.eu', '-shop'],
  ])('takes the %s %s and refuses "%s"', (option, good, bad) => {
    expect(accepts({ [option]: good })).toBe(true);
    expect(accepts({ [option]: bad })).toBe(false);
  });

  it('keeps the state out of the schemas of the system', () => {
    expect(accepts({ state: { schema: 'pg_walhook' } })).toBe(false);
    expect(accepts({ state: { schema: 'information_schema' } })).toBe(false);
    expect(accepts({ state: { schema: 'public' } })).toBe(true);
  });

  it.each([
    [{ 'X-Tenant': 'shop', authorization: 'Bearer x' }, true],
    [{ 'x-empty': '' }, true],
    [{ 'x-latin': 'café' }, true],
    [{ 'x-split': 'a\r\nx-other: b' }, false],
    [{ 'x-control': 'a\0b' }, false],
    [{ 'x-wide': '→' }, false],
    [{ 'x-padded': ' a' }, false],
    [{ 'x y': 'a' }, false],
    [{ 'x:y': 'a' }, false],
    [{ '': 'a' }, false],
    [{ 'x-twice': 'a', 'X-Twice': 'b' }, false],
    [{ 'Content-Type': 'text/plain' }, false],
    [{ 'content-length': '1' }, false],
    [{ Host: 'h' }, false],
    [{ 'Idempotency-Key': 'k' }, false],
    [{ 'Webhook-Signature': 'v1,x' }, false],
    [{ 'transfer-encoding': 'chunked' }, false],
  ])('decides on the headers %j: %s', (headers, allowed) => {
    expect(withHttp({ headers })).toBe(allowed);
  });

  it.each([
    [{ type: 'bearer', token: 'abc.def' }, true],
    [{ type: 'bearer', token: 'abc\n' }, false],
    [{ type: 'bearer', token: '' }, false],
    [{ type: 'basic', username: 'u', password: 'p:ä' }, true],
    [{ type: 'basic', username: 'u:v', password: 'p' }, false],
    [{ type: 'header', name: 'X-Api-Key', value: 'k' }, true],
    [{ type: 'header', name: 'webhook-id', value: 'k' }, false],
    [{ type: 'header', name: 'X-Api-Key', value: '' }, false],
    [{ type: 'bearer', username: 'u' }, false],
    [{ type: 'oauth' }, false],
  ])('decides on the authentication %j: %s', (auth, allowed) => {
    expect(withHttp({ auth })).toBe(allowed);
  });

  it.each([
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', true],
    [`whsec_${btoa('x'.repeat(64))}`, true],
    [`whsec_${btoa('x'.repeat(65))}`, false],
    [`whsec_${btoa('x'.repeat(23))}`, false],
    [btoa('x'.repeat(32)), false],
    ['whsec_not base64 but long enough to be it', false],
  ])('decides on the signing secret %s: %s', (secret, allowed) => {
    expect(withHttp({ signing: { secrets: [secret] } })).toBe(allowed);
  });

  it('wants at least one signing secret where signing is configured', () => {
    expect(withHttp({ signing: { secrets: [] } })).toBe(false);
  });

  it('wants the key of a table as its columns, each once', () => {
    expect(accepts({ keys: { 'public.orders': ['tenant', 'id'] } })).toBe(true);
    expect(accepts({ keys: { orders: ['id'] } })).toBe(false);
    expect(accepts({ keys: { 'public.orders': [] } })).toBe(false);
    expect(accepts({ keys: { 'public.orders': ['id', 'id'] } })).toBe(false);
    expect(accepts({ keys: { 'public.orders': 'id' } })).toBe(false);
    expect(accepts({ keys: { 'public.orders': [''] } })).toBe(false);
  });

  it('bounds its numbers', () => {
    expect(withHttp({ timeoutMs: 0 })).toBe(false);
    expect(withHttp({ concurrency: 1.5 })).toBe(false);
    expect(withHttp({ batch: { maxEvents: 0 } })).toBe(false);
    expect(withHttp({ retry: { attempts: Number.NaN } })).toBe(false);
    expect(accepts({ drain: { maxChanges: 1 } })).toBe(true);
    expect(accepts({ drain: { deadlineMs: -1 } })).toBe(false);
  });

  it('holds options that depend on each other against each other', () => {
    expect(withHttp({ retry: { minDelayMs: 500, maxDelayMs: 499 } })).toBe(false);
    expect(accepts({ drain: { leaseMs: 5_000, checkpointMs: 5_000 } })).toBe(false);
    expect(accepts({ endpoints: [hooks, { ...hooks, url: 'https://other' }] })).toBe(false);
    expect(accepts({ endpoints: [] })).toBe(false);
    expect(withHttp({ batch: { maxEvents: 1, transactional: true } })).toBe(false);
    expect(withHttp({ answers: { delivered: [409], rejected: [409] } })).toBe(false);
    expect(withHttp({ answers: { delivered: [409], rejected: [404] } })).toBe(true);
  });

  it('refuses formats, sinks and groups that do not exist', () => {
    expect(withHttp({ format: 'avro' })).toBe(false);
    expect(withHttp({ batch: { maxAge: 1 } })).toBe(false);
    expect(accepts({ endpoints: [{ name: 'h', type: 'hook0' }] })).toBe(false);
    expect(accepts({ dashboards: [] })).toBe(false);
    expect(accepts({ alerts: [{ type: 'sms' }] })).toBe(false);
    expect(accepts({ endpoints: [{ name: 'p', type: 'stdout', url: 'https://h' }] })).toBe(false);
  });
});
