import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock/clock.ts';
import { createRedact } from '../../src/config/redact.ts';
import type { WalhookConfig } from '../../src/config/schema.ts';
import type { AlertLog } from '../../src/health/alerting/tell.ts';
import { alertChannels } from '../../src/runtime/alert-channels.ts';
import { tellAfterDrain } from '../../src/runtime/alerts.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import {
  ACCOUNT,
  MAIL_CERTIFICATE,
  type MailServer,
  startMailServer,
} from '../support/mail-server.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const MINUTE = 60_000;
type Alerts = NonNullable<WalhookConfig['alerts']>;

const endpointOf = (receiver: Receiver) =>
  ({
    name: 'billing',
    type: 'http',
    url: receiver.url,
    retry: { attempts: 1, minDelayMs: 0 },
    onUnavailable: 'hold',
  }) as const;

const mailTo = (server: MailServer): Alerts[number] => ({
  type: 'email',
  host: 'localhost',
  port: server.port,
  ...ACCOUNT,
  from: 'walhook <walhook@example.com>',
  to: ['ops@example.com'],
  ca: MAIL_CERTIFICATE,
});

/** Real time, which a test can move on. */
function movableClock(): Clock & { moveOn(ms: number): void } {
  let moved = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + moved,
    moveOn: (ms) => void (moved += ms),
  };
}

function recordingLog(): AlertLog & { debug(): void; readonly warnings: string[] } {
  const warnings: string[] = [];
  const warn = (message: string, fields?: unknown): void =>
    void warnings.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: () => undefined, info: () => undefined, warn, warnings };
}

type Shop = {
  readonly pipeline: TestPipeline;
  readonly receiver: Receiver;
  readonly clock: ReturnType<typeof movableClock>;
  readonly log: ReturnType<typeof recordingLog>;
  drain(as?: TestPipeline): Promise<string>;
  incidents(): Promise<Record<string, unknown>[]>;
};

/** A pipeline with an order that waits for its endpoint. */
async function openShop(alerts: Alerts, alertRules: WalhookConfig['alertRules']): Promise<Shop> {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [endpointOf(receiver)], alerts, ...(alertRules && { alertRules }) },
    'create table orders (id int primary key)',
  );
  await pipeline.database.query('insert into orders values (1)');
  const clock = movableClock();
  const log = recordingLog();
  return {
    pipeline,
    receiver,
    clock,
    log,
    async drain(as = pipeline) {
      // Past the wait that an endpoint is given after a failed attempt.
      clock.moveOn(MINUTE);
      return (await as.drain({ platform: { ...nodePlatform, clock }, log })).status;
    },
    incidents: () =>
      pipeline.database.query(
        `select rule, subject, resolved_at is not null as resolved, notified_at is not null as told,
                resolved_notified_at is not null as told_of_end, attempts, last_error
         from walhook.incidents order by opened_at, rule`,
      ),
  };
}

const subjects = (server: MailServer): (string | undefined)[] =>
  server.mails.map(({ headers }) => headers.get('subject'));

const DOWN = '[walhook walhook] Endpoint "billing" is down';
const UP = '[walhook walhook] Endpoint "billing" is up again';

test('an incident is told once over many drains, and its end once, by every channel', async () => {
  const [mail, hook] = [await startMailServer(), await startReceiver()];
  const alerts: Alerts = [mailTo(mail), { type: 'webhook', url: hook.url }];
  const shop = await openShop(alerts, { endpointDownMs: 0 });
  shop.receiver.answerWith(() => 503);
  for (let drains = 0; drains < 3; drains += 1) expect(await shop.drain()).toBe('held');
  expect(subjects(mail)).toEqual([DOWN]);
  expect(mail.mails[0]!.text).toContain('unavailable: HTTP 503');

  shop.receiver.answerWith(() => 204);
  for (let drains = 0; drains < 3; drains += 1) expect(await shop.drain()).toBe('caught_up');
  expect(subjects(mail)).toEqual([DOWN, UP]);
  expect(hook.events().map(({ type }) => type)).toEqual(['incident.opened', 'incident.recovered']);
  expect(await shop.incidents()).toEqual([
    {
      rule: 'endpoint_down',
      subject: 'billing',
      resolved: true,
      told: true,
      told_of_end: true,
      attempts: 0,
      last_error: null,
    },
  ]);
});

