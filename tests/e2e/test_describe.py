#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60
"""`momentd describe`: what it says of the shipped moments is what their code does; versions and what changed between
them; hostile texts; moments without specs; many steps."""
import html.parser
import json
import os
import re
import shutil
import sqlite3

from harness import COPY, PLAN, Shop, main, moment


def document(shop, name, *arguments):
    return json.loads(shop.momentd("describe", name, "--json", *arguments))


def of_tree(shop, name):
    return document(shop, name, "--scripts", shop.scripts)


def steps(doc, kind):
    return [step for step in doc["steps"] if step["kind"] == kind]


def outcomes(doc):
    return {one["outcome"]: one["specs"] for one in doc["outcomes"]}


class Page(html.parser.HTMLParser):
    """The elements of a page, its text, and that they are closed in order."""

    VOID = {"meta", "br", "link", "img", "hr", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.said, self.attributes = [], [], [], [], "", set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        self.said += data


def page_of(shop, name, *arguments):
    text = shop.momentd("describe", name, "--html", *arguments)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids)), "an id stands twice"
    for link in page.links:
        assert not link.startswith("#") or link[1:] in page.ids, f"{link} leads nowhere"
    assert "script" not in page.tags and not {"src", "onclick", "onload", "onerror", "style"} & page.attributes
    return text, page


def test_order_confirmation():
    with Shop() as shop:
        doc = of_tree(shop, "order_confirmation")
        assert (doc["title"], doc["class"], doc["about"]) == ("Order confirmation", "service", "order"), doc
        assert doc["trigger"]["types"] == ["order.placed", "order.payment_failed"]
        assert doc["trigger"]["again"] == "skip" and doc["trigger"]["where"] is None and doc["goal"] is None
        assert doc["events"]["order.payment_failed"] == "The payment of an order was refused"
        assert sorted(one["template"] for one in doc["messages"]) == [
            "confirmation", "confirmation_plain", "order_cancelled", "order_changed", "payment_failed"]
        assert {step["waits"][0] for step in steps(doc, "wait_for")} == {"3 days", "30 days"}
        assert set(outcomes(doc)) == {"done", "unpaid", "cancelled"} and all(outcomes(doc).values())
        copies = {(copy["locale"]): copy for copy in next(
            one for one in doc["messages"] if one["template"] == "confirmation")["copy"]}
        assert copies["da"]["subject"] == "Tak for din ordre 1001" and "2 × Uldtrøje" in copies["da"]["text"]
        assert copies["en"]["subject"] == "Thank you for your order 1001", copies["en"]
        assert doc["specs"] == {"count": 9, "failed": 0, "failures": []}, doc["specs"]
        assert doc["changes"] is None and doc["version"]["from"] == "scripts"
        # The drawing: after the trigger the wait for changes comes back after each change, and ends in "done".
        graph = doc["graph"]
        texts = {node["id"]: node["text"] for node in graph["nodes"]}
        ways = {(texts[edge["from"]], edge["text"], texts[edge["to"]]): edge["specs"] for edge in graph["edges"]}
        wait = "Wait for order.cancelled or order.changed, at most 30 days"
        assert ways[(wait, "nothing came", "done")] == 1, ways
        assert ways[("Send e-mail “order_changed”", "sent", wait)] == 1
        assert ways[("Order confirmation", "order.payment_failed", "Send e-mail “payment_failed”")] == 2
        assert ways[("Send e-mail “confirmation”", "not sent: no address", wait)] == 1
        assert ("Order confirmation", "order.placed", "starts nothing: a run for the same key was there already") in ways
        assert of_tree(shop, "order_confirmation") == doc, "not the same twice"


