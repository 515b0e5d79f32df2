import type { StoredDeadLetter } from '../drain/state-store.ts';

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
