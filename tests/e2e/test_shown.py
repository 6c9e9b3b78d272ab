#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""What strangers write reaches no terminal and no log as it is: controls, separators and what turns the direction of
writing are escaped wherever people read, and are exact in JSON (S9)."""
import json
import os
import re
import subprocess

from harness import MOMENTD, PLAN, SLOW, Shop, main, moment

# Not in ids and types: an escape character, which CloudEvents forbids there.
TURN = "x\u202ecod\u2066.\u2028y\u2029\u200f\ufeff"
WILD = TURN + "\x1b[2J\x9b31m\r\nmomentd: all is well\x07"
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")

SCRIPTS = {
    "events.lua": PLAN,
    "keeps/moment.lua": moment("m:set('k', event.data.word)\nm:log(event.data.word)\n"
                               "m:send { template = 'x', data = { n = event.data.word } }\n"
                               "m:wait_for('b', { within = '1d' })", "class = 'service', on = 'a', again = 'parallel'"),
    "keeps/x.da.md": "---\nsubject: Hej\npreview: p\n---\nNummer {{n}}\n",
    "throws/moment.lua": moment("error(event.data.word)", "class = 'service', on = 'a', again = 'parallel'"),
    "picky/moment.lua": moment("return 1", "class = 'service', on = 'a', where = function(e) error(e.data.word) end"),
    "ends/moment.lua": moment("return event.data.word", "class = 'service', on = 'a', again = 'parallel'"),
    "late/moment.lua": moment("return 1", "class = 'service', on = 'a', about = 'order'"),
}


def said(shop, *arguments):
    """Both streams of a command, which must show no character that acts."""
    done = subprocess.run([MOMENTD, *arguments], capture_output=True, timeout=120 * SLOW,
                          env={**os.environ, "MOMENTD_DB": shop.db})
    text = (done.stdout + done.stderr).decode()
    found = BAD.search(text)
    assert not found, f"{arguments}: {found} in {text!r}"
    return text


def test_people_and_logs_see_escapes():
    with Shop(SCRIPTS) as shop:
        shop.start()
        subject = "ida" + TURN
        shop.send("profile.updated", subject, {"email": "ida@example.com", "name": WILD})
        shop.send("a", subject, {"word": WILD, "email": "ida@example.com"}, id="e" + TURN, source="/s" + TURN)
        shop.send("unknown" + TURN, subject, {"word": WILD})
        shop.wait("the runs", lambda: len(shop.rows("runs", "list")) == 3 and shop.mails())
        status, answer, _ = shop.request("POST", "/v1/events", json.dumps(
            {"specversion": "1.0", "id": "1", "source": "/s", "type": "a", 'q"' + WILD: 1, "z" * 500: 2}),
            {"Content-Type": "application/cloudevents+json"})
        assert status == 400, answer
        assert 'attribute "q\\"x\\u202ecod\\u2066.\\u2028y' in answer["error"] and "z" * 41 not in answer["error"], answer
        runs, messages = shop.rows("runs", "list"), shop.rows("messages", "list")
        seen = []
        for run in runs:
            seen.append(said(shop, "runs", "show", str(run["id"])))
        for message in messages:
            seen.append(said(shop, "messages", "show", str(message["id"])))
        for words in (["runs", "list"], ["messages", "list"], ["events"], ["events", "--unmatched"], ["status"],
                      ["why", subject], ["people", "show", subject], ["quarantine", "list"], ["metrics", "list"],
                      ["why", "nobody" + WILD], ["people", "show", "nobody" + WILD], ["check", "dir" + WILD],
                      ["test", "dir" + WILD], ["com" + WILD], ["runs", WILD], ["runs", "list", "--" + WILD],
                      ["runs", "list", "--moment", WILD], ["run", "--db", "/nowhere/" + WILD], ["ingest", WILD],
                      ["run", "--config", WILD], ["stats", WILD], ["why", WILD, "--db", WILD],
                      ["event", "a", "--subject", WILD, "--id", "i" + TURN],
                      ["try", os.path.join(shop.scripts, "throws"), "--event", WILD]):
            seen.append(said(shop, *words))
        told = "".join(seen)
        assert told.count("\\u202e") > 30 and "\\x1b[2J" in told and "\\u2028" in told, told
        assert "\nmomentd: all is well" not in told
        log = shop.text_log()
        assert not BAD.search(log), repr(BAD.search(log))
        assert "\\u202e" in log and "\\x1b" in log, log
        # JSON is exact.
        ends = [run for run in runs if run["moment"] == "ends"]
        assert ends[0]["outcome"] == WILD, ends
        assert any(event["id"] == "e" + TURN for event in shop.rows("events"))
        assert shop.stop() == 0


def test_logs_in_json_are_json():
    with Shop(SCRIPTS, log_format="json") as shop:
        shop.start()
        shop.send("a", "ida", {"word": WILD + "\U000e0041"})
        shop.wait("the runs", lambda: len(shop.rows("runs", "list")) == 3)
        assert shop.stop() == 0
        lines = [json.loads(line) for line in shop.text_log().splitlines()]
        assert not BAD.search(shop.text_log())
        assert any(WILD in line.get("error", "") for line in lines), lines
        assert any(line["room"] == "script" and line["msg"] == WILD + "\U000e0041" for line in lines), lines


main(test_people_and_logs_see_escapes, test_logs_in_json_are_json)
