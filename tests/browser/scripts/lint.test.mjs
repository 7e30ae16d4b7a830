import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../../../web/static/js/lint.js";

const answering = (given) => async () => ({ ok: true, redirected: false, text: async () => "<p>ok</p>", ...given });

test("the form is sent as it stands, in the language of the page", async () => {
  const sent = [];
  const get = async (...asked) => {
    sent.push(asked);
    return answering({})();
  };
  assert.equal(await ask("/desk/x/findings", new URLSearchParams("a=1"), "zh-Hans", get), "<p>ok</p>");
  const [address, options] = sent[0];
  assert.deepEqual([address, options.method, String(options.body)], ["/desk/x/findings", "POST", "a=1"]);
  assert.equal(options.headers["Accept-Language"], "zh-Hans");
});

test("a refusal and the page for signing in are no answer", async () => {
  await assert.rejects(ask("/x", "", "en", answering({ ok: false, status: 403 })));
  await assert.rejects(ask("/x", "", "en", answering({ redirected: true })));
});
