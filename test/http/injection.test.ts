import { describe, expect, test } from 'vitest';
import { dashboardPage } from '../../src/http/dashboard-page.ts';
import { expositionText } from '../../src/observability/exposition.ts';
import { openRefusingShop } from './refusing-shop.ts';
import { CRON_SECRET, serveApp, TOKEN } from './served-app.ts';

const SCRIPT = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
const LINES = 'a"b\\c\nreplication_slot_lag_bytes 0\r\nset-cookie: x=y';

/** Whatever a receiver, a table or an operator may put into a text. */
const NAMES = [SCRIPT, LINES, '</style><style>*{}', '{{7*7}}${7*7}', '\u202Eevil\u0007'];

describe('a text that tries to be something else', () => {
  test.each(NAMES)('from a table and a receiver, %j stays text in every answer', async (name) => {
    const shop = await openRefusingShop(name, name.slice(0, 40));
    const app = await serveApp(shop.config);
    const reason = { reason: name, park: true };
    await app.post('/api/endpoints/hooks/pause', reason);
    const letters = await app.ask('/api/dead-letters');
    expect(letters.json['dead_letters']).toMatchObject([
      { table: name.slice(0, 40), answer: { body: name } },
      {},
      {},
    ]);
    for (const path of ['/api/status', '/api/endpoints', '/api/runs', '/api/dead-letters']) {
      const answer = await app.ask(path);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.status).toBe(200);
    }
    const page = await app.ask('/');
    expect(page.text).not.toMatch(/<(script|img)|[^\P{C}\n]/u);
    expect(page.text.match(/<style/g)).toHaveLength(1);
    for (const line of app.log().trimEnd().split('\n'))
      expect(() => JSON.parse(line)).not.toThrow();
    await app.close();
  });

  test('from a request stays out of headers and pages', async () => {
    const { config } = await openRefusingShop();
    const app = await serveApp(config);
    const name = encodeURIComponent(SCRIPT);
    const answer = await app.ask(`/api/endpoints/${name}/pause`, { method: 'POST' });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const query = await app.ask(`/drain?deadline=${name}&${name}=1`);
    expect(query.status).toBe(400);
    expect(query.headers.get('content-type')).toBe('application/problem+json');
    expect(query.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('in a label of a metric is escaped', () => {
    const text = expositionText([
      { name: 'm', type: 'gauge', help: LINES, samples: [{ labels: { l: LINES }, value: 1 }] },
    ]);
    const lines = text.split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[2]).toBe(
      `m{l="${LINES.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"} 1`,
    );
  });
});

describe('the dashboard', () => {
  test('lets the browser run and fetch nothing but its own style', async () => {
    const { config } = await openRefusingShop();
    const app = await serveApp(config);
    const { headers, text } = await app.ask('/');
    const policy = headers.get('content-security-policy')!;
    const nonce = /style-src 'nonce-([\w-]+)'/.exec(policy)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('script-src');
    expect(text).toContain(`<style nonce="${nonce}">`);
    expect(text).not.toMatch(/\sstyle=|\son\w+=|<(script|link|img|iframe|form)|https?:/);
    const again = await app.ask('/');
    expect(again.headers.get('content-security-policy')).not.toBe(policy);
  });

  test('says what is wrong first', async () => {
    const { config } = await openRefusingShop();
    const app = await serveApp(config);
    await app.post('/api/endpoints/hooks/pause', { reason: 'moving house' });
    const { text } = await app.ask('/');
    expect(text.indexOf('paused')).toBeLessThan(text.indexOf('Endpoints'));
    expect(text).toContain('moving house');
    expect(text).toContain('3 dead letters');
  });

  test('escapes what even the database could not hold', async () => {
    const page = await dashboardPage({
      pipeline: SCRIPT,
      status: { problem: SCRIPT },
      now: 0,
      nonce: 'n',
      refreshSeconds: 10,
    });
    expect(page).not.toMatch(/<(script|img)/);
  });
});

describe('a secret', () => {
  test('is in no answer and no log, wherever it was put', async () => {
    // As they are found where walhook did not know them yet: the sweep of all tests is not to mind.
    const [old, password] = ['a-token-of-the-past', 'the-password-of-the-database'];
    const tokens = [TOKEN, CRON_SECRET, old];
    const shop = await openRefusingShop(`no: ${old} ${password}`);
    const role = `role_of_${shop.database.name}`;
    await shop.database.query(`create role ${role} login superuser password '${password}'`);
    const url = shop.database.urlAs(role, password);
    const config = { ...shop.config, database: { ...shop.config.database, url } };
    const app = await serveApp(config, tokens);
    await shop.database.query('insert into orders values (4)');
    await app.post(`/api/endpoints/hooks/pause`, { reason: `for ${TOKEN} and ${password}` });
    const answers = [
      await app.post('/drain'),
      await app.post('/api/dead-letters/redrive', { all: true }),
      await app.ask('/'),
      await app.ask('/ready'),
      await app.ask('/metrics'),
      await app.ask('/openapi.json'),
      await app.ask('/api/status'),
      await app.ask('/api/endpoints'),
      await app.ask('/api/runs'),
      await app.ask('/api/dead-letters'),
      await app.ask(`/api/dead-letters/${shop.letters[0]}`),
      await app.ask(`/${TOKEN}`),
      await app.ask(`/api/status?token=${TOKEN}`),
      await app.post('/drain', { deadline: password }),
      await app.post(`/api/endpoints/${password}/pause`),
    ];
    const everything = answers.map(({ text, headers }) => text + JSON.stringify([...headers]));
    for (const hidden of [...tokens, password]) {
      expect(everything.filter((text) => text.includes(hidden))).toEqual([]);
      expect(app.log()).not.toContain(hidden);
    }
    await shop.database.query(`drop role ${role}`);
    expect(everything.join('')).not.toMatch(/node_modules|\.ts:\d+|at async/);
  });
});
