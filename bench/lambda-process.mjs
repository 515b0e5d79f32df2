// A Lambda function's bundle in a process of its own: one invocation a message, its answer back.
import { pathToFileURL } from 'node:url';

const { handler } = await import(pathToFileURL(process.argv[2]).href);
const TIMEOUT_MS = 900_000;

process.on('message', async () => {
  const deadline = Date.now() + TIMEOUT_MS;
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => deadline - Date.now() };
  const report = await handler({ source: 'aws.events' }, context);
  process.send({ report, cpu: process.cpuUsage() });
});
process.on('disconnect', () => process.exit());
