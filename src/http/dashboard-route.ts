import { WalhookError } from '../errors/walhook-error.ts';
import type { Status } from '../operations/pipeline-status.ts';
import { readStatus } from '../operations/status.ts';
import { dashboardPage } from './dashboard-page.ts';
import type { HttpTools } from './http-tools.ts';
import { jsonText } from './reply.ts';
import { route, type Route } from './route.ts';

const REFRESH_SECONDS = 10;

export function dashboardRoute(tools: HttpTools): Route {
  const { pipeline, clock } = tools;
  return route(
    {
      method: 'get',
      path: '/',
      id: 'readDashboard',
      summary: 'The dashboard',
      description: 'For a browser, which may show the token as the password of any user, too.',
      ...(tools.tokens.length === 0 ? {} : { security: [{ bearer: [] }, { basic: [] }] }),
      answers: {
        200: { description: 'Where the pipeline stands, as a page.', mediaType: 'text/html' },
        503: { description: 'Why that cannot be said, as a page.', mediaType: 'text/html' },
      },
    },
    async () => {
      const status = await readOrExplain(tools);
      const nonce = crypto.randomUUID();
      const now = clock.now();
      const view = { pipeline, status, now, nonce, refreshSeconds: REFRESH_SECONDS };
      return {
        status: 'problem' in status ? 503 : 200,
        text: await dashboardPage(view),
        contentType: 'text/html; charset=utf-8',
        headers: { 'content-security-policy': policy(nonce) },
      };
    },
  );
}

/** Masked before it is escaped for the page: then a secret is not to be recognised any more. */
async function readOrExplain({
  withPipeline,
  clock,
  redact,
}: HttpTools): Promise<Status | { readonly problem: string }> {
  try {
    const status = await withPipeline((access) => readStatus(access, clock.now()));
    return JSON.parse(jsonText(status, (text) => visible(redact(text)))) as Status;
  } catch (error) {
    if (!(error instanceof WalhookError)) throw error;
    return { problem: visible(redact(`${error.message}. ${error.remedy}`)) };
  }
}

/** What steers how text runs, from right to left for one, could turn the words around it. */
function visible(text: string): string {
  return text.replaceAll(
    /[^\P{C}\n]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** One style sheet, which is in the page; no script, no form, no frame, nothing from elsewhere. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
