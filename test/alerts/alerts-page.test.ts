import { expect, test } from 'vitest';
import { plainText, subjectLine } from '../../src/alerts/alert-text.ts';
import { webhookChannel } from '../../src/alerts/webhook-channel.ts';
import { systemClock } from '../../src/clock/clock.ts';
import { findOption } from '../../src/config/option-tree.ts';
import { RULE_NAMES } from '../../src/health/alerting/incident.ts';
import { MAX_ATTEMPTS } from '../../src/health/alerting/incident-store.ts';
import { blocksOf, readPage, tableRows } from '../docs/markdown.ts';
import { alertOf, message } from './alert-of.ts';

const page = 'docs/alerts.md';
const alert = alertOf(message({ subject: 'billing' }));

const shown = (language: string): string =>
  blocksOf(page).find((block) => block.language === language)!.text;

test('the page shows a mail as it is sent', () => {
  expect(`${shown('text')}\n`).toBe(`Subject: ${subjectLine(alert)}\n\n${plainText(alert)}`);
});

test('the page shows a webhook as it is sent', async () => {
  const bodies: string[] = [];
  const client = {
    request: ({ body }: { readonly body: Uint8Array }) => {
      bodies.push(new TextDecoder().decode(body));
      return Promise.resolve({ status: 204, body: '' });
    },
    close: () => Promise.resolve(),
  };
  const options = {
    name: '',
    url: 'https://example.com',
    headers: {},
    timeoutMs: 1,
    userAgent: '',
    sign: null,
  };
  await webhookChannel(options, client, systemClock).send(alert, AbortSignal.timeout(1_000));
  expect(JSON.parse(shown('json'))).toEqual(JSON.parse(bodies[0]!));
});

test('the page has every rule, with its option and its default', () => {
  const rows = tableRows(page, 'rule', 'when', 'option', 'default');
  expect(rows.map(([rule]) => rule)).toEqual(RULE_NAMES);
  const options = rows.map(([, , option, fallback]) => [option, fallback]);
  for (const [option, fallback] of options.filter(([name]) => name !== '')) {
    expect(JSON.stringify(findOption(option!.split('.'))?.fallback)).toBe(fallback);
  }
});

test('the page says after how many tries a message is given up', () => {
  expect(readPage(page)).toContain(`After ${MAX_ATTEMPTS.toLocaleString('en')} tries`);
});
