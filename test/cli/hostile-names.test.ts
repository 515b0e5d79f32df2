import { beforeAll, expect, test } from 'vitest';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';
import { walhook } from './walhook.ts';

/** It clears the screen, rings, turns text around, hides what follows, and begins a line of its own. */
const STEERS = '\u001b[2J\u0007\u009b1m\u202e\u200b\u2028\u007f\u{e0041}';
const FORGED = 'ok       slot: well';
const NAME = `n\n${FORGED}${STEERS}`;
const INVISIBLE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;

let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  const said = { 'content-type': 'text/plain' };
  const receiver = await startReceiver(() => ({ status: 422, headers: said, body: NAME }));
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'http', type: 'http', url: receiver.url }] },
    `create table "${NAME}" ("${NAME}" int)`,
  );
  env = {
    DATABASE_URL: pipeline.database.url,
    SLOT_NAME: pipeline.config.slot,
    HTTP_ENDPOINT_URL: receiver.url,
  };
  await pipeline.database.query(`insert into "${NAME}" values (1)`);
  await walhook(['drain', '--log-level', 'debug'], env);
});

test.each([
  ['peek'],
  ['doctor'],
  ['status'],
  ['init'],
  ['drain', '--log-level', 'debug'],
  ['endpoints', 'list'],
  ['endpoints', 'test', 'http'],
  ['endpoints', 'pause', NAME],
  ['dead-letters', 'list'],
  ['dead-letters', 'show', '1'],
  ['dead-letters', 'list', '--table', NAME],
  ['dead-letters', 'redrive', '--all'],
  ['init', '--tables', NAME],
  [NAME],
  ['status', `--${NAME}`],
  ['status', '--config', `${NAME}.yaml`],
])('what walhook %s %s shows steers nothing', async (...args) => {
  for (const json of [[], ['--json']]) {
    const { stdout, stderr } = await walhook([...args, ...json], env);
    expect(stdout + stderr).not.toMatch(INVISIBLE);
    const isAnswer = args[0] === 'endpoints' || args[1] === 'show';
    const lines = (stdout + stderr).split('\n').filter((line) => line.startsWith(FORGED));
    // The body of an answer is shown in its own lines, last.
    expect(lines.length).toBeLessThanOrEqual(isAnswer ? 1 : 0);
  }
});
