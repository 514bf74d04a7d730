import { LatestWriter } from './latest';

function setUp() {
  const written: number[] = [];
  let done: (() => void) | undefined;
  const writer = new LatestWriter<number>((value, next) => {
    written.push(value);
    done = next;
  });
  return { written, writer, done: () => done?.() };
}

test('sends the first value at once, and then only the latest of the values that came meanwhile', () => {
  const { written, writer, done } = setUp();
  for (const value of [1, 2, 3]) writer.send(value);
  expect(written).toEqual([1]);
  done();
  expect(written).toEqual([1, 3]);
  done();
  writer.send(4);
  expect(written).toEqual([1, 3, 4]);
});

test('sends nothing after its end, the waiting value neither', () => {
  const { written, writer, done } = setUp();
  writer.send(1);
  writer.send(2);
  writer.end();
  done();
  writer.send(3);
  expect(written).toEqual([1]);
});

test('sends nothing while it is held, and then only the latest', () => {
  const { written, writer, done } = setUp();
  const letGo = writer.hold();
  for (const value of [1, 2]) writer.send(value);
  expect(written).toEqual([]);
  letGo();
  expect(written).toEqual([2]);
  writer.send(3);
  letGo();
  expect(written).toEqual([2]);
  done();
  expect(written).toEqual([2, 3]);
});
