#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60 cost=10 tsan=yes
"""What joining two people, and taking them apart, does to their mail: caps, limits and consent by real sends (P3, M5)."""
import itertools

from harness import Shop, main, moment

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  events = { ['ask.service'] = { address = { email = 'data.to' } }, ['ask.marketing'] = { address = { email = 'data.to' } } } }
"""
SEND = "local sent = m:send { template = 'x' }\nreturn sent.sent and 'sent' or sent.reason"
COPY = "---\nsubject: Hej\npreview: p\n---\nHej\n"
A, B = "4711", "ida@example.com"  # of B only the address is known, so that the two can be one person


def scripts(kind, more=""):
    options = f"class = '{kind}', on = 'ask.{kind}', about = 'person', again = 'parallel'" + more
    return {"events.lua": PLAN, "m/moment.lua": moment(SEND, options), "m/x.da.md": COPY}


def ask(shop, who, kind="service"):
    """One run that sends; answers how the message room decided."""
    data = {"to": who + "@kunde.example"} if who == A else {"email": who, "to": who}
    shop.send("ask." + kind, who if who == A else None, data)
    # A run ends in the batch of its event, and the answer comes after that batch.
    run = shop.rows("runs", "list")[0]
    assert run["state"] == "done", run
    return run["outcome"]


def join(shop):
    assert "are one person now" in shop.momentd("people", "join", B, A)


def split(shop):
    assert "of their own again" in shop.momentd("people", "split", B)


def add_up(shop, word):
    """Two in a week: what each was sent counts for both while they are one person, and for each alone afterwards."""
    assert [ask(shop, A), ask(shop, B)] == ["sent", "sent"]
    join(shop)
    assert [ask(shop, A), ask(shop, B)] == [word, word]
    shop.kill()
    shop.start()
    assert ask(shop, A) == word
    split(shop)
    assert [ask(shop, A), ask(shop, B)] == ["sent", "sent"]
    assert [ask(shop, A), ask(shop, B)] == [word, word]
    join(shop)
    assert [ask(shop, A), ask(shop, B)] == [word, word]
    shop.wait("the mail", lambda: len(shop.mails()) == 4)
    to = sorted(one["to"] for one in shop.rows("messages", "list") if one["state"] == "accepted")
    assert to == sorted([A + "@kunde.example", B] * 2), to
    reasons = [one["reason"] for one in shop.rows("messages", "list") if one["state"] == "suppressed"]
    assert reasons == [word] * 7, reasons


def test_P3_caps_add_up():
    with Shop(scripts("service"), caps="service=2 per 7d").start() as shop:
        add_up(shop, "cap")


def test_P3_limits_add_up():
    with Shop(scripts("service", ", limit = { runs = 2, per = '7d' }")).start() as shop:
        add_up(shop, "limit")


def consent(shop, who, what):
    data = {"channel": "email", "purpose": "marketing", "text": "Ja tak", "source": "checkout"}
    shop.send("consent." + what, who if who == A else None, data if who == A else {**data, "email": who})


def decisions(shop):
    return {who: ask(shop, who, "marketing") for who in (A, B)}


def test_P3_a_withdrawal_stands_unless_consent_came_later():
    for first, second in itertools.permutations((A, B)):
        with Shop(scripts("marketing"), quiet_hours="none", consent_sender="Sko ApS").start() as shop:
            assert set(decisions(shop).values()) == {"no_consent"}
            consent(shop, first, "given")
            consent(shop, second, "withdrawn")
            apart = {first: "sent", second: "no_consent"}
            assert decisions(shop) == apart
            join(shop)
            assert set(decisions(shop).values()) == {"no_consent"}, "the withdrawal is the newest word"
            split(shop)
            assert decisions(shop) == apart
            consent(shop, first, "given")  # later than the withdrawal of the other
            join(shop)
            assert set(decisions(shop).values()) == {"sent"}
            split(shop)
            assert decisions(shop) == apart
            join(shop)
            consent(shop, second, "withdrawn")
            assert set(decisions(shop).values()) == {"no_consent"}


main(test_P3_caps_add_up, test_P3_limits_add_up, test_P3_a_withdrawal_stands_unless_consent_came_later)