def test_abandoned_cart():
    with Shop() as shop:
        doc = of_tree(shop, "abandoned_cart")
        assert doc["trigger"]["again"] == "restart" and doc["about"] == "cart" and doc["class"] == "marketing"
        assert (doc["trigger"]["limit"]["runs"], doc["trigger"]["limit"]["words"]) == (1, "7 days")
        goal = doc["goal"]
        assert (goal["event"], goal["span"], goal["from"]) == ("order.placed", "1w", "exposure"), goal
        assert {span for step in steps(doc, "wait_for") for span in step["waits"]} == {
            "1 hour", "15 minutes", "3 days", "4 days"}
        calls = [step for step in steps(doc, "http") if step["specs"]]
        assert {(step["options"]["connection"], step["options"]["method"], step["options"]["path"]) for step in calls} == {
            ("stock", "GET", "/stock")}
        unless = {step["name"]: step["options"]["unless"] for step in steps(doc, "send")}
        assert unless == {name: {"past": "order.placed", "within": 86400} for name in ("reminder", "still_there")}, unless
        assert [step["name"] for step in steps(doc, "count")] == ["cart_stock_unknown"]
        experiment, = doc["experiments"]
        assert [(arm["arm"], arm["weight"], arm["control"]) for arm in experiment["arms"]] == [
            ("control", 0.5, True), ("friendly", 0.5, False)] and experiment["coverage"] == 1
        reminder = next(one for one in doc["messages"] if one["template"] == "reminder")
        assert {(copy["locale"], copy["variant"]) for copy in reminder["copy"]} == {
            ("da", None), ("en", None), ("da", "friendly"), ("en", "friendly")}
        assert {"recovered", "lost", "restored", "empty", "sold out", "bought by themselves"} <= set(outcomes(doc))
        assert all(step["specs"] for step in doc["steps"]), [step for step in doc["steps"] if not step["specs"]]
        basis = next(rule["words"] for rule in doc["rules"] if rule["rule"] == "Legal basis")
        assert "consent" in basis and "existing" not in basis
        text = shop.momentd("describe", "abandoned_cart", "--scripts", shop.scripts)
        for part in ("# Abandoned cart\n", "at most 15 minutes or 1 hour", "| `order.placed`: The customer has ordered, within",
                     "Not sure about something?", "control: 50 % (control)", "```mermaid\nflowchart TD\n", "21:00 to 08:00"):
            assert part in text, part
        assert re.search(r"at most 4 days \| .*\| `moment.lua:\d+`, called at `moment.lua:\d+` \|", text), text
        markup, page = page_of(shop, "abandoned_cart", "--scripts", shop.scripts)
        assert "<title id=\"drawing-title\">" in markup and "Vi har gemt din kurv" in page.said


def test_the_overview():
    with Shop({"events.lua": PLAN, "one/moment.lua": moment("  m:send { template = 'hello', data = { n = 1 } }", (
            "title = 'First', class = 'marketing', on = 'a', goal = { event = 'b', within = '2d', from = 'trigger' }")),
               "one/hello.da.md": COPY, "two/moment.lua": moment("  return 'x'")}) as shop:
        text = shop.momentd("describe", "--scripts", shop.scripts)
        assert re.search(r"^\| First `one` \| `a` \| \*\*marketing\*\* \| hello \| `b` within 2 days \|", text, re.M), text
        pages = os.path.join(shop.dir, "pages")
        os.mkdir(pages)
        assert shop.momentd("describe", "--scripts", shop.scripts, "--html", "--out", pages) == ""
        assert sorted(os.listdir(pages)) == ["index.html", "one.html", "two.html"]
        index = Page(open(os.path.join(pages, "index.html"), encoding="utf-8").read())
        assert [link for link in index.links if not link.startswith("#")] == ["one.html", "two.html"]
        assert [one["moment"] for one in shop.rows("describe", "--scripts", shop.scripts)] == ["one", "two"]
        shop.write({"broken/moment.lua": "return"})
        said = shop.momentd("describe", "--scripts", shop.scripts, code=1)
        assert "`one`" in said and "Could not be described" in said and "broken/moment.lua" in said, said


LAST = "There is nothing more you need to do."


