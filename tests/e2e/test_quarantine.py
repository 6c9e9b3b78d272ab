#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=120
"""What is held back, with the real binary: a turn that does not end and a turn in which the process is killed (S5), a
version that parks its runs (S6), and their release."""
import http.client
import os
import time

from harness import SLOW, Shop, main, moment

# The watchdog ends the process as it stands: no thread is joined then.
os.environ["TSAN_OPTIONS"] = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject' } } }
"""
# Comparing long texts is charged by the time that it takes (S3), so a heavy turn lasts half a second of CPU on any machine:
# longer than the limit, and the ordinary attempt before it, a tenth of that, does not.
BURN = ("local one, other = ('x'):rep(200000) .. 'y', ('x'):rep(200000) .. 'y'\n"
        "local equal = 0\nwhile true do if one == other then equal = equal + 1 end end")
SCRIPTS = {
    "events.lua": PLAN,
    "slow/moment.lua": moment(BURN, "class = 'service', on = 'slow'"),
    "calm/moment.lua": moment("local b = m:wait_for('b', { within = '1d' })\nreturn 'got ' .. b.type",
                              "class = 'service', on = 'a'"),
    "team/moment.lua": moment("return event.type .. ' ' .. event.data.moment .. ': ' .. event.data.message",
                              "class = 'service', on = { 'run.quarantined', 'version.stopped' }, again = 'parallel'"),
}
MENDED = {"slow/moment.lua": moment("return 'mended'", "class = 'service', on = 'slow'")}


def run_of(shop, name):
    return next((row for row in shop.rows("runs", "list") if row["moment"] == name), None)


def outcome(shop, name):
    return shop.wait(f"the run of {name}", lambda: (run_of(shop, name) or {}).get("outcome"))


def post_until_accepted(shop, event):
    """A busy machine may end even the first, short attempt: then the sender sends the event again, and its turn is held
    back already. Answers whether that was so."""
    ended = False
    while True:
        try:
            status, answer = shop.post(event)
            assert status in (200, 202), (status, answer)
            return ended
        except (OSError, http.client.HTTPException):
            assert shop.daemon.wait(timeout=30 * SLOW) == 70
            shop.start()
            ended = True


def check_held(shop):
    """The turn is held back and said to be; what it has nothing to do with goes on."""
    shop.wait("the parked run", lambda: run_of(shop, "slow")["state"] == "parked")
    assert "quarantined" in run_of(shop, "slow")["reason"], run_of(shop, "slow")
    held = [row for row in shop.rows("quarantine", "list") if row["kind"] == "turn"]
    assert len(held) == 1 and held[0]["moment"] == "slow" and "the process ended in" in held[0]["detail"], held
    text = shop.momentd("quarantine", "list")
    assert "turn" in text and "slow" in text and "the process ended in" in text, text
    error = next(row for row in shop.rows("status")[0]["errors"] if row["moment"] == "slow")
    assert "momentd quarantine redrive slow" in error["message"] and error["file"] is None, error
    assert "ERROR slow: a turn is held back" in shop.momentd("status"), shop.momentd("status")
    assert outcome(shop, "team").startswith("run.quarantined slow: the process ended in"), run_of(shop, "team")
    shop.send("b", "ida")
    assert outcome(shop, "calm") == "got b"


def check_redriven(shop):
    shop.write(MENDED)
    shop.momentd("reload")
    text = shop.momentd("quarantine", "redrive", "slow")
    assert text == "2 things of slow went on.\n", text  # the row, the run
    assert outcome(shop, "slow") == "mended"
    assert shop.momentd("quarantine", "list") == "Nothing is held back.\n"
    assert shop.rows("status")[0]["errors"] == []


def test_S5_the_watchdog_ends_a_turn_and_the_next_start_holds_it_back():
    with Shop(SCRIPTS, turn_limit="200ms") as shop:
        shop.start()
        shop.send("a", "ida")
        held = post_until_accepted(shop, shop.event("slow", "bo"))
        assert held or shop.daemon.wait(timeout=30 * SLOW) == 70
        assert "a turn does not end" in shop.text_log() and "moment=slow" in shop.text_log()
        if not held:
            shop.start()
        check_held(shop)
        assert len(shop.rows("events", "--type", "slow")) == 1, "the event is kept"
        check_redriven(shop)
        assert shop.stop() == 0


def kill_in_turn(shop):
    """In the heavy turn: the noted turn is active (the third word of the file)."""
    end = time.time() + 20 * SLOW
    while True:
        with open(shop.db + ".turn", "rb") as file:
            if file.read(20)[16:] == b"\1\0\0\0":
                break
        assert time.time() < end, "no turn is under way"
    shop.kill()


def test_S5_killed_twice_in_one_turn():
    with Shop(SCRIPTS, turn_limit="0s") as shop:
        shop.start()
        shop.send("a", "ida")
        shop.send("slow", "bo")
        kill_in_turn(shop)
        shop.start()
        kill_in_turn(shop)
        assert shop.momentd("quarantine", "list") == "Nothing is held back.\n", "once may be anyone's fault"
        shop.start()
        check_held(shop)
        check_redriven(shop)


def test_S6_a_version_that_parks_twenty_runs_is_stopped():
    scripts = {**SCRIPTS, "slow/moment.lua": moment("error('no such order')", "class = 'service', on = 'slow'")}
    with Shop(scripts) as shop:
        shop.start()
        for number in range(20):
            shop.send("slow", f"k{number}")
        assert outcome(shop, "team").startswith("version.stopped slow: 20 of 20 runs"), run_of(shop, "team")
        shop.kill()
        shop.start()
        shop.send("slow", "late")
        assert len([row for row in shop.rows("runs", "list") if row["moment"] == "slow"]) == 20
        row = shop.rows("events", "--unmatched")[0]
        assert row["moment"] == "slow" and row["reason"] == "error", row
        kinds = {row["kind"]: row["detail"] for row in shop.rows("quarantine", "list")}
        assert [row["live"] for row in shop.rows("quarantine", "list")] == [True, None]
        assert "not live" not in shop.momentd("quarantine", "list")
        assert "slow/moment.lua:3" in kinds["version"] and kinds["trigger"].startswith("1 event"), kinds
        error = next(row for row in shop.rows("status")[0]["errors"] if row["moment"] == "slow")
        assert error["message"].startswith("starts no more runs: 20 of 20"), error
        shop.write(MENDED)
        shop.momentd("reload")
        messages = [row["message"] for row in shop.rows("status")[0]["errors"]]
        assert not any("starts no more runs" in text for text in messages), messages
        assert [row["live"] for row in shop.rows("quarantine", "list")] == [False, None]
        assert "not live any more, so that nothing waits for it" in shop.momentd("quarantine", "list")
        assert shop.momentd("quarantine", "redrive", "slow") == "2 things of slow went on.\n"
        assert [row["person"] for row in shop.rows("runs", "list") if row["outcome"] == "mended"] == ["late"]
        assert os.path.exists(shop.db + ".turn") and shop.stop() == 0


main(test_S5_the_watchdog_ends_a_turn_and_the_next_start_holds_it_back, test_S5_killed_twice_in_one_turn,
     test_S6_a_version_that_parks_twenty_runs_is_stopped)
