import { expect, test, vi } from 'vitest';

vi.mock('../api/access', () => ({}));
const { events } = await import('./events');

function stream(...parts: string[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(bytes.encode(part));
      controller.close();
    },
  });
}

async function all(...parts: string[]): Promise<{ id: string | null; data: string }[]> {
  const found = [];
  for await (const event of events(stream(...parts))) found.push(event);
  return found;
}

test('events are read whatever pieces they come in', async () => {
  const text = 'id: 7\nevent: changed\ndata: {"lists":["planning"]}\n\n: heartbeat\n\nid: 8\ndata: é\n\n';
  const bytes = Array.from(text, (letter) => letter);
  expect((await all(text)).filter(({ data }) => data !== '')).toEqual([
    { id: '7', data: '{"lists":["planning"]}' },
    { id: '8', data: 'é' },
  ]);
  expect(await all(...bytes)).toEqual(await all(text));
});

test('what is cut off is no event', async () => {
  expect(await all('id: 7\ndata: {}\n')).toEqual([]);
});