test('one that ends before it is bad enough is told to nobody', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { endpointDownMs: 5 * MINUTE });
  shop.receiver.answerWith(() => 503);
  await shop.drain();
  shop.clock.moveOn(2 * MINUTE);
  await shop.drain();
  shop.receiver.answerWith(() => 204);
  await shop.drain();
  expect(mail.mails).toEqual([]);
  expect(await shop.incidents()).toMatchObject([
    { resolved: true, told: false, told_of_end: true },
  ]);
});

test('one that lasts is told when it has lasted for long enough, with its beginning', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { endpointDownMs: 5 * MINUTE });
  shop.receiver.answerWith(() => 503);
  await shop.drain();
  shop.clock.moveOn(6 * MINUTE);
  await shop.drain();
  expect(subjects(mail)).toEqual([DOWN]);
  expect(mail.mails[0]!.text).toMatch(/^For +7 min$/m);
});

test('what is wrong again is another incident', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { endpointDownMs: 0 });
  for (const [id, status] of [503, 204, 503, 204].entries()) {
    shop.receiver.answerWith(() => status);
    await shop.pipeline.database.query(`insert into orders values (${id + 2})`);
    await shop.drain();
  }
  expect(subjects(mail)).toEqual([DOWN, UP, DOWN, UP]);
});

test('a reminder comes when it is due, and not after the end', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], {
    endpointDownMs: 0,
    remindMs: 60 * MINUTE,
    off: ['lag_age'],
  });
  shop.receiver.answerWith(() => 503);
  for (const minutes of [0, 58, 0, 58, 0]) {
    shop.clock.moveOn(minutes * MINUTE);
    await shop.drain();
  }
  shop.receiver.answerWith(() => 204);
  await shop.drain();
  shop.clock.moveOn(120 * MINUTE);
  await shop.drain();
  const STILL = '[walhook walhook] Still: endpoint "billing" is down';
  expect(subjects(mail)).toEqual([DOWN, STILL, STILL, UP]);
});

test('a mail that could not be sent is sent by the next drain; the other channel is told once', async () => {
  const [mail, hook] = [await startMailServer(), await startReceiver()];
  const alerts: Alerts = [mailTo(mail), { type: 'webhook', url: hook.url }];
  const shop = await openShop(alerts, { endpointDownMs: 0 });
  shop.receiver.answerWith(() => 503);
  mail.refuse(true);
  expect(await shop.drain()).toBe('held');
  expect(await shop.drain()).toBe('held');
  expect(await shop.incidents()).toMatchObject([{ told: false, attempts: 2 }]);
  const [row] = await shop.incidents();
  expect(JSON.parse(String(row!['last_error']))).toEqual({
    'alerts[0] (email)': expect.stringContaining('mailbox full'),
  });
  expect(shop.log.warnings.join('\n')).toContain('an alert could not be sent');

  mail.refuse(false);
  await shop.drain();
  await shop.drain();
  expect(subjects(mail)).toEqual([DOWN]);
  expect(hook.requests).toHaveLength(1);
  expect(await shop.incidents()).toMatchObject([{ told: true, attempts: 0, last_error: null }]);
});

test('the end is told also where the beginning could not be', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { endpointDownMs: 0 });
  shop.receiver.answerWith(() => 503);
  mail.refuse(true);
  await shop.drain();
  shop.receiver.answerWith(() => 204);
  await shop.drain();
  mail.refuse(false);
  await shop.drain();
  await shop.drain();
  expect(subjects(mail)).toEqual([UP]);
});

