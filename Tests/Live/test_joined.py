"""One table of several contexts: two clusters of kdash, one of them as somebody else's."""

from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)


def settings(name, value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"value": value}}


def row(screen, context, name):
    """The row of an object, whatever stands between."""
    return next((line for line in screen.text().split("\n") if context in line.split() and name in line.split()), None)


def narrow(screen, text):
    """Filters; waits until the text is there, so that it and Enter are no burst."""
    screen.press("/")
    screen.expect("filter:")
    screen.press("C-u")
    screen.type(text)
    screen.expect(f"filter: {text}")
    screen.press("Enter")
    screen.expect_gone("filter:")


def test_two_clusters_in_one_table(make_cluster, base, open_screen):
    home, other = make_cluster("home"), make_cluster("other")
    for one in (home, other):
        one.up("--no-merge")
    config = home.home / ".kube/config"
    config.parent.mkdir()
    config.write_text(other.kubeconfig.read_text().replace(": kdash", ": prod"))
    home.apply(settings("shared", "here"))
    other.apply(settings("shared", "there"))
    screen = open_screen(home, env=own_state(home, base))
    screen.expect("press c to write one")
    screen.press(":")
    screen.expect("Go to or run")
    screen.type("cm default")
    screen.expect("configmaps in default")
    screen.press("Enter")
    screen.expect("ConfigMaps", "shared")
    screen.press(":")
    screen.expect("Go to or run")
    screen.type("ctx kdash+prot")
    screen.expect("there is no such context; did you mean prod?")
    screen.press("Escape")
    screen.expect_gone("Go to or run")
    screen.press("t", "j")
    screen.expect("Contexts in one table", "prod")
    screen.press("Down", "Space", "Enter")
    screen.expect("ConfigMaps of 2 contexts", "CONTEXT")
    eventually(lambda: row(screen, "kdash", "shared") and row(screen, "prod", "shared"), what="the rows of both")
    # Changes come by each cluster's own watch.
    other.apply(settings("later", "there"))
    eventually(lambda: row(screen, "prod", "later") and not row(screen, "kdash", "later"), what="what the other cluster has now")
    # What is done to a row is done where it is: protected there, writable here.
    narrow(screen, "context:prod shared")
    screen.expect("PROTECTED", "1 of ")
    screen.press("D", "d")
    screen.expect("Unlock context prod?", "was not done")
    screen.press("Escape")
    screen.expect_gone("Unlock context prod?")
    screen.press("Escape")
    screen.expect("ConfigMaps of 2 contexts")
    screen.press("y")
    screen.expect("ConfigMap default/shared", "value: there", "PROTECTED")
    screen.press("Escape")
    screen.expect("ConfigMaps of 2 contexts")
    narrow(screen, "context:kdash shared")
    screen.expect("WRITABLE", "1 of ")
    screen.press("D", "d")
    screen.expect("Delete this ConfigMap?", "shared")
    screen.press("y")
    eventually(lambda: home.kubectl("get", "configmap", "shared", check=False).returncode != 0, what="its end here")
    assert other.get("configmap", "shared")["data"]["value"] == "there"
    # One that is stopped says so, the other goes on, and it comes back by itself.
    screen.press("t", "2")
    screen.expect("ConfigMaps of 2 contexts")
    screen.press("Escape")
    other.down()
    screen.expect("prod: ")
    home.apply(settings("meanwhile", "here"))
    eventually(lambda: row(screen, "kdash", "meanwhile"), what="a change in the cluster that is there")
    other.up("--no-merge")
    screen.expect_gone("prod: ")
    other.apply(settings("back", "there"))
    eventually(lambda: row(screen, "prod", "back"), what="the cluster that came back")
    # It comes back at the next start, as a place.
    screen.press("q")
    screen.expect("exit=0")
    again = open_screen(home, env={"XDG_STATE_HOME": str(base / "state")})
    again.expect("2 configmaps of 2", "WRITABLE")
    again.press("t", "2")
    again.expect("ConfigMaps of 2 contexts", "CONTEXT")
    eventually(lambda: row(again, "prod", "back") and row(again, "kdash", "meanwhile"), what="the rows at the next start")
    again.press("q")
    again.expect("exit=0")
