#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// ctest: label=e2e timeout=60 tsan=yes
// The CloudEvents SDK sends in all its modes what arrives unchanged (E1); the mails that come of it are read by
// mailparser, and their HTML is judged by html-validate (M6, M7).
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const clients = join(dirname(fileURLToPath(import.meta.url)), "../clients");
if (!existsSync(join(clients, "node_modules/cloudevents"))) {
  console.log("SKIP: tests/clients/node_modules is missing; tests/run installs it");
  process.exit(77);
}
const require = createRequire(join(clients, "package.json"));
const { CloudEvent, HTTP, Mode, emitterFor, httpTransport } = require("cloudevents");
const { simpleParser } = require("mailparser");
const { HtmlValidate } = require("html-validate");

const momentd = process.env.MOMENTD ?? "build/dev/momentd";
const slow = process.env.MOMENTD_SANITIZE ? 5 : 1;
const scripts = {
  "events.lua": `local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  events = { ['shop.hello'] = { means = 'a greeting', address = { email = 'data.email' },
    typed = { ['data.name'] = 'name' } } } }`,
  "hello/moment.lua": `local moment = require 'moment'
return moment.define { class = 'service', on = 'shop.hello', again = 'parallel', run = function(m, event)
  m:send { template = 'hello', data = { name = event.data.name, lines = event.data.lines, link = event.data.link } }
  return 'greeted ' .. tostring(event.subject)
end }`,
  "hello/hello.da.md": `---
subject: Hej {{name}} – velkommen 🎉
preview: Godt at se dig & dine
---
# Hej {{name}}

Vi skriver til **dig**, og _kun_ til dig: 5 < 7 & 7 > 5.

{{#lines}}
- {{text}}
{{/lines}}

[Se din side]({{link}})
`,
};

const dir = mkdtempSync(join(tmpdir(), "momentd-test-"));
const shop = { db: join(dir, "shop.db"), scripts: join(dir, "scripts"), mail: join(dir, "mail"), log: "" };
for (const [path, text] of Object.entries(scripts)) {
  mkdirSync(dirname(join(shop.scripts, path)), { recursive: true });
  writeFileSync(join(shop.scripts, path), text);
}

