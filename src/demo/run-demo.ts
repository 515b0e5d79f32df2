import type { Clock } from '../clock/clock.ts';
import { parseConfig } from '../config/parse.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { DrainReport } from '../drain/report.ts';
import { WalhookError } from '../errors/walhook-error.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import { openShop, SHOP_TABLES, type ShopDatabase, Traffic } from './shop.ts';
import { startVerifyingReceiver, type VerifyingReceiver } from './verifying-receiver.ts';

export type DemoTools = {
  readonly connect: (url: string) => Promise<ShopDatabase>;
  readonly init: (config: ResolvedConfig) => Promise<void>;
  readonly drain: (config: ResolvedConfig, signal: AbortSignal) => Promise<DrainReport>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Ends the demo before its time, cleaned up. */
  readonly signal: AbortSignal;
};

const BETWEEN_DRAINS_MS = 1_200;

/**
 * A shop, its events, a receiver that trusts nothing, and drains as a cron job would run them, one of
 * them while the receiver is down. True: the receiver's copy is equal to the shop's tables.
 * @throws WalhookError embedded_missing, embedded_failed
 */
export async function runDemo(tools: DemoTools): Promise<boolean> {
  tools.say('Starting a PostgreSQL server of its own …');
  const server = await startEmbeddedServer();
  try {
    const receiver = await startVerifyingReceiver();
    try {
      return await tellStory(tools, server.url(), receiver);
    } finally {
      await receiver.close();
    }
  } finally {
    await server.close();
    tools.say('Server and data are removed again.');
  }
}

async function tellStory(
  tools: DemoTools,
  url: string,
  receiver: VerifyingReceiver,
): Promise<boolean> {
  const { say, clock, signal } = tools;
  const config = demoConfig(url, receiver);
  const story = new Drains(tools, config);
  await tools.init(config);
  say('walhook init: publication, slot and state tables are made.');

  const database = await tools.connect(url);
  const orders = await tools.connect(url);
  try {
    await openShop(database);
    say(`The shop opens: ${SHOP_TABLES.join(', ')}. Orders come in from here on.\n`);
    const traffic = new Traffic(orders);
    try {
      await story.drain('the first drain');
      await clock.sleep(BETWEEN_DRAINS_MS, signal);
      await story.drain('a second later, as a cron job would');
      say('\nThe receiver goes down: it answers 503 to everything.');
      receiver.down = true;
      await clock.sleep(BETWEEN_DRAINS_MS, signal);
      await story.drain('its events are held, the slot stays');
      say(
        `It refused ${receiver.refused()} requests. Nothing is lost: all of it waits in the slot.`,
      );
      await clock.sleep(BETWEEN_DRAINS_MS, signal);
      receiver.down = false;
      say('\nThe receiver is back.');
      await story.drain('the next drain catches up');
      await clock.sleep(BETWEEN_DRAINS_MS, signal);
    } finally {
      await traffic.close();
    }
    if (signal.aborted) return false;
    say(`\nThe shop closes after ${traffic.transactions.toLocaleString('en')} transactions.`);
    await story.drain('the last drain');
    return await compare(tools, database, receiver, story);
  } finally {
    await orders.close();
    await database.close();
  }
}

class Drains {
  readonly #tools: DemoTools;
  readonly #config: ResolvedConfig;
  delivered = 0;
  ms = 0;

  constructor(tools: DemoTools, config: ResolvedConfig) {
    this.#tools = tools;
    this.#config = config;
  }

  /** Throws WalhookError where the drain failed. */
  async drain(about: string): Promise<void> {
    const { say, drain, signal } = this.#tools;
    if (signal.aborted) return;
    const { status, endpoints, duration_ms: ms, error } = await drain(this.#config, signal);
    if (error !== null) throw new WalhookError(error.code, error.message);
    const delivered = endpoints.reduce((sum, endpoint) => sum + endpoint.delivered, 0);
    const failed = endpoints.reduce((sum, endpoint) => sum + endpoint.failed_attempts, 0);
    this.delivered += delivered;
    this.ms += ms;
    const tries = failed === 0 ? '' : `, ${failed} failed tries`;
    const rate = delivered === 0 ? '' : `, ${rateText(delivered, ms)}`;
    say(
      `  drain: ${status.replace('_', ' ').padEnd(9)} ${delivered.toLocaleString('en').padStart(7)} events in ` +
        `${String(ms).padStart(5)} ms${rate}${tries}   (${about})`,
    );
  }
}

async function compare(
  { say }: DemoTools,
  database: ShopDatabase,
  { copy, badSignatures }: VerifyingReceiver,
  { delivered, ms }: Drains,
): Promise<boolean> {
  let rowCount = 0;
  let differences = 0;
  for (const table of SHOP_TABLES) {
    const rows = await database.query(`select * from public.${table}`);
    const keyColumns = table === 'order_items' ? ['order_id', 'line'] : ['id'];
    rowCount += rows.length;
    differences += copy.differences(table, rows, keyColumns);
  }
  const rows = `${rowCount.toLocaleString('en')} rows`;
  say(
    `\n${delivered.toLocaleString('en')} events delivered, ${rateText(delivered, ms)} while draining. The receiver saw ` +
      `${copy.duplicates} duplicates, ${copy.outOfOrder} out of order, ${badSignatures()} bad signatures.`,
  );
  const equal = differences === 0;
  say(
    equal
      ? `Source and copy are equal: ${rows}.`
      : `Source and copy DIFFER in ${differences} of ${rows}.`,
  );
  return equal && copy.duplicates + copy.outOfOrder + badSignatures() === 0;
}

function demoConfig(url: string, receiver: VerifyingReceiver): ResolvedConfig {
  const endpoint = {
    name: 'shop',
    type: 'http',
    url: receiver.url,
    signing: { secrets: [receiver.secret] },
    retry: { attempts: 2, minDelayMs: 100, maxDelayMs: 200 },
    // Its drains follow each other within a second: one that is back is to be noticed at once.
    circuitBreaker: { resetMs: 0 },
  } as const;
  return parseConfig({ pipeline: 'demo', database: { url }, endpoints: [endpoint] }, {}).config;
}

function rateText(events: number, ms: number): string {
  return `${Math.round((events * 1_000) / Math.max(ms, 1)).toLocaleString('en')} events/s`;
}
