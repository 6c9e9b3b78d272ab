#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=60 tsan=yes
"""docs/http-api.md to the letter: each curl block is run, and answers what the block after it says."""
import os
import re
import subprocess

from harness import SLOW, SOURCE, Shop, main


def blocks():
    with open(os.path.join(SOURCE, "docs/http-api.md"), encoding="utf-8") as file:
        return re.findall(r"```sh\n(.*?)```\n+(?:```text\n(.*?)```)?", file.read(), re.S)


def test_the_page_is_true():
    with Shop() as shop:
        shop.start()
        told = 0
        for script, answer in blocks():
            text = script.replace("127.0.0.1:8484", f"127.0.0.1:{shop.port}")
            done = subprocess.run(["bash", "-ec", text], capture_output=True, text=True, timeout=20 * SLOW, check=False)
            assert done.returncode == 0, (script, done.stderr)
            if answer:
                told += 1
                assert done.stdout.strip() == answer.strip(), (script, done.stdout, answer)
            else:
                assert done.stdout.count("200\n") == script.count("curl "), (script, done.stdout)
        assert told == 4 and len(blocks()) == 5, blocks()
        row = shop.rows("events", "--type", "order.placed")
        assert {event["id"] for event in row} == {"s1", "b1"} and all(event["person"] == "kunde-1" for event in row), row
        text = shop.momentd("why", "kunde-1")
        assert "given: email/marketing" in text and "withdrawn: email/*" in text, text


def test_a_wrong_consent_is_told():
    with Shop() as shop:
        shop.start()
        shop.send("consent.given", "ida", {"channel": "mail", "purpose": "marketing", "email": "ida@example.com"})
        text = shop.momentd("why", "ida")
        said = 'consent.given names the channel "mail", known are email, push, sms (did you mean "email"?): it is no consent'
        assert said in text and "  consent " not in text, text
        log = shop.text_log()
        assert "consent_unknown" in log and "the channel is none of email, push, sms" in log and '"mail"' not in log, log


main(test_the_page_is_true, test_a_wrong_consent_is_told)
