/** Verify files by the script of the saved page: `node verify_runner.mjs SCRIPT CASES.json KEY`, one verdict a case. */

import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

globalThis.fetch = () => {
  throw new Error("a verifier that asks somebody");
};
const [script, cases, keyText] = process.argv.slice(2);
await import(pathToFileURL(script));
const { Keys, checkPackage, checkReceipt } = globalThis.verifier;
const key = await Keys.of(keyText);
const verdicts = [];
for (const path of JSON.parse(readFileSync(cases))) {
  const read = (file) => new Uint8Array(readFileSync(file));
  const package_ = () => new Map(readdirSync(path).map((name) => [name, read(join(path, name))]));
  const answer = statSync(path).isDirectory() ? await checkPackage(package_(), key) : await checkReceipt(read(path), key);
  verdicts.push(answer);
}
console.log(JSON.stringify(verdicts));
