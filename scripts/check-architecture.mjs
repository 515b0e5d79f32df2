#!/usr/bin/env node
// Checks who imports whom (.dependency-cruiser.mjs), and that the check itself sees and catches.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import { cruise } from 'dependency-cruiser';
import { importRules, options, runtimeRules } from '../.dependency-cruiser.mjs';
import { SEEDS } from './architecture-seeds.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// Inside the checkout, so that packages resolve from there too.
mkdirSync(join(root, '.cache'), { recursive: true });
const work = mkdtempSync(join(root, '.cache', 'architecture-'));
try {
  const files = readSources(root);
  const complaints = [...(await checkSources(files)), ...(await checkSeeds())];
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exitCode = 1;
  else {
    const rules = importRules.length + runtimeRules.length;
    console.log(`${Object.keys(files).length} modules keep ${rules} rules; each catches its seed.`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function readSources(folder) {
  const paths = readdirSync(join(folder, 'src'), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path.replaceAll('\\', '/')}`);
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

async function checkSources(files) {
  const { seen, violations } = await findViolations('sources', files);
  const unseen = Object.keys(files).filter((path) => !seen(path));
  return [
    ...unseen.map((path) => `${path} was not looked at.`),
    ...violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  ];
}

async function checkSeeds() {
  const rules = [...importRules, ...runtimeRules].map(({ name }) => name);
  const complaints = Object.keys(SEEDS)
    .filter((name) => !rules.includes(name))
    .map((name) => `The seed ${name} belongs to no rule.`);
  for (const name of rules) {
    if (SEEDS[name] === undefined) {
      complaints.push(`The rule ${name} has no seed.`);
      continue;
    }
    const { violations } = await findViolations(name, SEEDS[name]);
    if (!violations.some(({ rule }) => rule.name === name)) {
      complaints.push(`The rule ${name} does not catch its seed.`);
    }
  }
  return complaints;
}

async function findViolations(name, files) {
  const withTypes = await runCruise(join(work, name, 'all'), files, importRules);
  const stripped = mapValues(files, stripTypes);
  const atRuntime = await runCruise(join(work, name, 'runtime'), stripped, runtimeRules);
  return {
    seen: (path) => withTypes.seen.has(path) && atRuntime.seen.has(path),
    violations: [...withTypes.violations, ...atRuntime.violations],
  };
}

async function runCruise(baseDir, files, forbidden) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(baseDir, path)), { recursive: true });
    writeFileSync(join(baseDir, path), text);
  }
  const { output } = await cruise(['src'], {
    ...options,
    baseDir,
    validate: true,
    ruleSet: { forbidden },
  });
  const seen = new Set(output.modules.map(({ source }) => source));
  return { seen, violations: output.summary.violations };
}

/** What Node would import: the same file, under its own name, without its types. */
function stripTypes(text) {
  return transformSync(text, {
    jsc: {
      parser: { syntax: 'typescript' },
      target: 'es2023',
      transform: { verbatimModuleSyntax: true },
    },
  }).code;
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
