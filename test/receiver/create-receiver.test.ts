import { describe, expect, test, vi } from 'vitest';
import {
  createMemoryStore,
  createReceiver,
  type DedupeStore,
  type ReceiverOptions,
  type WalhookEvent,
} from '../../src/receiver/index.ts';
import { newSecret, signedHeaders } from './signed-request.ts';

const secret = newSecret();
const timestamp = 1_769_860_800;
const origin = {
  pipeline: 'walhook',
  endpoint: 'orders',
  source: { database: 'shop', slot: 'walhook', system: '7710395036521779281' },
};

type Json = Readonly<Record<string, unknown>>;

/** An insert of the row with that key, unless it says otherwise. */
function event(seq: number, key: unknown, changes: Json = {}): Json & { id: string } {
  return {
    id: `0000000001BB53F0-${String(seq).padStart(8, '0')}`,
    op: 'insert',
    schema: 'public',
    table: 'orders',
    key,
    before: null,
    after: key,
    seq,
    ...changes,
  };
}

function signed(payload: unknown, changes: RequestInit = {}): Request {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const body = new TextEncoder().encode(text);
  const headers = signedHeaders([secret], 'request', timestamp, body);
  return new Request('http://receiver/hooks', { method: 'POST', headers, body, ...changes });
}

function batchOf(events: readonly unknown[]): Request {
  return signed({ id: 'first_last', ...origin, events });
}

/** Takes events, and throws for those that `fails` names. */
function receiver(
  options: Partial<ReceiverOptions> & { fails?: (event: WalhookEvent) => boolean },
) {
  const { fails = () => false, ...more } = options;
  const handled: string[] = [];
  const onError = vi.fn<NonNullable<ReceiverOptions['onError']>>();
  const receive = createReceiver({
    secrets: [secret],
    now: () => timestamp * 1000,
    onError,
    handle: (each) => {
      if (fails(each)) throw new Error(`no room for ${each.id}`);
      handled.push(each.id);
    },
    ...more,
  });
  return { receive, handled, onError };
}

function isSecond({ seq }: WalhookEvent): boolean {
  return seq === 1;
}

async function failuresIn(response: Response): Promise<string[]> {
  expect(response.status).toBe(200);
  const body = (await response.json()) as { batchItemFailures: { itemIdentifier: string }[] };
  return body.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

describe('a request', () => {
  test('whose events are handled is answered 204, and told where it came from', async () => {
    const handle = vi.fn<ReceiverOptions['handle']>();
    const { receive } = receiver({ handle });
    const events = [event(0, { id: 1 }), event(1, { id: 2 })];
    expect((await receive(batchOf(events))).status).toBe(204);
    const handling = { id: 'request', timestamp, origin };
    expect(handle.mock.calls).toEqual(events.map((each) => [each, handling]));
  });

  test('may be a single event', async () => {
    const handle = vi.fn<ReceiverOptions['handle']>();
    const { receive } = receiver({ handle });
    expect((await receive(signed(event(0, { id: 1 })))).status).toBe(204);
    expect(handle.mock.calls).toEqual([
      [event(0, { id: 1 }), { id: 'request', timestamp, origin: null }],
    ]);
  });

  test.each([
    ['unsigned', 401, 'header_missing', signed({}, { headers: {} })],
    ['changed', 401, 'signature_mismatch', signed({}, { body: '{ }' })],
    [
      'old',
      401,
      'timestamp_too_old',
      signed({}, { headers: signedHeaders([secret], 'a', 1, new Uint8Array()) }),
    ],
    ['no JSON', 400, 'body_invalid', signed('events')],
    ['of another format', 400, 'body_invalid', signed({ specversion: '1.0' })],
    ['too large', 413, 'body_too_large', signed('x'.repeat(1_001))],
    ['a look by browser', 405, 'method_not_allowed', new Request('http://receiver/hooks')],
  ])('that is %s is answered %i with a problem', async (_name, status, code, request) => {
    const { receive, handled, onError } = receiver({ maxBodyBytes: 1_000 });
    const response = await receive(request);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      code,
      detail: expect.any(String),
    });
    expect(response.status).toBe(status);
    expect(handled).toEqual([]);
    expect(onError).not.toHaveBeenCalled();
  });

  test('without an end is read no further than any sender would send', async () => {
    const { receive } = receiver({ maxBodyBytes: 1_000 });
    let pulled = 0;
    const megabyte = new Uint8Array(1 << 20);
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(megabyte);
      },
    });
    const request = new Request('http://receiver/', {
      method: 'POST',
      body: endless,
      duplex: 'half',
    });
    expect((await receive(request)).status).toBe(413);
    expect(pulled).toBeLessThan(135);
  });

  test('in pieces is put together', async () => {
    const { receive, handled } = receiver({});
    const whole = signed(event(0, { id: 1 }));
    const bytes = new Uint8Array(await whole.clone().arrayBuffer());
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.subarray(at, at + 7));
        controller.close();
      },
    });
    const { headers } = whole;
    const request = new Request('http://receiver/', {
      method: 'POST',
      headers,
      body: pieces,
      duplex: 'half',
    });
    expect((await receive(request)).status).toBe(204);
    expect(handled).toHaveLength(1);
  });
});