function start() {
  const words = ["run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0", "--delivery", "live",
    "--mail", `file:${shop.mail}`];
  const daemon = spawn(momentd, words, { stdio: ["ignore", "pipe", "pipe"] });
  daemon.stderr.on("data", (text) => { shop.log += text; });
  shop.daemon = daemon;
  return new Promise((resolve, reject) => {
    daemon.on("exit", (code) => reject(new Error(`momentd ended with ${code}: ${shop.log}`)));
    daemon.stdout.on("data", (text) => {
      const found = /listening on (http:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
  });
}

function rows(...words) {
  const text = execFileSync(momentd, [...words, "--json", "--db", shop.db], { encoding: "utf8" });
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

async function until(what, condition) {
  for (const end = Date.now() + 20000 * slow; Date.now() < end;) {
    const answer = condition();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`waited for ${what}`);
}

const person = "søren@eksempel";
const data = { name: "Søren Ærø", email: "soeren@example.com", link: "https://example.com/?a=1&b=2",
  lines: [{ text: "Uldtrøje <L>" }, { text: "Łukasz ✓" }] };

// What was sent, by id; the stored row must say the same.
const sent = new Map();
let number = 0;
function event(more) {
  const made = new CloudEvent({ id: `e${++number}`, source: "/shop/%C3%B8?x=1", type: "shop.hello",
    time: "2036-05-04T03:02:01.250Z", data, ...more });
  sent.set(made.id, made);
  return made;
}

function stored(id) {
  const found = rows("events", "--limit", "100").filter((row) => row.id === id);
  assert.equal(found.length, 1, `${id} is there ${found.length} times`);
  return found[0];
}

// A source in a header cannot bear what Latin-1 has not; those who need it encode it.
async function sendAll(sink) {
  const binary = emitterFor(httpTransport(sink), { binding: HTTP, mode: Mode.BINARY });
  const structured = emitterFor(httpTransport(sink), { binding: HTTP, mode: Mode.STRUCTURED });
  const status = async (answer) => JSON.parse((await answer).body).status;
  // Raw Latin-1 as the SDK sends it, percent-encoded as the specification asks for, and plain.
  assert.equal(await status(binary(event({ subject: person, region: "blåvand" }))), "accepted");
  assert.equal(await status(binary(event({ subject: "%C5%81ukasz%20%E2%9C%93", source: "/shop" }))), "accepted");
  assert.equal(await status(binary(event({ subject: "ida", source: "/shop", count: 7, flag: true }))), "accepted");
  const unusual = event({ subject: "Łukasz ✓", region: "blåvand", count: 7, flag: true });
  assert.equal(await status(structured(unusual)), "accepted");
  assert.equal(await status(structured(event({ subject: "bo", type: "shop.other", data: "blot tekst" }))), "accepted");
  const bytes = event({ subject: "bo", type: "shop.bytes", data: new Uint8Array([0, 255, 7]),
    datacontenttype: "application/octet-stream" });
  assert.equal(await status(structured(bytes)), "accepted");
  // The same once more is known.
  assert.equal(await status(structured(sent.get("e4"))), "duplicate");
  assert.equal(await status(binary(sent.get("e3"))), "duplicate");
  await sendBatch(sink);
  await sendWrong(sink);
}

async function sendBatch(sink) {
  const batch = [event({ subject: "b1" }), event({ subject: "b2" }), sent.get("e4")];
  const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
  const body = JSON.stringify(batch.map((one) => one.toJSON()));
  const answer = await fetch(sink, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
  const results = await answer.json();
  assert.deepEqual(results.map((one) => [one.index, one.id, one.status]),
    [[0, "e7", "accepted"], [1, "e8", "accepted"], [2, "e4", "duplicate"]]);
}

async function sendWrong(sink) {
  const loose = new CloudEvent({ id: "wrong", type: "shop.hello", source: "/shop", specversion: "1.0" }, false);
  const message = HTTP.structured(loose);
  const body = message.body.replace('"type":"shop.hello",', "");
  const answer = await fetch(sink, { method: "POST", headers: message.headers, body });
  assert.equal(answer.status, 400);
  assert.match((await answer.json()).error, /type/);
}

function checkStored() {
  const subjects = { e1: person, e2: "Łukasz ✓", e3: "ida", e4: "Łukasz ✓" };
  for (const [id, subject] of Object.entries(subjects)) {
    const row = stored(id);
    assert.equal(row.subject, subject);
    assert.equal(row.type, "shop.hello");
    assert.deepEqual(row.data, data);
    assert.match(row.time, /^\d{4}-\d\d-\d\dT/);
  }
  // The binding has every header decoded once; the SDK encodes none, so a source with escapes of its own loses them.
  assert.equal(stored("e1").source, "/shop/ø?x=1");
  assert.equal(stored("e4").source, "/shop/%C3%B8?x=1");
  assert.equal(stored("e5").data, "blot tekst");
  assert.equal(rows("events", "--limit", "100").filter((row) => row.id === "wrong").length, 0);
}

async function checkMails() {
  const written = () => existsSync(shop.mail) ? readdirSync(shop.mail).filter((name) => name.endsWith(".eml")) : [];
  const names = await until("six mails", () => written().length >= 6 && written());
  assert.equal(names.length, 6);
  const validator = new HtmlValidate({ extends: ["html-validate:standard"] });
  const ids = new Set();
  for (const name of names) {
    const raw = readFileSync(join(shop.mail, name));
    assert.ok(!/[^\r]\n/.test(raw.toString("latin1")), "a line ends without CR");
    assert.ok(/^[\x00-\x7f]*$/.test(raw.toString("latin1")), "bytes that are no ASCII");
    assert.ok(raw.toString("latin1").split("\r\n").every((line) => line.length <= 998), "a line is too long");
    const mail = await simpleParser(raw);
    ids.add(mail.messageId);
    assert.equal(mail.subject, "Hej Søren Ærø – velkommen 🎉");
    assert.equal(mail.to.value[0].address, "soeren@example.com");
    assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
    assert.ok(mail.date instanceof Date && !Number.isNaN(mail.date.valueOf()));
    assert.match(mail.text, /Uldtrøje <L>/);
    assert.match(mail.text, /Łukasz ✓/);
    assert.match(mail.text, /5 < 7 & 7 > 5/);
    assert.match(mail.text, /https:\/\/example\.com\/\?a=1&b=2/);
    assert.match(mail.html, /Uldtrøje &lt;L&gt;/);
    assert.match(mail.html, /<strong>dig<\/strong>/);
    assert.match(mail.html, /href="https:\/\/example\.com\/\?a=1&amp;b=2"/);
    const report = await validator.validateString(mail.html);
    const complaints = report.results.flatMap((result) => result.messages)
      .map((one) => `${one.line}:${one.column} ${one.ruleId}: ${one.message}`);
    assert.deepEqual(complaints, [], mail.html);
  }
  assert.equal(ids.size, 6);
}

let failed = 1;
try {
  const url = await start();
  shop.daemon.removeAllListeners("exit");
  await sendAll(`${url}/v1/events`);
  checkStored();
  console.log("ok   three modes");
  await checkMails();
  console.log("ok   mails");
  const ended = new Promise((resolve) => shop.daemon.on("exit", resolve));
  shop.daemon.kill("SIGTERM");
  assert.equal(await ended, 0);
  failed = 0;
} catch (error) {
  console.error(error);
  console.error(shop.log.slice(-4000));
} finally {
  shop.daemon?.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
}
process.exit(failed);
