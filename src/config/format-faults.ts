import type { z } from 'zod';

// What a format asks of the options beside it. Those may be wrong at the same time: nothing is taken
// for granted of their types.

type Group = Readonly<Record<string, unknown>>;

export function checkHttpFormat(endpoint: unknown, context: z.RefinementCtx): void {
  const given = asGroup(endpoint);
  checkUnusedOptions(given, context);
  checkOneEventMode(given, context);
  if (given['format'] === 'drasi') checkDrasiUrl(given, context);
}

export function checkStdoutFormat(endpoint: unknown, context: z.RefinementCtx): void {
  const given = asGroup(endpoint);
  checkUnusedOptions(given, context);
  if (given['format'] === 'cloudevents' && cloudeventsMode(given) !== 'structured') {
    const message = 'structured: on stdout each event is a line';
    context.addIssue({ code: 'custom', path: ['cloudevents', 'mode'], message });
  }
  if (given['format'] === 'drasi' && asGroup(given['drasi'])['sourceId'] !== undefined) {
    const message = 'to be left out: stdout is no source of Drasi';
    context.addIssue({ code: 'custom', path: ['drasi', 'sourceId'], message });
  }
}

/** Whether the endpoint's CloudEvents go one a request; not so where the mode is none that there is. */
export function sendsOneCloudEvent(endpoint: unknown): boolean {
  const given = asGroup(endpoint);
  const mode = cloudeventsMode(given);
  return given['format'] === 'cloudevents' && (mode === 'structured' || mode === 'binary');
}

/** An option that does nothing is a mistake. */
function checkUnusedOptions(given: Group, context: z.RefinementCtx): void {
  for (const format of ['cloudevents', 'debezium', 'drasi']) {
    if (given[format] === undefined || given['format'] === format) continue;
    const message = `to be left out, or the format ${format}`;
    context.addIssue({ code: 'custom', path: [format], message });
  }
}

function checkOneEventMode(given: Group, context: z.RefinementCtx): void {
  if (!sendsOneCloudEvent(given) || asGroup(given['batch'])['maxEvents'] === 1) return;
  const mode = String(cloudeventsMode(given));
  const message = `1, for cloudevents.mode ${mode} sends one event a request; or the mode batched`;
  context.addIssue({ code: 'custom', path: ['batch', 'maxEvents'], message });
}

/** The URL is the server's, beside a source's id, or the whole path that takes lists. */
function checkDrasiUrl(given: Group, context: z.RefinementCtx): void {
  const url = String(given['url']);
  if (asGroup(given['drasi'])['sourceId'] === undefined) {
    if (!/\/sources\/[^/]+\/events\/?$/.test(url)) return;
    const message = 'a URL that ends in /events/batch: Drasi is sent lists';
    context.addIssue({ code: 'custom', path: ['url'], message });
  } else if (url.includes('/sources/')) {
    const message = 'to be left out, for the URL names the source already';
    context.addIssue({ code: 'custom', path: ['drasi', 'sourceId'], message });
  }
}

function cloudeventsMode(given: Group): unknown {
  return asGroup(given['cloudevents'])['mode'] ?? 'structured';
}

function asGroup(value: unknown): Group {
  return typeof value === 'object' && value !== null ? (value as Group) : {};
}
