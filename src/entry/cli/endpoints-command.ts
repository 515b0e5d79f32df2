import type { Command } from 'commander';
import { readEndpointReport } from '../../operations/endpoint-report.ts';
import { pauseEndpoint, resumeEndpoint } from '../../operations/pause-endpoint.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import { endpointTable, troubleLines } from './endpoint-text.ts';
import { addEndpointTestCommand } from './endpoint-test-command.ts';
import { option } from './options.ts';

type PauseFlags = { readonly park?: boolean; readonly reason?: string };

const DEFAULT_REASON = 'by hand';

export function addEndpointsCommand(program: Command, runs: Runs): void {
  const endpoints = program
    .command('endpoints')
    .summary('list, pause, resume or test endpoints')
    .description('Lists, pauses, resumes or tests the endpoints of the pipeline.')
    .addHelpText('after', '\nExample:\n  walhook endpoints list');
  addListCommand(endpoints, runs);
  addPauseCommand(endpoints, runs);
  addResumeCommand(endpoints, runs);
  addEndpointTestCommand(endpoints, runs);
}

function addListCommand(endpoints: Command, runs: Runs): void {
  const command = endpoints
    .command('list')
    .summary('how each endpoint fares')
    .description('Says what is wrong with endpoints, then what each has got and what waits for it.')
    .addHelpText('after', '\nExample:\n  walhook endpoints list --json | jq .endpoints[].state');
  runs(command, async (session) => {
    const config = await session.loadConfig();
    const now = nodePlatform.clock.now();
    const report = await withPipeline(config, nodePlatform, (access) =>
      readEndpointReport(access, now),
    );
    if (session.json) {
      session.result(report);
      return 0;
    }
    const { endpoints: found, troubles } = report;
    const lines = [
      ...troubleLines(troubles, session.terminal.width),
      ...(troubles.length === 0 ? [] : ['']),
      ...endpointTable(found, now),
    ];
    for (const line of lines) session.terminal.data(session.redact(line));
    return 0;
  });
}

function addPauseCommand(endpoints: Command, runs: Runs): void {
  const command = endpoints
    .command('pause')
    .argument('<name>', 'of the endpoint')
    .summary('send nothing to an endpoint until it is resumed')
    .description(
      'Sends nothing to an endpoint until it is resumed. It holds the slot meanwhile, unless its events are parked. A drain under way takes notice within seconds.',
    )
    .addOption(option('--park', 'store its events meanwhile, so that the slot can move on'))
    .addOption(option('--reason <text>', `why, for others to see; default: ${DEFAULT_REASON}`))
    .addHelpText(
      'after',
      "\nExample:\n  walhook endpoints pause orders --park --reason 'moving to another host'",
    );
  runs<PauseFlags>(command, async (session, { park, reason = DEFAULT_REASON }) => {
    const name = command.args[0]!;
    const config = await session.loadConfig();
    const parks = park === true;
    await withPipeline(config, nodePlatform, (access) =>
      pauseEndpoint(access, name, { parks, reason }),
    );
    if (session.json) session.result({ endpoint: name, paused: true, parks, reason });
    const meanwhile = parks ? 'its events are parked' : 'it holds the slot, whose WAL grows';
    session.say(`paused "${name}": until walhook endpoints resume ${name}, ${meanwhile}`);
    return 0;
  });
}

function addResumeCommand(endpoints: Command, runs: Runs): void {
  const command = endpoints
    .command('resume')
    .argument('<name>', 'of the endpoint')
    .summary('end a pause, or the wait for the next attempt')
    .description(
      'Ends a pause. Of an endpoint that is down, ends the wait: the next drain tries at once.',
    )
    .addHelpText('after', '\nExample:\n  walhook endpoints resume orders && walhook drain');
  runs(command, async (session) => {
    const name = command.args[0]!;
    const config = await session.loadConfig();
    const resumed = await withPipeline(config, nodePlatform, (access) =>
      resumeEndpoint(access, name),
    );
    if (session.json) session.result({ endpoint: name, resumed });
    session.say(
      resumed
        ? `resumed "${name}": the next drain sends to it`
        : `"${name}" was not paused, and waits for nothing`,
    );
    return 0;
  });
}
