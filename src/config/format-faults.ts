import type { z } from 'zod';

// What a format asks of the options beside it. Those may be wrong at the same time: nothing is taken
// for granted of their types.

const FORMATS_WITH_OPTIONS = ['cloudevents', 'debezium', 'drasi', 'hasura', 'sequin', 'wal2http'];

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

/** Formats whose receivers read one event a request, as those are sent that they were written for. */
const ONE_EVENT_FORMATS: ReadonlySet<unknown> = new Set(['hasura', 'supabase']);

/** Whether events go one a request, as their format has it; not so in a mode that there is not. */
export function sendsOneEvent(endpoint: unknown): boolean {
  const given = asGroup(endpoint);
  if (ONE_EVENT_FORMATS.has(given['format'])) return true;
  const mode = cloudeventsMode(given);
  return given['format'] === 'cloudevents' && (mode === 'structured' || mode === 'binary');
}

/** An option that does nothing is a mistake. */
function checkUnusedOptions(given: Group, context: z.RefinementCtx): void {
  for (const format of FORMATS_WITH_OPTIONS) {
    if (given[format] === undefined || given['format'] === format) continue;
    const message = `to be left out, or the format ${format}`;
    context.addIssue({ code: 'custom', path: [format], message });
  }
}

function checkOneEventMode(given: Group, context: z.RefinementCtx): void {
  if (!sendsOneEvent(given) || asGroup(given['batch'])['maxEvents'] === 1) return;
  const message =
    given['format'] === 'cloudevents'
      ? `1, for cloudevents.mode ${String(cloudeventsMode(given))} sends one event a request; or the mode batched`
      : `1, for the format ${String(given['format'])} sends one event a request`;
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
