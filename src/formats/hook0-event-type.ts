/** What a template may name. */
export type EventTypeSubject = {
  readonly service: string;
  readonly schema: string;
  readonly table: string;
  readonly operation: string;
};

const PART_CHARACTERS = 50;

/**
 * `{service}.{table}.{operation}` → `shop.orders.insert`. Hook0 takes three parts of letters, digits
 * and `_`, each of 1 to 50 characters: any other character becomes `_`, and what is longer is cut.
 */
export function renderEventType(template: string, subject: EventTypeSubject): string {
  return template
    .split('.')
    .map((part) => sanitise(renderTemplate(part, subject)))
    .join('.');
}

export function renderTemplate(template: string, subject: EventTypeSubject): string {
  return template.replaceAll(
    /\{(service|schema|table|operation)\}/g,
    (_, name: keyof EventTypeSubject) => subject[name],
  );
}

function sanitise(part: string): string {
  const cut = part.replaceAll(/[^A-Za-z0-9_]/gu, '_').slice(0, PART_CHARACTERS);
  return cut === '' ? '_' : cut;
}
