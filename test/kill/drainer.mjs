// One drain of the built walhook in a process of its own, so that a test can end it at any point.
// The task comes as one line of JSON on stdin, the report goes out as one on stdout:
//
//   { "config": …, "at": { "step": "before-send", "nth": 3, "signal": "SIGKILL" } }
//
// Loading comes first: a process that waits for its task starts without delay.

import { createInterface } from 'node:readline';
import { nodePlatform } from '../../dist/runtime/node-platform.js';
import { runDrain } from '../../dist/runtime/run-drain.js';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

for await (const line of createInterface({ input: process.stdin })) await drain(JSON.parse(line));

async function drain({ config, at }) {
  let met = 0;
  const report = await runDrain({
    config,
    platform: nodePlatform,
    log: { debug() {}, info() {}, warn() {} },
    signal: stop.signal,
    onStep(step) {
      if (step !== at?.step || ++met !== at.nth) return;
      process.stdout.write(`${JSON.stringify({ step })}\n`);
      process.kill(process.pid, at.signal);
    },
  });
  process.stdout.write(`${JSON.stringify({ report })}\n`);
}
