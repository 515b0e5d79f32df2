import { WalhookError } from '../../errors/walhook-error.ts';
import type { PipelineAccess } from '../pipeline.ts';
import { diagnosed, examine } from '../examine.ts';
import { factsOf } from '../facts-of.ts';
import { type Check, type Examined, failed, type Finding, ok, skipped, warning } from './check.ts';
import { drainChecks } from './drain-checks.ts';
import { identityChecks } from './identity-checks.ts';
import { neighbourChecks } from './neighbour-checks.ts';
import { passwordChecks } from './password-check.ts';
import { endpointChecks } from './endpoint-checks.ts';
import { keyChecks } from './key-checks.ts';
import { publicationChecks } from './publication-checks.ts';
import { serverChecks } from './server-checks.ts';
import { slotChecks } from './slot-checks.ts';
import { stateChecks } from './state-checks.ts';

export type Diagnosis = Finding & { readonly name: string };

export type EndpointAddress = {
  readonly name: string;
  /** Which kind it is, as the configuration has it. */
  readonly type?: string;
  /** null: nothing is connected to. */
  readonly url: string | null;
  /** What is readable on its way to it, in words; null or nothing: none of it. */
  readonly unencrypted?: string | null;
  /** What its requests go through; null or nothing: nothing. */
  readonly proxy?: URL | null;
};

export type DoctorTools = {
  readonly withPipeline: (look: (access: PipelineAccess) => Promise<void>) => Promise<void>;
  readonly endpoints: readonly EndpointAddress[];
  /** Resolves once the URL's host takes a connection; nothing is sent. Rejects with the reason. */
  readonly reach: (url: string) => Promise<void>;
  readonly now: () => number;
};

const CHECKS: readonly Check[] = [
  ...serverChecks,
  ...passwordChecks,
  ...publicationChecks,
  ...keyChecks,
  ...identityChecks,
  ...slotChecks,
  ...stateChecks,
  ...drainChecks,
  ...neighbourChecks,
  ...endpointChecks,
];

/** Every check, also after one that failed; says each finding as it comes. True: none failed. */
export async function doctor(
  tools: DoctorTools,
  say: (diagnosis: Diagnosis) => void,
): Promise<boolean> {
  let healthy = true;
  const note = (name: string, finding: Finding): void => {
    if (finding.status === 'failed') healthy = false;
    say({ name, ...finding });
  };
  try {
    await tools.withPipeline(async (access) => {
      note('database', ok('it can be reached'));
      const patient = { ...access, now: tools.now, examined: examinedOnce(access, tools.now) };
      for (const { name, look } of CHECKS) note(name, await look(patient).catch(findingOf));
    });
  } catch (error) {
    note('database', findingOf(error));
    note('all that the database would tell', skipped('not looked at'));
  }
  for (const endpoint of tools.endpoints) {
    const { name, url, unencrypted = null, proxy = null } = endpoint;
    const reached = url === null ? withoutAddress(endpoint) : await reach(tools, url, proxy);
    note(
      `endpoint ${name}`,
      unencrypted === null ? reached : readableOnTheWay(reached, unencrypted),
    );
  }
  return healthy;
}

function examinedOnce(access: PipelineAccess, now: () => number): () => Promise<Examined> {
  let examined: Promise<Examined> | null = null;
  const look = async (): Promise<Examined> => {
    const examination = await examine(access, now(), { takesAnyStateError: true });
    return { facts: factsOf(examination), troubles: diagnosed(examination) };
  };
  return () => (examined ??= look());
}

function withoutAddress({ type }: EndpointAddress): Finding {
  return type === 'stdout'
    ? ok('standard output')
    : skipped(`${type ?? 'it'} has no address that could be connected to`);
}

async function reach(tools: DoctorTools, url: string, proxy: URL | null): Promise<Finding> {
  const { origin } = new URL(url);
  if (proxy !== null) return reachProxy(tools, origin, proxy.origin);
  try {
    await tools.reach(url);
    return ok(`${origin} takes connections`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(
      `${origin} cannot be reached (${reason})`,
      "Check the endpoint's URL, that it runs, and that this machine may connect to it.",
    );
  }
}

/** What is behind it, only a request could tell. */
async function reachProxy(tools: DoctorTools, origin: string, proxy: string): Promise<Finding> {
  try {
    await tools.reach(proxy);
    return ok(`${origin} is reached through the proxy ${proxy}, which takes connections`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(
      `the proxy ${proxy} for ${origin} cannot be reached (${reason})`,
      'Check HTTPS_PROXY, HTTP_PROXY or the proxy of the endpoint; NO_PROXY or proxy: none goes past it.',
    );
  }
}

function readableOnTheWay(reached: Finding, unencrypted: string): Finding {
  if (reached.status !== 'ok') return reached;
  return warning(`${reached.found}, and ${unencrypted}`, 'Take an https:// URL.');
}

function findingOf(error: unknown): Finding {
  if (error instanceof WalhookError) return failed(error.message, error.remedy);
  throw error;
}
