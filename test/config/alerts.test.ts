import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { createRedact } from '../../src/config/redact.ts';
import { problemsOf } from './problems-of.ts';
import { secret as secretOf, signingSecret } from '../support/secrets.ts';

const DATABASE_URL = 'postgres://u:p@db.example/shop';
const secret = signingSecret('alerts');
const slackUrl = 'https://hooks.slack.com/services/T0/B0/abcdefgh';
const email = {
  type: 'email',
  host: 'smtp.example.com',
  from: 'a@example.com',
  to: ['b@example.com'],
};

const given = (alerts: unknown, more: object = {}) =>
  parseConfig(
    {
      database: { url: DATABASE_URL },
      endpoints: [{ name: 'out', type: 'stdout' }],
      alerts,
      ...more,
    },
    {},
  );
const fromEnvironment = (env: Record<string, string>) =>
  parseConfig(null, { DATABASE_URL, ...env });

const EMAIL = {
  EMAIL_SMTP_HOST: 'smtp.gmail.com',
  EMAIL_SMTP_PORT: '587',
  EMAIL_SMTP_USERNAME: 'me@gmail.com',
  EMAIL_SMTP_PASSWORD: secretOf('mail'),
  EMAIL_FROM: 'me@gmail.com',
  EMAIL_TO: 'admin@example.com, Ops <ops@example.com>',
};

describe('who is told', () => {
  it('is nobody where nobody is named, and every rule has its threshold all the same', () => {
    const { alerts, alertRules } = fromEnvironment({}).config;
    expect(alerts).toEqual([]);
    expect(alertRules).toEqual({
      off: [],
      endpointDownMs: 300_000,
      deadLetters: 0,
      parkedPercent: 80,
      lagBytes: 2 ** 30,
      lagMs: 900_000,
      slotUsedPercent: 70,
      failedRuns: 3,
      remindMs: 0,
    });
  });

  it('stands in a file', () => {
    const { config, warnings } = given([
      email,
      { type: 'webhook', url: slackUrl, secrets: [secret] },
    ]);
    expect(config.alerts).toEqual([
      { ...email, timeoutMs: 10_000 },
      { type: 'webhook', url: slackUrl, headers: {}, secrets: [secret], timeoutMs: 10_000 },
    ]);
    expect(warnings).toEqual([]);
  });

  it('comes from the EMAIL_ variables', () => {
    expect(fromEnvironment(EMAIL).config.alerts).toEqual([
      {
        type: 'email',
        host: 'smtp.gmail.com',
        port: 587,
        username: 'me@gmail.com',
        password: secretOf('mail'),
        from: 'me@gmail.com',
        to: ['admin@example.com', 'Ops <ops@example.com>'],
        timeoutMs: 10_000,
      },
    ]);
  });

  it('comes from WALHOOK_ALERTS_<n>, beside the EMAIL_ variables too', () => {
    const { alerts, alertRules } = fromEnvironment({
      ...EMAIL,
      WALHOOK_ALERTS_0_SECURITY: 'implicit',
      WALHOOK_ALERTS_1_TYPE: 'webhook',
      WALHOOK_ALERTS_1_URL: slackUrl,
      WALHOOK_ALERT_RULES_OFF: 'lag_age, run_failed',
      WALHOOK_ALERT_RULES_DEAD_LETTERS: '10',
    }).config;
    expect(alerts).toMatchObject([{ type: 'email', security: 'implicit' }, { url: slackUrl }]);
    expect(alertRules).toMatchObject({ off: ['lag_age', 'run_failed'], deadLetters: 10 });
  });

  it('is nobody where EMAIL_FROM and EMAIL_TO are for another program', () => {
    const { EMAIL_FROM, EMAIL_TO } = EMAIL;
    expect(fromEnvironment({ EMAIL_FROM, EMAIL_TO }).config.alerts).toEqual([]);
  });

  it('stays as the file says, with a word about the variables that are left unused', () => {
    const file = { database: { url: DATABASE_URL }, alerts: [{ type: 'webhook', url: slackUrl }] };
    const { config, warnings } = parseConfig(file, EMAIL);
    expect(config.alerts).toMatchObject([{ type: 'webhook' }]);
    expect(warnings).toEqual([expect.stringContaining('EMAIL_SMTP_… is not used')]);
  });
});

