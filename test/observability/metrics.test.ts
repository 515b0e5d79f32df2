import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expositionText } from '../../src/observability/exposition.ts';
import { readMetrics, unreachableMetrics } from '../../src/operations/metrics.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { visibleLine } from '../../src/quantities/visible-text.ts';
import { createPipeline, type TestPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';
import { type ParsedFamily, parseExposition } from './prometheus-text.ts';
import { secret, signingSecret } from '../support/secrets.ts';

const SECRET = signingSecret('metrics');

/** Everything that there is to tell: a bound, a success, a failure, and WAL written since. */
let pipeline: TestPipeline;
let statuses: string[];
let text: string;
let families: Map<string, ParsedFamily>;
/** With what there is of a pipeline that parks events, and has dead letters. */
let troubled: Map<string, ParsedFamily>;

beforeAll(async () => {
  const server = await startPrivateServer({ max_slot_wal_keep_size: '1GB' });
  const receiver = await startReceiver();
  pipeline = await createPipeline(
    {
      endpoints: [
        {
          name: 'hooks',
          type: 'http',
          url: `${receiver.url}?token=${secret('query')}`,
          signing: { secrets: [SECRET] },
          ordering: 'strict',
          retry: { attempts: 1, minDelayMs: 0 },
          onUnavailable: 'hold',
        },
      ],
    },
    'create table t (id int primary key)',
    server.url(),
  );
  const insert = (from: number, to: number) =>
    pipeline.database.query(`insert into t select generate_series(${from}, ${to})`);
  await insert(1, 10);
  const delivered = await pipeline.drain();
  receiver.answerWith(() => 503);
  await insert(11, 20);
  const held = await pipeline.drain();
  statuses = [delivered.status, held.status];
  // The WAL of a moment is not taken for a rate.
  text = await scraped(Date.now() + 600_000);
  families = byName(text);
  troubled = byName(await troubledText(server.url()));
});

function byName(exposition: string): Map<string, ParsedFamily> {
  return new Map(parseExposition(exposition).map((family) => [family.name, family]));
}

async function troubledText(serverUrl: string): Promise<string> {
  const away = await startReceiver(() => 503);
  const strict = await startReceiver(() => 422);
  const http = { type: 'http', retry: { attempts: 1, minDelayMs: 0 } } as const;
  const { config, database, drain } = await createPipeline(
    {
      endpoints: [
        {
          ...http,
          name: 'away',
          url: away.url,
          circuitBreaker: { failures: 1 },
          parkAfterMs: 0,
          maxParkedEvents: 500,
        },
        { ...http, name: 'strict', url: strict.url },
      ],
    },
    'create table t (id int primary key)',
    serverUrl,
  );
  await database.query('insert into t values (1), (2)');
  await drain();
  return withPipeline(config, nodePlatform, (access) => readMetrics(access, Date.now()));
}

function scraped(now = Date.now()): Promise<string> {
  return withPipeline(pipeline.config, nodePlatform, (access) => readMetrics(access, now));
}

const one = (name: string, labels: Record<string, string> = {}, among = families): number => {
  const found = among
    .get(name)
    ?.samples.filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  if (found?.length !== 1) expect.fail(`${found?.length ?? 0} samples of ${name}`);
  return found[0]!.value;
};

describe('the metrics of a pipeline', () => {
  it('say where slot and endpoint stand', () => {
    expect(statuses).toEqual(['caught_up', 'held']);
    expect(one('replication_connection_status')).toBe(1);
    expect(one('replication_events_processed_total', { outcome: 'delivered' })).toBe(10);
    expect(one('replication_errors_total', { endpoint: 'hooks' })).toBe(1);
    expect(one('walhook_endpoint_state', { state: 'held' })).toBe(1);
    expect(one('walhook_slot_status', { status: 'reserved' })).toBe(1);
    expect(one('walhook_wal_max_held_bytes')).toBe(2 ** 30);
    expect(one('walhook_runs', { result: 'held' })).toBe(1);
    expect(one('walhook_runs', { result: 'caught_up' })).toBe(1);
    expect(one('replication_lsn_current') - one('walhook_slot_confirmed_lsn')).toBe(
      one('replication_slot_lag_bytes'),
    );
    expect(one('walhook_connection_info', { verified: 'none', local: 'true' })).toBe(1);
  });

  it('say for how long the slot is safe at the rate at which WAL is written', () => {
    expect(one('walhook_wal_forecast_seconds')).toBeCloseTo(
      one('walhook_wal_safe_bytes') / one('walhook_wal_written_bytes_per_second'),
      2,
    );
  });

  it('say what is parked, and how near that is to its bounds', () => {
    const away = { endpoint: 'away' };
    expect(one('walhook_parked_events', away, troubled)).toBe(2);
    expect(one('walhook_parked_max_events', away, troubled)).toBe(500);
    expect(one('walhook_parked_bytes', away, troubled)).toBeLessThan(
      one('walhook_parked_max_bytes', away, troubled),
    );
    const since = one('walhook_parked_oldest_timestamp_seconds', away, troubled);
    expect(since).toBeLessThanOrEqual(one('walhook_last_drain_timestamp_seconds', {}, troubled));
    expect(families.has('walhook_parked_oldest_timestamp_seconds')).toBe(false);
  });

  it('count dead letters by why they are', () => {
    const strict = { endpoint: 'strict' };
    expect(one('walhook_dead_letters', strict, troubled)).toBe(2);
    const rejected = { ...strict, reason: 'rejected' };
    expect(one('walhook_dead_letters_by_reason', rejected, troubled)).toBe(2);
    expect(one('walhook_dead_letters', { endpoint: 'away' }, troubled)).toBe(0);
  });

  it('hold no secret, and of nothing more than there are endpoints', () => {
    expect(text).not.toContain(SECRET.slice(6));
    expect(text).not.toContain(secret('query'));
    expect(text).not.toContain(new URL(pipeline.config.database.url).password);
    expect(text).not.toContain('http://');
  });

  it('of a database that is away say just that', () => {
    expect(parseExposition(unreachableMetrics('shop'))).toMatchObject([
      {
        name: 'replication_connection_status',
        samples: [{ labels: { pipeline: 'shop' }, value: 0 }],
      },
    ]);
  });

  it.skipIf(!has('promtool'))('pass promtool', () => {
    // What it finds wrong it says, and fails.
    expect(execFileSync('promtool', ['check', 'metrics'], { input: text }).toString()).toBe('');
  });
});

/** A line's end has an escape in the format itself, and comes back as it was. */
const shown = (label: string): string =>
  label
    .split(/([\n\r])/)
    .map((part, index) => (index % 2 ? part : visibleLine(part)))
    .join('');

it('whatever a label holds, it is read back as it may be shown', () => {
  const word = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(word, fc.double({ noNaN: true, noDefaultInfinity: true }), (label, value) => {
      const written = expositionText([
        { name: 'm', type: 'gauge', help: 'a\\b\nc', samples: [{ labels: { label }, value }] },
      ]);
      const [family] = parseExposition(written);
      expect(family!.samples[0]!.labels).toEqual({ label: shown(label) });
      expect(family!.samples[0]!.value).toBe(value + 0);
    }),
  );
});

