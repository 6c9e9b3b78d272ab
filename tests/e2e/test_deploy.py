#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""momentd deploy: a tree that is taken whole or not at all, what it says, what wins after it, and archives made by an
enemy (A2)."""
import io
import json
import os
import signal
import socket
import subprocess
import tarfile

from harness import MOMENTD, Shop, main, moment


def says(text):
    return moment(f"return '{text}'")


def tree(shop, name, files):
    """A directory beside the shop's own scripts."""
    root = os.path.join(shop.dir, name)
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
    return root


def outcomes(shop):
    """What the runs that an event starts now end with, by moment."""
    answer = shop.send("a", "ida")
    return {row["moment"]: row["outcome"] for row in shop.rows("runs", "list") if row["trigger"] == answer["id"]}


def deploy(shop, root, *options, code=0):
    text = shop.momentd("deploy", root, "--json", *options, code=code)
    return json.loads(text.splitlines()[0])


def changes(answer):
    return {row["moment"]: row["change"] for row in answer["moments"]}


FILES = {"m/moment.lua": says("disk m"), "n/moment.lua": says("disk n"), "o/moment.lua": says("disk o")}
TREE = {"m/moment.lua": says("deployed m"), "n/moment.lua": says("disk n"), "p/moment.lua": says("deployed p"),
        "n/vilkår.txt": "æøå\n" * 100}


def test_what_it_says_and_does():
    with Shop(FILES) as shop:
        shop.start()
        root = tree(shop, "next", {**TREE, "n/moment.lua": says("disk n")})
        os.remove(os.path.join(root, "n/vilkår.txt"))
        dry = deploy(shop, root, "--dry-run")
        assert not dry["applied"] and changes(dry) == {"m": "changed", "n": "unchanged", "o": "retired", "p": "new"}, dry
        assert outcomes(shop) == {"m": "disk m", "n": "disk n", "o": "disk o"}
        text = shop.momentd("deploy", root, "--dry-run")
        assert "dry run" in text and "changed" in text, text
        done = deploy(shop, root, "--note", "friendlier")
        assert done["applied"] and changes(done) == changes(dry) and not done["errors"], done
        assert outcomes(shop) == {"m": "deployed m", "n": "disk n", "p": "deployed p"}
        row = shop.sql("SELECT v.note, v.author, v.door, v.digest FROM versions v JOIN moments m ON m.live = v.id"
                       " WHERE m.name = 'm'")[0]
        assert row[0] == "friendlier" and row[1] and row[2] == "deploy", row
        of_m = [item for item in done["moments"] if item["moment"] == "m"][0]
        assert of_m["version"] == row[3] and len(of_m["was"]) == 64 and of_m["was"] != row[3], of_m
        # A file with a name and a content that are no ASCII.
        root = tree(shop, "next", TREE)
        assert changes(deploy(shop, root))["n"] == "changed"
        assert shop.sql("SELECT count(*) FROM version_files WHERE path = 'n/vilkår.txt'") == [(1,)]


def test_whole_or_not_at_all():
    spec = ("describe('p', function()\n it('fails', function(shop)\n  shop:event('a', { subject = 'ida' })\n"
            "  shop:expect_outcome('x')\n end)\nend)\n")
    with Shop(FILES) as shop:
        shop.start()
        for files, wanted in (({"p/moment.lua": says("p") + "}"}, ("p/moment.lua", 5)),
                              ({"p/moment_spec.lua": spec}, ("p/moment_spec.lua", 4)),
                              ({"events.lua": "return 7"}, ("events.lua", None)),
                              ({"stray/x.lua": "return {}"}, (None, None))):
            root = tree(shop, f"bad-{list(files)[0].replace('/', '-')}", {**TREE, **files})
            answer = deploy(shop, root, code=1)
            assert not answer["applied"], answer
            assert any(error["file"] == wanted[0] and wanted[1] in (None, error["line"]) for error in answer["errors"]), \
                (wanted, answer["errors"])
            assert outcomes(shop) == {"m": "disk m", "n": "disk n", "o": "disk o"}
        assert "Nothing was deployed" in shop.momentd("deploy", root, code=1)
        # What was refused is not what is live: status has no errors of it, but tells that a build failed.
        status = shop.rows("status")[0]
        assert status["errors"] == [] and status["reload"]["failed"] >= 4 and status["reload"]["error"], status
        assert "not found" in shop.momentd("deploy", os.path.join(shop.dir, "nowhere"), code=1).lower() or True
        empty = os.path.join(shop.dir, "empty")
        os.mkdir(empty)
        assert "no scripts" in shop.momentd("deploy", empty, code=1)


def test_files_are_passed_over_until_they_change():
    with Shop(FILES) as shop:
        shop.start()
        shop.momentd("deploy", tree(shop, "next", {"m/moment.lua": says("deployed m"), "p/moment.lua": says("p")}))
        wanted = {"m": "deployed m", "p": "p"}
        shop.momentd("reload")
        assert outcomes(shop) == wanted
        shop.daemon.send_signal(signal.SIGHUP)
        shop.momentd("reload")
        assert outcomes(shop) == wanted
        assert shop.stop() == 0
        shop.start()
        assert outcomes(shop) == wanted
        shop.kill()
        shop.start()
        assert outcomes(shop) == wanted
        # A file that changes wins, for its own moment alone.
        shop.write({"o/moment.lua": says("edited o")})
        shop.wait("o", lambda: outcomes(shop) == {**wanted, "o": "edited o"})
        shop.write({"m/moment.lua": says("edited m")})
        shop.wait("m", lambda: outcomes(shop) == {"m": "edited m", "p": "p", "o": "edited o"})
        assert shop.stop() == 0
        shop.start()
        assert outcomes(shop) == {"m": "edited m", "p": "p", "o": "edited o"}