describe('what is refused, all at once', () => {
  it('names the EMAIL_ variables, also those that are missing', async () => {
    const problems = await problemsOf(() =>
      fromEnvironment({
        EMAIL_SMTP_PORT: '99999',
        EMAIL_SMTP_PASSWORD: secretOf('mail'),
        EMAIL_TO: 'nobody',
      }),
    );
    expect(problems.map(({ variable, got, wants }) => [variable, got, wants])).toEqual([
      ['EMAIL_SMTP_HOST', 'nothing', 'a host name or an IP address'],
      ['EMAIL_SMTP_PORT', '"99999"', 'a port from 1 to 65535'],
      ['EMAIL_FROM', 'nothing', expect.stringContaining('an e-mail address')],
      ['EMAIL_TO', '"nobody"', expect.stringContaining('an e-mail address')],
      ['EMAIL_SMTP_USERNAME', 'nothing', 'a username, for there is a password'],
    ]);
  });

  it('names places in the file, and shows no secret', async () => {
    const problems = await problemsOf(() =>
      given(
        [
          { ...email, to: [], security: 'tls', password: 7 },
          { type: 'webhook', url: 'hooks.slack.com/services/secret', secrets: [secretOf('short')] },
          { type: 'sms' },
        ],
        { alertRules: { off: ['endpoint_dwn'], lagBytes: -1, failedRuns: 0, lagSeconds: 5 } },
      ),
    );
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'alertRules.failedRuns',
      'alertRules.lagBytes',
      'alertRules.lagSeconds',
      'alertRules.off[0]',
      'alerts[0].password',
      'alerts[0].security',
      'alerts[0].to',
      'alerts[0].username',
      'alerts[1].secrets[0]',
      'alerts[1].url',
      'alerts[2].type',
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/services\/secret|short-/);
  });

  it('refuses an alert behind a gap', async () => {
    const problems = await problemsOf(() => fromEnvironment({ WALHOOK_ALERTS_1_TYPE: 'webhook' }));
    expect(problems).toEqual([
      {
        path: '',
        variable: 'WALHOOK_ALERTS_1_TYPE',
        got: 'number 1',
        wants: 'alerts numbered from 0 without a gap',
      },
    ]);
  });

  it.each(['ops', 'a@b@c', 'a@b, c@d', 'Ops <a@b', 'a@b\r\nBcc: c@d', 'Ops\n <a@b>'])(
    'takes no %j for an address',
    async (from) => {
      const problems = await problemsOf(() => given([{ ...email, from }]));
      expect(problems.map(({ path }) => path)).toEqual(['alerts[0].from']);
    },
  );
});

it('warns of what would cross the network unencrypted', () => {
  const { warnings } = given([
    { ...email, security: 'opportunistic', username: 'me', password: 'hidden' },
    { ...email, security: 'opportunistic', host: 'localhost', username: 'me', password: 'hidden' },
    { ...email, security: 'opportunistic' },
    { type: 'webhook', url: 'http://example.com/hooks' },
    {
      ...email,
      security: 'opportunistic',
      allowCleartextPassword: true,
      username: 'me',
      password: 'hidden',
    },
  ]);
  expect(warnings).toEqual([
    expect.stringMatching(/^alerts\[0\].*over TLS alone/),
    expect.stringContaining('alerts[3]'),
    expect.stringMatching(/^alerts\[4\].*may cross the network unencrypted/),
  ]);
});

it('masks the password and the URL of a webhook, whose path is its password', () => {
  const { config } = given([
    { ...email, username: 'me', password: 'hidden-password' },
    {
      type: 'webhook',
      url: slackUrl,
      headers: { authorization: 'Bearer token' },
      secrets: [secret],
    },
  ]);
  const redact = createRedact(config);
  expect(redact(`hidden-password ${slackUrl} token ${secret}`)).toBe('*** *** *** ***');
});
