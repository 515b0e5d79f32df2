// Drains once for every configuration that it is sent, and answers with what that took; ends with
// the bench.
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { parseConfig } from '../dist/config/parse.js';
import { nodePlatform } from '../dist/runtime/node-platform.js';
import { runDrain } from '../dist/runtime/run-drain.js';

const SAMPLE_EVERY_MS = 10;

/** That deliveries fail is what some rows measure; a drain that ends as it should not stops the bench. */
const warn = (message, ...more) => message === 'delivery failed' || console.error(message, ...more);
const log = { debug() {}, info() {}, warn };
const statements = countStatements();

process.on('message', async (input) => process.send(await measure(input)));
process.on('disconnect', () => process.exit());

async function measure(input) {
  const { config } = parseConfig(input, {});
  let sampledRssBytes = process.memoryUsage.rss();
  const sampling = setInterval(() => {
    sampledRssBytes = Math.max(sampledRssBytes, process.memoryUsage.rss());
  }, SAMPLE_EVERY_MS);
  const statementsBefore = statements.count;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const startedAtMs = performance.timeOrigin + startedAt;
  const report = await runDrain({ config, platform: nodePlatform, log });
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(sampling);
  return {
    report,
    startedAtMs,
    wallMs,
    cpuUs: user + system,
    statements: statements.count - statementsBefore,
    peakRssBytes: readPeakRss(),
    sampledRssBytes,
  };
}

/**
 * Of this process so far. Linux hands a new process its parent's peak on in ru_maxrss, also across
 * exec, so where there is /proc its high-water mark, which starts anew, is the honest one.
 */
function readPeakRss() {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Number(kilobytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** A tap on the driver: every statement, COPY included, goes through `query`. */
function countStatements() {
  const tap = { count: 0 };
  const { query } = Client.prototype;
  Client.prototype.query = function countingQuery(...given) {
    tap.count += 1;
    return query.apply(this, given);
  };
  return tap;
}
