// Sends a head and then chunks of a body on many connections, from a thread of its own, so that the event loop of the
// tests is free to measure what others get. Its answers are the first lines of what came on the connections.
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** As many as a kernel's queue of new connections holds on most machines, and then a moment. */
const OPENED_AT_ONCE = 250;
const OPENING_PAUSE_MS = 10;

/** A service that stops reading keeps its clients from ever sending all. */
const MAX_SENDING_MS = 3000;
const MAX_WAITING_MS = 8000;

const { port, count, head, chunk = '', repeat = 0, reopens = false, isDeaf = false } = workerData;
const started = performance.now();
const answers = Array(count).fill('');
const sockets = new Set();
let isOver = false;
let lastAnswerMs = 0;

async function flood(i) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  if (isDeaf) socket.pause();
  else
    socket.on('data', (bytes) => {
      if (answers[i]) return;
      answers[i] = bytes.toString('latin1').split('\r\n')[0];
      lastAnswerMs = Math.round(performance.now() - started);
    });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  void closed.then(async () => {
    sockets.delete(socket);
    await sleep(1000);
    if (reopens && !isOver) void flood(i);
  });
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed]);
  if (head) socket.write(head);
  for (let sent = 0; sent < repeat && socket.writable; sent++) {
    if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
}

async function waitForAnswers() {
  const end = performance.now() + MAX_WAITING_MS;
  while (!isDeaf && answers.includes('') && performance.now() < end) await sleep(20);
  const counts = {};
  for (const answer of answers) counts[answer || 'none'] = (counts[answer || 'none'] ?? 0) + 1;
  return { counts, lastAnswerMs };
}

parentPort.on('message', async (message) => {
  if (message === 'answers') return parentPort.postMessage(await waitForAnswers());
  isOver = true;
  const closing = [...sockets].map((socket) => once(socket.destroy(), 'close'));
  await Promise.all(closing);
  parentPort.postMessage('ended');
  parentPort.close();
});

const floods = [];
for (let i = 0; i < count; i++) {
  floods.push(flood(i));
  if (i % OPENED_AT_ONCE === OPENED_AT_ONCE - 1) await sleep(OPENING_PAUSE_MS);
}
await Promise.race([Promise.all(floods), sleep(MAX_SENDING_MS)]);
parentPort.postMessage('sent');
