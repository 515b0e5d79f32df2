import type { DemoTools } from '../demo/run-demo.ts';
import { init } from '../operations/init.ts';
import { connect, disconnect, query } from '../postgres/connection.ts';
import { withPipeline } from './administration.ts';
import type { Platform } from './platform.ts';
import { runDrain } from './run-drain.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** What the demo is run with: the same init and drain as everybody's. */
export function demoTools(
  platform: Platform,
): Pick<DemoTools, 'clock' | 'connect' | 'drain' | 'init'> {
  return {
    clock: platform.clock,
    async connect(url) {
      const connection = await connect({
        url,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        applicationName: 'walhook demo shop',
      });
      return {
        query: (text) => query(connection, text),
        close: () => disconnect(connection),
      };
    },
    init: (config) =>
      withPipeline(config, platform, (access) => init(access, ALL_TABLES, () => undefined)),
    drain: (config, signal) => runDrain({ config, platform, log: SILENT, signal }),
  };
}

const ALL_TABLES = {
  tables: null,
  allTables: true,
  withoutIdentity: false,
  failover: false,
  adopt: false,
};

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };
