import { html, raw } from 'hono/html';
import type { EndpointStatus, RunStatus, Status } from '../operations/pipeline-status.ts';
import { describeBytes, describeMs } from '../quantities/describe.ts';
import { DASHBOARD_STYLE } from './dashboard-style.ts';

type Fragment = ReturnType<typeof html>;

export type DashboardView = {
  readonly pipeline: string;
  /** Or why there is none. */
  readonly status: Status | { readonly problem: string };
  readonly now: number;
  /** That the Content-Security-Policy lets pass. */
  readonly nonce: string;
  readonly refreshSeconds: number;
};

/** For somebody who was woken up: what is wrong first, then the figures. Every value is escaped. */
export async function dashboardPage(view: DashboardView): Promise<string> {
  const { pipeline, status, now, nonce, refreshSeconds } = view;
  const troubles = 'problem' in status ? [status.problem] : status.troubles;
  const mark = troubles.length === 0 ? '✓' : '✗';
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="${refreshSeconds}" />
        <title>${mark} ${pipeline} · walhook</title>
        <style nonce="${nonce}">
          ${raw(DASHBOARD_STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>${pipeline}</h1>
          <span class="soft"
            >${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} UTC</span
          >
        </header>
        ${verdict(troubles)} ${'problem' in status ? '' : figures(status, now)}
      </body>
    </html>`;
  return String(await page);
}

function verdict(troubles: readonly string[]): Fragment {
  if (troubles.length === 0) {
    return html`<section class="verdict"><strong class="good">All is well</strong></section>`;
  }
  const howMany = troubles.length === 1 ? 'One thing is' : `${troubles.length} things are`;
  return html`<section class="verdict troubled">
    <strong class="bad">${howMany} wrong</strong>
    <ul>
      ${troubles.map((text) => html`<li>${text}</li>`)}
    </ul>
  </section>`;
}

function figures(status: Status, now: number): Fragment {
  return html`${tiles(status, now)}
    <h2>Endpoints</h2>
    <div class="table">
      <table>
        <thead>
          <tr>
            <th>Endpoint</th>
            <th>State</th>
            <th class="number">Delivered</th>
            <th class="number">Parked now</th>
            <th class="number">Dead letters</th>
            <th class="number">Failed tries</th>
            <th>Progress</th>
          </tr>
        </thead>
        <tbody>
          ${status.endpoints.map((endpoint) => endpointRow(endpoint, now))}
        </tbody>
      </table>
    </div>
    ${status.runs.length === 0 ? '' : runTable(status.runs, now)}`;
}

function tiles({ slot, lease, last_drain_at: last, database }: Status, now: number): Fragment {
  const bound =
    slot.safe_bytes === null
      ? 'without a bound'
      : `another ${describeBytes(slot.safe_bytes)} is safe`;
  const drained = last === null ? 'never' : ago(last, now);
  return html`<dl class="tiles">
    ${tile('To drain', bytes(slot.lag_bytes), `slot ${slot.name} at ${slot.confirmed_lsn ?? '–'}`)}
    ${tile('WAL held', bytes(slot.held_bytes), slot.exists ? bound : 'the slot is missing')}
    ${tile('Last drain', lease === null ? drained : 'under way', lease?.owner ?? `database ${database}`)}
  </dl>`;
}

function tile(label: string, value: string, below: string): Fragment {
  return html`<div class="tile">
    <dt>${label}</dt>
    <dd>${value}</dd>
    <dd>${below}</dd>
  </div>`;
}

function endpointRow(endpoint: EndpointStatus, now: number): Fragment {
  const { name, reason, paused, waiting, updated_at: updated } = endpoint;
  const why = paused?.reason ?? reason;
  return html`<tr>
    <td class="name">${name}${why === null ? '' : html`<span class="soft">${why}</span>`}</td>
    <td data-label="State">
      <span class="state ${stateClass(endpoint)}">${endpoint.state}</span>
    </td>
    <td class="number" data-label="Delivered">${count(endpoint.delivered)}</td>
    <td class="number" data-label="Parked now">${count(waiting?.events ?? 0)}</td>
    <td class="number" data-label="Dead letters">${count(endpoint.dead_letters)}</td>
    <td class="number" data-label="Failed tries">${count(endpoint.failed_attempts)}</td>
    <td class="when" data-label="Progress">${updated === null ? 'none yet' : ago(updated, now)}</td>
  </tr>`;
}

function stateClass({ state, paused }: EndpointStatus): string {
  switch (state) {
    case 'active':
    case 'new':
      return 'good';
    case 'held':
      return 'bad';
    case 'paused':
      return paused?.parks === true ? 'warn' : 'bad';
    case 'parking':
    case 'removed':
      return 'warn';
  }
}

function runTable(runs: readonly RunStatus[], now: number): Fragment {
  return html`<h2>Last runs that found something</h2>
    <div class="table">
      <table>
        <thead>
          <tr>
            <th>Ended</th>
            <th>Result</th>
            <th class="number">Events</th>
            <th class="number">Took</th>
          </tr>
        </thead>
        <tbody>
          ${runs.map((run) => runRow(run, now))}
        </tbody>
      </table>
    </div>`;
}

function runRow({ finished_at: finished, status, report }: RunStatus, now: number): Fragment {
  const grade = status === 'failed' || status === 'held' ? 'bad' : 'good';
  return html`<tr>
    <td class="name">${ago(finished, now)}</td>
    <td data-label="Result"><span class="state ${grade}">${status}</span></td>
    <td class="number" data-label="Events">${count(numberIn(report, 'events'))}</td>
    <td class="number" data-label="Took">${describeMs(numberIn(report, 'duration_ms'))}</td>
  </tr>`;
}

/** A report may be of another version than this one. */
function numberIn(report: unknown, name: string): number {
  if (typeof report !== 'object' || report === null) return 0;
  const value: unknown = Reflect.get(report, name);
  return typeof value === 'number' ? value : 0;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function bytes(amount: number | null): string {
  return amount === null ? 'unknown' : describeBytes(amount);
}

function ago(instant: string, now: number): string {
  return `${describeMs(Math.max(0, now - Date.parse(instant)))} ago`;
}
