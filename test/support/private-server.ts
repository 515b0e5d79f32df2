import { afterAll, inject } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/demo/embedded-server.ts';
import { watchFor } from './secret-sweep.ts';
import { serverFolder } from './server-folder.ts';
import { testServerSettings } from './server-settings.ts';

const started = new Set<EmbeddedServer>();

afterAll(async () => {
  for (const server of started) await server.close();
  started.clear();
});

/** A server to stop, break and configure at will, of the version under test; closed after the file. */
export async function startPrivateServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({
    binaries: inject('serverBinaries'),
    temporaryIn: serverFolder,
    settings: { ...testServerSettings, ...settings },
  });
  started.add(server);
  watchFor(new URL(server.url()).password);
  return server;
}