test('a channel that hangs is left in time, and the drain is what it is', async () => {
  const hook = await startReceiver(() => 'hang');
  const shop = await openShop([{ type: 'webhook', url: hook.url, timeoutMs: 200 }], {
    endpointDownMs: 0,
    deadLetters: 0,
  });
  shop.receiver.answerWith(() => 503);
  expect(await shop.drain()).toBe('held');
  expect(await shop.incidents()).toMatchObject([{ told: false, attempts: 1 }]);
});

test('many processes at once send one message', async () => {
  const [mail, hook] = [await startMailServer(), await startReceiver()];
  const alerts: Alerts = [mailTo(mail), { type: 'webhook', url: hook.url }];
  const shop = await openShop(alerts, { endpointDownMs: 0 });
  shop.receiver.answerWith(() => 503);
  const silent = await shop.pipeline.configured({ alerts: [] });
  const report = await silent.drain();
  const { config } = shop.pipeline;
  const tell = async (): Promise<void> => {
    const channels = alertChannels(config, nodePlatform, createRedact(config));
    const { clock, log } = shop;
    await tellAfterDrain(report, { config, channels, clock, log, redact: createRedact(config) });
    for (const channel of channels) await channel.close();
  };
  await Promise.all(Array.from({ length: 8 }, tell));
  expect(subjects(mail)).toEqual([DOWN]);
  expect(hook.requests).toHaveLength(1);
  expect(shop.log.warnings).toEqual([]);
});

test('drains that fail are told at the third in a row, and that they work again', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { off: ['slot_near_loss', 'lag_age'] });
  const misnamed = await shop.pipeline.configured({ publication: 'mislaid' });
  await shop.drain();
  for (let drains = 0; drains < 4; drains += 1) {
    expect(await shop.drain(misnamed)).toBe('failed');
    expect(mail.mails).toHaveLength(drains < 2 ? 0 : 1);
  }
  expect(subjects(mail)).toEqual(['[walhook walhook] Drains fail']);
  expect(mail.mails[0]!.text).toMatch(/^Seen +The last 3 drains failed: .*publication/m);
  expect(await shop.drain()).toBe('caught_up');
  expect(subjects(mail)).toEqual([
    '[walhook walhook] Drains fail',
    '[walhook walhook] Drains work again',
  ]);
});

test('changes that wait for long, and a slot that is gone, are told', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { off: ['endpoint_down', 'run_failed'] });
  shop.receiver.answerWith(() => 503);
  await shop.drain();
  shop.clock.moveOn(13 * MINUTE);
  await shop.drain();
  expect(mail.mails).toEqual([]);
  shop.clock.moveOn(MINUTE);
  await shop.drain();
  expect(subjects(mail)).toEqual(['[walhook walhook] Changes wait for too long']);
  expect(mail.mails[0]!.text).toMatch(/^Seen +changes have been waiting for 16 min or longer$/m);

  await shop.pipeline.database.query(
    `select pg_drop_replication_slot('${shop.pipeline.config.slot}')`,
  );
  await shop.drain();
  expect(subjects(mail).at(-1)).toBe(
    '[walhook walhook] The replication slot is lost or about to be',
  );
});

test('an event that is refused, and an endpoint that is gone, are told', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], {});
  shop.receiver.answerWith(() => ({ status: 422, body: 'no such product' }));
  expect(await shop.drain()).toBe('caught_up');
  expect(subjects(mail)).toEqual(['[walhook walhook] Endpoint "billing" has dead letters']);
  expect(mail.mails[0]!.text).toMatch(/^Seen +1 dead letter$/m);

  await shop.pipeline.database.query('delete from walhook.dead_letters');
  await shop.pipeline.database.query('insert into orders values (2)');
  shop.receiver.answerWith(() => 410);
  expect(await shop.drain()).toBe('held');
  expect(subjects(mail).slice(1).sort()).toEqual([
    '[walhook walhook] Endpoint "billing" is paused',
    '[walhook walhook] Endpoint "billing": the dead letters are dealt with',
  ]);
});

