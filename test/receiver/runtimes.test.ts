import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { denoProgram, serveInDeno, serveInWorkerd, workerdProgram } from './runtimes.ts';
import { signedHeaders } from './signed-request.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

test.skipIf(workerdProgram === null)(
  'the built receiver works in workerd (skipped where the package workerd brings no program)',
  async () => {
    await expectToReceive(await serveInWorkerd(workerdProgram!), 'Cloudflare-Workers');
  },
);

test.skipIf(denoProgram === null)(
  'the built receiver works in Deno (skipped where the package deno brings no program)',
  async () => {
    await expectToReceive(await serveInDeno(denoProgram!), 'Deno/');
  },
);

test('the receiver compiles against the types of browsers and workers, without those of Node', async () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'receiver-types-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { lib: ['es2023', 'webworker'], types: [] },
    include: [join(root, 'src/receiver')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

/** Posts what has to be taken and what has to be refused, and asks what was handled. */
async function expectToReceive(url: string, runtime: string): Promise<void> {
  const seconds = Math.floor(Date.now() / 1000);
  const events = ['1', '9007199254740993', '3'].map(
    (key, seq) =>
      `{"id":"e${seq}","op":"insert","schema":"public","table":"t","key":{"id":${key}},` +
      `"before":null,"after":{"status":"${key === '3' ? 'poison' : 'ä漢😀'}"},"seq":${seq}}`,
  );
  const text = `{"id":"e0_e2","pipeline":"p","endpoint":"e","source":{},"events":[${events.join()}]}`;
  const body = new TextEncoder().encode(text);
  const headers = signedHeaders([secret], 'e0_e2', seconds, body);
  const post = async (
    payload: string | Uint8Array<ArrayBuffer>,
    more: Record<string, string> = {},
  ): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: payload,
    });
    return response.json();
  };

  for (const large of [new Uint8Array(1_000_001), new Uint8Array(30_000_000)]) {
    expect(await post(large)).toMatchObject({ status: 413, code: 'body_too_large' });
  }
  const failures = { batchItemFailures: [{ itemIdentifier: 'e2' }] };
  expect(await post(body)).toEqual(failures);
  expect(await post(body)).toEqual(failures);
  expect(await post(`${text} `)).toMatchObject({ status: 401, code: 'signature_mismatch' });
  const old = signedHeaders([secret], 'e0_e2', seconds - 301, body);
  expect(await post(body, old)).toMatchObject({ status: 401, code: 'timestamp_too_old' });
  expect(await (await fetch(url)).json()).toEqual({
    handled: ['insert 1 number', 'insert 9007199254740993 bigint'],
    runtime: expect.stringContaining(runtime),
  });
}
