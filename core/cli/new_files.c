// SPDX-License-Identifier: Apache-2.0
// The first moment that somebody reads: its comments are what a newcomer learns from.
#include "cli/new_files.h"
#include <string.h>

static const char moment[] =
    "-- {TITLE}: says hello after {EVENT}, and notices whether it happens again.\n"
    "-- What m can do: docs/script-api.md. After a change: momentd check, momentd test; the daemon takes it by "
    "SIGHUP.\n"
    "local moment = require \"moment\"\n"
    "\n"
    "return moment.define {\n"
    "  title = \"{TITLE}\",\n"
    "  -- What the law calls it: service is what the customer's own order or request needs. Others: security, "
    "feedback,\n"
    "  -- marketing (which needs consent).\n"
    "  class = \"service\",\n"
    "  on = \"{EVENT}\", -- what starts a run; a run is about a person unless `about` names a thing of the plan\n"
    "  again = \"skip\", -- the same person again, while a run lives, starts no second one; it is seen by waits below\n"
    "\n"
    "  run = function(m, event)\n"
    "    -- This reads as if it ran straight through. Each m: call is a step whose answer is kept; a wait may take "
    "days,\n"
    "    -- and the script goes on where it was, even if the machine was off in between.\n"
    "    local person = m:profile()\n"
    "\n"
    "    -- The text is in hello.LOCALE.md; the locale is the person's. What may be missing stands in a section "
    "there.\n"
    "    local message = m:send { template = \"hello\", data = { name = person.name or event.data.name } }\n"
    "    if not message.sent then return \"not sent: \" .. message.reason end\n"
    "\n"
    "    -- The first of what is waited for, or nil when the time is over.\n"
    "    local another = m:wait_for(\"{EVENT}\", { within = \"7d\" })\n"
    "    if another then return \"came again\" end -- what run returns is the run's outcome, which reports count\n"
    "    return \"came once\"\n"
    "  end,\n"
    "}\n";

static const char danish[] = "---\n"
                             "subject: Tak, fordi du kiggede forbi\n"
                             "preview: Godt at se dig.\n"
                             "---\n"
                             "{{#name}}Hej {{name}}{{/name}}{{^name}}Hej{{/name}}\n"
                             "\n"
                             "Godt at se dig. Du behøver ikke gøre mere.\n";

static const char english[] = "---\n"
                              "subject: Thank you for looking in\n"
                              "preview: Good to see you.\n"
                              "---\n"
                              "{{#name}}Hello {{name}}{{/name}}{{^name}}Hello{{/name}}\n"
                              "\n"
                              "Good to see you. There is nothing else you need to do.\n";

static const char spec[] =
    "-- Run by momentd test: each `it` has a shop of its own, whose clock stands still until the spec moves it.\n"
    "describe(\"{NAME}\", function()\n"
    "  it(\"says hello in the person's language\", function(shop)\n"
    "    shop:person(\"kunde-1\", { email = \"ida@example.com\", name = \"Ida\", locale = \"da\" })\n"
    "    shop:event(\"{EVENT}\", { subject = \"kunde-1\" })\n"
    "    shop:expect_message { template = \"hello\", to = \"ida@example.com\", locale = \"da\", text = \"Hej Ida\" }\n"
    "    shop:person(\"kunde-2\", { email = \"joe@example.com\", locale = \"en\" })\n"
    "    shop:event(\"{EVENT}\", { subject = \"kunde-2\" })\n"
    "    shop:expect_message { template = \"hello\", to = \"joe@example.com\", locale = \"en\" }\n"
    "  end)\n"
    "\n"
    "  it(\"says it once, and notices who comes again\", function(shop)\n"
    "    shop:person(\"kunde-1\", { email = \"ida@example.com\" })\n"
    "    shop:event(\"{EVENT}\", { subject = \"kunde-1\" })\n"
    "    shop:expect_message { template = \"hello\" }\n"
    "    shop:advance(\"2d\")\n"
    "    shop:event(\"{EVENT}\", { subject = \"kunde-1\" })\n"
    "    shop:expect_no_message()\n"
    "    shop:expect_outcome(\"came again\")\n"
    "  end)\n"
    "\n"
    "  it(\"ends by itself after a week\", function(shop)\n"
    "    shop:person(\"kunde-1\", { email = \"ida@example.com\" })\n"
    "    shop:event(\"{EVENT}\", { subject = \"kunde-1\" })\n"
    "    shop:advance(\"7d\")\n"
    "    shop:expect_outcome(\"came once\")\n"
    "  end)\n"
    "\n"
    "  it(\"says why nothing was sent to somebody without an address\", function(shop)\n"
    "    shop:event(\"{EVENT}\", { subject = \"kunde-3\" })\n"
    "    shop:expect_decision { template = \"hello\", sent = false, reason = \"no_address\" }\n"
    "    shop:expect_outcome(\"not sent: no_address\")\n"
    "  end)\n"
    "end)\n";

const md_new_file md_new_files[] = {{"moment.lua", "what it does", moment},
                                    {"hello.da.md", "its mail in Danish", danish},
                                    {"hello.en.md", "its mail in English", english},
                                    {"moment_spec.lua", "what it shall do, as specs", spec},
                                    {0}};

const char md_new_plan[] =
    "-- The tracking plan: what happens in this shop, and what each event is about. docs: core/script/plan.md\n"
    "local plan = require \"plan\"\n"
    "\n"
    "return plan.define {\n"
    "  -- By what a person is known, the most trusted first: paths in events.\n"
    "  person = { strong = { \"subject\", \"data.email\" } },\n"
    "  events = {\n"
    "    [\"{EVENT}\"] = {\n"
    "      means = \"Say here in a sentence what has happened\",\n"
    "      typed = { [\"data.name\"] = \"name\" },\n"
    "      address = { email = \"data.email\" }, -- where a mail about this event goes; else the person's own\n"
    "    },\n"
    "  },\n"
    "}\n";

// "thank_you" → "Thank you"
static void put_title(md_buffer *out, const char *name) {
  for (const char *at = name; *at; at++)
    md_buffer_putc(out, at == name ? (char)(*at - 'a' + 'A') : *at == '_' ? ' ' : *at);
}

void md_new_fill(md_buffer *out, const char *form, const md_new_words *words) {
  for (const char *at = form; *at;) {
    if (strncmp(at, "{NAME}", 6) == 0) {
      md_buffer_puts(out, words->name);
      at += 6;
    } else if (strncmp(at, "{TITLE}", 7) == 0) {
      put_title(out, words->name);
      at += 7;
    } else if (strncmp(at, "{EVENT}", 7) == 0) {
      md_buffer_puts(out, words->event);
      at += 7;
    } else {
      md_buffer_putc(out, *at++);
    }
  }
}
