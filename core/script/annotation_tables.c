// SPDX-License-Identifier: Apache-2.0
// One line for each function and option, beside which nothing else describes their types.
#include "script/annotation_tables.h"
#include <stddef.h>

const char md_annotation_classes[] =
    "---@alias md.duration string|number a text such as \"90s\", \"15m\", \"1.5h\", \"3d\", \"2w\", or seconds\n"
    "---@alias md.time number seconds since 1970\n"
    "\n"
    "---@class md.event\n"
    "---@field id string\n"
    "---@field type string\n"
    "---@field source string\n"
    "---@field subject? string\n"
    "---@field time md.time\n"
    "---@field data table empty when the event carries none\n"
    "\n"
    "---@class md.sent\n"
    "---@field sent boolean true: queued\n"
    "---@field id string\n"
    "---@field reason? string why it is not sent\n"
    "---@field again_at? md.time with limit and cap: when the next may go\n"
    "\n"
    "---@class md.past\n"
    "---@field count integer\n"
    "---@field last? md.event\n"
    "\n"
    "---@class md.file\n"
    "---@field name string\n"
    "---@field type string\n"
    "---@field size integer\n"
    "---@field text? string\n"
    "\n"
    "---@class md.answer\n"
    "---@field status integer\n"
    "---@field json? any\n"
    "---@field file? md.file with save\n"
    "\n"
    "---@class md.profile\n"
    "---@field email? string\n"
    "---@field phone? string\n"
    "---@field name? string\n"
    "---@field locale? string\n"
    "---@field timezone? string\n"
    "---@field consent table\n"
    "---@field [string] any\n"
    "\n"
    "---JSON's null: equal to itself, and true in a condition.\n"
    "---@type any\n"
    "null = nil\n"
    "\n";

const md_annotation md_annotations[] = {
    {"m", "add", "key: string; n?: number", "number value", "Adds to a stored number, which begins at 0."},
    {"m", "collect", "types: string|string[]; options?: md.collect_options", "md.event[] events; \"late\"? late",
     "Takes a burst of events as one."},
    {"m", "continue_as", "state: any", "", "Starts the run afresh with a short journal."},
    {"m", "count", "name: string; n?: number; labels?: table<string, string|integer|boolean>", "",
     "Adds to a counter."},
    {"m", "emit", "event: md.emit_options", "string id", "Puts an event into the shop's stream."},
    {"m", "experiment", "name: string", "string arm", "The person's arm, the same one for good."},
    {"m", "file", "name: string", "md.file file", "A file of the moment's own folder."},
    {"m", "get", "key: string", "any value", "A value kept for the moment and the person."},
    {"m", "http", "call: md.http_options", "md.answer? answer; string? message; string|integer? code",
     "An outgoing call as a durable step."},
    {"m", "latest", "", "md.event event", "The newest trigger for this run's key."},
    {"m", "log", "...: any", "", "Writes a line to the log."},
    {"m", "now", "", "md.time now", "The time of the turn."},
    {"m", "observe", "name: string; value: number; labels?: table<string, string|integer|boolean>", "",
     "Notes a value for quantiles and means."},
    {"m", "past", "types: string|string[]; options?: md.past_options", "md.past seen", "Events that came before."},
    {"m", "profile", "", "md.profile profile", "What is known of the person."},
    {"m", "quantile", "name: string; q: number; options?: md.quantile_options", "number? value",
     "A quantile of what was observed."},
    {"m", "random", "low?: integer; high?: integer", "number n", "As math.random; a replay gets the same numbers."},
    {"m", "send", "message: md.send_options", "md.sent message", "Decides whether a message may go, and queues it."},
    {"m", "set", "key: string; value: any; options?: md.set_options", "", "Keeps a value; nil removes it."},
    {"m", "sleep", "span: md.duration; options?: md.sleep_options", "nil; \"late\"? late", "Waits that long."},
    {"m", "sleep_until", "time: md.time|md.sleep_until_options; options?: md.sleep_options", "nil; \"late\"? late",
     "Waits until a time, or until the clock shows one."},
    {"m", "update_profile", "traits: table<string, any>", "", "Sets traits of the person; null removes one."},
    {"m", "wait_for", "types: string|string[]; options?: md.wait_for_options", "md.event? event; \"late\"? late",
     "Waits for the first event of these types; nil when none came."},
    {"fmt", "date", "time: md.time; style?: string; options?: md.fmt_options", "string text", "A date in words."},
    {"fmt", "list", "items: string[]; locale?: string", "string text", "\"a, b og c\""},
    {"fmt", "money", "amount: number; currency: string; locale?: string", "string text", "An amount in major units."},
    {"fmt", "plural", "n: number; forms: table<string, string>; locale?: string", "string text",
     "The form for n, # replaced by it."},
    {"fmt", "time", "time: md.time; style?: string; options?: md.fmt_options", "string text",
     "A time of day in words."},
    {"moment", "define", "definition: md.define_options", "table moment", "What a moment.lua returns."},
    {"moment", "schedule", "cron: string; tz?: string", "table schedule", "For `on`: runs that the clock starts."},
    {"plan", "define", "plan: { person?: table, things?: table, events?: table }", "table plan",
     "What events.lua returns."},
    {"experiment", "define", "experiment: md.experiment_options", "table experiment",
     "What a file of experiments/ returns."},
    {"shop", "advance", "span: md.duration", "", "Moves the clock on, through all that is due on the way."},
    {"shop", "answer", "connection: string; answer: table", "", "What the connection answers from now on."},
    {"shop", "arm", "experiment: string; arm: string", "",
     "Which arm m:experiment answers from now on to who has none."},
    {"shop", "event",
     "type: string; event?: { subject?: string, data?: table, id?: string, source?: string, time?: string|number }", "",
     "Sends an event."},
    {"shop", "expect_call", "call?: { connection?: string, method?: string, path?: string, json?: any }", "",
     "A call was made."},
    {"shop", "expect_decision", "decision?: table", "", "The newest decision about a message."},
    {"shop", "expect_message", "message?: table", "", "A message was sent."},
    {"shop", "expect_no_message", "message?: table", "", "No message was sent but those taken."},
    {"shop", "expect_no_run", "", "", "No run was started."},
    {"shop", "expect_outcome", "outcome: string", "", "The newest run is done with this outcome."},
    {"shop", "expect_run_state", "state: \"waiting\"|\"queued\"|\"done\"|\"parked\"|\"cancelled\"", "",
     "The newest run is in this state."},
    {"shop", "person", "subject: string; fields?: table", "", "Sends profile.updated, and consent.given."},
    {"", "before_each", "body: fun(shop: md.shop)", "", "Runs before every `it` of its group."},
    {"", "describe", "name: string; body: fun()", "", "A group of specs."},
    {"", "it", "name: string; body: fun(shop: md.shop)", "", "A spec, in a shop of its own."},
    {0}};

