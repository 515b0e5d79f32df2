import { describe, expect, it } from 'vitest';
import { redactSecrets } from '../../src/config/redact.ts';
import { WalhookError } from '../../src/errors/walhook-error.ts';
import { createLogger, type LoggerOptions, logLevels } from '../../src/observability/log.ts';

const clock = { now: () => Date.UTC(2026, 0, 31, 12, 0, 0, 123), sleep: () => Promise.resolve() };

function recording(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    format: 'json',
    redact: redactSecrets(['hunter2', '20406080']),
    write: (line) => lines.push(line),
    clock,
    ...options,
  });
  const records = () => lines.map((line): unknown => JSON.parse(line));
  return { logger, lines, records };
}

describe('the log', () => {
  it('writes one record a line, its time, level and message first', () => {
    const { logger, lines } = recording();
    logger.info('drained\ntwice', { events: 3, lagBytes: 12n });
    expect(lines).toEqual([
      '{"time":"2026-01-31T12:00:00.123Z","level":"info","msg":"drained\\ntwice","events":3,"lagBytes":"12"}\n',
    ]);
  });

  it.each(logLevels.map((level, index) => [level, logLevels.length - 1 - index] as const))(
    'at level %s says %i of four records',
    (level, count) => {
      const { logger, lines } = recording({ level });
      logger.debug('d');
      logger.info('i');
      logger.warn('w');
      logger.error('e');
      expect(lines).toHaveLength(count);
    },
  );

  it('says the bindings of a child with each of its records, and not with its parent', () => {
    const { logger, records } = recording({ bindings: { pipeline: 'shop' } });
    logger.child({ run: 1 }).child({ endpoint: 'a' }).info('x', { run: 2 });
    logger.info('y');
    expect(records()).toEqual([
      expect.objectContaining({ pipeline: 'shop', run: 2, endpoint: 'a' }),
      expect.not.objectContaining({ run: expect.anything() }),
    ]);
  });

  it('masks secrets wherever they stand, and stays JSON', () => {
    const { logger, lines, records } = recording();
    const cause = new Error('connect to postgres://u:hunter2@h failed');
    logger.warn('hunter2!', {
      url: 'x=hunter2',
      nested: [{ deep: 'hunter2', hunter2: 1 }],
      pid: 20406080,
      error: new WalhookError('database_unreachable', 'no hunter2', { detail: 'hunter2', cause }),
    });
    expect(lines.join('')).not.toMatch(/hunter2|20406080/);
    expect(records()).toEqual([expect.objectContaining({ msg: '***!', pid: '***', url: 'x=***' })]);
  });

  it('tells an error by code, message, detail, remedy and cause', () => {
    const { logger, records } = recording();
    const cause = new AggregateError([new Error('refused')], '');
    const error = new WalhookError('slot_missing', 'No slot', { detail: 'shop', cause });
    logger.error('failed', { error });
    expect(records()).toEqual([
      expect.objectContaining({
        error: {
          code: 'slot_missing',
          message: 'No slot',
          detail: 'shop',
          remedy: error.remedy,
          cause: {
            code: 'AggregateError',
            message: '',
            errors: [{ code: 'Error', message: 'refused' }],
          },
        },
      }),
    ]);
  });

  it('shows a stack at level debug alone, masked', () => {
    const error = new Error('hunter2');
    for (const level of logLevels.slice(0, 4)) {
      const { logger, lines } = recording({ level });
      logger.error('failed', { error });
      expect(lines.join('').includes('"stack"')).toBe(level === 'debug');
      expect(lines.join('')).not.toContain('hunter2');
    }
  });

  it('survives whatever it is given', () => {
    const circle: Record<string, unknown> = { bytes: new Uint8Array(3), at: new Date(0) };
    circle['self'] = circle;
    const { logger, records } = recording();
    logger.info('x', {
      circle,
      time: 'mine',
      nan: Number.NaN,
      never: new Date(Number.NaN),
      call: () => 1,
      none: null,
    });
    expect(records()).toEqual([
      expect.objectContaining({
        time: '2026-01-31T12:00:00.123Z',
        time_: 'mine',
        nan: 'NaN',
        never: null,
        call: '[function]',
        none: null,
        circle: expect.objectContaining({ bytes: '[3 bytes]', at: '1970-01-01T00:00:00.000Z' }),
      }),
    ]);
  });

  it('writes a line for eyes where it is told to', () => {
    const { logger, lines } = recording({ format: 'pretty' });
    logger.warn('endpoint\nheld', { endpoint: 'a', reason: 'HTTP 503 hunter2', n: 3 });
    expect(lines).toEqual([
      '12:00:00.123 warn  endpoint held endpoint=a reason="HTTP 503 ***" n=3\n',
    ]);
  });
});
