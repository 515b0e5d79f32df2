import { chmodSync, chownSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { EmbeddedServer } from '../../src/demo/embedded-server.ts';
import { startPrivateServer } from './private-server.ts';

/** Of a certificate, an authority or a key of test/fixtures/postgres-tls. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/postgres-tls/${name}`, import.meta.url));
}

export function tlsText(name: string): string {
  return readFileSync(tlsFile(name), 'utf8');
}

/** Databases by the kind of connection that pg_hba.conf lets in. */
const ACCESS = `
hostssl   tls_only    all 127.0.0.1/32 scram-sha-256
hostnossl plain_only  all 127.0.0.1/32 scram-sha-256
hostssl   client_cert all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
host      postgres    all 127.0.0.1/32 scram-sha-256
`;

/** A server with TLS whose certificate is for the name localhost, and not for its address. */
export async function startTlsServer(certificate: 'server' | 'expired'): Promise<EmbeddedServer> {
  const server = await startPrivateServer();
  const admin = new Client({ connectionString: server.url() });
  await admin.connect();
  for (const name of ['tls_only', 'plain_only', 'client_cert']) {
    await admin.query(`create database ${name}`);
  }
  give(server, `${certificate}.pem`, 'server.crt');
  give(server, `${certificate}.key`, 'server.key');
  give(server, 'ca.pem', 'root.crt');
  writeFileSync(join(server.dataDirectory, 'pg_hba.conf'), ACCESS);
  await admin.query(`alter system set ssl_ca_file = 'root.crt'`);
  await admin.query('alter system set ssl = on');
  await admin.end();
  await server.restart('fast');
  return server;
}

/** As the server's own file: it refuses a key that others can read. */
function give(server: EmbeddedServer, name: string, as: string): void {
  const target = join(server.dataDirectory, as);
  const { uid, gid } = statSync(server.dataDirectory);
  copyFileSync(tlsFile(name), target);
  // A checkout has no such modes.
  chmodSync(target, 0o600);
  chownSync(target, uid, gid);
}
