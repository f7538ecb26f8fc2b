"""The editor in a real terminal: what the server knows while one types, the user's own editor, files, and both sides of a conflict."""

import json
import os

import custom_definitions
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

CRONTAB = f"""apiVersion: {custom_definitions.GROUP}/v1
kind: CronTab
metadata:
  name: typed
spec:
  cronSpec: "*/5"
  feel"""


def settings(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def browse(one, base, open_screen, **options):
    """A screen in Browse, with the YAML pane zoomed."""
    screen = open_screen(one, "-n", "default", env={**own_state(one, base), **options.pop("env", {})}, **options)
    screen.expect("BROWSE", "default")
    screen.press("4", "z")
    return screen


def open_for_editing(screen, name):
    """Opens a ConfigMap in Browse with a text that may be changed."""
    screen.press("o")
    screen.expect("open KIND")
    screen.press("C-u")
    screen.type(f"cm/default/{name}")
    screen.expect(f"cm/default/{name}")
    screen.press("Enter")
    screen.expect("key: before")
    screen.press("e")
    screen.expect("TYPE")
    screen.press("Escape")
    screen.expect("BROWSE")


def test_a_kind_that_somebody_defined_is_completed_explained_and_checked(shared, base, open_screen):
    shared.apply(custom_definitions.crontab())
    eventually(lambda: shared.kubectl("get", "crontabs", "-n", "default", check=False).returncode == 0, what="the kind is served")
    screen = browse(shared, base, open_screen)
    screen.press("c")
    screen.expect("TYPE")
    screen.paste(CRONTAB)
    screen.expect("feeling")
    screen.press("Tab")
    screen.type("Gre")
    screen.expect("Great")
    screen.press("Tab")
    # The pattern is the server's to check.
    screen.expect("spec.cronSpec", "should match")
    screen.press("F3")
    screen.expect("spec.feeling", "one of Great, Down")


def test_another_editor_changes_the_text_and_it_comes_back(shared, base, open_screen):
    shared.apply(settings("edited", key="before"))
    program = base / "editor"
    program.write_text("#!/bin/sh\nsed -i s/before/after/ \"$1\"\nread line < /dev/tty\n")
    program.chmod(0o755)
    screen = browse(shared, base, open_screen, env={"EDITOR": str(program), "VISUAL": ""})
    open_for_editing(screen, "edited")
    screen.press("E")
    eventually(lambda: screen.state("#{alternate_on}") == "0", what="the terminal is the editor's")
    screen.press("Enter")
    screen.expect("key: after", "server accepts")
    screen.press("u")
    screen.expect("key: before")


def test_both_sides_of_a_conflict_stay_until_one_is_chosen(shared, base, open_screen):
    # Without kubectl's annotation, which would be a second place.
    shared.kubectl("create", "-f", "-", stdin=json.dumps(settings("contested", key="before")))
    screen = browse(shared, base, open_screen)
    open_for_editing(screen, "contested")
    screen.press("R")
    screen.expect("replace (")
    screen.type("before")
    screen.press("Enter")
    screen.expect("by:")
    screen.type("mine")
    screen.press("Enter")
    screen.expect("y yes")
    screen.press("a")
    screen.expect("key: mine")
    shared.kubectl("replace", "-f", "-", stdin=json.dumps(settings("contested", key="theirs")))
    screen.expect("changed in the cluster")
    screen.press("m")
    screen.expect("<<<<<<< mine", "key: mine", "key: theirs", ">>>>>>> cluster")
    screen.press("M", "c")
    screen.expect("every place is settled", "key: theirs")
    screen.expect_gone("key: mine")


def test_a_file_is_applied_and_saved_back(shared, base, open_screen):
    folder = base / "manifests"
    folder.mkdir()
    path = folder / "two.yaml"
    path.write_text("# kept\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: first\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: second\n")
    os.chmod(path, 0o640)
    screen = browse(shared, base, open_screen)
    screen.press("g", "o")
    screen.expect("open a file")
    screen.type(str(folder / "tw"))
    screen.expect(str(folder / "tw"))
    screen.press("Tab")
    screen.expect("two.yaml")
    screen.press("Enter")
    screen.expect("2 documents", "# kept")
    screen.press("a")
    screen.expect("2 objects are created")
    screen.press("y")
    eventually(lambda: {"first", "second"} <= set(shared.kubectl("get", "cm", "-n", "default", "-o", "name").replace("configmap/", "").split()), what="both are there")
    screen.press("e")
    screen.expect("TYPE")
    screen.type("# more ")
    screen.press("C-s")
    eventually(lambda: path.read_text().startswith("# more # kept\n"), what="the file is saved")
    assert path.stat().st_mode & 0o777 == 0o640