def test_versions_and_what_changed():
    with Shop() as shop:
        shop.start()
        first = document(shop, "order_confirmation")
        assert first["version"]["live"] and first["version"]["from"] == "database" and first["changes"] is None
        assert first["version"]["digest"] == of_tree(shop, "order_confirmation")["version"]["digest"]
        assert first["specs"]["count"] == 9 and first["events"]["order.placed"] == "The customer has ordered"
        # A draft beside what is live: what would change.
        draft = os.path.join(shop.dir, "draft")
        shutil.copytree(shop.scripts, draft)
        for name, was, becomes in (("confirmation.en.md", LAST, "That is all."), ("moment.lua", '"3d"', '"2d"')):
            path = os.path.join(draft, "order_confirmation", name)
            text = open(path, encoding="utf-8").read()
            assert was in text
            open(path, "w", encoding="utf-8").write(text.replace(was, becomes))
        wanted = document(shop, "order_confirmation", "--scripts", draft, "--db", shop.db)
        assert wanted["changes"]["since"]["digest"] == first["version"]["digest"]
        shop.momentd("deploy", draft, "--note", "kinder words")
        second = document(shop, "order_confirmation")
        assert second["version"]["digest"] == wanted["version"]["digest"]
        assert second["version"]["note"] == "kinder words" and second["version"]["door"] == "deploy", second["version"]
        changes = second["changes"]
        assert changes == {**wanted["changes"], "since": changes["since"]}
        assert changes["since"]["digest"] == first["version"]["digest"] and not changes["since"]["live"]
        files = {one["file"]: [line for line in one["lines"] if line[0] in "+-"] for one in changes["files"]}
        assert set(files) == {"order_confirmation/confirmation.en.md", "order_confirmation/moment.lua"}, files
        (gone, before), (new, after) = files["order_confirmation/confirmation.en.md"]
        assert (gone, new) == ("-", "+") and LAST in before and "That is all." in after
        assert any(sign == "+" and '"2d"' in line for sign, line in changes["steps"]), changes["steps"]
        assert changes["definition"] == []
        assert shop.stop() == 0
        # Without a daemon, and an older version by the beginning of its digest.
        digest = first["version"]["digest"]
        old = document(shop, "order_confirmation", "--version", digest[:8])
        assert old["version"]["digest"] == digest and not old["version"]["live"] and old["changes"] is None
        same = document(shop, "order_confirmation", "--since", second["version"]["digest"])
        assert same["changes"]["files"] == [] and same["changes"]["steps"] in ([], [["~", ""]])
        with sqlite3.connect(shop.db) as connection:
            connection.execute("UPDATE moments SET paused_at = 1767603600000000 WHERE name = 'order_confirmation'")
        connection.close()
        text, page = page_of(shop, "order_confirmation")
        assert "since 2026-01-05 09:00 UTC: it takes no runs for now" in page.said
        assert "What has changed" in page.said and "<del>" in text and "<ins>" in text


def test_errors():
    with Shop() as shop:
        tree = ("--scripts", shop.scripts)
        assert "momentd.db" not in shop.momentd("describe", "abandoned_cart", code=3)
        assert "--scripts DIR" in shop.momentd("describe", code=3)
        assert "did you mean abandoned_cart?" in shop.momentd("describe", "abandoned_car", *tree, code=1)
        assert "give one of --md, --html and --json" in shop.momentd("describe", "--md", "--json", *tree, code=2)
        assert "name it" in shop.momentd("describe", "--since", "abcd", *tree, code=2)
        assert "needs the database" in shop.momentd("describe", "abandoned_cart", "--since", "abcd", *tree, code=1)
        assert "No such file" in shop.momentd("describe", "abandoned_cart", *tree, "--out", "/nowhere/x.md", code=1)
        assert "no_such_dir" in shop.momentd("describe", "x", "--scripts", "no_such_dir", code=1)
        shop.start()
        assert shop.stop() == 0
        assert 'has no version "xyz"' in shop.momentd("describe", "abandoned_cart", "--version", "xyz", code=1)
        shop.write({"broken/moment.lua": "return 1 +"})
        assert "broken/moment.lua:1:" in shop.momentd("describe", "broken", *tree, code=1)


HOSTILE = "</title></svg></pre>--><script>alert(1)</script><img src=x onerror=alert(2)> | `a` ``b`` ```\n# x [l](javascript:1) \"'&amp;"
LUA_HOSTILE = json.dumps(HOSTILE)


