import { fork } from 'node:child_process';
import { once } from 'node:events';

const program = new URL('../drainer-process.mjs', import.meta.url);

/** A process that drains when told, for as long as `use` runs: warm from its second drain on. */
export async function withDrainer(use) {
  const child = fork(program);
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the drainer process ended with ${code}`);
  });
  died.catch(() => undefined);
  try {
    return await use({
      /** Throws unless it ended so and, where that is known, took exactly so many events. */
      async drain(config, expectedEvents = null, expectedStatus = 'caught_up') {
        child.send(config);
        const [measured] = await Promise.race([once(child, 'message'), died]);
        assertDrained(measured.report, expectedEvents, expectedStatus);
        return measured;
      },
    });
  } finally {
    if (child.connected) child.disconnect();
  }
}

/** A figure of a drain that did not do its work would be worth nothing. */
export function assertDrained(report, expectedEvents, expectedStatus = 'caught_up') {
  const complete = expectedEvents === null || report.events === expectedEvents;
  if (report.status === expectedStatus && complete) return;
  throw new Error(
    `expected ${expectedStatus} with ${expectedEvents} events, got ${JSON.stringify(report)}`,
  );
}
