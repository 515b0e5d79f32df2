import { keyInText } from '../routing/key-in-text.ts';
import type { StoredDeadLetter } from '../drain/state-store.ts';

/** As JSON; of letters of before keys were noted, what their text tells. null: none is known. */
export function keyText({ key, body, headers }: StoredDeadLetter): string | null {
  if (typeof key === 'string') return key;
  return body === null ? null : keyInText(new TextEncoder().encode(body), headers, null);
}

/** An integer that JavaScript would round is text. */
function parsedKey(letter: StoredDeadLetter): unknown {
  const text = keyText(letter);
  if (text === null) return null;
  const exact = text.replaceAll(STRING_OR_INTEGER, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
  );
  try {
    return JSON.parse(exact);
  } catch {
    // A key that was damaged hinders nothing: it is shown as it is.
    return text;
  }
}

const STRING_OR_INTEGER = /"[^"\\]*(?:\\[^][^"\\]*)*"|(?<![\d.eE+-])-?\d+(?![\d.eE])/g;

/** As the command line prints it as JSON, and the HTTP API answers: its fields are public. */
export function describeDeadLetter(letter: StoredDeadLetter) {
  return {
    // As text: ids are 64 bits wide.
    id: String(letter.id),
    endpoint: letter.endpoint,
    event_id: letter.eventId,
    schema: letter.schema,
    table: letter.table,
    op: letter.operation,
    key: parsedKey(letter),
    reason: letter.reason,
    detail: letter.detail,
    attempts: letter.attempts,
    answer: letter.answer,
    created_at: letter.createdAt.toISOString(),
    last_attempt_at: letter.lastAttemptAt?.toISOString() ?? null,
    has_body: letter.body !== null,
  };
}

/** With its content, last. */
export function describeWholeDeadLetter(letter: StoredDeadLetter) {
  const { contentType: content_type, headers, body } = letter;
  return { ...describeDeadLetter(letter), content_type, headers, body };
}
