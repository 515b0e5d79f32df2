import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type InstalledPackage = { readonly folder: string; remove(): void };

/**
 * A project in which `npm install walhook` was run: the packed package with what it needs at run
 * time, and nothing that is optional.
 */
export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), 'walhook-installed-'));
  const modules = join(folder, 'node_modules');
  unpack(folder, join(modules, 'walhook'));
  for (const path of runtimePackages()) cpSync(join(root, path), join(folder, path), COPY);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const COPY = { recursive: true, dereference: true };

function unpack(folder: string, into: string): void {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim();
  mkdirSync(into, { recursive: true });
  execFileSync('tar', ['--extract', '--strip-components=1', '--file', join(folder, name)], {
    cwd: into,
  });
}

type Locked = { dev?: true; devOptional?: true; peer?: true };

/** Paths of packages, with those that are inside of others. */
function runtimePackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  return Object.entries(packages).flatMap(([path, { dev, devOptional, peer }]) => {
    const isNeeded = path !== '' && !dev && !devOptional && !peer;
    return isNeeded && existsSync(join(root, path)) ? [path] : [];
  });
}
