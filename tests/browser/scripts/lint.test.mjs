import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, touched } from "../../../web/static/js/lint.js";

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

test("what the page did not bring is known from what it brought", () => {
  const choice = (...options) => ({ options: options.map(([selected, brought]) => ({ selected, defaultSelected: brought })) });
  const cases = [
    [{ type: "text", value: "a", defaultValue: "" }, true],
    [{ type: "text", value: "a", defaultValue: "a" }, false],
    [{ type: "radio", checked: true, defaultChecked: false, value: "x", defaultValue: "x" }, true],
    [{ type: "checkbox", checked: true, defaultChecked: true, value: "on", defaultValue: "on" }, false],
    [choice([false, false], [true, false]), true],
    [choice([true, false], [false, false]), false],
    [choice([false, false], [true, true]), false],
    [choice([true, false], [false, true]), true],
    [{ type: "submit", value: "save" }, false],
  ];
  for (const [field, expected] of cases) assert.equal(touched(field), expected, JSON.stringify(field));
});
