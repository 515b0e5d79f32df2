/**
 * What the slot holds, as pgoutput sent it: each message's bytes and the LSN beside it. All lie in
 * one buffer, as they do when they come by COPY or in replication messages.
 */
export async function captureMessages(source) {
  const { rows } = await source.query({
    text: `select lsn::text, data
           from pg_logical_slot_get_binary_changes('walhook', null, null,
             'proto_version', '1', 'publication_names', 'walhook', 'messages', 'true')`,
  });
  const all = Buffer.concat(rows.map(({ data }) => data));
  let end = 0;
  const messages = rows.map(({ lsn, data }) => {
    const start = end;
    end += data.length;
    return { lsn, ...halves(lsn), bytes: all.subarray(start, end) };
  });
  return { messages, byteLength: all.length };
}

function halves(lsn) {
  const [high, low] = lsn.split('/').map((half) => Number.parseInt(half, 16));
  return { lsnHigh: high, lsnLow: low };
}
