import { describe, expect, test } from 'vitest';
import type { DrainReport } from '../../src/drain/report.ts';
import { type ErrorCode, ERRORS } from '../../src/errors/catalogue.ts';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { busyReport } from '../../src/http/busy-report.ts';
import { ServeLog } from '../../src/runtime/serve-log.ts';
import { FakeClock } from '../support/fake-clock.ts';

function failed(code: ErrorCode): DrainReport {
  const { remedy } = ERRORS[code];
  const error = { code, message: code, detail: null, remedy };
  return { ...busyReport(), status: 'failed', error };
}

const caughtUp: DrainReport = { ...busyReport(), status: 'caught_up' };

function opened() {
  const clock = new FakeClock();
  const said: string[] = [];
  const note = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    const error = fields?.['error'] as { readonly code: string } | undefined;
    const about = error?.code ?? fields?.['failed_for_ms'] ?? fields?.['reason'];
    said.push(`${level}: ${message.split(';')[0]} (${String(about)})`);
  };
  const base = { debug: () => undefined, info: note('info'), warn: note('warn') };
  return { clock, said, log: new ServeLog(base, clock) };
}

describe('what serve says of its drains', () => {
  test('is nothing while they work', () => {
    const { log, said } = opened();
    log.drained(caughtUp);
    log.drained({ ...caughtUp, status: 'held' });
    log.drained(busyReport());
    expect(said).toEqual([]);
  });

  test('is that they fail, once a reason, and when they work again for how long they did not', () => {
    const { log, said, clock } = opened();
    for (let tries = 0; tries < 100; tries += 1) log.drained(failed('slot_missing'));
    clock.advance(60_000);
    for (let tries = 0; tries < 100; tries += 1) log.drained(failed('state_missing'));
    clock.advance(60_000);
    log.drained(busyReport());
    log.drained(caughtUp);
    log.drained(caughtUp);
    expect(said).toEqual([
      'warn: drains fail (slot_missing)',
      'warn: drains fail (state_missing)',
      'info: drains work again (120000)',
    ]);
  });

  test('is one trouble where a server is down, however that shows, and over where another drains', () => {
    const { log, said } = opened();
    log.lookFailed(new WalhookError('database_connection_lost', 'gone'));
    log.drained(failed('database_unreachable'));
    log.lookFailed(new WalhookError('database_too_many_connections', 'full'));
    log.drained(busyReport());
    log.drained(failed('database_unreachable'));
    expect(said).toEqual([
      'warn: drains fail (database_connection_lost)',
      'info: drains work again (0)',
      'warn: drains fail (database_unreachable)',
    ]);
  });

  test('is what drains warn of because of an error once until one works, and all else always', () => {
    const { log, said } = opened();
    const error = new WalhookError('database_unreachable', 'refused');
    for (let tries = 0; tries < 3; tries += 1) {
      log.ofDrains.warn('trying again', { error });
      log.ofDrains.warn('delivery failed', { reason: 'HTTP 503' });
    }
    log.drained(caughtUp);
    log.ofDrains.warn('trying again', { error });
    expect(said).toEqual([
      'warn: trying again (database_unreachable)',
      'warn: delivery failed (HTTP 503)',
      'warn: delivery failed (HTTP 503)',
      'warn: delivery failed (HTTP 503)',
      'warn: trying again (database_unreachable)',
    ]);
  });
});
