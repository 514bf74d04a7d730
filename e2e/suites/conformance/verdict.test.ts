import type { Observation, Side } from './probe';
import { BrokenControl, judge, type Names } from './verdict';

const names: Names = { standing: (number) => (number > 1 ? `standing ${number}` : undefined), gate: (number) => `gate ${number}` };

function side(said: readonly string[], rest: Partial<Side> = {}): Side {
  return { outcome: 'finished', said, speed: { fastBytes: 100, tcpBytes: 0, standing: 1, gate: 0 }, ...rest };
}

function observed(client: Side, server: Side): Observation {
  return { client, server };
}

const plain = observed(side(['recv 100']), side(['send 100']));

test('the result is same when both runs said the same and bytes were redirected', () => {
  expect(judge('to-server', plain, observed(side(['recv 100']), side(['send 100'])), names)).toEqual({ result: 'same' });
});

test('the result is different when one word differs or a side hangs, however the bytes went', () => {
  expect(judge('to-server', plain, observed(side(['recv 99']), side(['send 100'])), names).result).toBe('different');
  expect(judge('to-server', plain, observed(side(['recv 100']), side(['send 100'], { outcome: 'hung' })), names).result).toBe('different');
});

test('the result is refused when both runs said the same but no byte was redirected; it names the gate or the reason', () => {
  const slow = { fastBytes: 0, tcpBytes: 100, standing: 1, gate: 7 };
  expect(judge('to-server', plain, observed(side(['recv 100'], { speed: slow }), side(['send 100'])), names)).toEqual({
    result: 'refused',
    reason: 'gate 7',
  });
  const apart = { ...slow, standing: 6 };
  expect(judge('to-server', plain, observed(side(['recv 100'], { speed: apart }), side(['send 100'])), names).reason).toBe('standing 6');
});

test('for a connection that was closed before the probe asked about it, the gate of its last message is named', () => {
  const reasonOf = (gate: number): string | undefined =>
    judge('to-server', plain, observed(side(['recv 100'], { speed: { fastBytes: 0, tcpBytes: 100, standing: 0, gate } }), side(['send 100'])), names)
      .reason;
  expect(reasonOf(7)).toBe('gate 7');
  expect(reasonOf(0)).toBe('NotSeen');
});

test('only in the direction that a case is about must bytes have been redirected', () => {
  const slow = { fastBytes: 0, tcpBytes: 100, standing: 1, gate: 7 };
  const oneWay = observed(side(['recv 100']), side(['send 100'], { speed: slow }));
  expect(judge('to-server', plain, oneWay, names).result).toBe('same');
  expect(judge('to-client', plain, oneWay, names).result).toBe('refused');
  expect(judge('both-ways', plain, oneWay, names).result).toBe('refused');
});

test('what the kernel lacks is unsupported, and a run on TCP that does not finish gives no result', () => {
  const lacking = observed(side(['MSG_X: EINVAL'], { outcome: 'unsupported' }), side([], { outcome: 'hung' }));
  expect(judge('to-server', lacking, plain, names)).toEqual({ result: 'unsupported', reason: 'MSG_X: EINVAL' });
  expect(() => judge('to-server', observed(side([], { outcome: 'hung' }), side([])), plain, names)).toThrow(BrokenControl);
});
