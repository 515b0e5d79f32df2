import type { Draft } from './draft.ts';
import {
  type Environment,
  readVariable,
  type ShortVariable,
  shortVariables,
} from './environment-variables.ts';
import type { OptionPath } from './option-tree.ts';
import { valueOfText } from './variable-text.ts';

type Sink = 'hook0' | 'http' | 'stdout';

/**
 * The one endpoint of a deployment without a file. Where a file has endpoints, they are it: the
 * variables would have to be spread over them by guessing, so they are left, with a warning.
 */
export function setEndpointFromEnvironment(
  draft: Draft,
  env: Environment,
  overrideUrl: string | undefined,
): void {
  const configured = draft.get(['endpoints']) !== undefined;
  if (configured && overrideUrl === undefined) {
    for (const name of endpointVariables) {
      if (readVariable(env, name) === undefined || draft.referredTo.has(name)) continue;
      draft.warnings.push(`${name} is not used: the configuration has endpoints of its own.`);
    }
    return;
  }
  if (configured) {
    draft.warnings.push('The endpoint URL given takes the place of all configured endpoints.');
  }
  const sink = overrideUrl === undefined ? chooseSink(draft, env) : 'http';
  draft.set(['endpoints'], []);
  draft.set(['endpoints', 0, 'name'], sink);
  draft.set(['endpoints', 0, 'type'], sink);
  if (sink === 'hook0') setHook0Endpoint(draft, env);
  else setFormat(draft, env);
  if (sink === 'http') setHttpEndpoint(draft, env);
}

const endpointVariables = shortVariables
  .map(({ name }) => name)
  .filter((name) => /^(EVENT_SINK|HOOK0_.*|HTTP_(?!PROXY).*|WALHOOK_SIGNING_SECRET)$/.test(name));

const urlVariables = ['HTTP_ENDPOINT_URL', 'HTTP_SINK_URL', 'WALHOOK_ENDPOINTS_0_URL'];
const hook0Options = [
  { variable: 'HOOK0_API_URL', option: 'apiUrl' },
  { variable: 'HOOK0_APPLICATION_ID', option: 'applicationId' },
  { variable: 'HOOK0_API_TOKEN', option: 'apiToken' },
] as const;

/** What cannot be had is a problem, never another sink; stdout then keeps further faults away. */
function chooseSink(draft: Draft, env: Environment): Sink {
  const enabled = readEnabled(draft, env);
  const isSet = (name: string): boolean => readVariable(env, name) !== undefined;
  const variable = isSet('WALHOOK_ENDPOINTS_0_TYPE') ? 'WALHOOK_ENDPOINTS_0_TYPE' : 'EVENT_SINK';
  const chosen = readVariable(env, variable);
  switch (chosen) {
    case 'stdout':
      return 'stdout';
    case 'http':
      if (enabled !== false) return 'http';
      refuse(draft, 'HTTP_SINK_ENABLED', '"false"', `true, for ${variable} is http`);
      return 'stdout';
    case 'hook0':
      return 'hook0';
    case undefined:
      if (hook0Options.every((option) => isSet(option.variable))) return 'hook0';
      warnOfPartialHook0(draft, env);
      if (enabled ?? urlVariables.some(isSet)) return 'http';
      draft.stdoutIsFallback = true;
      return 'stdout';
    default:
      refuse(draft, variable, JSON.stringify(chosen), 'http, hook0 or stdout');
      return 'stdout';
  }
}

function warnOfPartialHook0(draft: Draft, env: Environment): void {
  const isSet = ({ variable }: { variable: string }): boolean =>
    readVariable(env, variable) !== undefined;
  const set = hook0Options.filter(isSet).map(({ variable }) => variable);
  const missing = hook0Options.filter((option) => !isSet(option)).map(({ variable }) => variable);
  if (set.length === 0) return;
  draft.warnings.push(
    `${set.join(' and ')} ${set.length > 1 ? 'are' : 'is'} not used: Hook0 needs ${missing.join(' and ')} too.`,
  );
}

