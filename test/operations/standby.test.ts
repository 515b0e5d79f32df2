import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startPrivateServer } from '../support/private-server.ts';
import { startReceiver } from '../support/receiver.ts';
import { diagnosed } from './operations-config.ts';

test('on a standby, which takes no writes, drain and doctor say so, and what to do', async () => {
  const server = await startPrivateServer();
  const receiver = await startReceiver();
  const endpoints = [{ name: 'hooks', type: 'http', url: receiver.url } as const];
  const { database, config, drain } = await createPipeline(
    { endpoints },
    'create table t (id int primary key)',
    server.url(),
  );
  await database.query('insert into t values (1)');
  // In recovery, as a standby is, though there is no primary that it could follow.
  const signal = join(server.dataDirectory, 'standby.signal');
  await writeFile(signal, '');
  await server.restart('fast');

  const report = await drain();
  expect(report.error).toMatchObject({
    code: 'database_read_only',
    remedy: expect.stringContaining('state.url'),
  });
  expect(receiver.requests).toEqual([]);

  const found = await diagnosed(config);
  expect(found.get('server version')).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('a standby'),
    remedy: expect.stringContaining('state.url'),
  });

  // The database is dropped after the file.
  await rm(signal);
  await server.restart('fast');
});
