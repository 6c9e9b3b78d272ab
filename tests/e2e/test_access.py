#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=120 tsan=yes
"""Who may in: API keys, what each of them may send, and that no key is readable anywhere (A1, E3)."""
import json
import os
import re

from harness import PLAN, Shop, main, moment

SCRIPTS = {"events.lua": PLAN, "m/moment.lua": moment("return 'ran'")}


def key(shop, name, *options):
    text = shop.momentd("key", "add", name, *options).strip()
    assert re.fullmatch(r"mk_" + name + r"_[A-Za-z0-9_-]{40,}", text), text
    return text


def post(shop, secret, kind, **more):
    return shop.post(shop.event(kind, "ida", **more), **({"Authorization": f"Bearer {secret}"} if secret else {}))


def statuses(shop, secret, *kinds):
    return [post(shop, secret, kind)[0] for kind in kinds]


def test_without_keys():
    """On loopback all is allowed but what momentd itself makes."""
    with Shop(SCRIPTS) as shop:
        shop.start()
        assert statuses(shop, None, "a", "consent.given", "profile.updated", "password.reset_requested") == [202] * 4
        assert statuses(shop, None, "message.failed", "run.ended", "version.live", "channel.down") == [403] * 4
        assert statuses(shop, "mk_unknown_key", "a") == [202]


def test_keys():
    with Shop(SCRIPTS) as shop:
        shop.start()
        assert statuses(shop, None, "a") == [202]
        everything = key(shop, "everything")
        # From the first key on none goes in without one, at once.
        status, answer, raw = shop.request("POST", "/v1/events", json.dumps(shop.event("a", "ida")),
                                           {"Content-Type": "application/cloudevents+json"})
        assert status == 401 and raw.headers["WWW-Authenticate"].startswith("Bearer"), (status, answer)
        assert statuses(shop, everything, "a", "b") == [202, 202]
        assert statuses(shop, everything[:-1], "a") == [401]
        assert statuses(shop, everything + "x", "a") == [401]
        assert statuses(shop, "", "a") == [401]
        assert shop.post(shop.event("a", "ida"), Authorization=everything)[0] == 401
        assert shop.post(shop.event("a", "ida"), Authorization="Basic " + everything)[0] == 401
        assert shop.request("GET", "/healthz")[0] == 200 and shop.request("GET", "/readyz")[0] == 200
        # Delicate types need a key that names them, and reserved ones none may send.
        delicate = ("consent.given", "profile.updated", "password.reset_requested")
        reserved = ("message.failed", "run.ended", "version.live", "channel.down")
        assert statuses(shop, everything, *delicate, *reserved) == [403] * 7
        anything = key(shop, "anything", "--types", "*")
        assert statuses(shop, anything, "a", *delicate, *reserved) == [202] + [403] * 7
        named = key(shop, "named", "--types", "consent.*,profile.updated,message.*")
        assert statuses(shop, named, "consent.given", "consent.withdrawn", "profile.updated") == [202] * 3
        assert statuses(shop, named, "profile.deleted", "password.reset_requested", "message.failed", "a") == [403] * 4
        webshop = key(shop, "webshop", "--types", "order.*", "--source", "/webshop")
        assert statuses(shop, webshop, "order.placed", "order.cancelled") == [202, 202]
        assert statuses(shop, webshop, "orders.placed", "order", "a") == [403] * 3
        # It bears the key's source, whatever it says.
        post(shop, webshop, "order.placed", id="forced", source="/somebody-else")
        assert shop.sql("SELECT source FROM events WHERE id = 'forced'") == [("/webshop",)]
        # In a batch each event for itself.
        batch = [shop.event("order.placed", "ida"), shop.event("a", "ida"), shop.event("message.failed", "ida")]
        headers = {"Content-Type": "application/cloudevents-batch+json", "Authorization": f"Bearer {webshop}"}
        status, answer, _ = shop.request("POST", "/v1/events", json.dumps(batch), headers)
        assert status == 200 and [row["status"] for row in answer] == ["accepted", "refused", "refused"], answer
        other = key(shop, "reader", "--scopes", "metrics")
        assert statuses(shop, other, "a") == [403]
        check_list(shop)
        check_revoked(shop, everything, webshop, named, anything, other)


def check_list(shop):
    rows = {row["name"]: row for row in shop.rows("key", "list")}
    assert set(rows) == {"everything", "anything", "named", "webshop", "reader"}, rows
    assert rows["webshop"]["types"] == "order.*" and rows["webshop"]["source"] == "/webshop", rows
    assert rows["everything"]["scopes"] == "events" and rows["everything"]["revoked_at"] is None, rows
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", rows["webshop"]["created_at"]), rows
    assert "webshop" in shop.momentd("key", "list")


def check_revoked(shop, everything, webshop, *others):
    shop.momentd("key", "revoke", "webshop")
    assert statuses(shop, webshop, "order.placed") == [401]
    assert statuses(shop, everything, "a") == [202]
    assert [row["name"] for row in shop.rows("key", "list") if row["revoked_at"]] == ["webshop"]
    assert "webshop" in shop.momentd("key", "revoke", "webshop", code=1)
    assert "nobody" in shop.momentd("key", "revoke", "nobody", code=1)
    assert "everything" in shop.momentd("key", "add", "everything", code=1), "a name is taken once"
    assert "a-z" in shop.momentd("key", "add", "Über", code=1)
    secrets = [everything, webshop, *others]
    check_unreadable(shop, secrets)
    # In the next life they are the same.
    assert shop.stop() == 0
    shop.start()
    assert statuses(shop, everything, "a") == [202] and statuses(shop, webshop, "order.placed") == [401]
    check_unreadable(shop, secrets)
    # Without a daemon the command takes the database itself.
    assert shop.stop() == 0
    late = key(shop, "late")
    shop.momentd("key", "revoke", "everything")
    shop.start()
    assert statuses(shop, late, "a") == [202] and statuses(shop, everything, "a") == [401]


def check_unreadable(shop, secrets):
    """Neither a key nor its secret half is in any file of the shop: database, WAL, log, mail."""
    for folder, _, names in os.walk(shop.dir):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                text = file.read()
            for secret in secrets:
                assert secret.encode() not in text and secret[-20:].encode() not in text, path


def test_a_public_address_needs_a_key():
    with Shop(SCRIPTS) as shop:
        for where in ("0.0.0.0:0", "[::]:0"):
            text = shop.momentd("run", "--db", shop.db, "--scripts", shop.scripts, "--listen", where, code=1)
            assert "key add" in text and "loopback" in text, text


def test_the_admin_socket_is_private():
    with Shop(SCRIPTS) as shop:
        shop.start()
        found = [os.path.join(folder, name) for folder, folders, names in os.walk(shop.dir) for name in folders + names]
        modes = {path: os.lstat(path).st_mode & 0o777 for path in found}
        sockets = [path for path in found if os.path.exists(path) and os.lstat(path).st_mode & 0o170000 == 0o140000]
        assert len(sockets) == 1, found
        assert modes[os.path.dirname(sockets[0])] == 0o700, modes
        for path in (shop.db, shop.db + "-wal"):
            assert modes[path] == 0o600, (path, oct(modes[path]))


main(test_without_keys, test_keys, test_a_public_address_needs_a_key, test_the_admin_socket_is_private)