function readEnabled(draft: Draft, env: Environment): boolean | undefined {
  const text = readVariable(env, 'HTTP_SINK_ENABLED');
  if (text === undefined) return undefined;
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  if (!/^(false|0|no|off)$/i.test(text)) {
    refuse(draft, 'HTTP_SINK_ENABLED', JSON.stringify(text), 'true or false');
  }
  return false;
}

/** A variable that is missing is named by the problem that its option is missing. */
function setHook0Endpoint(draft: Draft, env: Environment): void {
  for (const { variable, option } of hook0Options) {
    draft.noteOrigin(at(option), { variable });
    setText(draft, env, variable, [option]);
  }
}

/** `json` was wal2http's only word, and means its messages. */
function setFormat(draft: Draft, env: Environment): void {
  const variable = 'HTTP_SINK_EVENT_FORMAT';
  const text = readVariable(env, variable);
  if (text === undefined) return;
  draft.set(at('format'), text === 'json' ? 'wal2http' : text, { variable, text });
}

function setHttpEndpoint(draft: Draft, env: Environment): void {
  setUrl(draft, env);
  setText(draft, env, 'HTTP_SINK_METHOD', ['method']);
  setNumber(draft, env, 'HTTP_SINK_TIMEOUT', ['timeoutMs'], {
    convert: (seconds) => Math.round(seconds * 1000),
    wants: 'a number of seconds from 0.001 to 900',
  });
  setNumber(draft, env, 'HTTP_SINK_RETRIES', ['retry', 'attempts'], {
    convert: (retries) => retries + 1,
    wants: 'a whole number of retries from 0 to 99',
  });
  const authorization = readVariable(env, 'HTTP_SINK_AUTH_HEADER');
  if (authorization !== undefined) {
    draft.set(at('auth'), { type: 'header', name: 'Authorization' });
    setText(draft, env, 'HTTP_SINK_AUTH_HEADER', ['auth', 'value']);
  }
  const secrets = readVariable(env, 'WALHOOK_SIGNING_SECRET');
  if (secrets !== undefined) {
    const origin = { variable: 'WALHOOK_SIGNING_SECRET', text: secrets };
    draft.set(at('signing', 'secrets'), valueOfText('list', secrets), origin);
  }
}

function setUrl(draft: Draft, env: Environment): void {
  draft.noteOrigin(at('url'), { variable: 'HTTP_ENDPOINT_URL' });
  setText(draft, env, 'HTTP_SINK_URL', ['url']);
  setText(draft, env, 'HTTP_ENDPOINT_URL', ['url']);
  const [url, otherUrl] = urlVariables.map((name) => readVariable(env, name));
  if (url !== undefined && otherUrl !== undefined && url !== otherUrl) {
    refuse(draft, 'HTTP_SINK_URL', 'another URL', 'the same as HTTP_ENDPOINT_URL, or to be unset');
  }
}

function at(...steps: readonly string[]): OptionPath {
  return ['endpoints', 0, ...steps];
}

function setText(
  draft: Draft,
  env: Environment,
  variable: ShortVariable,
  steps: readonly string[],
): void {
  const text = readVariable(env, variable);
  if (text !== undefined) draft.set(at(...steps), text, { variable, text });
}

type NumberRule = { readonly convert: (given: number) => number; readonly wants: string };

function setNumber(
  draft: Draft,
  env: Environment,
  variable: ShortVariable,
  steps: readonly string[],
  { convert, wants }: NumberRule,
): void {
  const text = readVariable(env, variable);
  if (text === undefined) return;
  const given = valueOfText('number', text);
  const value = typeof given === 'number' ? convert(given) : given;
  draft.set(at(...steps), value, { variable, text, wants });
}

function refuse(draft: Draft, variable: string, got: string, wants: string): void {
  draft.problems.push({ path: '', variable, got, wants });
}
