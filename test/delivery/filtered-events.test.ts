import { array, assert as check, constantFrom, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { comparePositions, positionBefore } from '../../src/changes/position.ts';
import { DispatchCounts } from '../../src/delivery/dispatch-counts.ts';
import { FilteredEvents } from '../../src/delivery/filtered-events.ts';
import { Settlement, type SettlementEntry } from '../../src/delivery/settlement.ts';
import { single } from '../../src/delivery/ticket.ts';
import { toLsn } from '../../src/pgoutput/lsn.ts';

const START = toLsn(0x1000n);
const stream = array(constantFrom('sent', 'filtered'), { maxLength: 20 });

test('those are counted that the watermark has passed, in whatever order the others are settled', () => {
  check(
    property(stream, array(nat()), (kinds, order) => {
      const settlement = new Settlement(positionBefore(START), START);
      const counts = new DispatchCounts();
      const filtered = new FilteredEvents(settlement, counts);
      const transaction = { xid: 1, commitLsn: START, committedAt: 0n };
      const open: SettlementEntry[] = [];
      const filteredSeqs: number[] = [];
      const expectExact = (): void => {
        const passed = filteredSeqs.filter(
          (seq) => comparePositions({ commitLsn: START, seq }, settlement.watermark) <= 0,
        );
        expect(counts.filtered).toBe(passed.length);
      };
      for (const [seq, kind] of kinds.entries()) {
        if (kind === 'sent') open.push(settlement.open(single({ transaction, seq })));
        else {
          filtered.add('insert');
          filteredSeqs.push(seq);
        }
        settlement.offered(transaction, seq);
        expectExact();
        const [settled] = open.splice(order[seq] ?? open.length, 1);
        if (settled !== undefined) settlement.settle(settled);
        expectExact();
      }
      for (const entry of open) settlement.settle(entry);
      expect(counts.filtered).toBe(filteredSeqs.length);
      expect(counts.snapshot().tally.events).toContain(filteredSeqs.length);
    }),
    { numRuns: 500 },
  );
});
