#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,data timeout=240 cost=60
"""17,785 real events in virtual time, with the shipped order confirmation and a small delivery moment: every placed
order gets one confirmation and nobody two, and every count is what a small model makes of the file itself (B5, T5, W1,
W6, M9).
The data may not be shipped: without MOMENTD_SHARED_DATA the test is skipped."""
import collections
import datetime
import email
import email.policy
import gzip
import itertools
import json
import os
import subprocess
import sys

from harness import MOMENTD, SLOW, Shop, main

DATA = os.path.join(os.environ.get("MOMENTD_SHARED_DATA", ""), "olist-2017.ndjson.gz")
EVENTS = None if SLOW == 1 else 1500  # of the file: the model counts in the same ones
DAYS = 12  # that the delivery moment waits: some parcels take longer

PLAN = """local plan = require 'plan'
return plan.define {
  person = { strong = { 'subject', 'data.email' } },
  things = { order = { of = 'person', at = 'data.order_id' }, parcel = { of = 'order' } },
  events = {
    ['order.placed'] = { means = 'The customer has ordered', typed = { ['data.promised_at'] = 'time' },
                         address = { email = 'data.email' } },
    -- A shop with one parcel an order: the order's number is its name.
    ['shipment.dispatched'] = { means = 'A parcel went to the carrier', about = { parcel = 'data.order_id' } },
    ['shipment.delivered'] = { means = 'The parcel was delivered', about = { parcel = 'data.order_id' } },
  },
}
"""

DELIVERY = f"""local moment = require 'moment'
return moment.define {{ class = 'service', on = 'shipment.dispatched', about = 'parcel', run = function(m, shipment)
  m:send {{ template = 'dispatched', data = {{ order = shipment.data.order_id }} }}
  local delivered = m:wait_for('shipment.delivered', {{ within = '{DAYS}d' }})
  if not delivered then return 'late' end
  m:send {{ template = 'delivered', data = {{ order = delivered.data.order_id }} }}
  return 'delivered'
end }}
"""


def copy(word):
    return f"---\nsubject: {word} {{{{order}}}}\n---\nDin ordre {{{{order}}}}: {word}.\n"


SCRIPTS = {"events.lua": PLAN, "delivery/moment.lua": DELIVERY, "delivery/dispatched.da.md": copy("Afsendt"),
           "delivery/delivered.da.md": copy("Leveret")}


def shop_with_scripts():
    shop = Shop()
    shop.write(SCRIPTS)
    return shop


def address(subject):
    return f"{subject}@example.com"


def read_events():
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in itertools.islice(file, EVENTS)]


def with_addresses(events):
    """As a shop sends them: the order carries the customer's address."""
    for event in events:
        if event["type"] == "order.placed":
            event = {**event, "data": {**event["data"], "email": address(event["subject"])}}
        yield event


def write(path, events):
    text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events).encode()
    with (gzip.open if path.endswith(".gz") else open)(path, "wb") as file:
        file.write(text)
    return text


def ingest(shop, path, text=None, db=None, mail=None):
    """Answers the summary."""
    words = [MOMENTD, "ingest", path, "--virtual-time", "--db", db or shop.db, "--scripts", shop.scripts,
             "--delivery", "live", "--mail", "file:" + (mail or shop.mail), "--json"]
    done = subprocess.run(words, input=text, capture_output=True, timeout=200 * SLOW)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout)


# --- the model ---

def time_of(event):
    return datetime.datetime.fromisoformat(event["time"])


class Expected:
    """What must come of the events, one after the other, by the rules, and nothing more."""

    def __init__(self, events, addresses_known=False):
        self.events, self.by_order, self.known = events, collections.defaultdict(list), {}
        self.runs, self.mails, self.suppressed = collections.Counter(), collections.Counter(), 0
        for number, event in enumerate(events):
            self.by_order[event["data"]["order_id"]].append((number, event))
            if addresses_known or event["type"] == "order.placed":
                self.known.setdefault(event["subject"], 0 if addresses_known else number)
        for number, event in enumerate(events):
            if event["type"] == "order.placed":
                self.confirm(number, event)
            if event["type"] == "shipment.dispatched":
                self.deliver(number, event)

    def next(self, number, event, kind, deadline):
        """The first event of its order after it and in time, with its number."""
        for later, other in self.by_order[event["data"]["order_id"]]:
            if later > number and other["type"] == kind and time_of(other) <= deadline:
                return later, other
        return None

    def mail(self, number, event, subject):
        """Real data has holes: a parcel may leave before its order was placed, when no address is known."""
        if self.known.get(event["subject"], number + 1) <= number:
            self.mails[address(event["subject"]), subject.format(event["data"]["order_id"])] += 1
        else:
            self.suppressed += 1

    def confirm(self, number, event):
        self.mail(number, event, "Tak for din ordre {}")
        cancelled = self.next(number, event, "order.cancelled", time_of(event) + datetime.timedelta(days=30))
        if cancelled:
            self.mail(*cancelled, "Din ordre {} er annulleret")
        self.runs["order_confirmation", "cancelled" if cancelled else "done"] += 1

    def deliver(self, number, event):
        self.mail(number, event, "Afsendt {}")
        delivered = self.next(number, event, "shipment.delivered", time_of(event) + datetime.timedelta(days=DAYS))
        if delivered:
            self.mail(*delivered, "Leveret {}")
        self.runs["delivery", "delivered" if delivered else "late"] += 1


