import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The framework is large, and fetched only by scripts/test-serverless.mjs. */
const osls = process.env['WALHOOK_TEST_OSLS'];

type Service = {
  readonly provider: { readonly environment: Readonly<Record<string, string>> };
  readonly functions: {
    readonly drain: {
      readonly handler: string;
      readonly timeout: number;
      readonly events: unknown;
    };
  };
};

test('serverless.yml runs the bundle within the minute of its schedule, and holds no secret', () => {
  const { provider, functions } = parse(read('serverless.yml')) as Service;
  const { handler, timeout, events } = functions.drain;
  expect(read('scripts/build-lambda.mjs')).toContain(`'${handler.replace('.handler', '.mjs')}'`);
  expect(timeout).toBeLessThan(60);
  expect(events).toEqual([{ schedule: 'rate(1 minute)' }]);
  for (const value of Object.values(provider.environment)) {
    expect(value).toMatch(/^\$\{ssm:\/walhook\/[\w-]+\}$/);
  }
});

test.skipIf(osls === undefined)(
  'osls packages one file, for a function that may do nothing but write its log',
  { timeout: 180_000 },
  async () => {
    await promisify(execFile)(process.execPath, [join(root, 'scripts/build-lambda.mjs')]);
    const folder = mkdtempSync(join(tmpdir(), 'walhook-package-'));
    const parameters = await startParameterStore();
    try {
      await promisify(execFile)(osls!, ['package', '--package', folder], {
        cwd: root,
        env: {
          PATH: process.env['PATH'],
          AWS_ENDPOINT_URL: parameters.url,
          AWS_ACCESS_KEY_ID: 'none',
          AWS_SECRET_ACCESS_KEY: 'none',
          SLS_TELEMETRY_DISABLED: '1',
        },
      });
      const template = JSON.parse(
        readFileSync(join(folder, 'cloudformation-template-update-stack.json'), 'utf8'),
      ) as Template;
      const resources = Object.values(template.Resources);
      expect(namesIn(readFileSync(join(folder, 'walhook.zip')))).toEqual([
        'build/lambda/handler.mjs',
      ]);
      expect(actionsOf(resources)).toEqual([
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
        'logs:TagResource',
      ]);
      expect(propertiesOf(resources, 'AWS::Lambda::Function')).toEqual([
        expect.objectContaining({
          Handler: 'build/lambda/handler.handler',
          Timeout: 55,
          ReservedConcurrentExecutions: 1,
          Environment: { Variables: expect.objectContaining({ DATABASE_URL: 'a value' }) },
        }),
      ]);
      expect(propertiesOf(resources, 'AWS::Lambda::EventInvokeConfig')).toEqual([
        expect.objectContaining({ MaximumRetryAttempts: 0 }),
      ]);
      expect(propertiesOf(resources, 'AWS::Events::Rule')).toEqual([
        expect.objectContaining({ ScheduleExpression: 'rate(1 minute)' }),
      ]);
      expect(propertiesOf(resources, 'AWS::Lambda::Url')).toEqual([]);
    } finally {
      await parameters.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

type Json = Readonly<Record<string, unknown>>;
type Resource = { readonly Type: string; readonly Properties: Json };
type Template = { readonly Resources: Readonly<Record<string, Resource>> };
type Role = {
  readonly Policies: readonly {
    readonly PolicyDocument: { readonly Statement: readonly { readonly Action: string[] }[] };
  }[];
  readonly ManagedPolicyArns?: readonly string[];
};

function propertiesOf(resources: readonly Resource[], type: string): Json[] {
  return resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
}

function actionsOf(resources: readonly Resource[]): string[] {
  const roles = propertiesOf(resources, 'AWS::IAM::Role') as Json[] as Role[];
  return roles
    .flatMap(({ Policies, ManagedPolicyArns = [] }) => [
      ...ManagedPolicyArns,
      ...Policies.flatMap(({ PolicyDocument }) =>
        PolicyDocument.Statement.flatMap(({ Action }) => Action),
      ),
    ])
    .sort();
}

/** The names in a zip's central directory. */
function namesIn(zip: Buffer): string[] {
  const names: string[] = [];
  const signature = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
  for (let at = zip.indexOf(signature); at >= 0; at = zip.indexOf(signature, at + 46)) {
    names.push(zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  }
  return names;
}

/** AWS Systems Manager, as far as a deployment asks it. */
async function startParameterStore(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const { Name } = (await json(request)) as { Name: string };
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Parameter: { Name, Type: 'String', Value: 'a value' } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
