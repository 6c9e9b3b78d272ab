# SPDX-License-Identifier: Apache-2.0
"""A real momentd for end-to-end tests: started on a free port, spoken to over HTTP, killed, looked into."""
import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

MOMENTD = os.path.abspath(os.environ.get("MOMENTD", "build/dev/momentd"))
SOURCE = os.path.abspath(os.environ.get("MOMENTD_SOURCE", os.path.join(os.path.dirname(__file__), "../..")))
SLOW = 5 if os.environ.get("MOMENTD_SANITIZE") else 1  # sanitizers: how much longer things may take


class Shop:
    """A folder with scripts, a database, a folder for mail, and the daemon over them."""

    def __init__(self, scripts=None, **options):
        self.dir = tempfile.mkdtemp(prefix="momentd-test-")
        self.scripts = os.path.join(self.dir, "scripts")
        self.db = os.path.join(self.dir, "shop.db")
        self.mail = os.path.join(self.dir, "mail")
        self.log = os.path.join(self.dir, "log")
        self.options = {"delivery": "live", "mail": "file:" + self.mail, **options}
        self.daemon = None
        self.port = 0
        if scripts is None:
            shutil.copytree(os.path.join(SOURCE, "scripts"), self.scripts)
        else:
            self.write(scripts)

    def write(self, scripts):
        for path, text in scripts.items():
            full = os.path.join(self.scripts, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
        if kind is not None and os.path.exists(self.log):
            with open(self.log, encoding="utf-8", errors="replace") as file:
                sys.stderr.write("--- log of the daemon (end)\n" + file.read()[-6000:])
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        arguments = [MOMENTD, "run", "--db", self.db, "--scripts", self.scripts, "--listen", f"127.0.0.1:{self.port}"]
        for name, value in self.options.items():
            arguments += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
        self.daemon = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=open(self.log, "ab"))
        line = self.daemon.stdout.readline().decode()
        found = re.search(r"listening on http://[^:]+:(\d+)", line)
        assert found, f"the daemon said {line!r}: {self.text_log()[-3000:]}"
        self.port = int(found.group(1))
        return self

    def stop(self):
        """SIGTERM; answers the exit code."""
        self.daemon.send_signal(signal.SIGTERM)
        code = self.daemon.wait(timeout=60 * SLOW)
        self.daemon = None
        return code

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()
        self.daemon = None

    def text_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60 * SLOW)
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(text), answer
        except ValueError:
            return answer.status, text, answer

    def post(self, event, **headers):
        """One structured event; answers status and body."""
        body = json.dumps(event)
        status, answer, _ = self.request(
            "POST", "/v1/events", body, {"Content-Type": "application/cloudevents+json", **headers})
        return status, answer

    def event(self, kind, subject, data=None, **more):
        Shop.counter = getattr(Shop, "counter", 0) + 1
        event = {"specversion": "1.0", "id": f"t-{os.getpid()}-{Shop.counter}", "source": "/test", "type": kind,
                 "subject": subject, **more}
        if data is not None:
            event["data"] = data
        return event

    def send(self, kind, subject, data=None, **more):
        status, answer = self.post(self.event(kind, subject, data, **more))
        assert status == 202, (status, answer)
        return answer

    def momentd(self, *arguments, code=0, text=None):
        """Runs a command; answers its standard output."""
        done = subprocess.run([MOMENTD, *arguments], input=text, capture_output=True, text=True, timeout=120 * SLOW,
                              env={**os.environ, "MOMENTD_DB": self.db})
        assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr

    def rows(self, *arguments):
        """A command's --json lines."""
        return [json.loads(line) for line in self.momentd(*arguments, "--json").splitlines()]

    def sql(self, query, *values):
        connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def mails(self):
        """The .eml files, oldest first, as bytes."""
        if not os.path.isdir(self.mail):
            return []
        names = sorted(name for name in os.listdir(self.mail) if name.endswith(".eml"))
        return [open(os.path.join(self.mail, name), "rb").read() for name in names]

    def wait(self, what, condition, seconds=20):
        """Until the condition holds; answers what it answered."""
        end = time.time() + seconds * SLOW
        while True:
            answer = condition()
            if answer:
                return answer
            assert time.time() < end, f"waited {seconds * SLOW} s for {what}"
            time.sleep(0.02)


def moment(body, options="class = 'service', on = 'a'"):
    """A moment.lua with this run body."""
    return ("local moment = require 'moment'\n"
            f"return moment.define {{ {options}, run = function(m, event)\n{body}\nend }}\n")


PLAN = """local plan = require 'plan'
local other = { means = 'another one' }
return plan.define { person = { strong = { 'subject', 'data.email' } },
  events = { a = { means = 'a trigger', address = { email = 'data.email' }, typed = { ['data.name'] = 'name' } },
    b = other, ['c.d'] = other, go = other } }
"""

COPY = "---\nsubject: Hej {{n}}\npreview: p\n---\nNummer {{n}}\n"


def main(*tests):
    """Runs the tests, one line each; the exit code says whether all passed."""
    wanted = sys.argv[1:]
    failed = 0
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        begun = time.time()
        try:
            test()
            print(f"ok   {test.__name__} ({time.time() - begun:.1f} s)", flush=True)
        except Exception:  # every test is to be run
            import traceback
            failed += 1
            traceback.print_exc()
            print(f"FAIL {test.__name__}", flush=True)
    sys.exit(1 if failed else 0)
