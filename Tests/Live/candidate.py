"""A candidate of the Python client's leader election: says when it leads and when it does not any more. Arguments: identity, lock."""

import sys

from kubernetes import config
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

identity, name = sys.argv[1:]
config.load_kube_config()
leaderelection.LeaderElection(electionconfig.Config(
    ConfigMapLock(name, "default", identity), lease_duration=3, renew_deadline=2, retry_period=1,
    onstarted_leading=lambda: print("leads", flush=True), onstopped_leading=lambda: print("stopped", flush=True))).run()
