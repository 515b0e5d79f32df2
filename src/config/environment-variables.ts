import { eachElement, listOptions, type Option } from './option-tree.ts';

/** `process.env`, or the bindings of a worker: what is not text is not read. */
export type Environment = Readonly<Record<string, unknown>>;

/** undefined also where it is empty: that is how many platforms unset one. */
export function readVariable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The names that a deployment of one endpoint needs, and what each stands for. */
export const shortVariables = [
  { name: 'DATABASE_URL', means: 'database.url, where the file has none' },
  { name: 'DATABASE_CA', means: 'database.tls.ca' },
  { name: 'PGSSLMODE', means: 'database.tls.mode, where neither the URL nor the file has one' },
  { name: 'PGSSLROOTCERT', means: 'database.tls.ca, likewise' },
  { name: 'PGSSLCERT', means: 'database.tls.cert, likewise' },
  { name: 'PGSSLKEY', means: 'database.tls.key, likewise' },
  { name: 'PGSSLNEGOTIATION', means: 'database.tls.negotiation, likewise' },
  { name: 'PGCHANNELBINDING', means: 'database.tls.channelBinding, likewise' },
  { name: 'SLOT_NAME', means: 'slot' },
  { name: 'PUB_NAME', means: 'publication' },
  {
    name: 'EVENT_SINK',
    means:
      'endpoints[0].type; without it, hook0 where all of HOOK0_* is set, else http where a URL is, else stdout',
  },
  { name: 'HTTP_ENDPOINT_URL', means: 'endpoints[0].url' },
  { name: 'HTTP_SINK_URL', means: 'endpoints[0].url, by its other name' },
  { name: 'HTTP_SINK_ENABLED', means: 'true or false; false: not http, although a URL is set' },
  { name: 'HTTP_SINK_METHOD', means: 'endpoints[0].method' },
  { name: 'HTTP_SINK_TIMEOUT', means: 'endpoints[0].timeoutMs, in seconds' },
  {
    name: 'HTTP_SINK_RETRIES',
    means: 'tries after the first: endpoints[0].retry.attempts less one',
  },
  { name: 'HTTP_SINK_AUTH_HEADER', means: 'the whole value of the Authorization header' },
  { name: 'HTTP_SINK_EVENT_FORMAT', means: 'endpoints[0].format; json stands for wal2http' },
  { name: 'HOOK0_API_URL', means: 'endpoints[0].apiUrl' },
  { name: 'HOOK0_APPLICATION_ID', means: 'endpoints[0].applicationId' },
  { name: 'HOOK0_API_TOKEN', means: 'endpoints[0].apiToken' },
  { name: 'WALHOOK_SIGNING_SECRET', means: 'endpoints[0].signing.secrets' },
  { name: 'WALHOOK_TOKEN', means: 'http.tokens' },
  { name: 'CRON_SECRET', means: 'one more of http.tokens: Vercel calls with it' },
  { name: 'PORT', means: 'http.port' },
  { name: 'HTTPS_PROXY', means: 'proxy of each endpoint and webhook alert with an https:// URL' },
  { name: 'HTTP_PROXY', means: 'likewise, with an http:// URL' },
  { name: 'NO_PROXY', means: 'hosts, domains and networks that no proxy is used for' },
  { name: 'EMAIL_SMTP_HOST', means: 'alerts[0].host' },
  { name: 'EMAIL_SMTP_PORT', means: 'alerts[0].port' },
  { name: 'EMAIL_SMTP_USERNAME', means: 'alerts[0].username' },
  { name: 'EMAIL_SMTP_PASSWORD', means: 'alerts[0].password' },
  { name: 'EMAIL_FROM', means: 'alerts[0].from' },
  { name: 'EMAIL_TO', means: 'alerts[0].to' },
] as const;

export type ShortVariable = (typeof shortVariables)[number]['name'];

/** Variables that begin with WALHOOK_ and belong to a command's options, not to the configuration. */
export const commandVariables: readonly string[] = [
  'WALHOOK_ADOPT',
  'WALHOOK_ALL',
  'WALHOOK_ALL_TABLES',
  'WALHOOK_AS_IS',
  'WALHOOK_CONFIG',
  'WALHOOK_DEADLINE',
  'WALHOOK_ENDPOINT',
  'WALHOOK_ENDPOINT_URL',
  'WALHOOK_EXIT_CODE',
  'WALHOOK_FAILOVER',
  'WALHOOK_ID',
  'WALHOOK_INIT',
  'WALHOOK_JSON',
  'WALHOOK_KEEP_PUBLICATION',
  'WALHOOK_KEEP_SLOT',
  'WALHOOK_LIMIT',
  'WALHOOK_LOG_LEVEL',
  'WALHOOK_MAX_CHANGES',
  'WALHOOK_PARK',
  'WALHOOK_REASON',
  'WALHOOK_SINCE',
  'WALHOOK_TABLE',
  'WALHOOK_TABLES',
  'WALHOOK_TO',
  'WALHOOK_UNTIL',
  'WALHOOK_WITHOUT_IDENTITY',
  'WALHOOK_YES',
];

/** What Kubernetes puts into every pod of a namespace that has a service named walhook. */
export const kubernetesVariable =
  /^WALHOOK_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export type PathVariable = {
  readonly option: Option;
  /** With `<n>` for an index. */
  readonly name: string;
  readonly pattern: RegExp;
};

/** `drain.deadlineMs` is WALHOOK_DRAIN_DEADLINE_MS, `endpoints[].url` WALHOOK_ENDPOINTS_<n>_URL. */
export const pathVariables: readonly PathVariable[] = listOptions().map((option) => {
  const name = `WALHOOK_${option.path.map(screaming).join('_')}`;
  return { option, name, pattern: new RegExp(`^${name.replace('<n>', String.raw`(\d+)`)}$`) };
});

function screaming(step: string): string {
  return step === eachElement ? '<n>' : step.replace(/[A-Z]/g, '_$&').toUpperCase();
}
