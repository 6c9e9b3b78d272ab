#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=60
"""What a spec that fails says first: its cause. And how a spec chooses the arm of an experiment, and gives consents."""
from harness import COPY, PLAN, Shop, main, moment

EXPERIMENT = """return require "experiment".define { name = "subject", moment = "m", coverage = 0,
  arms = { { "control", 0.5 }, { "friendly", 0.5 } } }
"""


def spec(*lines):
    return 'describe("m", function() it("works", function(shop)\n' + "\n".join(lines) + "\nend) end)\n"


def scripts(body, lines, options):
    return {"events.lua": PLAN, "m/x.da.md": COPY, "m/moment.lua": moment(body, options), "m/moment_spec.lua": spec(*lines),
            "experiments/subject.lua": EXPERIMENT}


def said(body, *lines, options="class = 'service', on = 'a'"):
    """The first thing that `momentd test` says of a spec that fails."""
    with Shop(scripts(body, lines, options)) as shop:
        return shop.momentd("test", shop.scripts, code=1).splitlines()[1].strip()


def passes(body, *lines, options="class = 'service', on = 'a'"):
    with Shop(scripts(body, lines, options)) as shop:
        assert "1 spec, 0 failed" in shop.momentd("test", shop.scripts)


def test_a_parked_run_is_the_first_thing_said():
    event = 'shop:event("a", { subject = "ida" })'
    for wanted in ('shop:expect_message { template = "x" }', 'shop:expect_outcome("sent")', 'shop:expect_run_state("done")',
                   'shop:expect_decision { sent = true }'):
        line = said("error('no such thing')", event, wanted)
        assert "; seen: run 1 is parked: m/moment.lua:3: no such thing" in line, line
    passes("error('no such thing')", event, 'shop:expect_run_state("parked")')


def test_a_run_that_was_never_started_says_why():
    body = "return 'done'"
    old = 'shop:event("a", { subject = "ida", time = "2026-01-03T08:00:00Z" })'
    cases = [('shop:event("a", {})', "about: the event does not lead to what the moment is about: it names no person"),
             ('shop:event("b", { subject = "ida" })', "nothing was sent that the moment starts on")]
    for event, why in cases:
        for wanted in ('shop:expect_outcome("done")', 'shop:expect_message { template = "x" }'):
            line = said(body, event, wanted)
            assert "; seen: no run was started: " + why in line, line
    line = said(body, old, 'shop:expect_run_state("done")')
    assert "max_age: " in line and "it was 49h old, the limit is 1d by the setting max_age" in line, line
    line = said(body, old, 'shop:expect_run_state("done")', options="class = 'service', on = 'a', max_age = '2h'")
    assert "it was 49h old, the limit is 2h by the moment's max_age" in line, line


def test_a_spec_chooses_the_arm():
    body, event = "return m:experiment('subject')", 'shop:event("a", { subject = "ida" })'
    passes(body, event, 'shop:expect_outcome("control")')
    passes(body, 'shop:arm("subject", "friendly")', event, 'shop:expect_outcome("friendly")')
    passes(body, 'shop:arm("subject", "friendly")', 'shop:arm("subject", "control")', event, 'shop:expect_outcome("control")')
    passes(body, 'shop:arm("subject", "friendly")', event, 'shop:arm("subject", "control")', event,
           'shop:expect_outcome("friendly")')  # who has an arm keeps it
    line = said(body, 'shop:arm("subjct", "friendly")')
    assert 'm/moment_spec.lua:2: shop:arm: there is no experiment "subjct" in experiments/; did you mean "subject"?' in line, line
    line = said(body, 'shop:arm("subject", "freindly")')
    assert 'the experiment "subject" has no arm "freindly"; did you mean "friendly"?' in line, line
    line = said(body, 'shop:arm("subject", "x")')
    assert 'has no arm "x"; there are: control, friendly' in line, line


def test_a_wrong_consent_fails_the_spec():
    cases = [("mail/marketing", 'shop:person: consent: channel "mail" is none of email, push, sms'),
             ("email/newsletter", 'shop:person: consent: purpose "newsletter" is none of feedback, marketing, tracking'),
             ("email", 'consent is a list of texts such as "email/marketing"')]
    for consent, wanted in cases:
        line = said("return 'done'", f'shop:person("ida", {{ consent = {{ "{consent}" }} }})')
        assert wanted in line and "m/moment_spec.lua:2: " in line, line


main(test_a_parked_run_is_the_first_thing_said, test_a_run_that_was_never_started_says_why, test_a_spec_chooses_the_arm,
     test_a_wrong_consent_fails_the_spec)
