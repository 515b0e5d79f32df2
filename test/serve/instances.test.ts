import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { ended, startWalhook } from '../cli/walhook.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

const KEYS = 5;
const keys = Array.from({ length: KEYS }, (_, index) => index + 1);
const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, index) => index);

type Instance = {
  readonly child: ReturnType<typeof startWalhook>;
  readonly end: ReturnType<typeof ended>;
  /** What it said that somebody would have to look at. */
  readonly complaints: () => readonly Line[];
  readonly listens: () => Promise<void>;
};
const instances: Instance[] = [];
afterAll(() => instances.forEach(({ child }) => child.kill('SIGKILL')));

type Line = { readonly level: string; readonly msg: string };

/** A real one, as a deployment runs several of. */
function startInstance(env: Readonly<Record<string, string>>): Instance {
  const child = startWalhook(['serve', '--json'], env);
  const end = ended(child);
  const lines: Line[] = [];
  const arrivals = createInterface(child.stderr);
  arrivals.on('line', (line) => lines.push(JSON.parse(line) as Line));
  const instance: Instance = {
    child,
    end,
    complaints: () => lines.filter(({ level }) => level === 'warn' || level === 'error'),
    async listens(): Promise<void> {
      while (!lines.some(({ msg }) => msg === 'listening')) await once(arrivals, 'line');
    },
  };
  instances.push(instance);
  return instance;
}

test(
  'of two that serve a pipeline one takes over from the other, without noise, and each event comes once, in order',
  { timeout: 120_000 },
  async () => {
    const receiver = await startReceiver();
    const { database, config } = await createPipeline(
      { endpoints: [{ name: 'http', type: 'http', url: receiver.url }] },
      'create table orders (id int primary key, version int)',
    );
    const start = (name: string): Instance =>
      startInstance({
        DATABASE_URL: database.url,
        SLOT_NAME: config.slot,
        HTTP_ENDPOINT_URL: `${receiver.url}${name}`,
        PORT: '0',
        WALHOOK_SERVE_MAX_INTERVAL_MS: '100',
      });
    const [one, other] = [start('one'), start('other')];
    await Promise.all([one.listens(), other.listens()]);

    await database.query(`insert into orders select id, 0 from generate_series(1, ${KEYS}) id`);
    let version = 0;
    const write = async (): Promise<void> => {
      version += 1;
      await database.query('update orders set version = $1', [version]);
    };
    const versionsOf = (key: number): number[] =>
      receiver
        .events()
        .map(({ after }) => after as { readonly id: number; readonly version: number })
        .flatMap((after) => (after.id === key ? [after.version] : []));
    // A change that nobody is woken up for would not arrive.
    const allArrived = () =>
      receiver.waitFor(() => keys.every((key) => versionsOf(key).includes(version)));

    for (let change = 0; change < 200; change += 1) {
      await write();
      // Now and then all is quiet, so that both look at the slot.
      if (change % 10 === 9) await allArrived();
    }
    for (const key of keys) expect(versionsOf(key)).toEqual(upTo(version));
    expect([...one.complaints(), ...other.complaints()]).toEqual([]);

    receiver.answerWith(() => 'hang');
    const answered = receiver.requests.length;
    await write();
    await receiver.waitFor(({ requests }) => requests.length > answered);
    const killed = receiver.requests.at(-1)!.path;
    const [victim, heir] = killed === '/one' ? [one, other] : [other, one];
    victim.child.kill('SIGKILL');
    await victim.end;
    const [lease] = await database.query<{ expires: string }>(
      'select lease_expires_at::text as expires from walhook.pipelines',
    );
    receiver.answerWith(() => 204);
    await write();
    await allArrived();
    const [taken] = await database.query<{ in_time: boolean }>(
      `select clock_timestamp() < '${lease!.expires}' as in_time`,
    );
    expect(taken).toEqual({ in_time: true });
    for (let change = 0; change < 20; change += 1) await write();
    await allArrived();

    // What was under way when it was killed comes once more, and nothing else does.
    for (const key of keys) {
      expect(versionsOf(key).filter((each, at, all) => all.indexOf(each) === at)).toEqual(
        upTo(version),
      );
    }
    const underWay = receiver.requests.slice(answered).filter(({ path }) => path === killed);
    expect(receiver.events()).toHaveLength(
      KEYS * (version + 1) + underWay.flatMap(({ events }) => events).length,
    );
    heir.child.kill('SIGTERM');
    expect((await heir.end).code).toBe(0);
    expect(heir.complaints()).toEqual([]);
  },
);