describe('events that fail', () => {
  const rows = [1, 2, 1, 3, 2].map((id, seq) => event(seq, { id }));

  test('are named, with those of the same row behind them; the rest is handled', async () => {
    const { receive, handled, onError } = receiver({ fails: ({ seq }) => seq === 0 });
    expect(await failuresIn(await receive(batchOf(rows)))).toEqual([rows[0]!.id, rows[2]!.id]);
    expect(handled).toEqual([rows[1]!.id, rows[3]!.id, rows[4]!.id]);
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: `no room for ${rows[0]!.id}` }),
      rows[0],
    );
  });

  test('hold back everything behind them where the order is strict, and nothing where there is none', async () => {
    const strict = receiver({ fails: isSecond, ordering: 'strict' });
    const ids = rows.map(({ id }) => id);
    expect(await failuresIn(await strict.receive(batchOf(rows)))).toEqual(ids.slice(1));
    const none = receiver({ fails: isSecond, ordering: 'none' });
    expect(await failuresIn(await none.receive(batchOf(rows)))).toEqual([ids[1]]);
  });

  test('hold back what touches the same row by a change of key, and what comes after that', async () => {
    const events = [
      event(0, { id: 1 }),
      event(1, { id: 2 }, { op: 'update', before: { id: 1 }, after: { id: 2 } }),
      event(2, { id: 2 }, { op: 'update' }),
      event(3, { id: 1 }, { table: 'customers' }),
      event(4, { id: 3 }, { op: 'update', before: { id: 3, note: 'full' } }),
    ];
    const { receive, handled } = receiver({ fails: ({ seq }) => seq === 0 });
    const failed = events.slice(0, 3).map(({ id }) => id);
    expect(await failuresIn(await receive(batchOf(events)))).toEqual(failed);
    expect(handled).toEqual([events[3]!.id, events[4]!.id]);
  });

  test.each(['truncate', 'message', 'what comes later'])(
    'hold back a %s, which holds back the rest',
    async (op) => {
      const events = [
        event(0, { id: 1 }),
        event(1, { id: 2 }),
        event(2, null, { op, after: null }),
        event(3, { id: 2 }),
      ];
      const { receive, handled } = receiver({ fails: ({ seq }) => seq === 0 });
      const failed = [0, 2, 3].map((seq) => events[seq]!.id);
      expect(await failuresIn(await receive(batchOf(events)))).toEqual(failed);
      expect(handled).toEqual([events[1]!.id]);
    },
  );

  test('hold back their table where it has no key, and tell large keys apart', async () => {
    const keyless = [event(0, null), event(1, null), event(2, null, { table: 'other' })];
    const one = receiver({ fails: ({ seq }) => seq === 0 });
    expect(await failuresIn(await one.receive(batchOf(keyless)))).toEqual([
      keyless[0]!.id,
      keyless[1]!.id,
    ]);
    const text = JSON.stringify({
      id: 'a_b',
      ...origin,
      events: [event(0, { id: 1 }), event(1, { id: 2 })],
    })
      .replaceAll('{"id":1}', '{"id":9007199254740992}')
      .replaceAll('{"id":2}', '{"id":9007199254740993}');
    const two = receiver({ fails: ({ seq }) => seq === 0 });
    expect(await failuresIn(await two.receive(signed(text)))).toHaveLength(1);
  });

  test('hold back those of the same key in an outbox, and nothing where there is no key', async () => {
    const events = ['a', 'a', 'b', null, null].map((key, seq) =>
      event(seq, key, { op: undefined, type: 'paid', payload: { key } }),
    );
    const { receive, handled } = receiver({ fails: ({ seq }) => seq === 0 || seq === 3 });
    const failed = [0, 1, 3].map((seq) => events[seq]!.id);
    expect(await failuresIn(await receive(batchOf(events)))).toEqual(failed);
    expect(handled).toEqual([events[2]!.id, events[4]!.id]);
  });

  test('are sent again as a whole where they are too many to name', async () => {
    const many = Array.from({ length: 3_000 }, (_, seq) => event(seq, { id: seq }));
    const { receive } = receiver({ fails: () => true });
    const response = await receive(batchOf(many));
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      code: 'internal',
      detail: expect.stringContaining('3000'),
    });
  });

  test('are written to the console where nobody asked to be told', async () => {
    const written = vi.spyOn(console, 'error').mockReturnValue();
    const failure = new Error('no room');
    const receive = createReceiver({
      secrets: [secret],
      now: () => timestamp * 1000,
      handle: () => Promise.reject(failure),
    });
    await receive(batchOf(rows.slice(0, 1)));
    expect(written).toHaveBeenCalledExactlyOnceWith(`walhook/receiver: ${rows[0]!.id}:`, failure);
    written.mockRestore();
  });
});