def read_mails(shop):
    found = collections.Counter()
    for raw in shop.mails():
        mail = email.message_from_bytes(raw, policy=email.policy.compat32)
        subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
        found[mail["To"], subject] += 1
    return found


def check(shop, expected):
    types = collections.Counter(event["type"] for event in expected.events)
    stored = dict(shop.sql("SELECT type, count(*) FROM events GROUP BY type"))
    total = sum(expected.mails.values())
    assert stored == {**types, "message.accepted": total}, (stored, types, total)
    runs = {(moment, outcome): count for moment, outcome, count in
            shop.sql("SELECT moment, outcome, count(*) FROM runs GROUP BY moment, outcome")}
    assert runs == dict(expected.runs), (runs, expected.runs)
    assert shop.sql("SELECT count(*) FROM unmatched") == [(0,)]
    assert shop.sql("SELECT count(*) FROM incidents") == [(0,)]
    ends = dict(shop.sql("SELECT coalesce(reason, 'accepted'), count(*) FROM messages GROUP BY 1"))
    wanted = {"accepted": total, "no_address": expected.suppressed}
    assert ends == {name: count for name, count in wanted.items() if count}, ends
    assert shop.sql("SELECT count(*) FROM people") == [(len({event["subject"] for event in expected.events}),)]
    mails = read_mails(shop)
    assert mails == expected.mails, list((mails - expected.mails) + (expected.mails - mails))[:5]
    confirmations = [count for (_, subject), count in mails.items() if subject.startswith("Tak for din ordre")]
    assert len(confirmations) == types["order.placed"], len(confirmations)
    assert EVENTS or len(confirmations) == 4573, "the file is another one"
    assert set(confirmations) == {1}, "somebody got two"


def check_summary(summary, expected, accepted):
    count = len(expected.events)
    assert summary["lines"] == count and summary["accepted"] == accepted, summary
    assert summary["duplicates"] == count - accepted and summary["refused"] == 0 and summary["conflicts"] == 0, summary
    runs = {(moment, what.removeprefix("done: ")): number
            for moment, table in summary["runs"].items() for what, number in table.items()}
    assert runs == dict(expected.runs), summary["runs"]


def contents(shop, db=None):
    """Everything that does not name the installation."""
    old, shop.db = shop.db, db or shop.db
    try:
        return [shop.sql(query) for query in (
            "SELECT seq, type, id, source, subject, time, received_at, person FROM events",
            "SELECT seq, data FROM events WHERE type NOT LIKE 'message.%'",
            "SELECT id, moment, state, outcome, reason, person, trigger, steps, started_at, ended_at FROM runs",
            "SELECT id, run, moment, template, state, reason, recipient, locale, subject, data, created_at, due_at,"
            " final_at FROM messages",
            "SELECT id, identities, profile FROM people", "SELECT * FROM things")]
    finally:
        shop.db = old


def test_every_order_is_confirmed_once():
    events = list(with_addresses(read_events()))
    expected = Expected(events)
    assert all(count > 0 for count in expected.runs.values()) and len(expected.runs) == 4, expected.runs
    with shop_with_scripts() as shop:
        path = os.path.join(shop.dir, "events.ndjson.gz")
        write(path, events)
        summary = ingest(shop, path)
        check_summary(summary, expected, len(events))
        assert summary["out_of_order"] == 0, summary
        check(shop, expected)
        before = contents(shop)
        # Once more: all is known, nothing happens.
        check_summary(ingest(shop, path), expected, 0)
        assert contents(shop) == before and len(shop.mails()) == sum(expected.mails.values())


def test_plain_packed_and_piped_are_the_same():
    """And addresses that the profile brings, before the first order."""
    events = read_events()[:800]
    profiles = [{"specversion": "1.0", "id": f"profile-{subject}", "source": "/test", "type": "profile.updated",
                 "subject": subject, "time": "2016-01-01T00:00:00Z", "data": {"email": address(subject)}}
                for subject in dict.fromkeys(event["subject"] for event in events)]
    with shop_with_scripts() as shop:
        plain, packed = os.path.join(shop.dir, "e.ndjson"), os.path.join(shop.dir, "e.ndjson.gz")
        text = write(plain, profiles + events)
        write(packed, profiles + events)
        results = []
        with open(packed, "rb") as file:
            inputs = [(plain, None), (packed, None), ("-", text), ("-", file.read())]
        for number, (path, piped) in enumerate(inputs):
            db, mail = f"{shop.db}.{number}", f"{shop.mail}.{number}"
            summary = ingest(shop, path, piped, db, mail)
            results.append((summary, contents(shop, db), len(os.listdir(mail))))
        expected = Expected(events, addresses_known=True)
        assert results[0][0]["accepted"] == len(profiles) + len(events), results[0][0]
        assert results[0][2] == sum(expected.mails.values())
        for result in results[1:]:
            assert result == results[0]


if not os.path.exists(DATA):
    print("SKIP: there is no MOMENTD_SHARED_DATA/olist-2017.ndjson.gz here")
    sys.exit(77)
main(test_every_order_is_confirmed_once, test_plain_packed_and_piped_are_the_same)
