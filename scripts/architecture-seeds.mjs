/*
 * For each rule of .dependency-cruiser.mjs the smallest source tree that breaks it. A rule that
 * does not catch its seed is broken itself: a folder renamed, a package resolved another way.
 */

const imports = (target) => `import { it } from '${target}';\nexport const used = it;\n`;
const leaf = 'export const it = 1;\n';

/** A file of `folder` imports one of `other`. */
const between = (folder, other) => ({
  [`src/${folder}/importer.ts`]: imports(`../${other}/imported.ts`),
  [`src/${other}/imported.ts`]: leaf,
});

export const SEEDS = {
  'pgoutput-imports-only-its-layer': between('pgoutput', 'errors'),
  'changes-imports-only-its-layer': between('changes', 'errors'),
  'formats-imports-only-its-layer': between('formats', 'delivery'),
  'routing-imports-only-its-layer': between('routing', 'delivery'),
  'clock-imports-only-its-layer': between('clock', 'errors'),
  'errors-imports-only-its-layer': between('errors', 'clock'),
  'quantities-imports-only-its-layer': between('quantities', 'errors'),
  'receiver-imports-only-its-layer': between('receiver', 'errors'),
  'delivery-imports-only-its-layer': between('delivery', 'drain'),
  'drain-imports-only-its-layer': between('drain', 'config'),
  'health-imports-only-its-layer': between('health', 'drain'),
  'sinks-imports-only-its-layer': between('sinks', 'state'),
  'postgres-imports-only-its-layer': between('postgres', 'state'),
  'state-imports-only-its-layer': between('state', 'postgres'),
  'alerts-imports-only-its-layer': between('alerts', 'sinks'),
  'rate-limits-imports-only-its-layer': between('rate-limits', 'sinks'),
  'observability-imports-only-its-layer': between('observability', 'http'),
  'config-imports-only-its-layer': between('config', 'operations'),
  'demo-imports-only-its-layer': between('demo', 'http'),
  'operations-imports-only-its-layer': between('operations', 'http'),
  'http-imports-only-its-layer': between('http', 'demo'),
  'runtime-imports-only-its-layer': between('runtime', 'entry'),
  'pure-folders-stay-pure': { 'src/changes/importer.ts': imports('pg') },
  'drizzle-only-in-state': { 'src/postgres/importer.ts': imports('drizzle-orm') },
  'pg-only-in-postgres': {
    'src/sinks/importer.ts': `import type { Client } from 'pg';\nexport type Used = Client;\n`,
  },
  'nodemailer-only-in-its-mailer': { 'src/alerts/importer.ts': imports('nodemailer') },
  'conditions-know-no-view': {
    'src/health/conditions/importer.ts': imports('../views/imported.ts'),
    'src/health/views/imported.ts': leaf,
  },
  'adapters-know-only-alerting-of-health': between('alerts', 'health'),
  'only-runtime-joins-adapters': between('entry', 'sinks'),
  'only-entries-start-the-runtime': between('operations', 'runtime'),
  'nothing-imports-an-entry': {
    'src/index.ts': imports('./entry/imported.ts'),
    'src/entry/imported.ts': leaf,
  },
  'the-demo-stays-out-of-the-way': {
    'src/index.ts': imports('./demo/imported.ts'),
    'src/demo/imported.ts': leaf,
  },
  'no-cycles': {
    'src/changes/one.ts': imports('./other.ts'),
    'src/changes/other.ts': imports('./one.ts'),
  },
  'no-orphans': { 'src/changes/alone.ts': leaf },
  'all-imports-resolve': { 'src/changes/importer.ts': imports('./missing.ts') },
  'delivery-takes-only-types-of-formats': between('delivery', 'formats'),
  'state-takes-only-types-of-pg': { 'src/state/importer.ts': imports('pg') },
  'a-worker-reaches-no-file-and-no-process': {
    'src/entry/worker.ts': imports('../runtime/importer.ts'),
    'src/runtime/importer.ts': imports('node:fs/promises'),
  },
};
