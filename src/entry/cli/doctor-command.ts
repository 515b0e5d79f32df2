import type { Command } from 'commander';
import { addressOf } from '../../config/endpoint-schema.ts';
import { proxyOf } from '../../config/proxy-option.ts';
import { sentUnencrypted } from '../../config/unencrypted.ts';
import { type Diagnosis, doctor } from '../../operations/doctor/doctor.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { reachEndpoint } from '../../runtime/reach-endpoint.ts';
import type { Runs } from './command.ts';

export function addDoctorCommand(program: Command, runs: Runs): void {
  const command = program
    .command('doctor')
    .summary('check everything, and say what to do about it')
    .description(
      'Checks server, publication, slot, state tables and endpoints, and says what to do. Exits with 1 if a check fails; warnings do not fail. No event is sent.',
    )
    .addHelpText('after', '\nExample:\n  walhook doctor || walhook status');
  runs(command, async (session) => {
    const config = await session.loadConfig();
    const checks: Diagnosis[] = [];
    const healthy = await doctor(
      {
        withPipeline: (look) => withPipeline(config, nodePlatform, look),
        endpoints: config.endpoints.map((endpoint) => ({
          name: endpoint.name,
          type: endpoint.type,
          url: addressOf(endpoint),
          unencrypted: sentUnencrypted(endpoint),
          proxy: 'proxy' in endpoint ? proxyOf(endpoint) : null,
        })),
        reach: reachEndpoint,
        now: () => nodePlatform.clock.now(),
      },
      (diagnosis) => {
        checks.push(diagnosis);
        if (session.json) return;
        for (const line of lines(diagnosis)) session.terminal.data(session.redact(line));
      },
    );
    if (session.json) session.result({ healthy, checks });
    return healthy ? 0 : 1;
  });
}

const MARKS: Readonly<Record<Diagnosis['status'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  failed: 'FAILED ',
  skipped: 'skipped',
};

function lines({ name, status, found, remedy }: Diagnosis): string[] {
  const line = `${MARKS[status]}  ${name}: ${found}`;
  return remedy === null ? [line] : [line, `         → ${remedy}`];
}
