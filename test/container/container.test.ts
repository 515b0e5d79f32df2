import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { ended, walhook as builtWalhook } from '../cli/walhook.ts';
import { freePort } from '../support/free-port.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { copiesOf, execForm, parseDockerfile, type Stage } from './dockerfile.ts';
import { type UnpackedImage, unpackImage } from './unpacked-image.ts';
import { secret } from '../support/secrets.ts';

// No container engine is to be had in a test: the files are read, what they name is looked for, and
// what they would run is run without one.

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const stages = parseDockerfile(read('Dockerfile'));
const last = stages.at(-1)!;

let unpacked: UnpackedImage;
beforeAll(() => void (unpacked = unpackImage()));

describe('Dockerfile', () => {
  test('starts from one image of a fixed major version', () => {
    expect(new Set(stages.map(({ image }) => image))).toEqual(new Set(['node:22-slim']));
  });

  test('copies what there is, from here what .dockerignore lets through, else from a stage before', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toContain('*');
    for (const [index, stage] of stages.entries()) {
      const before = stages.slice(0, index).map(({ name }) => name);
      for (const { from, sources } of copiesOf(stage)) {
        const local = from === null ? sources.map((each) => each.replace(/\/$/, '')) : [];
        expect(ignored).toEqual(expect.arrayContaining(local.map((source) => `!${source}`)));
        expect(local.filter((source) => !existsSync(join(root, source)))).toEqual([]);
        expect([null, ...before]).toContain(from);
      }
    }
  });

  test('takes what it runs from stages that build and that leave out the dev dependencies', () => {
    expect(
      copiesOf(last).flatMap(({ from, sources }) => sources.map((each) => [from, each])),
    ).toEqual([
      [null, 'package.json'],
      [null, 'LICENSE'],
      ['dependencies', '/build/node_modules'],
      ['build', '/build/dist'],
    ]);
    expect(runsOf('dependencies')).toEqual([expect.stringContaining('npm ci --omit=dev')]);
    expect(runsOf('build').at(-1)).toBe('node scripts/build.mjs');
  });

  test('says what it is, in the version that it is', () => {
    const labels = last.instructions.find(({ name }) => name === 'LABEL')!.text;
    expect(labels).toContain(`org.opencontainers.image.version="${VERSION}"`);
  });

  test('runs walhook, not as root, with a command that there is', async () => {
    const user = last.instructions.findLast(({ name }) => name === 'USER')!.text;
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(execForm(last, 'ENTRYPOINT')).toEqual(['walhook']);
    await expectCommand(execForm(last, 'CMD'));
  });
});

describe('what the image holds', () => {
  test('is no dev dependency, no source and no test', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as {
      devDependencies: Record<string, string>;
    };
    const installed = readdirSync(join(unpacked.folder, 'node_modules'));
    for (const name of Object.keys(devDependencies)) expect(installed).not.toContain(name);
    expect(readdirSync(unpacked.folder).sort()).toEqual([
      'LICENSE',
      'dist',
      'node_modules',
      'package.json',
    ]);
  });

  test('drains as nobody, over files that nobody may write', { timeout: 60_000 }, async () => {
    const receiver = await startReceiver();
    const pipeline = await createPipeline(
      { endpoints: [{ name: 'http', type: 'http', url: receiver.url }] },
      'create table orders (id int primary key)',
    );
    await pipeline.database.query('insert into orders values (1)');

    const drained = await ended(
      unpacked.start(['drain', '--json'], {
        DATABASE_URL: pipeline.database.url,
        SLOT_NAME: pipeline.config.slot,
        HTTP_ENDPOINT_URL: receiver.url,
      }),
    );

    expect(drained).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(drained.stdout)).toMatchObject({ status: 'caught_up', events: 1 });
    expect(receiver.events()).toHaveLength(1);
  });
});

describe('the command of the image', () => {
  test(
    'serves as nobody, until it is stopped, and is found healthy',
    { timeout: 60_000 },
    async () => {
      const receiver = await startReceiver();
      const pipeline = await createPipeline(
        { endpoints: [{ name: 'http', type: 'http', url: receiver.url }] },
        'create table orders (id int primary key)',
      );
      await pipeline.database.query('insert into orders values (1)');
      const port = await freePort();
      const server = unpacked.start(execForm(last, 'CMD'), {
        ...variablesOf(last),
        WALHOOK_HTTP_PORT: String(port),
        WALHOOK_TOKEN: secret('token'),
        DATABASE_URL: pipeline.database.url,
        SLOT_NAME: pipeline.config.slot,
        HTTP_ENDPOINT_URL: receiver.url,
      });
      const end = ended(server);

      await receiver.waitFor(({ requests }) => requests.length === 1);
      expect(await healthOf(port)).toBe(0);
      server.kill('SIGTERM');

      expect(await end).toMatchObject({ code: 0, stdout: '' });
    },
  );

  test('is found unhealthy where nothing answers', async () => {
    expect(await healthOf(await freePort())).toBe(1);
  });
});

describe('compose.yml', () => {
  type Service = {
    readonly image: string;
    readonly command: readonly string[];
    readonly user?: string;
    readonly read_only?: boolean;
    readonly environment: Readonly<Record<string, string>>;
    readonly ports?: readonly string[];
    readonly volumes?: readonly string[];
    readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  };
  const { services, volumes, configs } = parse(read('compose.yml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: object;
    readonly configs: object;
  };

  const isThere = (source: string): boolean =>
    source.startsWith('.') ? existsSync(join(root, source)) : Object.hasOwn(volumes, source);

  test('waits for services that there are, and mounts files that there are', () => {
    for (const { depends_on = {}, volumes: mounts = [] } of Object.values(services)) {
      expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      const sources = mounts.map((mount) => mount.split(':')[0]!);
      expect(sources.filter((source) => !isThere(source))).toEqual([]);
    }
    expect(configs).toHaveProperty('tables');
  });

  test('runs commands that there are, in the version that it is, on files that nobody may write', async () => {
    for (const name of ['init', 'walhook']) {
      const { image, command, read_only } = services[name]!;
      expect({ image, read_only }).toEqual({ image: `walhook:${VERSION}`, read_only: true });
      await expectCommand(command);
    }
  });

  test('has a Postgres that is set to logical, and nothing that is reached from outside', () => {
    expect(services['postgres']?.command).toContain('wal_level=logical');
    for (const { ports = [] } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});

/** The help of what is no command is that of walhook itself. */
async function expectCommand([name]: readonly string[]): Promise<void> {
  const { stdout } = await builtWalhook([name!, '--help']);
  expect(stdout).toContain(`Usage: walhook ${name} `);
}

function runsOf(stage: string): string[] {
  return instructionsOf(
    stages.find(({ name }) => name === stage)!,
    'RUN',
  );
}

function instructionsOf({ instructions }: Stage, name: string): string[] {
  return instructions.filter((each) => each.name === name).map(({ text }) => text);
}

/** Of its ENV. */
function variablesOf(stage: Stage): Record<string, string> {
  const words = instructionsOf(stage, 'ENV').flatMap((text) => text.split(/ +/));
  return Object.fromEntries(words.map((word) => word.split('=') as [string, string]));
}

/** The exit code of the image's health check. */
async function healthOf(port: number): Promise<number> {
  const [command, ...args] = execForm(last, 'HEALTHCHECK');
  expect(command).toBe('node');
  const env = { WALHOOK_HTTP_PORT: String(port) };
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number];
  return code;
}