describe('with a store', () => {
  test('an event is handled once, in whichever request it comes', async () => {
    const { receive, handled } = receiver({ store: createMemoryStore() });
    const [a, b, c] = [0, 1, 2].map((id) => event(id, { id }));
    for (const request of [batchOf([a, b]), batchOf([b, c]), signed(c), batchOf([a, b, c])]) {
      expect((await receive(request)).status).toBe(204);
    }
    expect(handled).toEqual([a!.id, b!.id, c!.id]);
  });

  test('an event that failed is handled when it comes again, and only that', async () => {
    let broken = true;
    const { receive, handled } = receiver({
      store: createMemoryStore(),
      fails: ({ seq }) => broken && seq === 1,
    });
    const events = [0, 1, 2].map((id) => event(id, { id }));
    expect(await failuresIn(await receive(batchOf(events)))).toEqual([events[1]!.id]);
    broken = false;
    expect((await receive(batchOf(events))).status).toBe(204);
    expect(handled).toEqual([0, 2, 1].map((seq) => events[seq]!.id));
  });

  test('an event that another request is at is no failure: the request comes again later, as a whole', async () => {
    let finish!: () => void;
    const calls: string[] = [];
    const receive = createReceiver({
      secrets: [secret],
      now: () => timestamp * 1000,
      store: createMemoryStore(),
      handle: ({ id }) => {
        calls.push(id);
        return new Promise((resolve) => (finish = resolve));
      },
    });
    const only = event(0, { id: 1 });
    const first = receive(batchOf([only]));
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    const repeat = await receive(batchOf([only, event(1, { id: 2 })]));
    expect([repeat.status, repeat.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await repeat.json()).toMatchObject({
      code: 'busy',
      detail: expect.stringContaining(only.id),
    });
    finish();
    expect((await first).status).toBe(204);
    expect(calls).toEqual([only.id]);
  });

  test('that fails, the whole request is to come again, and the sender is told nothing of why', async () => {
    const failure = new Error('redis://:secret@cache refused');
    const store: DedupeStore = { claim: () => Promise.reject(failure) };
    const { receive, handled, onError } = receiver({ store });
    const response = await receive(batchOf([event(0, { id: 1 })]));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(onError).toHaveBeenCalledExactlyOnceWith(failure, null);
    expect(handled).toEqual([]);
  });
});

test('a secret that is none is refused when the receiver is made', () => {
  for (const secrets of [[], ['whsec_short'], ['sesame']]) {
    const made = () => createReceiver({ secrets, handle: () => undefined });
    expect(made).toThrow(expect.objectContaining({ code: 'secret_invalid' }));
  }
});

test('a secret that is missing is told to each request: a build may evaluate what it runs later', async () => {
  const onError = vi.fn();
  const missing = [process.env['WALHOOK_NO_SUCH_SECRET'] ?? ''];
  const receive = createReceiver({ secrets: missing, handle: () => undefined, onError });
  const response = await receive(new Request('http://r/', { method: 'POST', body: '{}' }));
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({
    code: 'secret_invalid',
    detail: expect.stringContaining('Signing secret 1 of 1 is missing'),
  });
  expect(onError).toHaveBeenCalledOnce();
});
