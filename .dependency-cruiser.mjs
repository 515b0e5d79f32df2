/*
 * Who may import whom, after docs/architecture.md. scripts/check-architecture.mjs runs it, and
 * proves with seeds (scripts/architecture-seeds.mjs) that each rule catches what it is for.
 */

const CORE = ['pgoutput', 'changes', 'formats', 'routing', 'delivery', 'drain', 'health'];
const WORDS = ['errors', 'clock', 'quantities'];
const ADAPTERS = ['sinks', 'postgres', 'state', 'alerts', 'rate-limits'];
const PORTS = ['pgoutput', 'changes', 'delivery', 'drain', 'health', ...WORDS];

/** What each folder may import besides itself. A folder that is not here may import everything. */
const MAY_IMPORT = {
  pgoutput: [],
  changes: ['pgoutput'],
  formats: ['pgoutput', 'changes'],
  clock: [],
  errors: [],
  quantities: [],
  receiver: [],
  routing: ['pgoutput', 'changes', 'formats', 'errors'],
  delivery: ['pgoutput', 'changes', 'formats', 'routing', ...WORDS],
  drain: ['pgoutput', 'changes', 'formats', 'routing', 'delivery', ...WORDS],
  health: WORDS,
  sinks: PORTS,
  postgres: PORTS,
  state: PORTS,
  alerts: PORTS,
  'rate-limits': PORTS,
  observability: [...CORE, ...WORDS],
  config: [...CORE, ...WORDS],
  demo: ['config', 'operations', 'observability', ...CORE, ...WORDS],
  operations: ['config', 'observability', 'demo', ...CORE, ...WORDS],
  http: ['config', 'operations', 'observability', ...CORE, ...WORDS],
  runtime: [
    'config',
    'operations',
    'observability',
    'http',
    'demo',
    ...ADAPTERS,
    ...CORE,
    ...WORDS,
  ],
};

const oneOf = (names) => `(?:${names.join('|')})`;
const inFolder = (...names) => `^src/${oneOf(names)}/`;
/** Resolved to a file, to its types, or, where it is not installed, not at all. */
const npmPackage = (...names) =>
  names.flatMap((name) => [
    `node_modules/${name}/`,
    `node_modules/@types/${name}/`,
    `^${name}$`,
    `^${name}/`,
  ]);
const npmTypes = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];

const layers = Object.entries(MAY_IMPORT).map(([folder, others]) => ({
  name: `${folder}-imports-only-its-layer`,
  comment: `src/${folder} may import ${others.join(', ') || 'nothing'} besides itself.`,
  from: { path: inFolder(folder) },
  to: { path: '^src/[^/]+/', pathNot: inFolder(folder, ...others) },
}));

/** Of all imports, also those of types alone. */
export const importRules = [
  ...layers,
  {
    name: 'pure-folders-stay-pure',
    comment:
      'Bytes in, bytes out: no Node module, nothing that a worker lacks, and of packages only hashes.',
    from: { path: inFolder('pgoutput', 'changes', 'formats', 'routing', 'receiver') },
    to: { dependencyTypes: ['core', ...npmTypes], pathNot: npmPackage('@noble/hashes') },
  },
  {
    name: 'drizzle-only-in-state',
    from: { path: '^src/', pathNot: inFolder('state') },
    to: { path: npmPackage('drizzle-orm') },
  },
  {
    name: 'pg-only-in-postgres',
    from: { path: '^src/', pathNot: inFolder('postgres', 'state') },
    to: { path: npmPackage('pg', 'pg-copy-streams') },
  },
  {
    name: 'nodemailer-only-in-its-mailer',
    comment: 'It needs the sockets of Node, and is loaded when there is something to tell.',
    from: { path: '^src/', pathNot: '^src/alerts/smtp-mailer\\.ts$' },
    to: { path: npmPackage('nodemailer') },
  },
  {
    name: 'conditions-know-no-view',
    comment: 'What is wrong is decided before it is said anywhere.',
    from: { path: '^src/health/conditions/' },
    to: { path: '^src/health/(?:views|alerting)/' },
  },
  {
    name: 'adapters-know-only-alerting-of-health',
    from: { path: inFolder(...ADAPTERS) },
    to: { path: '^src/health/', pathNot: '^src/health/alerting/' },
  },
  {
    name: 'only-runtime-joins-adapters',
    from: { path: '^src/', pathNot: inFolder('runtime', ...ADAPTERS) },
    to: { path: inFolder(...ADAPTERS) },
  },
  {
    name: 'only-entries-start-the-runtime',
    from: { path: '^src/', pathNot: ['^src/index\\.ts$', inFolder('entry', 'runtime')] },
    to: { path: inFolder('runtime') },
  },
  {
    name: 'nothing-imports-an-entry',
    from: { path: '^src/', pathNot: inFolder('entry') },
    to: { path: inFolder('entry') },
  },
  {
    name: 'the-demo-stays-out-of-the-way',
    from: { path: '^src/', pathNot: inFolder('demo', 'operations', 'entry', 'runtime') },
    to: { path: inFolder('demo') },
  },
  { name: 'no-cycles', from: { path: '^src/' }, to: { circular: true } },
  {
    name: 'no-orphans',
    from: { path: '^src/', pathNot: ['^src/index\\.ts$', inFolder('entry')], orphan: true },
    to: {},
  },
  { name: 'all-imports-resolve', from: { path: '^src/' }, to: { couldNotResolve: true } },
];

/** Of the imports that are left when types are gone. */
export const runtimeRules = [
  {
    name: 'delivery-takes-only-types-of-formats',
    comment: 'An endpoint is handed its format.',
    from: { path: inFolder('delivery') },
    to: { path: inFolder('formats') },
  },
  {
    name: 'state-takes-only-types-of-pg',
    comment: 'It is handed its client.',
    from: { path: inFolder('state') },
    to: { path: npmPackage('pg', 'pg-copy-streams') },
  },
  {
    name: 'a-worker-reaches-no-file-and-no-process',
    comment: 'workerd has neither, nor the sockets that these packages are made for.',
    from: { path: '^src/entry/worker\\.ts$' },
    to: {
      path: [
        '^(fs|child_process|net|https?)$',
        '^fs/',
        ...npmPackage('pg-copy-streams', 'nodemailer', 'undici', 'ioredis', '@hono/node-server'),
        // For the files of a configuration, and the command line.
        ...npmPackage('jiti', 'yaml', 'commander'),
      ],
      reachable: true,
    },
  },
];

export const options = {
  // TypeScript 7 brings no parser that dependency-cruiser could use, which then sees no module.
  parser: 'swc',
  tsPreCompilationDeps: true,
  doNotFollow: { path: 'node_modules' },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'default'],
  },
};

/** @type {import('dependency-cruiser').IConfiguration} For its own command line. */
export default { forbidden: importRules, options };
