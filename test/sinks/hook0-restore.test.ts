import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { changeIn, hook0Application, hook0EndpointOf } from '../support/hook0-pipeline.ts';
import { startHook0Server } from '../support/hook0-server.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';

/** With owners and modes: the server does not start on what is not its own. */
const copy = (from: string, to: string): void =>
  void execFileSync('cp', ['-a', from, to], { stdio: 'ignore' });

test('after older files of the server were put back, what is new arrives under ids that are taken', async () => {
  const server = await startPrivateServer();
  const hook0 = await startHook0Server({ applications: [hook0Application] });
  const pipeline = await createPipeline(
    { endpoints: [hook0EndpointOf(hook0)] },
    'create table t (id int primary key)',
    server.url(),
  );
  const written = async (first: number): Promise<void> => {
    for (let id = first; id < first + 5; id++) {
      await pipeline.database.query(`insert into t values (${id})`);
    }
    expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  };
  await written(1);
  await server.stop('fast');
  const backup = `${server.dataDirectory}.backup`;
  onTestFinished(() => rmSync(backup, { recursive: true, force: true }));
  copy(server.dataDirectory, backup);
  await server.start();
  await written(11);
  await server.stop('fast');

  rmSync(server.dataDirectory, { recursive: true });
  copy(backup, server.dataDirectory);
  await server.start();
  await written(21);

  const ids = hook0.events.map((event) => changeIn(event).key!.id).sort((a, b) => a - b);
  expect(ids).toEqual([1, 11, 21].flatMap((first) => [0, 1, 2, 3, 4].map((n) => first + n)));
});
