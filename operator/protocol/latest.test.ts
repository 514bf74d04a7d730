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

test('LatestWriter sends the first value at once, and then only the latest of the values that it got while it was writing', () => {
  const { written, writer, done } = setUp();
  for (const value of [1, 2, 3]) writer.send(value);
  expect(written).toEqual([1]);
  done();
  expect(written).toEqual([1, 3]);
  done();
  writer.send(4);
  expect(written).toEqual([1, 3, 4]);
});

test('LatestWriter sends nothing after end(), not even the value that waits', () => {
  const { written, writer, done } = setUp();
  writer.send(1);
  writer.send(2);
  writer.end();
  done();
  writer.send(3);
  expect(written).toEqual([1]);
});

test('LatestWriter sends nothing while it is held, and then only the latest value', () => {
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
