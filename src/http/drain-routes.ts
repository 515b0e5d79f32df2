import { z } from 'zod';
import type { DrainLog } from '../drain/ports.ts';
import { heldEndpoints } from '../drain/held-endpoints.ts';
import type { DrainReport, DrainStatus } from '../drain/report.ts';
import { busyReport } from './busy-report.ts';
import { durationInput, wholeNumberInput, wholeNumberText } from './input-schemas.ts';
import type { DrainLimits, HttpTools } from './http-tools.ts';
import type { Reply } from './reply.ts';
import { drainReportSchema } from './report-schema.ts';
import { RequestError } from './request-error.ts';
import { type AnswerNote, route, type Route } from './route.ts';

const MAX_DEADLINE_MS = 86_400_000;

const deadline = durationInput(MAX_DEADLINE_MS)
  .describe('Stop cleanly after this time: 500ms, 25s, 2m. Default: as configured.')
  .optional();
const maxChangesNote = 'Stop cleanly after this many changes. Default: as configured.';

const query = z.strictObject({
  deadline,
  maxChanges: wholeNumberText(1, Number.MAX_SAFE_INTEGER).describe(maxChangesNote).optional(),
});

const body = z.strictObject({
  deadline,
  maxChanges: wholeNumberInput(1, Number.MAX_SAFE_INTEGER).describe(maxChangesNote).optional(),
});

const STATUS: Readonly<Record<DrainStatus, number>> = {
  caught_up: 200,
  deadline: 202,
  busy: 409,
  failed: 500,
  held: 503,
};

const answers: Readonly<Record<number, AnswerNote>> = {
  200: { description: 'caught_up: all is delivered.', schema: drainReportSchema },
  202: { description: 'deadline: the next drain goes on.', schema: drainReportSchema },
  409: { description: 'busy: another drain is under way.', schema: drainReportSchema },
  500: { description: 'failed: its error says why.', schema: drainReportSchema },
  503: { description: 'held: an endpoint takes nothing.', schema: drainReportSchema },
};

/** POST, and GET for cron callers that know nothing else. */
export function drainRoutes(tools: HttpTools): readonly Route[] {
  const drain = drainUnlessDraining(tools);
  const description =
    'Delivers what was committed up to now, moves the slot past what was confirmed, and answers with the report. It goes on when the caller hangs up.';
  const about = { path: '/drain', answers, query, description } as const;
  return [
    route(
      { ...about, method: 'post', id: 'drain', summary: 'Drain now', body },
      async ({ query: asked, body: told, log }) => drain(join(asked, told), log),
    ),
    route(
      {
        ...about,
        method: 'get',
        acts: true,
        id: 'drainByGet',
        summary: 'Drain now, for cron callers',
      },
      async ({ query: asked, log }) => drain(join(asked, {}), log),
    ),
  ];
}

type Limits = { readonly deadline?: number | undefined; readonly maxChanges?: number | undefined };

function join(asked: Limits, told: Limits): DrainLimits {
  const twice = (['deadline', 'maxChanges'] as const).filter(
    (name) => asked[name] !== undefined && told[name] !== undefined,
  );
  if (twice.length > 0) {
    const faults = twice.map((name) => ({
      path: `body.${name}`,
      got: 'a second value',
      wants: 'one value, in the query or in the body',
    }));
    throw new RequestError('request_invalid', 'the query and the body say the same', { faults });
  }
  return {
    deadlineMs: asked.deadline ?? told.deadline,
    maxChanges: asked.maxChanges ?? told.maxChanges,
  };
}

/**
 * The lease decides among drainers. Among the triggers of one process one connection is enough to
 * learn that: whoever comes while this process drains is told so without any.
 */
function drainUnlessDraining(tools: HttpTools) {
  let isDraining = false;
  return async (limits: DrainLimits, log: DrainLog): Promise<Reply> => {
    if (isDraining) return replyOf(busyReport());
    isDraining = true;
    try {
      const report = await tools.drain(limits, log);
      logDrained(log, report);
      return replyOf(report);
    } finally {
      isDraining = false;
    }
  };
}

/** What goes wrong is in the answer as well, which nobody may read: a cron caller throws it away. */
function logDrained(log: DrainLog, report: DrainReport): void {
  const { run_id, status, events, duration_ms, error } = report;
  const fields = { run_id, status, events, duration_ms };
  if (status === 'failed') log.warn('drained', { ...fields, error });
  else if (status === 'held') {
    const held = heldEndpoints(report);
    log.warn('drained', {
      ...fields,
      held: held.map(({ name, state, error: reason }) => ({ name, state, reason })),
    });
  } else log.info('drained', fields);
}

function replyOf(report: DrainReport): Reply {
  return { status: STATUS[report.status], json: report };
}
