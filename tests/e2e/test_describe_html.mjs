#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// ctest: label=e2e timeout=60
// The pages of `momentd describe` are judged by html-validate: well-formed, accessible, standards kept.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const clients = join(here, "../clients");
if (!existsSync(join(clients, "node_modules/html-validate"))) {
  console.log("SKIP: tests/clients/node_modules is missing; tests/run installs it");
  process.exit(77);
}
const require = createRequire(join(clients, "package.json"));
const { HtmlValidate } = require("html-validate");
const momentd = process.env.MOMENTD ?? "build/dev/momentd";
const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: { "long-title": "off" }, // it is the moment's own
});
const hostile = "</title></svg><script>alert(1)</script> & \"'";
const dir = mkdtempSync(join(tmpdir(), "momentd-describe-"));

async function check(scripts) {
  const pages = mkdtempSync(join(dir, "pages-"));
  execFileSync(momentd, ["describe", "--scripts", scripts, "--html", "--out", pages]);
  const names = readdirSync(pages);
  assert.ok(names.includes("index.html") && names.length > 1, names.join());
  for (const name of names) {
    const report = await validator.validateString(readFileSync(join(pages, name), "utf8"));
    const said = report.results.flatMap((one) => one.messages.map((m) => `${name}:${m.line}: ${m.ruleId}: ${m.message}`));
    assert.deepEqual(said, []);
  }
}

try {
  await check(join(here, "../../scripts"));
  const scripts = join(dir, "scripts");
  mkdirSync(join(scripts, "bad"), { recursive: true });
  writeFileSync(join(scripts, "bad/moment.lua"), `-- ${hostile}
return require("moment").define { title = ${JSON.stringify(hostile)}, class = "service", on = "a", again = "parallel",
  run = function(m, event)
    m:set(${JSON.stringify(hostile)}, 1)
    while m:wait_for("a", { within = "1h" }) do m:wait_for("b", { within = "2h" }) end
    return ${JSON.stringify(hostile)}
  end }`);
  writeFileSync(join(scripts, "bad/moment_spec.lua"), `describe("bad", function()
  it(${JSON.stringify(hostile)}, function(shop)
    shop:event("a", { subject = "k" })
    shop:event("a", { subject = "k" })
    shop:advance("2d")
  end)
end)`);
  await check(scripts);
  console.log("ok   pages are valid");
} finally {
  rmSync(dir, { recursive: true, force: true });
}