it('docs/metrics.md has each of them, with its type and its labels', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (gauge|counter|histogram) +\| ([^|]*)\|/gm)].map(
    ([, name, type, labels]) => ({
      name,
      type,
      labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    }),
  );
  const rendered = [...allFamilies().values()].map(({ name, type, samples }) => ({
    name,
    type,
    labels: Object.keys(samples[0]!.labels).filter((label) => label !== 'pipeline'),
  }));
  const described = new Map(rows.map((row) => [row.name, row]));
  expect(described.size).toBe(rows.length);
  expect(described).toEqual(new Map(rendered.map((row) => [row.name, row])));
});

const allFamilies = () => new Map([...troubled, ...families]);

const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/grafana/${name}`, import.meta.url));

const namesIn = (expressions: readonly string[]): string[] =>
  expressions.flatMap((expression) =>
    (expression.match(/\b(?:walhook|replication|event_sink)_\w+/g) ?? []).map((name) =>
      name.replace(/_bucket$/, ''),
    ),
  );

describe('what is made of them in examples/grafana', () => {
  it('the dashboard names only metrics that there are, and nearly all of those', () => {
    const dashboard = JSON.parse(readFileSync(example('dashboard.json'), 'utf8')) as {
      panels: { id: number; targets: { expr: string }[] }[];
    };
    const names = namesIn(
      dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    );
    expect(names.length).toBeGreaterThan(15);
    const all = allFamilies();
    expect(names.filter((name) => !all.has(name))).toEqual([]);
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('the alert rules name only metrics and labels that there are', () => {
    const { groups } = parse(readFileSync(example('alerts.yml'), 'utf8')) as {
      groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    const all = allFamilies();
    for (const { alert, expr, annotations } of rules) {
      const names = namesIn([expr]);
      const labels = Object.keys(all.get(names[0] ?? '')?.samples[0]?.labels ?? {});
      const used = Object.values(annotations).flatMap((line) =>
        [...line.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]!),
      );
      expect({
        alert,
        isOfSomething: names.length > 0,
        unknownMetrics: names.filter((name) => !all.has(name)),
        unknownLabels: used.filter((label) => !labels.includes(label)),
      }).toEqual({ alert, isOfSomething: true, unknownMetrics: [], unknownLabels: [] });
    }
  });

  it.skipIf(!has('promtool'))('the alert rules pass promtool', () => {
    const said = execFileSync('promtool', ['check', 'rules', example('alerts.yml')]);
    expect(said.toString()).toContain('SUCCESS');
  });
});

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