def test_hostile_texts():
    plan = f"""local plan = require 'plan'
return plan.define {{ person = {{ strong = {{ 'subject', 'data.email' }} }},
  events = {{ a = {{ means = {LUA_HOSTILE}, address = {{ email = 'data.email' }} }} }} }}"""
    body = f"""  m:send {{ template = 'hello', data = {{ n = {json.dumps(HOSTILE.splitlines()[0])} }} }}
  m:set({LUA_HOSTILE}, 1)
  m:get({LUA_HOSTILE})
  if m:wait_for('a', {{ within = '1h' }}) then m:emit {{ type = 'never' }} end
  return {LUA_HOSTILE}"""
    scripts = {
        "events.lua": plan,
        "bad/moment.lua": "-- " + HOSTILE.replace("\n", " ") + "\n" + moment(
            body, f"title = {LUA_HOSTILE}, class = 'service', on = 'a', where = function(e) return e.id ~= {LUA_HOSTILE} end"),
        "bad/hello.da.md": COPY,
        "bad/moment_spec.lua": f"""describe({LUA_HOSTILE}, function()
  it({LUA_HOSTILE}, function(shop)
    shop:event('a', {{ subject = 'k', data = {{ email = 'k@example.com' }} }})
    shop:advance('1h')
  end)
  it('fails', function(shop) error({LUA_HOSTILE}) end)
end)"""}
    with Shop(scripts) as shop:
        doc = of_tree(shop, "bad")
        assert doc["title"] == HOSTILE and outcomes(doc) == {HOSTILE: 1}
        assert doc["specs"]["count"] == 2 and doc["specs"]["failed"] == 1
        assert "<script>alert(1)</script>" in doc["messages"][0]["copy"][0]["text"], doc["messages"]
        markup, page = page_of(shop, "bad", "--scripts", shop.scripts)
        assert "alert(1)" in page.said and "<script" not in markup and "<img" not in markup and "img" not in page.tags
        assert "What no spec shows" in page.said and 'm:emit { type = \'never\' }' in page.said
        text = shop.momentd("describe", "bad", "--scripts", shop.scripts)
        inline = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.M | re.S)  # without fenced blocks
        inline = re.sub(r"(`+) ?.*?[^`]\1(?!`)", "", inline)               # without code spans
        assert "<script" not in inline.replace("\\<", ""), inline
        assert not re.search(r"(?<!\\)\[l\]", inline)
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        assert rows and all(line.endswith(" |") for line in rows)


