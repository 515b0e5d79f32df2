import { describe, expect, onTestFinished, test } from 'vitest';
import { lsnOf } from '../support/pipeline.ts';
import { everyTrigger } from './every-trigger.ts';
import { idsOf, openShop, type Shop, upTo } from './shop.ts';
import { secret } from '../support/secrets.ts';

describe.each(everyTrigger)('$name', (trigger) => {
  const { says } = trigger;

  async function open(...options: Tail<Parameters<typeof openShop>>): Promise<Shop> {
    const shop = await openShop(trigger, ...options);
    onTestFinished(() => shop.close());
    return shop;
  }

  test('is caught up where there is nothing, and asks nobody', async () => {
    const { drain, receivers, slotAt } = await open();

    const { said, report } = await drain();

    expect(said).toBe(says.caught_up);
    expect(report).toMatchObject({ status: 'caught_up', events: 0, transactions: 0, error: null });
    expect(report.to_lsn).toBe(await slotAt());
    expect(receivers[0].requests).toEqual([]);
  });

  test('delivers what was committed, moves the slot over it, and never again', async () => {
    const { drain, order, receivers, slotAt } = await open();
    await order(1, 3);
    await order(4);

    const { said, report } = await drain();
    const [first] = receivers;
    const last = first.events().at(-1)!;

    expect(said).toBe(says.caught_up);
    expect(report).toMatchObject({
      status: 'caught_up',
      events: 4,
      transactions: 2,
      endpoints: [
        {
          name: 'first',
          delivered: 4,
          failed_attempts: 0,
          checkpoint: last['id'],
          state: 'active',
        },
      ],
      error: null,
    });
    expect(idsOf(first)).toEqual([1, 2, 3, 4]);
    expect(await slotAt()).toBe(report.to_lsn);
    expect(lsnOf(report.to_lsn)).toBeGreaterThanOrEqual(lsnOf(String(last['commit_lsn'])));
    expect((await drain()).report).toMatchObject({ status: 'caught_up', events: 0 });
    expect(idsOf(first)).toEqual([1, 2, 3, 4]);
  });

  test('holds the slot while a receiver is down, and goes on when it is back', async () => {
    const { drain, order, receivers, slotAt } = await open({ ON_UNAVAILABLE: 'hold' });
    const [first] = receivers;
    await order(1, 3);
    first.answerWith(() => 503);

    const held = await drain();
    const meanwhile = await slotAt();
    first.answerWith(() => 204);
    const recovered = await drain();

    expect(held.said).toBe(says.held);
    expect(held.report).toMatchObject({
      status: 'held',
      endpoints: [{ delivered: 0, failed_attempts: 1, checkpoint: null, state: 'held' }],
    });
    expect(held.report.endpoints[0]?.error).toContain('503');
    // A slot at the start of a commit is not past it.
    expect(lsnOf(meanwhile)).toBeLessThanOrEqual(lsnOf(String(first.events()[0]!['commit_lsn'])));
    expect(recovered.said).toBe(says.caught_up);
    expect(recovered.report).toMatchObject({
      status: 'caught_up',
      endpoints: [{ delivered: 3, state: 'active', error: null }],
    });
    expect(idsOf(first)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('is busy while another drains, and takes nothing from it', async () => {
    const { drain, order, receivers } = await open();
    const [first] = receivers;
    await order(1);
    let answer!: () => void;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    first.answerWith(() => answered.then(() => 204));

    const draining = drain();
    await first.waitFor(({ requests }) => requests.length === 1);
    const busy = await drain();
    answer();
    const drained = await draining;

    expect(busy.said).toBe(says.busy);
    expect(busy.report).toMatchObject({ status: 'busy', events: 0, error: null });
    expect(drained.said).toBe(says.caught_up);
    expect(drained.report).toMatchObject({ status: 'caught_up', events: 1 });
    expect(idsOf(first)).toEqual([1]);
  });

  test('ends at its deadline in the middle of a backlog, and the next goes on there', async () => {
    const { drain, order, receivers } = await open(
      { BATCH_MAX_EVENTS: '10' },
      { WALHOOK_DRAIN_DEADLINE_MS: '1500', WALHOOK_DRAIN_MAX_REQUESTS: '1000' },
    );
    const [first] = receivers;
    await order(1, 1_000);
    // A hundred of these are twice the time that there is.
    first.answerWith(() => (response) => {
      setTimeout(() => response.writeHead(204).end(), 30);
    });

    const ended = await drain();
    const delivered = first.events().length;
    first.answerWith(() => 204);
    const next = await drain();

    expect(ended.said).toBe(says.deadline);
    expect(ended.report).toMatchObject({
      status: 'deadline',
      endpoints: [{ delivered, state: 'active' }],
      error: null,
    });
    expect(delivered).toBeGreaterThan(0);
    expect(delivered).toBeLessThan(1_000);
    expect(next.said).toBe(says.caught_up);
    expect(next.report).toMatchObject({ endpoints: [{ delivered: 1_000 - delivered }] });
    expect(idsOf(first)).toEqual(upTo(1_000));
  });

  test('fails where the slot is missing, and says what to do', async () => {
    const { drain, order, database, receivers } = await open();
    await order(1);
    await database.query(`select pg_drop_replication_slot('${database.name}')`);

    const { said, report } = await drain();

    expect(said).toBe(says.failed);
    expect(report).toMatchObject({
      status: 'failed',
      events: 0,
      error: { code: 'slot_missing', remedy: expect.stringContaining('walhook init') },
    });
    expect(receivers[0].requests).toEqual([]);
  });

  test('brings everything to one endpoint while the other is dead', async () => {
    const { drain, order, receivers } = await open({ ON_UNAVAILABLE: 'hold' }, {}, 2);
    const [alive, dead] = receivers;
    await order(1, 3);
    dead.answerWith(() => 503);

    const held = await drain();
    const reached = idsOf(alive);
    dead.answerWith(() => 204);
    const recovered = await drain();

    expect(held.said).toBe(says.held);
    expect(held.report).toMatchObject({
      status: 'held',
      endpoints: [
        { name: 'first', delivered: 3, state: 'active', error: null },
        { name: 'second', delivered: 0, state: 'held' },
      ],
    });
    expect(reached).toEqual([1, 2, 3]);
    expect(recovered.report).toMatchObject({
      status: 'caught_up',
      endpoints: [
        { name: 'first', delivered: 0 },
        { name: 'second', delivered: 3 },
      ],
    });
    expect(idsOf(alive)).toEqual([1, 2, 3]);
  });

  test('sets aside an event that is refused, and delivers the rest', async () => {
    const { drain, order, database, receivers } = await open();
    const [first] = receivers;
    await order(1, 4);
    const taken: number[] = [];
    first.answerWith(({ events }) => {
      const ids = events.map(({ after }) => (after as { id: number }).id);
      if (ids.includes(2)) return { status: 422, body: 'no amount' };
      taken.push(...ids);
      return 204;
    });

    const { said, report } = await drain();
    const letters = await database.query(
      'select event_id, reason, answer_status, answer_body from walhook.dead_letters',
    );

    expect(said).toBe(says.caught_up);
    expect(report).toMatchObject({
      status: 'caught_up',
      endpoints: [{ delivered: 3, dead_lettered: 1, state: 'active' }],
    });
    expect(taken).toEqual([1, 3, 4]);
    expect(letters).toEqual([
      {
        event_id: first.events().find((_, nth) => idsOf(first)[nth] === 2)!['id'],
        reason: 'rejected',
        answer_status: 422,
        answer_body: 'no amount',
      },
    ]);
    expect((await drain()).report).toMatchObject({ status: 'caught_up', events: 0 });
  });

  test('parks the events of an endpoint that is down, and sends them first when it is back', async () => {
    const { drain, order, database, receivers, slotAt } = await open({ PARK_AFTER_MS: '0' });
    const [first] = receivers;
    await order(1, 2);
    first.answerWith(() => 503);
    const parked = await drain();
    const meanwhile = await slotAt();
    const [refused] = first.events();
    const from = first.requests.length;
    await order(3);
    first.answerWith(() => 204);

    const sent = await drain();

    expect(parked.said).toBe(says.held);
    expect(parked.report).toMatchObject({
      status: 'held',
      endpoints: [{ delivered: 0, parked: 2, state: 'parking' }],
    });
    expect(lsnOf(meanwhile)).toBeGreaterThanOrEqual(lsnOf(String(refused!['commit_lsn'])));
    expect(sent.said).toBe(says.caught_up);
    expect(sent.report).toMatchObject({ endpoints: [{ state: 'active', error: null }] });
    const received = first.requests.slice(from).flatMap(({ events }) => events);
    expect(received.map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(await database.query('select from walhook.parked_batches')).toEqual([]);
  });

  test('names all that is wrong with its configuration, and no secret', async () => {
    const { said, told } = await trigger.refuse({
      DATABASE_URL: `postgres://me:${secret('database')}@db.example.com:port/shop`,
      HTTP_ENDPOINT_URL: 'example.com',
      WALHOOK_DRAIN_LEASE_MS: 'long',
    });

    expect(said).toBe(says.config_invalid);
    expect(told).toContain('DATABASE_URL');
    expect(told).toContain('HTTP_ENDPOINT_URL');
    expect(told).toMatch(/WALHOOK_DRAIN_LEASE_MS.*long/);
    expect(told).not.toContain(secret('database'));
  });
});

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest]
  ? Rest
  : never;