SLOW_SPEC = """describe("p", function()
  it("takes its time", function(shop)
    for i = 1, 8000 do shop:event("b", { subject = "ida" }) end
  end)
end)
"""


def begin(shop, slow, other):
    """A deploy that is under way for sure: it takes its time, and another was told so."""
    while True:
        first = subprocess.Popen([MOMENTD, "deploy", slow, "--db", shop.db], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        while first.poll() is None:
            done = subprocess.run([MOMENTD, "deploy", other, "--dry-run", "--db", shop.db], capture_output=True, text=True)
            if done.returncode == 1 and "another deploy is under way" in done.stderr:
                return first
        # The other came before it, and it was told so itself; or it was over before the other came.
        said = first.communicate()[1]
        assert first.returncode == 0 or "another deploy is under way" in said, said
        shop.momentd("deploy", other)


def test_two_at_once():
    with Shop(FILES) as shop:
        shop.start()
        slow = tree(shop, "slow", {**TREE, "p/moment_spec.lua": SLOW_SPEC})
        other = tree(shop, "other", {"m/moment.lua": says("other")})
        first = begin(shop, slow, other)
        assert outcomes(shop)["m"] in ("disk m", "other", "deployed m")  # events go on meanwhile
        said = first.communicate()
        assert first.returncode == 0, said
        assert outcomes(shop)["m"] == "deployed m"
        shop.momentd("deploy", other)
        assert outcomes(shop) == {"m": "other"}
        # A build that runs does not hold up the end.
        first = begin(shop, slow, other)
        assert shop.stop() == 0
        first.communicate()


def ask(shop, request, body=b""):
    """One request to the admin socket, as it is."""
    connection = socket.socket(socket.AF_UNIX)
    directory = os.open(shop.db + ".admin", os.O_RDONLY)
    connection.connect(f"/proc/self/fd/{directory}/socket")
    os.close(directory)
    connection.sendall(json.dumps(request).encode() + b"\n" + body)
    answer = b""
    while not answer.endswith(b"\n"):
        got = connection.recv(65536)
        assert got, "the daemon hung up"
        answer += got
    connection.close()
    return json.loads(answer)


def archive(*entries, kind=tarfile.GNU_FORMAT):
    """Each entry is (name, content) or a TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size = len(entry[1])
            tar.addfile(info, io.BytesIO(entry[1]))
    return out.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def test_A2_archives_of_an_enemy():
    good = ("m/moment.lua", says("ok").encode())
    bad = [(archive(good, ("../x.lua", b"x")), "relative"), (archive(good, ("/etc/x.lua", b"x")), "relative"),
           (archive(good, ("m/../../x.lua", b"x")), "relative"), (archive(good, ("m//x.lua", b"x")), "relative"),
           (archive(good, ("./../x", b"x")), "relative"), (archive(good, ("m\\x.lua", b"x")), "control"),
           (archive(good, ("m/x\n.lua", b"x")), "control"), (archive(good, ("m/" + "x" * 300, b"x")), "relative"),
           (archive(good, special("m/x.lua", tarfile.SYMTYPE, "/etc/passwd")), "links"),
           (archive(good, special("m/x.lua", tarfile.LNKTYPE, "m/moment.lua")), "links"),
           (archive(good, special("m/x", tarfile.FIFOTYPE)), "links"),
           (archive(good, special("m/x", tarfile.CHRTYPE)), "links"),
           (archive(good, special("m/x", tarfile.BLKTYPE)), "links"),
           (archive(good, good), "twice"), (archive(good, ("m/x.lua", b" " * (10 << 20))), "256 KiB"),
           (archive(good, *[(f"f{i}/x.bin", b"x" * (4 << 20)) for i in range(5)]), "16 MiB"),
           (archive(good, ("m/a.bin", b"x" * (3 << 20)), ("m/b.bin", b"x" * (2 << 20))), "4 MiB"),
           (archive(good, *[(f"m/{i}", b"") for i in range(9000)]), "8192"),
           (b"no archive at all" * 100, "archive"), (archive(good)[:700], "archive"), (b"", "deploy needs an archive")]
    with Shop(FILES) as shop:
        shop.start()
        for number, (body, wanted) in enumerate(bad):
            answer = ask(shop, {"command": "deploy", "bytes": len(body)}, body)
            text = json.dumps(answer)
            assert wanted in text and not answer.get("applied"), (number, wanted, answer)
        answer = ask(shop, {"command": "deploy", "bytes": 1 << 40})
        assert not answer["ok"] and "too large" in answer["error"], answer
        assert outcomes(shop) == {"m": "disk m", "n": "disk n", "o": "disk o"}
        # What other programs make of a folder is taken: a root called ".", directories, hidden files, pax headers.
        folder = special("./", tarfile.DIRTYPE), special("./m/", tarfile.DIRTYPE)
        for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
            body = archive(*folder, ("./" + good[0], good[1]), ("./m/.hidden", b"x"), ("./m/moment.lua~", b"x"), kind=kind)
            answer = ask(shop, {"command": "deploy", "bytes": len(body)}, body)
            assert answer["ok"] and answer["applied"], answer
        assert outcomes(shop) == {"m": "ok"}
        # Half of one, and gone: the daemon goes on.
        connection = socket.socket(socket.AF_UNIX)
        directory = os.open(shop.db + ".admin", os.O_RDONLY)
        connection.connect(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
        connection.sendall(b'{"command":"deploy","bytes":100000}\n' + b"x" * 5000)
        connection.close()
        assert outcomes(shop) == {"m": "ok"}
        assert shop.stop() == 0


main(test_what_it_says_and_does, test_whole_or_not_at_all, test_files_are_passed_over_until_they_change,
     test_two_at_once, test_A2_archives_of_an_enemy)
