import type { Draft } from './draft.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import { valueOfText } from './variable-text.ts';

const EMAIL_OPTIONS = [
  { variable: 'EMAIL_SMTP_HOST', option: 'host', kind: 'text' },
  { variable: 'EMAIL_SMTP_PORT', option: 'port', kind: 'number' },
  { variable: 'EMAIL_SMTP_USERNAME', option: 'username', kind: 'text' },
  { variable: 'EMAIL_SMTP_PASSWORD', option: 'password', kind: 'text' },
  { variable: 'EMAIL_FROM', option: 'from', kind: 'text' },
  { variable: 'EMAIL_TO', option: 'to', kind: 'list' },
] as const;

/**
 * The one channel of a deployment without a file. EMAIL_FROM and EMAIL_TO alone are somebody else's:
 * many programs read variables of these names.
 */
export function setEmailAlertFromEnvironment(draft: Draft, env: Environment): void {
  const isMeant = EMAIL_OPTIONS.some(
    ({ variable }) =>
      variable.startsWith('EMAIL_SMTP_') && readVariable(env, variable) !== undefined,
  );
  if (!isMeant) return;
  if (draft.get(['alerts']) !== undefined) {
    draft.warnings.push('EMAIL_SMTP_… is not used: the configuration has alerts of its own.');
    return;
  }
  draft.set(['alerts', 0, 'type'], 'email');
  for (const { variable, option, kind } of EMAIL_OPTIONS) {
    const text = readVariable(env, variable);
    // Also where it is not set: then it is what is missing.
    draft.noteOrigin(['alerts', 0, option], { variable });
    if (text === undefined) continue;
    draft.set(['alerts', 0, option], valueOfText(kind, text), { variable, text });
  }
}
