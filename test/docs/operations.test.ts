import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { ERRORS } from '../../src/errors/catalogue.ts';
import { diagnose } from '../../src/health/diagnose.ts';
import { troubleText } from '../../src/health/views/status.ts';
import { facts, GiB, RULES, slot } from '../health/facts.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { type Block, blocksOf, readPage, tableRows } from './markdown.ts';
import { openPlayground, type Playground } from './playground.ts';
import { signingSecret } from '../support/secrets.ts';

type Scenario = {
  /** Brings the trouble about. Default: there is none, and something waits. */
  readonly trouble?: (playground: Playground) => Promise<void>;
  /** The environment that the trouble needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** How the drain ends that meets it. */
  readonly exitCode?: number;
  /** Where it cannot be brought about here: what would be said. */
  readonly said?: () => string;
  /** What has to be repaired elsewhere, before the page's commands. */
  readonly repair?: (playground: Playground) => void | Promise<void>;
};

const page = 'docs/operations.md';
const server = await startPrivateServer();
let playground: Playground;
afterEach(() => playground?.close());

/** By the heading that the trouble has on the page. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  Runbook: {},
  'The lag grows': {},
  'The disk fills with WAL': { said: sayWalWithoutBound },
  'An endpoint is held': {
    trouble: ({ receiver }) => Promise.resolve(receiver.answerWith(() => 503)),
    exitCode: 3,
    repair: ({ receiver }) => receiver.answerWith(() => 204),
  },
  'Events are parked': {
    trouble: ({ receiver }) => Promise.resolve(receiver.answerWith(() => 503)),
    env: { WALHOOK_ENDPOINTS_0_PARK_AFTER_MS: '0' },
    exitCode: 3,
    repair: ({ receiver }) => receiver.answerWith(() => 204),
  },
  'Pausing an endpoint': {
    trouble: async ({ shell }) => void (await shell('walhook endpoints pause http --park')),
    exitCode: 3,
  },
  'An endpoint was removed': {
    trouble: async ({ sql }) =>
      void (await sql(`insert into walhook.dead_letters
        (pipeline, endpoint, commit_lsn, seq, event_id, operation, reason, detail)
        values ('walhook', 'hook', '0/1', 0, 'id', 'insert', 'rejected', 'HTTP 422')`)),
  },
  Busy: { trouble: drainThatDoesNotEnd, exitCode: 4, repair: () => endDrain() },
  'A drain gets nowhere': {
    trouble: async ({ receiver }) => receiver.answerWith(() => 'hang'),
    env: { WALHOOK_DEADLINE: '200ms' },
    exitCode: 1,
    repair: ({ receiver }) => receiver.answerWith(() => 204),
  },
  'A transaction cannot be read': {
    trouble: async ({ sql }) =>
      void (await sql(`create table returns (id int primary key, items int);
        alter publication walhook add table returns where (1 / items >= 0);
        insert into returns values (1, 0)`)),
    exitCode: 1,
  },
  'The slot is lost': { trouble: loseSlot, exitCode: 1 },
  'The slot is gone': { trouble: dropSlot, exitCode: 1 },
  'The slot was replaced': { trouble: replaceSlot, exitCode: 1 },
  'The publication was replaced': {
    trouble: async ({ sql }) =>
      void (await sql(`drop publication walhook;
        create publication walhook for table orders, customers`)),
    exitCode: 1,
  },
  'Somebody else reads the slot': {},
  Failover: {
    trouble: async ({ sql }) =>
      void (await sql(`update walhook.pipelines set system_identifier = '7'`)),
    exitCode: 1,
  },
  'Upgrading Postgres': {},
  'Rotating keys': {},
  'Dead letters': {
    trouble: async ({ sql }) =>
      void (await sql(`insert into orders values (3, repeat('x', 2000))`)),
    env: { WALHOOK_DRAIN_MAX_EVENT_BYTES: '1024' },
  },
  'Removing walhook': {},
};

describe.each(sections())('$heading', ({ heading, blocks }) => {
  const { trouble, env, exitCode = 0, said, repair } = SCENARIOS[heading] ?? {};

  test(
    'looks as the page says, and is repaired by what it says',
    { timeout: 180_000 },
    async () => {
      playground = await openPlayground(server);
      await inOrder(playground, [`walhook init --tables orders,customers`]);
      await playground.sql(`insert into orders values (1, 'new')`);
      await inOrder(playground, ['walhook drain']);
      await playground.sql(`insert into orders values (2, 'new')`);
      await trouble?.(playground);

      const drained =
        trouble === undefined
          ? await playground.shell('walhook peek', env)
          : await playground.shell('walhook drain', env);
      expect(drained).toMatchObject({ code: exitCode });
      const status = await playground.shell('walhook status', env);
      const seen = [drained.stdout, drained.stderr, status.stdout, said?.()].join('\n');
      const lines = blocks.filter(isText).flatMap(({ text }) => text.split('\n'));
      for (const line of lines.filter((each) => each.trim() !== '')) {
        expect(seen).toMatch(lineLike(line));
      }

      await repair?.(playground);
      for (const block of blocks.filter((each) => !isText(each))) await run(block);
    },
  );
});

test('every section with something to run has its trouble', () => {
  expect(sections().map(({ heading }) => heading)).toEqual(Object.keys(SCENARIOS));
});

test('says of every error what the program says', () => {
  const described = tableRows(page, 'code', 'exit code', 'what to do');
  const known = Object.entries(ERRORS).map(([code, { exitCode, remedy }]) => [
    code,
    String(exitCode),
    remedy,
  ]);
  expect(described).toEqual(known);
});

test('names only errors that there are', () => {
  const codes = Object.keys(ERRORS);
  for (const [, code] of readPage(page).matchAll(/ {2}code: (\w+)/g)) expect(codes).toContain(code);
});

/** Rejects where a block does not do what it is there for. */
async function run({ language, text }: Block): Promise<void> {
  switch (language) {
    case 'sql':
      await playground.sql(text);
      return;
    case 'yaml': {
      const env = { NEW_SECRET: signingSecret('new'), OLD_SECRET: signingSecret('old') };
      const given = { database: { url: 'postgres://me@db/shop' }, ...(parse(text) as object) };
      parseConfig(given, env);
      return;
    }
    case 'sh':
      await inOrder(playground, [text]);
      return;
    default:
      throw new Error(`a block of ${language} is nothing that could be run`);
  }
}

