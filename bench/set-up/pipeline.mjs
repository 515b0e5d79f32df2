import { Client } from 'pg';
import { parseConfig } from '../../dist/config/parse.js';
import { startEmbeddedServer } from '../../dist/demo/embedded-server.js';
import { init } from '../../dist/operations/init.js';
import { withPipeline } from '../../dist/runtime/administration.js';
import { nodePlatform } from '../../dist/runtime/node-platform.js';
import { startReceiver } from './receiver.mjs';

const DATABASE = 'bench';

/** Nothing but what a row does may write WAL or use the disk while it measures. */
const SETTINGS = {
  autovacuum: 'off',
  checkpoint_timeout: '1h',
  max_wal_size: '16GB',
  shared_buffers: '512MB',
};

/**
 * A server, a receiver in its own process and a pipeline between them, for as long as `use` runs.
 * `setUp` is SQL that runs before the slot is made; `tables`: what is published, else all.
 */
export async function withBenchPipeline({ setUp, tables = null }, use) {
  const server = await startEmbeddedServer({ settings: SETTINGS });
  const clients = [];
  const receiver = await startReceiver();
  try {
    const connect = async (database) => {
      const client = new Client({ connectionString: server.url(database) });
      clients.push(client);
      await client.connect();
      return client;
    };
    const observer = await connect('postgres');
    await observer.query(`create database ${DATABASE}`);
    const source = await connect(DATABASE);
    await source.query(setUp);

    /** As a user writes it in a file: the CLI and the drainer process read the same. */
    const config = (endpoint = {}) => ({
      database: { url: server.url(DATABASE) },
      endpoints: [
        {
          name: 'bench',
          type: 'http',
          url: receiver.url,
          signing: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
          ordering: 'key',
          concurrency: 4,
          batch: { maxEvents: 500 },
          ...endpoint,
        },
      ],
    });
    await initialize(config(), tables);
    return await use({ source, observer, database: DATABASE, receiver, config });
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    receiver.stop();
    await server.close();
  }
}

async function initialize(input, tables) {
  const { config } = parseConfig(input, {});
  const choice = { tables, allTables: tables === null, withoutIdentity: true };
  await withPipeline(config, nodePlatform, (access) =>
    init(access, { ...choice, failover: false, adopt: false }, () => undefined),
  );
}
