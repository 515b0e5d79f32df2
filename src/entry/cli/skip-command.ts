import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { describeTransaction } from '../../drain/unreadable.ts';
import {
  describeSkip,
  findObstacle,
  listSkips,
  type Obstacle,
  skipTransaction,
} from '../../operations/skip-transaction.ts';
import { formatLsn, type Lsn, parseLsn } from '../../pgoutput/lsn.ts';
import { withPipeline } from '../../runtime/administration.ts';
import { nodePlatform } from '../../runtime/node-platform.ts';
import type { Runs } from './command.ts';
import { option } from './options.ts';
import { confirm } from './typed-confirmation.ts';

type SkipFlags = { readonly to?: Lsn; readonly reason?: string; readonly yes?: boolean };

const DEFAULT_REASON = 'by hand';
const LISTED = 20;

export function addSkipCommand(program: Command, runs: Runs): void {
  const command = program
    .command('skip')
    .summary('pass over one transaction that cannot be read')
    .description(
      'Shows the transaction that stands in the way of all that committed after it, and what was passed over before. With --to, has the next drain pass over that one transaction: no endpoint gets its changes, each gets an event that says so.',
    )
    .addOption(option('--to <lsn>', 'where the transaction committed, as it is shown', parseTo))
    .addOption(option('--reason <text>', `why, for others to see; default: ${DEFAULT_REASON}`))
    .addOption(option('--yes', 'do not ask'))
    .addHelpText(
      'after',
      "\nExample:\n  walhook skip\n  walhook skip --to 0/1BB53F0 --reason 'row over 1 GB, sent by hand' --yes",
    );
  runs<SkipFlags>(command, async (session, { to, reason = DEFAULT_REASON, yes = false }) => {
    const config = await session.loadConfig();
    return withPipeline(config, nodePlatform, async (access) => {
      await access.state.assertReady();
      if (to === undefined) {
        const obstacle = await findObstacle(access);
        const skips = await listSkips(access, LISTED);
        if (session.json) {
          session.result({
            pipeline: config.pipeline,
            in_the_way: obstacle === null ? null : obstacleJson(obstacle),
            skips,
          });
          return 0;
        }
        for (const line of obstacleLines(obstacle)) session.terminal.data(session.redact(line));
        for (const {
          commit_lsn: at,
          state,
          requested_by: by,
          requested_at: when,
          reason: why,
        } of skips) {
          session.terminal.data(session.redact(`${at}  ${state}  ${when}  ${by}: ${why}`));
        }
        return 0;
      }
      if (!yes) {
        for (const line of obstacleLines(await findObstacle(access))) session.say(line);
        const called = 'where it committed';
        const undone = 'nothing is passed over';
        await confirm({ command: 'skip', word: formatLsn(to), called, undone });
      }
      const skip = await skipTransaction(access, {
        to,
        reason,
        requestedBy: userName(),
        now: nodePlatform.clock.now(),
        leaseMs: config.drain.leaseMs,
        createId: randomUUID,
      });
      const described = describeSkip(skip, null);
      if (session.json) session.result({ pipeline: config.pipeline, ...described });
      session.say(
        `recorded: the next drain passes over ${describeTransaction({ ...skip, changeLsn: null, readableTo: skip.commitLsn })}, and tells every endpoint`,
      );
      return 0;
    });
  });
}

function obstacleJson({ transaction, slotAt, message }: Obstacle): Record<string, unknown> {
  const { commitLsn, beginLsn, xid, tables } = transaction;
  return {
    commit_lsn: formatLsn(commitLsn),
    begin_lsn: beginLsn === null ? null : formatLsn(beginLsn),
    slot_lsn: formatLsn(slotAt),
    xid,
    tables,
    error: message,
  };
}

function obstacleLines(obstacle: Obstacle | null): string[] {
  if (obstacle === null) return ['nothing stands in the way: what the slot holds can be read'];
  const at = formatLsn(obstacle.transaction.commitLsn);
  return [
    `in the way: ${obstacle.message}`,
    `To pass over it, so that no endpoint gets its changes: walhook skip --to ${at}`,
  ];
}

function parseTo(text: string): Lsn {
  try {
    return parseLsn(text.trim());
  } catch {
    throw new InvalidArgumentError('It has to be an LSN, like 0/1BB53F0.');
  }
}

/** A container may run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