test('parked events near their cap are told', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { off: ['endpoint_down', 'lag_age'] });
  const parking = await shop.pipeline.configured({
    endpoints: [
      { ...endpointOf(shop.receiver), onUnavailable: 'park', parkAfterMs: 0, maxParkedEvents: 10 },
    ],
  });
  shop.receiver.answerWith(() => 503);
  await shop.pipeline.database.query('insert into orders select generate_series(2, 9)');
  const platform = { ...nodePlatform, clock: shop.clock };
  await parking.drain({ platform });
  shop.clock.moveOn(MINUTE);
  await parking.drain({ platform });
  expect(subjects(mail)).toEqual([
    '[walhook walhook] Endpoint "billing": parked events are near their cap',
  ]);
  expect(mail.mails[0]!.text).toMatch(/^Seen +9 events \(.*\) are parked, of at most 10 events/m);
});

test('a drain that was busy tells nothing', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { endpointDownMs: 0 });
  shop.receiver.answerWith(() => 503);
  const { config } = shop.pipeline;
  const silent = await shop.pipeline.configured({ alerts: [] });
  const report = { ...(await silent.drain()), status: 'busy' as const };
  const channels = alertChannels(config, nodePlatform, createRedact(config));
  await tellAfterDrain(report, { ...shop, config, channels, redact: createRedact(config) });
  expect(mail.mails).toEqual([]);
  expect(await shop.incidents()).toEqual([]);
});

test('no secret is told, whoever repeats it', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { endpointDownMs: 0 });
  const password = ACCOUNT.password;
  shop.receiver.answerWith(() => ({ status: 500, body: `your password is ${password}` }));
  await shop.drain();
  expect(mail.mails[0]!.text).toContain('your password is ***');
  const rows = await shop.pipeline.database.query('select * from walhook.incidents');
  expect(JSON.stringify(rows)).not.toContain(password);
});

test('where the state cannot be reached, the drain says so and goes its way', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], {});
  const url = 'postgres://me@localhost:1/shop';
  const broken = await shop.pipeline.configured({ database: { url } });
  const report = await broken.drain({ log: shop.log });
  expect(report).toMatchObject({ status: 'failed', error: { code: 'database_unreachable' } });
  expect(shop.log.warnings.join('\n')).toContain('nobody could be told');
});

test('where mail cannot be sent from, it is refused before anything is done', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], {});
  const platform = { ...nodePlatform, createMailer: null };
  await expect(shop.pipeline.drain({ platform })).rejects.toMatchObject({
    code: 'config_invalid',
    detail: 'alerts[0] (email)',
  });
  expect(shop.receiver.requests).toEqual([]);
});

test('changes that wait are told of, however many drains were held since', async () => {
  const mail = await startMailServer();
  const shop = await openShop([mailTo(mail)], { off: ['endpoint_down'], lagMs: 15 * MINUTE });
  shop.receiver.answerWith(() => 503);
  await shop.drain();
  // As a server leaves them that drains every second: more than anybody looks at.
  await shop.pipeline.database.query(
    `insert into walhook.runs
     select run_id || n, pipeline, started_at + n * interval '9 s', finished_at + n * interval '9 s',
       status, report
     from walhook.runs, generate_series(1, 200) n`,
  );
  shop.clock.moveOn(16 * MINUTE);
  await shop.drain();
  expect(subjects(mail)).toEqual(['[walhook walhook] Changes wait for too long']);
});

test('one that refuses everything is told of at once, also where its events are parked by then', async () => {
  const hook = await startReceiver();
  const shop = await openShop([{ type: 'webhook', url: hook.url }], undefined);
  shop.receiver.answerWith(() => 404);
  const { onUnavailable: _, ...endpoint } = endpointOf(shop.receiver);
  const parks = await shop.pipeline.configured({ endpoints: [{ ...endpoint, parkAfterMs: 0 }] });

  await shop.drain(parks);

  expect(await parks.database.query('select state, reason from walhook.endpoints')).toEqual([
    { state: 'parking', reason: expect.stringContaining('no attempt before') },
  ]);
  expect(await shop.incidents()).toMatchObject([
    { rule: 'endpoint_misconfigured', subject: 'billing', resolved: false, told: true },
  ]);
});
