#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,slow quick=no timeout=300 processors=2 tsan=yes
"""A day of a shop, made short, with every step in use, killed with -9 every few seconds under load, against a model: the outcome of
each run is computed from the events alone. At the end the account itself is put to the test: it must see whatever is wrong in copies of
the database that were tampered with. No acknowledged event is lost, no step is carried out twice, no call is made under two
keys, and mails go out twice only where the crash fell between acceptance and its record (B2, R1, T4, T7, W1, W4, W5, H1, M3)."""
import collections
import copy
import http.server
import os
import random
import sqlite3
import threading
import time

from crashes import Crashes, Customer, Inbox, check_mails
from harness import COPY, SLOW, Shop, main
from mailserver import Server

SECONDS = float(os.environ.get("MOMENTD_DAY", "28" if SLOW == 1 else "12"))

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  things = { order = { of = 'person', at = 'data.order_id' }, parcel = { of = 'order', at = 'data.parcel' } },
  events = { ['order.placed'] = { address = { email = 'data.email' } },
             ['parcel.scanned'] = { about = { parcel = 'data.parcel' } }, ['order.paid'] = {}, ['order.packed'] = {},
             ['order.never'] = {}, ['customer.greeted'] = {} } }
"""

# Even orders are paid for and delivered, odd ones are not: what never comes is waited for a moment only.
ORDER = """local moment = require 'moment'
return moment.define { class = 'service', on = 'order.placed', about = 'order', run = function(m, order, state)
  local id = order.data.order_id
  if state then
    m:send { template = 'last', data = { n = id } }
    return table.concat(state, ' ')
  end
  local n = m:add('orders')
  m:set('last', id)
  assert(m:get('last') == id and n >= 1)
  m:count('orders', 1, { kind = order.data.kind })
  m:observe('total', order.data.total)
  m:update_profile { tier = 'gold' }
  local arm = m:experiment('subject')
  m:emit { type = 'order.seen', data = { order_id = id } }
  m:send { template = 'first', data = { n = id }, variant = arm }
  local label, why = m:http { name = 'label', connection = 'carrier', path = '/label/' .. id, json = { id = id } }
  m:sleep('0.2s')
  local never = m:wait_for('order.never', { since = 'now', within = '0.2s' })
  m:sleep_until(m:now() + 0.2)
  local said = label and label.json.label or why
  if order.data.kind == 'odd' then return 'odd ' .. tostring(never) .. ' ' .. said end
  local paid = m:wait_for('order.paid', { within = '1h', since = 'start',
    where = function(event) return event.data.amount >= order.data.total end })
  local scans = m:collect('parcel.scanned', { max = 3, quiet = '30m', within = '1h' })
  local places = {}
  for _, scan in ipairs(scans) do places[#places + 1] = scan.data.place end
  local greeted = m:wait_for('customer.greeted', { by = 'person', within = '1h' })
  local past = m:past({ 'order.paid', 'parcel.scanned' }, { within = '1h' })
  local known = m:quantile('total', 0.5)
  m:continue_as { arm, said, tostring(paid.data.amount), table.concat(places, '+'), greeted.data.word,
    past.count .. past.last.type, tostring(m:latest().data.total), m:profile().tier, known and 'known' or 'unknown' }
end }
"""

SEEN = """local moment = require 'moment'
return moment.define { class = 'service', on = 'order.seen', about = 'order', again = 'parallel', run = function(m, event)
  return 'seen ' .. event.data.order_id .. ' ' .. m:add(event.data.order_id)
end }
"""

TICK = """local moment = require 'moment'
return moment.define { class = 'service', on = moment.schedule('* * * * *', 'UTC'), again = 'parallel', run = function(m, event)
  return string.format('%d', event.time)
end }
"""

SCRIPTS = {
    "events.lua": PLAN, "order/moment.lua": ORDER, "seen/moment.lua": SEEN, "tick/moment.lua": TICK,
    "order/first.da.md": COPY, "order/first_b.da.md": COPY, "order/last.da.md": COPY,
    "experiments/subject.lua": "return require('experiment').define { name = 'subject', moment = 'order',\n"
                               "  arms = { { 'a', 0.5 }, { 'b', 0.5 } } }\n",
}


class Carrier(http.server.BaseHTTPRequestHandler):
    """Makes labels, and remembers under which keys it was asked; one order of five it fails the first time."""
    keys = collections.defaultdict(list)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        asked = Carrier.keys[self.path]
        asked.append(self.headers["Idempotency-Key"])
        fails = len(asked) == 1 and hash_of(self.path) % 5 == 0
        body = ('{"label":"L-%s"}' % self.path.rsplit("/", 1)[1]).encode()
        try:
            self.send_response(500 if fails else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # who asked was killed
            pass

    def log_message(self, *_):
        pass


def hash_of(text):
    """FNV-1a of 32 bits."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def arm_of(person):
    """GrowthBook's hash, version 2, for two equal arms."""
    return "a" if hash_of(str(hash_of(f"subject{person}"))) % 10000 / 10000 < 0.5 else "b"


class Shopper(Customer):
    """Orders one thing after another, and sees each order through once it is placed."""

    def run(self):
        self.orders = []
        who = f"c{self.number}"
        while self.running:
            number = len(self.orders) + 1
            order = f"{who}-{number}"
            kind, total = ("even", 100 + number) if number % 2 == 0 else ("odd", 50)
            first = self.shop.event("order.placed", who, {"order_id": order, "kind": kind, "total": total,
                                                          "email": f"{who}@example.com"}, id=f"{order}-placed")
            self.deliver(first, insist=True)  # or a run might be there of an order that nobody knows to be taken
            self.orders.append(order)
            if kind == "even":
                self.see_through(who, order, total)
            time.sleep(0.05 * SLOW)

    def see_through(self, who, order, total):
        def tell(kind, subject, data, what):
            self.deliver(self.shop.event(kind, subject, data, id=f"{order}-{what}"), insist=True)
            time.sleep(random.uniform(0, 0.1))
        tell("order.placed", who, {"order_id": order, "kind": "even", "total": total + 7, "email": f"{who}@example.com"}, "again")
        tell("order.paid", who, {"order_id": order, "amount": total - 1}, "short")
        tell("order.packed", who, {"order_id": order, "parcel": f"p-{order}"}, "packed")
        for place in ("a", "b"):
            tell("parcel.scanned", None, {"parcel": f"p-{order}", "place": place}, place)
        tell("order.paid", who, {"order_id": order, "amount": total}, "paid")
        tell("parcel.scanned", None, {"parcel": f"p-{order}", "place": "c"}, "c")
        tell("customer.greeted", who, {"word": f"hi{order}"}, "greeted")


def expected(order, person):
    """What the model says of an order's run."""
    number = int(order.rsplit("-", 1)[1])
    if number % 2:
        return f"odd nil L-{order}"
    total = 100 + number
    return f"{arm_of(person)} L-{order} {total} a+b+c hi{order} 5parcel.scanned {total + 7} gold known"


def trouble(shop, crashes):
    """Kills and restarts until the day is over, and a little longer where that lets the schedule fire."""
    begun = time.time()

    def over(now):
        fired = int(now // 60) > int(begun // 60) or now > begun + 50 * SLOW
        return now > begun + SECONDS and fired
    while not over(time.time()):
        time.sleep(random.uniform(1, 3))
        crashes.kill()
        time.sleep(random.uniform(0, 0.3))
        shop.start()


def check_runs(shop, orders):
    runs = collections.defaultdict(list)
    for run in shop.rows("runs", "list", "--limit", "1000000"):
        runs[run["moment"]].append(run)
    odd = {run["about"]["value"] for run in runs["order"]} ^ set(orders)
    assert not odd, f"each acknowledged order has a run, and no other: {odd}"
    assert len(runs["order"]) == len(orders), "an order has two runs"
    people = dict(shop.sql("SELECT subject, person FROM events WHERE subject IS NOT NULL"))
    for run in runs["order"]:
        want = expected(run["about"]["value"], people[run["person"]])
        assert run["state"] == "done" and run["outcome"] == want, f"{run}: the model says {want!r}"
    seen = sorted(run["outcome"] for run in runs["seen"])
    assert seen == sorted(f"seen {order} 1" for order in orders), "what was emitted started each run once"
    return runs["tick"]


def check_schedule(ticks, begun, ended):
    """Every whole minute of the day fired once (T7): no downtime was so long that it swallowed one."""
    due = {str(minute * 60) for minute in range(int(begun // 60) + 1, int(ended // 60) + 1)}
    fired = [run["outcome"] for run in ticks]
    assert len(fired) == len(set(fired)) and due <= set(fired), (due, fired)


def check_once(shop, orders):
    """What a step leaves behind is there once for each run."""
    for steps, table in (("run, step", "messages"), ("run, step", "calls")):
        twice = shop.sql(f"SELECT {steps}, count(*) FROM {table} GROUP BY {steps} HAVING count(*) > 1")
        assert not twice, f"{table} twice: {twice[:5]}"
    counted = collections.Counter(order.rsplit("-", 1)[0] for order in orders)
    values = shop.sql("SELECT json FROM stored_values WHERE moment = 'order' AND key = 'orders'")
    assert sorted(int(value) for value, in values) == sorted(counted.values()), values
    points = dict(shop.sql("SELECT metric, sum(count) FROM points JOIN series ON series.id = series"
                           " WHERE metric NOT LIKE 'momentd%' GROUP BY metric"))
    assert points == {"orders": len(orders), "total": len(orders)}, points
    assert shop.sql("SELECT count(*), count(DISTINCT person) FROM exposures") == [(len(counted), len(counted))]
    even = sum(1 for order in orders if int(order.rsplit("-", 1)[1]) % 2 == 0)
    assert shop.sql("SELECT template, count(*) FROM messages GROUP BY template ORDER BY template") == [
        ("first", len(orders)), ("last", even)]


def check_calls(orders):
    assert set(Carrier.keys) == {f"/label/{order}" for order in orders}
    for path, keys in Carrier.keys.items():
        assert len(set(keys)) == 1 and keys[0], f"{path} was asked for under {set(keys)}"
    assert len({keys[0] for keys in Carrier.keys.values()}) == len(orders), "two calls share a key"
    return sum(len(keys) for keys in Carrier.keys.values())


def check_events(shop, threads):
    acknowledged = [event for thread in threads for event in thread.acknowledged]
    stored = {row[0] for row in shop.sql("SELECT id FROM events")}
    assert not set(acknowledged) - stored, f"acknowledged and lost: {sorted(set(acknowledged) - stored)[:5]}"
    return len(acknowledged)


def rest(shop):
    """Until nothing is left to be done but the schedule's next minute."""
    shop.wait("the end of each run", lambda: shop.sql("SELECT count(*) FROM runs WHERE state IN (1, 2)") == [(0,)], 60)
    shop.wait("the end of each mail", lambda: shop.sql("SELECT count(*) FROM messages WHERE state IN (1, 2)") == [(0,)], 60)


def again(table, where, **changes):
    """Doubles a row under a new id, with changes."""
    def tamper(connection):
        found = connection.execute(f"SELECT * FROM {table} WHERE {where} LIMIT 1")
        names = [column[0] for column in found.description]
        row = {**dict(zip(names, found.fetchone())), **changes}
        row["id"] = connection.execute(f"SELECT max(id) + 1 FROM {table}").fetchone()[0]
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    return tamper


# What a broken engine could have done, and the check that must see it.
TAMPERED = [
    ("a lost event", "events", "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events WHERE source = '/test')"),
    ("a lost run", "runs", "DELETE FROM runs WHERE id = (SELECT min(id) FROM runs WHERE moment = 'order')"),
    ("a run twice", "runs", again("runs", "moment = 'order'")),
    ("an emitted event's run twice", "runs", again("runs", "moment = 'seen'")),
    ("another outcome", "runs", "UPDATE runs SET outcome = outcome || '!' WHERE id = (SELECT max(id) FROM runs WHERE moment = 'order')"),
    ("another's event", "runs", "UPDATE runs SET outcome = replace(outcome, 'a+b+c', 'a+c+b') WHERE moment = 'order' AND outcome LIKE '%+%'"),
    ("a run that did not end", "runs", "UPDATE runs SET state = 4 WHERE id = (SELECT max(id) FROM runs WHERE moment = 'order')"),
    ("a lost minute", "schedule", "DELETE FROM runs WHERE moment = 'tick' AND outcome = ':minute'"),
    ("a minute twice", "schedule", again("runs", "moment = 'tick'")),
    ("a message twice", "once", again("messages", "template = 'first'", message_id="other")),
    ("a message of another step", "once", again("messages", "template = 'first'", step=99, message_id="other")),
    ("a lost message", "once", "DELETE FROM messages WHERE id = (SELECT max(id) FROM messages)"),
    ("an addition twice", "once", "UPDATE stored_values SET json = json + 1 WHERE moment = 'order' AND key = 'orders'"),
    ("a lost count", "once", "UPDATE points SET count = count - 1 WHERE series = (SELECT id FROM series WHERE metric = 'orders' LIMIT 1)"),
    ("a lost exposure", "once", "DELETE FROM exposures WHERE person = (SELECT min(person) FROM exposures)"),
    ("a mail that no row knows", "mails", "DELETE FROM messages WHERE state != 8 AND id = (SELECT min(id) FROM messages WHERE state != 8)"),
    ("a mail that was never sent", "mails", again("messages", "state = 3", message_id="never")),
]


def fails(check):
    try:
        check()
    except AssertionError:
        return True
    return False


def check_the_account(shop, checks, minute):
    """Each kind of harm is seen by the check that is there for it, and by nothing but the harm: the copy passes before."""
    other = copy.copy(shop)
    for number, (what, name, tamper) in enumerate(TAMPERED):
        other.db = os.path.join(shop.dir, f"tampered-{number}.db")
        with sqlite3.connect(shop.db) as source, sqlite3.connect(other.db) as connection:
            source.backup(connection)
        checks[name](other)
        if isinstance(tamper, str):
            connection.execute(tamper.replace(":minute", str(minute)))
        else:
            tamper(connection)
        assert connection.total_changes > 0, f"nothing was tampered with: {what}"
        connection.commit()
        connection.close()
        source.close()
        assert fails(lambda: checks[name](other)), f"the account does not see {what}"
    return len(TAMPERED)


def check_the_account_of_others(orders, shop, inbox, crashes):
    """The same of what the carrier and the mail server saw."""
    path = f"/label/{orders[0]}"
    Carrier.keys[path].append("another key")
    assert fails(lambda: check_calls(orders)), "the account does not see a call under two keys"
    Carrier.keys[path].pop()
    once = next(row[0] for row in shop.sql("SELECT message_id FROM messages WHERE attempts = 1"))
    for wrong in (2, 0):
        was, inbox.accepted[once] = inbox.accepted[once], wrong
        assert fails(lambda: check_mails(shop, inbox, crashes)), f"the account does not see a mail that was accepted {wrong} times"
        inbox.accepted[once] = was


def test_a_day():
    inbox, carrier = Inbox(), http.server.ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
    threading.Thread(target=carrier.serve_forever, daemon=True).start()
    server = Server(inbox)
    scripts = {**SCRIPTS, "../momentd.lua": "return { connections = { carrier = { url = 'http://127.0.0.1:%d', plain = true,"
                                            " private = true, attempts = 10 } } }" % carrier.server_port}
    with Shop(scripts, mail=server.url) as shop:
        shop.options["config"] = os.path.join(shop.dir, "momentd.lua")
        shop.start()
        begun, crashes = time.time(), Crashes(shop)
        threads = [Shopper(shop, number) for number in range(4)]
        for thread in threads:
            thread.start()
        trouble(shop, crashes)
        ended = time.time()
        for thread in threads:
            thread.running = False
        for thread in threads:
            thread.join()
        rest(shop)
        orders = [order for thread in threads for order in thread.orders]
        assert len(orders) > crashes.count, "there was no load"
        events = check_events(shop, threads)
        check_schedule(check_runs(shop, orders), begun, ended)
        check_once(shop, orders)
        calls = check_calls(orders)
        mails, doubled, given_up = check_mails(shop, inbox, crashes)
        print(f"{crashes.count} kills, {events} acknowledged events, {len(orders)} orders, {calls} calls for {len(orders)} labels, {mails} "
              f"mails; {doubled} accepted twice because the crash fell between acceptance and its record, {given_up} given up as unknown")
        assert shop.stop() == 0
        check_the_account_of_others(orders, shop, inbox, crashes)
        harms = check_the_account(shop, {
            "events": lambda at: check_events(at, threads), "runs": lambda at: check_runs(at, orders),
            "schedule": lambda at: check_schedule(check_runs(at, orders), begun, ended), "once": lambda at: check_once(at, orders),
            "mails": lambda at: check_mails(at, inbox, crashes)}, (int(begun // 60) + 1) * 60)
        print(f"{harms} copies of the database with one harm each: all were seen")
    server.stop()
    carrier.shutdown()


main(test_a_day)
