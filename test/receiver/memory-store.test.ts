import { describe, expect, test } from 'vitest';
import { type Claim, createMemoryStore, once } from '../../src/receiver/index.ts';
import { FakeClock } from '../support/fake-clock.ts';

type Taken = Extract<Claim, { state: 'taken' }>;

const clock = new FakeClock();
const now = (): number => clock.now();

async function taken(claim: Promise<Claim>): Promise<Taken> {
  const { state, ...methods } = (await claim) as Taken;
  expect(state).toBe('taken');
  return { state, ...methods };
}

describe('the store in memory', () => {
  test('gives an id to one of many callers at once', async () => {
    const store = createMemoryStore({ now });
    const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim('a')));
    const states = claims.map(({ state }) => state);
    expect(states.filter((state) => state === 'taken')).toHaveLength(1);
    expect(states.filter((state) => state === 'busy')).toHaveLength(19);
  });

  test('knows what was confirmed, and gives again what was released', async () => {
    const store = createMemoryStore({ now });
    await (await taken(store.claim('a'))).release();
    await (await taken(store.claim('a'))).confirm();
    expect(await store.claim('a')).toEqual({ state: 'done' });
    expect(await store.claim('b')).toMatchObject({ state: 'taken' });
  });

  test('gives a claim up whose holder says nothing, so that the event is not lost', async () => {
    const store = createMemoryStore({ now, claimMs: 1_000 });
    await taken(store.claim('a'));
    clock.advance(999);
    expect(await store.claim('a')).toEqual({ state: 'busy' });
    clock.advance(1);
    expect(await store.claim('a')).toMatchObject({ state: 'taken' });
  });

  test('lets a holder that comes too late confirm, and not release what is another’s', async () => {
    const store = createMemoryStore({ now, claimMs: 1_000 });
    const late = await taken(store.claim('a'));
    clock.advance(1_000);
    const second = await taken(store.claim('a'));
    await late.release();
    expect(await store.claim('a')).toEqual({ state: 'busy' });
    await late.confirm();
    expect(await store.claim('a')).toEqual({ state: 'done' });
    await second.confirm();
    await second.release();
    expect(await store.claim('a')).toEqual({ state: 'done' });
  });

  test('forgets after its time, and the oldest first beyond its bound', async () => {
    const store = createMemoryStore({ now, maxIds: 2, ttlMs: 1_000 });
    for (const id of ['a', 'b', 'c']) await (await taken(store.claim(id))).confirm();
    expect(await store.claim('b')).toEqual({ state: 'done' });
    expect(await store.claim('c')).toEqual({ state: 'done' });
    await (await taken(store.claim('a'))).release();
    clock.advance(1_000);
    expect(await store.claim('c')).toMatchObject({ state: 'taken' });
  });

  test('never forgets a claim for want of room', async () => {
    const store = createMemoryStore({ now, maxIds: 1 });
    for (const id of ['a', 'b', 'c']) await taken(store.claim(id));
    expect(await store.claim('a')).toEqual({ state: 'busy' });
  });
});

describe('once', () => {
  test('runs an effect until it has succeeded, and not again', async () => {
    const store = createMemoryStore({ now });
    const runs: string[] = [];
    const failing = once(store, 'a', () => {
      runs.push('failed');
      throw new Error('no room');
    });
    await expect(failing).rejects.toThrow('no room');
    const succeeding = async (): Promise<void> => void runs.push('succeeded');
    expect(await once(store, 'a', succeeding)).toBe('handled');
    expect(await once(store, 'a', succeeding)).toBe('done');
    expect(runs).toEqual(['failed', 'succeeded']);
  });

  test('leaves alone what another caller is at', async () => {
    const store = createMemoryStore({ now });
    let finish!: () => void;
    const first = once(store, 'a', () => new Promise<void>((resolve) => (finish = resolve)));
    expect(await once(store, 'a', () => expect.unreachable())).toBe('busy');
    finish();
    expect(await first).toBe('handled');
  });

  test('says what the effect threw, even where the store fails too', async () => {
    const broken = {
      claim: async (): Promise<Claim> => ({
        state: 'taken',
        confirm: () => Promise.reject(new Error('not confirmed')),
        release: () => Promise.reject(new Error('not released')),
      }),
    };
    await expect(once(broken, 'a', () => Promise.reject(new Error('no room')))).rejects.toThrow(
      'no room',
    );
    await expect(once(broken, 'a', async () => undefined)).rejects.toThrow('not confirmed');
  });
});