const md_option_type md_option_types[] = {
    {"*", "before?", "md.time", "until when"},
    {"*", "by?", "string", "whose events: \"person\" or a kind of thing"},
    {"*", "late?", "\"branch\"|\"skip\"|\"go_on\"", "what to do when it ends later than max_lateness"},
    {"*", "max_lateness?", "md.duration", "how late it may be after a downtime"},
    {"*", "where?", "fun(event: md.event): boolean?", "only events for which it answers true"},
    {"*", "within?", "md.duration", "how long, or how far back"},
    {"collect", "max?", "integer", "returns at this many (100)"},
    {"collect", "quiet?", "md.duration", "returns when so long nothing came"},
    {"wait_for", "since?", "\"start\"|\"now\"", "from when events count"},
    {"emit", "type", "string", "of the event"},
    {"emit", "data?", "table", "of the event"},
    {"http", "connection", "string", "a name from the configuration"},
    {"http", "json?", "any", "the body"},
    {"http", "method?", "\"GET\"|\"HEAD\"|\"POST\"|\"PUT\"|\"PATCH\"|\"DELETE\"", "GET, or POST with json"},
    {"http", "name?", "string", "what this call is, for its identity"},
    {"http", "path", "string", "begins with /"},
    {"http", "query?", "table<string, string|number>", "behind the path"},
    {"http", "save?", "string", "keeps the answer as a file of this name"},
    {"http", "secret?", "string|string[]", "paths in the answer that stay unreadable"},
    {"send", "channel?", "\"email\"", "how it goes"},
    {"send", "data?", "table", "fills the template"},
    {"send", "fallback_template?", "string", "when template cannot be filled"},
    {"send", "locale?", "string", "else the profile's"},
    {"send", "products?", "string", "what it is about, for the consent"},
    {"send", "send_at?", "md.time", "not before"},
    {"send", "template", "string", "the copy's name"},
    {"send", "to?", "string", "a name from the configuration"},
    {"send", "unless?", "{ past: string, within?: md.duration }", "not when such an event came lately"},
    {"send", "urgent?", "boolean", "before other mail"},
    {"send", "variant?", "string", "of the template"},
    {"set", "ttl?", "md.duration", "after which it is gone"},
    {"sleep_until", "hour?", "integer", "0 to 23"},
    {"sleep_until", "minute?", "integer", "0 to 59"},
    {"sleep_until", "weekday?", "integer|string", "1 or \"monday\" to 7 or \"sunday\""},
    {"*", "tz?", "string", "such as \"Europe/Copenhagen\""},
    {"quantile", "labels?", "table", "only what was observed with these"},
    {"quantile", "min_n?", "integer", "nil where fewer were observed"},
    {"quantile", "over?", "md.duration", "how far back, in whole days"},
    {"fmt", "locale?", "string", "such as \"da\""},
    {"define", "about?", "string", "the kind of thing a run is about"},
    {"define", "again?", "\"skip\"|\"restart\"|\"queue\"|\"parallel\"", "a second trigger while a run lives"},
    {"define", "class", "\"security\"|\"service\"|\"feedback\"|\"marketing\"", "what the law calls it"},
    {"define", "goal?", "{ event: string, within: md.duration, from?: \"exposure\"|\"trigger\" }", "what it is for"},
    {"define", "limit?", "{ runs: integer, per: md.duration }", "runs that may message one person"},
    {"define", "max_age?", "md.duration", "an older trigger starts nothing"},
    {"define", "on", "string|table", "what starts a run"},
    {"define", "run", "fun(m: md.m, event: md.event, state?: any): string?", "what it does; returns the outcome"},
    {"define", "store?", "integer", "the shape of stored values"},
    {"define", "templates?", "string[]", "that are chosen at run time"},
    {"define", "title?", "string", "for people"},
    {"define", "upgrade?", "fun(old: table): table", "stored values of the shape before"},
    {"experiment", "arms", "table", "names with weights; the first is the control"},
    {"experiment", "coverage?", "number", "share of the people who take part"},
    {"experiment", "moment", "string", "whose experiment it is"},
    {"experiment", "name", "string", "of the experiment"},
    {"experiment", "seed?", "string", "of the hash; the name where it is not given"},
    {0}};
