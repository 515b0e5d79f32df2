import type { Command } from 'commander';
import type { Answer } from '../../delivery/sink.ts';
import { ERRORS } from '../../errors/catalogue.ts';
import { requireEndpoint } from '../../operations/require-endpoint.ts';
import { type EndpointTest, TEST_PREFIX, testEndpoint } from '../../operations/test-endpoint.ts';
import { describeMs } from '../../quantities/describe.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { endpointSetup } from '../../runtime/endpoints.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import { recordingAnswers } from '../../runtime/recorded-answers.ts';
import type { Runs } from './command.ts';
import type { Session } from './session.ts';

export function addEndpointTestCommand(endpoints: Command, runs: Runs): void {
  const command = endpoints
    .command('test')
    .argument('<name>', 'of the endpoint')
    .summary('send one signed test event')
    .description(
      `Sends one made-up event, a logical message of the prefix ${TEST_PREFIX} whose id begins with sixteen zeros, signed and framed as a real one. Exits with 3 if it is not taken. Nothing is stored.`,
    )
    .addHelpText('after', '\nExample:\n  walhook endpoints test orders');
  runs(command, async (session) => {
    const name = command.args[0]!;
    const config = await session.loadConfig();
    requireEndpoint(
      name,
      config.endpoints.map((endpoint) => endpoint.name),
    );
    const endpoint = config.endpoints.find((each) => each.name === name)!;
    const answers: Answer[] = [];
    const platform = recordingAnswers(nodePlatform, (answer) => answers.push(answer));
    const setup = endpointSetup(endpoint, config, platform);
    const test = await withPipeline(config, nodePlatform, (access) =>
      testEndpoint(access, setup, nodePlatform.clock, new AbortController().signal),
    );
    // Where the event itself went to standard output, the rest does not.
    const print = (line: string): void => {
      if (endpoint.type === 'stdout') session.terminal.say(line);
      else session.terminal.data(line);
    };
    for (const line of resultLines(session, test, answers.at(-1) ?? null)) {
      print(session.redact(line));
    }
    return exitCodeOfTest(test);
  });
}

function exitCodeOfTest({ outcome }: EndpointTest): number {
  if (outcome.kind === 'delivered') return 0;
  return outcome.kind === 'unsendable' ? ERRORS.usage.exitCode : ERRORS.endpoint_held.exitCode;
}

function resultLines({ json }: Session, test: EndpointTest, answer: Answer | null): string[] {
  const { endpoint, eventId, outcome, latencyMs, note } = test;
  const reason = 'reason' in outcome ? outcome.reason : null;
  if (!json) return testLines(test, reason, answer);
  const { kind } = outcome;
  const noted = note === null ? {} : { note };
  const measured = { outcome: kind, reason, latency_ms: latencyMs, answer, ...noted };
  return [JSON.stringify({ endpoint, event_id: eventId, ...measured })];
}

function testLines(
  { endpoint, eventId, outcome, latencyMs, note }: EndpointTest,
  reason: string | null,
  answer: Answer | null,
): string[] {
  if (outcome.kind === 'unsendable') {
    return [`"${endpoint}": its format has no text for a logical message; nothing was sent`];
  }
  const status = answer === null ? '' : `HTTP ${answer.status} `;
  const verdict =
    outcome.kind === 'delivered'
      ? `took it: ${status}`
      : `did not take it: ${outcome.kind}, ${status}`;
  const body = answer?.body.trim() ?? '';
  return [
    `"${endpoint}" ${verdict}after ${describeMs(latencyMs)}`,
    `event ${eventId}`,
    ...(note === null ? [] : [note]),
    ...(body === '' && reason !== null && answer === null ? [reason] : []),
    ...(body === '' ? [] : ['', ...body.split('\n')]),
  ];
}
