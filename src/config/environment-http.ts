import type { Draft } from './draft.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import { valueOfText } from './variable-text.ts';

const TOKENS = ['http', 'tokens'];

/** WALHOOK_TOKEN takes the place of a file's tokens. PORT is where a platform wants the server. */
export function setHttpFromEnvironment(draft: Draft, env: Environment): void {
  const tokens = readVariable(env, 'WALHOOK_TOKEN');
  if (tokens !== undefined) {
    const origin = { variable: 'WALHOOK_TOKEN', text: tokens };
    draft.set(TOKENS, valueOfText('list', tokens), origin);
  }
  const port = readVariable(env, 'PORT');
  if (port !== undefined) {
    draft.set(['http', 'port'], valueOfText('number', port), { variable: 'PORT', text: port });
  }
}

/** Beside every other token, wherever those come from: the platform that sets it calls with it. */
export function addCronSecret(draft: Draft, env: Environment): void {
  const secret = readVariable(env, 'CRON_SECRET');
  const tokens = draft.get(TOKENS) ?? [];
  if (secret === undefined || !Array.isArray(tokens)) return;
  draft.set(TOKENS, [...tokens, secret]);
  draft.noteOrigin([...TOKENS, tokens.length], { variable: 'CRON_SECRET', text: secret });
}
