import type { Draft } from './draft.ts';
import { setEmailAlertFromEnvironment } from './environment-alerts.ts';
import { setEndpointFromEnvironment } from './environment-endpoint.ts';
import { addCronSecret, setHttpFromEnvironment } from './environment-http.ts';
import {
  commandVariables,
  type Environment,
  kubernetesVariable,
  pathVariables,
  readVariable,
  shortVariables,
} from './environment-variables.ts';
import { setTlsFromEnvironment } from './environment-tls.ts';
import type { OptionPath } from './option-tree.ts';
import { urlParameters } from './postgres-url.ts';
import { closest } from './suggestion.ts';
import { valueOfText } from './variable-text.ts';

/** What a command line says; it comes before the environment and the file. */
export type Overrides = {
  /** Takes the place of every configured endpoint by one http endpoint. */
  readonly endpointUrl?: string | undefined;
  readonly deadlineMs?: number | undefined;
  readonly maxChanges?: number | undefined;
};

/**
 * Lays the environment over what a file gave, then the overrides over both.
 * DATABASE_URL alone does not override: every program beside walhook reads it too, and a file that
 * names another database (past the pooler, say) does so with intent.
 */
export function applyEnvironment(draft: Draft, env: Environment, overrides: Overrides): void {
  setFromShort(draft, env, ['slot'], 'SLOT_NAME');
  setFromShort(draft, env, ['publication'], 'PUB_NAME');
  if (draft.get(['database']) === undefined) draft.set(['database'], {});
  if (draft.get(['database', 'url']) === undefined) {
    draft.noteOrigin(['database', 'url'], { variable: 'DATABASE_URL' });
    setFromShort(draft, env, ['database', 'url'], 'DATABASE_URL');
  }
  setEndpointFromEnvironment(draft, env, overrides.endpointUrl);
  setEmailAlertFromEnvironment(draft, env);
  setHttpFromEnvironment(draft, env);
  setByPath(draft, env);
  addCronSecret(draft, env);
  setTlsFromEnvironment(draft, env);
  setConnectTimeoutFromUrl(draft);
  setOverride(draft, ['drain', 'deadlineMs'], overrides.deadlineMs, '--deadline');
  setOverride(draft, ['drain', 'maxChanges'], overrides.maxChanges, '--max-changes');
  setOverride(draft, ['endpoints', 0, 'url'], overrides.endpointUrl, '--endpoint-url');
}

/** `connect_timeout`, in seconds: below the option itself, wherever that is set. */
function setConnectTimeoutFromUrl(draft: Draft): void {
  const path = ['database', 'connectTimeoutMs'];
  const url = draft.get(['database', 'url']);
  if (typeof url !== 'string' || draft.get(path) !== undefined) return;
  const text = urlParameters(url).get('connect_timeout');
  if (text === null) return;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  draft.set(path, seconds * 1_000, {
    variable: 'connect_timeout',
    text,
    wants: 'a whole number of seconds from 1 to 600',
  });
}

function setFromShort(draft: Draft, env: Environment, path: OptionPath, variable: string): void {
  const text = readVariable(env, variable);
  if (text !== undefined) draft.set(path, text, { variable, text });
}

function setOverride(draft: Draft, path: OptionPath, value: unknown, flag: string): void {
  if (value !== undefined) draft.set(path, value, { variable: flag, text: String(value) });
}

/** Every `WALHOOK_<PATH>`. One that leads nowhere is a problem: it was meant to do something. */
function setByPath(draft: Draft, env: Environment): void {
  // Endpoint 0 before 1: an endpoint can be added behind the last one only.
  for (const variable of Object.keys(env).sort(byNumber.compare)) {
    const text = readVariable(env, variable);
    if (text === undefined || !variable.startsWith('WALHOOK_')) continue;
    const target = targetOf(variable);
    if (isOthers(variable, text, target !== undefined)) continue;
    if (target === undefined) {
      draft.problems.push({
        path: '',
        variable,
        got: 'an unknown variable',
        wants: hint(variable),
      });
    } else if (hasGap(draft, target.path)) {
      const [list, index] = target.path.map(String);
      const wants = `${list} numbered from 0 without a gap`;
      draft.problems.push({ path: '', variable, got: `number ${index}`, wants });
    } else {
      draft.set(target.path, valueOfText(target.kind, text), { variable, text });
    }
  }
}

const byNumber = new Intl.Collator('en', { numeric: true });

function isOthers(variable: string, text: string, isOption: boolean): boolean {
  return (
    commandVariables.includes(variable) ||
    shortVariables.some(({ name }) => name === variable) ||
    // WALHOOK_HTTP_PORT is ours, unless a service named walhook-http has put its address there.
    (kubernetesVariable.test(variable) && !(isOption && !text.includes('://')))
  );
}

function targetOf(variable: string) {
  for (const { option, pattern } of pathVariables) {
    const match = pattern.exec(variable);
    if (match === null) continue;
    const path = option.path.map((step) => (step === '[]' ? Number(match[1]) : step));
    return { path, kind: option.node.kind };
  }
  return undefined;
}

function hasGap(draft: Draft, path: OptionPath): boolean {
  const [list, index] = path;
  if (list === undefined || typeof index !== 'number') return false;
  const elements = draft.get([list]) ?? [];
  return Array.isArray(elements) && index > elements.length;
}

function hint(variable: string): string {
  const index = /_(?:ENDPOINTS|ALERTS)_(\d+)_/.exec(variable)?.[1] ?? '0';
  const known = [
    ...pathVariables.map(({ name }) => name.replace('<n>', index)),
    ...shortVariables.map(({ name }) => name),
    ...commandVariables,
  ];
  const meant = known.find((name) => name.startsWith(`${variable}_`)) ?? closest(variable, known);
  return meant === undefined
    ? 'a WALHOOK_<PATH> that names an option (see docs/configuration.md)'
    : `one that exists: did you mean ${meant}?`;
}
