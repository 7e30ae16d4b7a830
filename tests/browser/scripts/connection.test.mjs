import assert from "node:assert/strict";
import { test } from "node:test";

const { Connection } = await import("../../../web/static/js/connection.js");

/** A connection over a socket that writes down what it is told to do. */
function connected() {
  const listeners = {};
  const done = [];
  let answer;
  const socket = {
    connected: true,
    on: (name, listener) => (listeners[name] = listener),
    connect: () => done.push("connect"),
    disconnect: () => done.push("disconnect"),
    timeout: () => ({ emitWithAck: () => new Promise((resolve, reject) => (answer = { resolve, reject })) }),
  };
  globalThis.io = () => socket;
  globalThis.addEventListener = () => {};
  globalThis.setInterval = () => 0;
  const clock = { notBefore() {}, sample() {} };
  const connection = new Connection("a", () => 1, clock, { status() {}, signedOut() {}, update() {}, snapshot() {} }, 1);
  return { connection, listeners, done, socket, answer: () => answer };
}
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("when the process stops, a new line is taken at the moment it names", async () => {
  const { listeners, done } = connected();
  listeners.moving({ after_ms: 20 });
  assert.deepEqual(done, []);
  await later(60);
  assert.deepEqual(done, ["disconnect", "connect"]);
});

test("a bid under way is waited for, whether it is answered or fails", async () => {
  for (const how of ["resolve", "reject"]) {
    const { connection, listeners, done, answer } = connected();
    const bid = connection.bid({}, 1000).catch(() => null);
    listeners.moving({ after_ms: 0 });
    await later(80);
    assert.deepEqual(done, []);
    answer()[how]({});
    await bid;
    await later(120);
    assert.deepEqual(done, ["disconnect", "connect"]);
  }
});

test("a line that is down is not touched: it looks for another by itself", async () => {
  const { connection, listeners, done, socket } = connected();
  socket.connected = false;
  listeners.moving({ after_ms: 0 });
  await later(40);
  assert.deepEqual(done, []);
  assert.equal(connection.up, false);
});