async function inOrder({ shell }: Playground, scripts: readonly string[]): Promise<void> {
  for (const script of scripts) expect(await shell(script)).toMatchObject({ code: 0 });
}

function sections(): { heading: string; blocks: Block[] }[] {
  const headings = readPage(page)
    .split('\n')
    .map((line, index) => ({ heading: /^##? (.+)$/.exec(line)?.[1], line: index + 1 }))
    .flatMap(({ heading, line }) => (heading === undefined ? [] : [{ heading, line }]));
  const blocks = blocksOf(page);
  return headings
    .map(({ heading, line }, index) => {
      const end = headings[index + 1]?.line ?? Infinity;
      return { heading, blocks: blocks.filter((each) => each.line > line && each.line < end) };
    })
    .filter((section) => section.blocks.length > 0);
}

function isText({ language }: Block): boolean {
  return language === 'text';
}

/** `…` stands for whatever it is there. */
function lineLike(line: string): RegExp {
  const pieces = line.split('…').map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('.+?')}`, 'm');
}

let endDrain = (): Promise<void> => Promise.resolve();

/** Returns once its first request is under way. */
async function drainThatDoesNotEnd({ receiver, shell }: Playground): Promise<void> {
  const gate = new EventTarget();
  const opened = once(gate, 'open').then(() => 204);
  const before = receiver.requests.length;
  receiver.answerWith(() => opened);
  const drained = shell('walhook drain');
  endDrain = async () => {
    gate.dispatchEvent(new Event('open'));
    expect(await drained).toMatchObject({ code: 0 });
  };
  await receiver.waitFor(({ requests }) => requests.length > before);
}

async function dropSlot({ sql }: Playground): Promise<void> {
  await sql(`select pg_drop_replication_slot('walhook')`);
}

async function replaceSlot(there: Playground): Promise<void> {
  await dropSlot(there);
  await there.sql(`
    insert into orders values (5, 'new');
    select pg_create_logical_replication_slot('walhook', 'pgoutput')`);
}

async function loseSlot({ sql }: Playground): Promise<void> {
  await sql(`alter system set max_slot_wal_keep_size = '1MB'`);
  await sql('select pg_reload_conf()');
  for (let segment = 0; segment < 4; segment += 1) {
    await sql(`insert into customers values (${segment}, 'x')`);
    await sql('select pg_switch_wal()');
  }
  await sql(`checkpoint;
    alter system reset max_slot_wal_keep_size;
    select pg_reload_conf()`);
}

/** Ten gigabytes of WAL are not for a test to write. */
function sayWalWithoutBound(): string {
  const held = facts({ slot: slot({ heldBytes: 300 * GiB }), runs: [] });
  return diagnose(held, RULES)
    .map((trouble) => `! ${troubleText(trouble)}`)
    .join('\n');
}