def test_secrets_stay_hidden():
    plan = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject' } },
  events = { ['reset'] = { means = 'a reset', secret = { 'data.link' }, address = { email = 'data.email' } } } }"""
    scripts = {
        "events.lua": plan,
        "reset/moment.lua": moment("  m:send { template = 'link', data = { link = event.data.link } }",
                                   "class = 'security', on = 'reset'"),
        "reset/link.da.md": "---\nsubject: Nyt kodeord\npreview: p\n---\n[Her]({{link}})\n",
        "reset/moment_spec.lua": """describe('reset', function() it('sends the link', function(shop)
  shop:event('reset', { subject = 'k', data = { email = 'k@example.com', link = 'https://shop.example/SECRET' } })
  shop:expect_message { template = 'link' }
end) end)"""}
    with Shop(scripts) as shop:
        doc = of_tree(shop, "reset")
        copy, = doc["messages"][0]["copy"]
        assert doc["specs"]["failed"] == 0 and "[secret]" in copy["text"], copy
        assert "SECRET" not in json.dumps(doc), "a secret is shown"


def test_without_specs():
    body = """  if m:past('a', { within = '2d' }).count > 3 then return 'often' end
  m:sleep('2h')
  m:send { template = 'hello', data = { n = 1 } }
  return 'done'"""
    with Shop({"events.lua": PLAN, "plain/moment.lua": moment(body), "plain/hello.da.md": COPY}) as shop:
        doc = of_tree(shop, "plain")
        assert outcomes(doc) == {"often": 0, "done": 0} and doc["graph"]["edges"] == []
        assert [(step["kind"], step["line"], step["specs"]) for step in doc["steps"]] == [
            ("past", 3, 0), ("sleep", 4, 0), ("send", 5, 0)], doc["steps"]
        text = shop.momentd("describe", "plain", "--scripts", shop.scripts)
        assert "not covered by specs: `moment.lua:4` `m:sleep('2h')`" in text and "No spec runs through it" in text
        assert "as it is written: no spec sends it" in text and "Nummer {{n}}" in text
        page_of(shop, "plain", "--scripts", shop.scripts)


def test_two_hundred_steps():
    body = "\n".join("  m:sleep('1m')" for _ in range(200)) + "\n  return 'over'"
    spec = """describe('long', function() it('takes its time', function(shop)
  shop:event('a', { subject = 'k', data = { email = 'k@example.com' } })
  shop:advance('4h')
  shop:expect_outcome('over')
end) end)"""
    with Shop({"events.lua": PLAN, "long/moment.lua": moment(body), "long/moment_spec.lua": spec}) as shop:
        doc = of_tree(shop, "long")
        assert len(doc["graph"]["nodes"]) == 202 and len(doc["graph"]["edges"]) == 201
        assert doc["specs"]["failed"] == 0, doc["specs"]
        markup, _ = page_of(shop, "long", "--scripts", shop.scripts)
        assert markup.count('class="node wait"') == 200


def luminance(colour):
    colour = "".join(2 * one for one in colour) if len(colour) == 3 else colour
    parts = [int(colour[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_told_apart():
    """WCAG 2.1 AA: 4.5 for text, 3 for lines, by day and by night."""
    with Shop({"events.lua": PLAN, "plain/moment.lua": moment("  return 'x'")}) as shop:
        markup, _ = page_of(shop, "plain", "--scripts", shop.scripts)
    themes = re.findall(r":root\{([^}]*--paper[^}]*)\}", markup)
    assert len(themes) == 2, themes
    fills = ("band", "mark", "wait", "send", "call", "choice", "end", "halt")
    texts = [("ink", fill) for fill in ("paper", *fills)] + [
        ("soft", "paper"), ("soft", "band"), ("link", "paper"), ("mark-ink", "mark"), ("add-ink", "add"), ("cut-ink", "cut")]
    lines = [(f"{name}-line", side) for name in ("wait", "send", "call", "choice", "end", "halt") for side in ("paper", name)]
    for theme in themes:
        colours = dict(re.findall(r"--([a-z-]+):#([0-9a-f]+)", theme))
        for front, back, least in [(*pair, 4.5) for pair in texts] + [(*pair, 3) for pair in lines]:
            light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= least, (front, back, (light + 0.05) / (dark + 0.05))


def test_schedules_and_families():
    options = "class = 'service', on = { 'a', moment.schedule('0 8 1 * *', 'Europe/Rome') }"
    with Shop({"events.lua": PLAN, "monthly/moment.lua": moment("  return 'x'", options)}) as shop:
        shop.write({"family/moment.lua": moment(
            "  m:wait_for('b', { within = '1h', where = function(e) return true end })", "class = 'service', on = 'o.*'"),
            "family/moment_spec.lua": """describe('f', function() it('waits', function(shop)
  shop:event('o.x', { subject = 'k' })
  shop:advance('2h')
end) end)"""})
        family = of_tree(shop, "family")
        assert family["events"]["o.*"] is None
        assert steps(family, "wait_for")[0]["text"] == "Wait for b that the script accepts, at most 1 hour"
        with_types = PLAN.replace("events = {", "events = { ['o.x'] = { means = 'x' }, ['o.y'] = { means = 'y' },")
        shop.write({"events.lua": with_types})
        assert of_tree(shop, "family")["events"]["o.*"] == "any of o.x, o.y"
        text = shop.momentd("describe", "monthly", "--scripts", shop.scripts)
        assert "`a` or at 08:00 on the 1st of every month (Europe/Rome)" in text, text


main(test_order_confirmation, test_abandoned_cart, test_the_overview, test_versions_and_what_changed, test_errors,
     test_hostile_texts, test_secrets_stay_hidden, test_without_specs, test_two_hundred_steps,
     test_colours_can_be_told_apart, test_schedules_and_families)
