import { describe, expect, test } from 'vitest';
import { plainText, subjectLine } from '../../src/alerts/alert-text.ts';
import { emailChannel, type Mail } from '../../src/alerts/email-channel.ts';
import { ALERTED } from '../../src/health/conditions.ts';
import { RULE_NAMES } from '../../src/health/alerting/incident.ts';
import { readPage } from '../docs/markdown.ts';
import { MINUTE, NOW } from '../health/facts.ts';
import { alertOf, message } from './alert-of.ts';

const recovered = message(
  { resolvedAt: new Date(NOW + 29 * MINUTE), detail: 'It takes its events again.' },
  { kind: 'recovered', toldAt: new Date(NOW) },
);

describe('what a person reads at night', () => {
  test('what is wrong, since when, how bad it is, and what to do', () => {
    const alert = alertOf();
    expect(subjectLine(alert)).toBe('[walhook shop] Endpoint "billing.eu" is down');
    expect(plainText(alert)).toBe(`Endpoint "billing.eu" is down.

Seen      unavailable: HTTP 503: upstream connect error
Since     2026-01-31 02:41:10 UTC
For       5 min
Pipeline  shop
WAL       1.2 GiB held by the slot "shop_slot"; 8.8 GiB more and it can be lost

Its events wait, in their order, in the slot or parked in the state tables. Nothing is lost, and the other endpoints go on. While they wait in the slot, the database server keeps WAL on its disk.

What to do:
1. Make it answer 2xx again. Each drain tries it by itself; nothing has to be restarted.
2. Not to wait for the next attempt: walhook endpoints resume billing.eu
3. If it takes hours, watch the WAL: walhook status

Runbook: docs/operations.md#an-endpoint-is-held

You are told once. The next message about it says that it is over.
`);
  });

  test('that it is over, for how long it was, and nothing to do', () => {
    const alert = alertOf(recovered);
    expect(subjectLine(alert)).toBe('[walhook shop] Endpoint "billing.eu" is up again');
    expect(plainText(alert)).toBe(`Endpoint "billing.eu" is up again.

Now       It takes its events again.
Was       Endpoint "billing.eu" is down
From      2026-01-31 02:41:10 UTC
Until     2026-01-31 03:15:10 UTC
Lasted    34 min
Pipeline  shop
WAL       1.2 GiB held by the slot "shop_slot"; 8.8 GiB more and it can be lost

This is the last message about it.
`);
  });

  test('that it is still so', () => {
    const alert = alertOf(
      message({}, { kind: 'reminder', toldAt: new Date(NOW) }),
      4 * 60 * MINUTE,
    );
    expect(subjectLine(alert)).toBe('[walhook shop] Still: endpoint "billing.eu" is down');
    expect(plainText(alert)).toContain('You are told again every 4 h until it is over');
  });

  test('one line of what an endpoint answered, whatever it was', () => {
    const alert = alertOf(message({ detail: 'HTTP 500: a\r\n\r\nb\tc' }));
    expect(plainText(alert)).toContain('Seen      HTTP 500: a b c\n');
  });
});

describe.each(RULE_NAMES)('%s', (rule) => {
  const {
    runbook,
    alert: { toDo, wrong, over },
  } = ALERTED[rule];

  test('has a place in the runbook, something to do, and words for both ends', () => {
    const anchors = [...readPage('docs/operations.md').matchAll(/^## (.+)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replaceAll(' ', '-'),
    );
    expect(anchors).toContain(runbook);
    expect(toDo('billing')).not.toEqual([]);
    expect(wrong('billing')).not.toBe(over('billing'));
  });

  test('names no command that there is not', () => {
    const commands = [
      ...toDo('billing')
        .join('\n')
        .matchAll(/: walhook ([a-z-]+(?: [a-z]+)?(?=\n|$| --| billing))/g),
    ].map(([, name]) => name);
    for (const name of commands) expect(readPage('docs/cli.md')).toContain(`\n## ${name}\n`);
  });
});

describe('mails of one incident', () => {
  const mails: Mail[] = [];
  const channel = emailChannel(
    {
      name: 'alerts[0]',
      from: 'walhook <w@example.com>',
      to: ['ops@example.com'],
      timeoutMs: 1_000,
    },
    { send: (mail) => Promise.resolve(void mails.push(mail)) },
  );

  test('make one thread, and a second try is the same mail', async () => {
    const opened = alertOf();
    const all = [opened, opened, alertOf(recovered)];
    for (const alert of all) await channel.send(alert, AbortSignal.timeout(1_000));
    const [first, again, last] = mails;
    expect(first).toMatchObject({ to: ['ops@example.com'], inReplyTo: null });
    expect(first!.messageId).toMatch(/^<[\w~-]+(\.[\w~-]+)*@example\.com>$/);
    expect(again!.messageId).toBe(first!.messageId);
    expect(last!.inReplyTo).toBe(first!.messageId);
    expect(last!.messageId).not.toBe(first!.messageId);
  });

  test('are told apart by their reminders', () => {
    const [first, second] = [NOW, NOW + MINUTE].map((ms) =>
      alertOf(message({}, { kind: 'reminder', toldAt: new Date(ms) })),
    );
    expect(first!.id).not.toBe(second!.id);
  });
});
