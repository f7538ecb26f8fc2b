"""cgroup v2 and power cuts, in a virtual machine."""

import json
import shutil

import pytest

from guest import Boots, on_a_sound_kernel

START = """
set -e
kdash up --data-dir /data/kdash --no-merge
export KUBECONFIG=/data/kdash/kubeconfig
kdash image import-host --data-dir /data/kdash /bin/busybox
fail() { echo "GUEST failed: $1"; tail -n 40 /data/kdash/daemon.log; exit 1; }
phase() { for attempt in $(seq 1 300); do [ "$(kubectl get pod $1 -o jsonpath={.status.phase})" = $2 ] && return 0; usleep 200000; done; kubectl describe pod $1; fail "$1 is not $2"; }
"""

POD = """
kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  restartPolicy: POLICY
  terminationGracePeriodSeconds: 1
  containers:
  - {name: main, image: "host/busybox:latest", command: [sh, -c, 'COMMAND'], resources: {limits: LIMITS}}
END
"""


def pod(name, command, limits="{}", policy="Never"):
    return POD.replace("NAME", name).replace("COMMAND", command).replace("LIMITS", limits).replace("POLICY", policy)


@pytest.fixture
def boot(base, kubectl):
    boots = Boots(base, kubectl)
    yield boots
    boots.close()


@on_a_sound_kernel
def test_limits_and_readoption_on_cgroup_v2(boot):
    script = START + pod("burner", "while :; do :; done", "{cpu: 250m}") + pod("eater", "x=a; while :; do x=\\$x\\$x; done", "{memory: 24Mi}") + """
phase burner Running
group=$(find /sys/fs/cgroup/kdash-* -path '*kubepods*' -name cpu.max -exec grep -l '25000 100000' {} + | head -n 1)
[ -n "$group" ] || fail "no cgroup with cpu.max 25000 100000"
dir=$(dirname $group)
before=$(sed -n 's/usage_usec //p' $dir/cpu.stat); start=$(cut -d' ' -f1 /proc/uptime)
for tick in $(seq 1 100); do usleep 100000; done
after=$(sed -n 's/usage_usec //p' $dir/cpu.stat); end=$(cut -d' ' -f1 /proc/uptime)
echo "GUEST usage $before $after $start $end"
phase eater Failed
echo "GUEST eater $(kubectl get pod eater -o jsonpath='{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}')"
first=$(kubectl get pod burner -o jsonpath='{.status.containerStatuses[0].containerID}')
kill -9 $(cat /data/kdash/lock)
kdash up --data-dir /data/kdash --no-merge
second=$(kubectl get pod burner -o jsonpath='{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}')
echo "GUEST adopted $first / $second"
kdash down --purge --data-dir /data/kdash
echo "GUEST cgroups left: $(ls -d /sys/fs/cgroup/kdash-* 2>/dev/null | wc -l)"
"""
    guest = boot(script)
    guest.finish(within=400)
    assert not guest.has("GUEST failed"), "\n".join(guest.lines[-80:])
    before, after, start, end = map(float, guest.expect("GUEST usage").split()[2:])
    rate = (after - before) / 1e6 / (end - start)
    assert abs(rate - 0.25) <= 0.0125, f"{rate:.4f} CPU-seconds per second under emulation"
    assert guest.expect("GUEST eater").split()[2:] == ["OOMKilled", "137"]
    first, _, second, restarts = guest.expect("GUEST adopted").split()[2:]
    assert first == second and restarts == "0"
    assert guest.expect("GUEST cgroups left").endswith(": 0")


WRITERS = START + """
for worker in $(seq 1 4); do
  ( number=0; while :; do number=$((number + 1)); kubectl create configmap w$worker-$number -o name && echo "GUEST wrote w$worker-$number $(kubectl get configmap w$worker-$number -o jsonpath={.metadata.resourceVersion})"; done ) &
done
wait
"""

CHECK = """
kdash up --data-dir /data/kdash --no-merge
export KUBECONFIG=/data/kdash/kubeconfig
kubectl get configmaps -o jsonpath='{range .items[*]}GUEST kept {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'
kubectl create configmap after -o jsonpath='GUEST next {.metadata.resourceVersion}{"\\n"}'
"""


@on_a_sound_kernel
def test_a_power_cut_loses_nothing_acknowledged(boot):
    guest = boot(WRITERS)
    guest.expect("GUEST wrote", within=300, times=12)
    guest.cut_power()
    written = {line.split()[2]: int(line.split()[3]) for line in guest.has("GUEST wrote") if len(line.split()) == 4}
    again = boot(CHECK)
    again.finish(within=300)
    kept = {line.split()[2]: int(line.split()[3]) for line in again.has("GUEST kept")}
    missing = {name for name, revision in written.items() if kept.get(name) != revision}
    assert not missing, f"acknowledged but gone after the power cut: {missing}"
    assert int(again.expect("GUEST next").split()[2]) > max(kept.values())


POLICIES = ["Always", "OnFailure", "Never"]
WORK = "echo one; echo in boot \\$(cat /proc/sys/kernel/random/boot_id); exec sleep 100000"

AFTER = """
kdash up --data-dir /data/kdash --no-merge
export KUBECONFIG=/data/kdash/kubeconfig
wait_for() { for attempt in $(seq 1 300); do [ "$(kubectl get pod $1 -o jsonpath="$2")" = "$3" ] && return 0; usleep 200000; done; kubectl describe pod $1; tail -n 40 /data/kdash/daemon.log; echo "GUEST failed: $1 $2 is not $3"; exit 1; }
for name in always onfailure; do
  wait_for $name '{.status.containerStatuses[0].restartCount}' 1
  wait_for $name '{.status.phase}' Running
  wait_for $name '{.status.containerStatuses[0].ready}' true
done
wait_for never '{.status.phase}' Failed
for name in always onfailure never; do
  echo "GUEST uid $name $(kubectl get pod $name -o jsonpath='{.metadata.uid}')"
  kubectl logs $name | sed "s/^/GUEST now $name: /"
done
for name in always onfailure; do
  kubectl logs $name --previous | sed "s/^/GUEST previous $name: /"
  echo "GUEST ended $name $(kubectl get pod $name -o jsonpath='{.status.containerStatuses[0].lastState.terminated.reason} {.status.containerStatuses[0].lastState.terminated.exitCode}')"
done
echo "GUEST reason $(kubectl get pod never -o jsonpath='{.status.reason}')"
kubectl exec always -- sh -c 'echo GUEST exec works'
"""


@on_a_sound_kernel
def test_pods_return_after_a_power_cut_by_their_policy_with_their_logs(boot):
    script = START + "".join(pod(policy.lower(), WORK, policy=policy) for policy in POLICIES)
    for name in map(str.lower, POLICIES):
        script += f"phase {name} Running\n"
        script += f'until [ "$(kubectl logs {name} | wc -l)" = 2 ]; do usleep 200000; done\n'
        script += f'kubectl logs {name} | sed "s/^/GUEST first {name}: /"\n'
        script += f"echo \"GUEST was {name} $(kubectl get pod {name} -o jsonpath='{{.metadata.uid}}')\"\n"
    guest = boot(script + "sync; echo GUEST synced; sleep 1000\n")
    guest.expect("GUEST synced", within=400)
    guest.cut_power()
    again = boot(AFTER)
    again.finish(within=400)
    assert not again.has("GUEST failed"), "\n".join(again.lines[-80:])

    def printed(machine, mark, name):
        return [line.split(": ", 1)[1] for line in machine.has(f"GUEST {mark} {name}: ")]

    for name in map(str.lower, POLICIES):
        first = printed(guest, "first", name)
        assert first[0] == "one" and first[1].startswith("in boot ") and len(first) == 2
        assert guest.expect(f"GUEST was {name} ").split()[-1] == again.expect(f"GUEST uid {name} ").split()[-1], "the same pod"
        if name == "never":
            assert printed(again, "now", name) == first, "its log stays readable"
            continue
        assert printed(again, "previous", name) == first
        now = printed(again, "now", name)
        assert now[0] == "one" and len(now) == 2 and now[1] != first[1]
        assert again.expect(f"GUEST ended {name}").split()[-2:] == ["ContainerStatusUnknown", "137"]
    assert again.expect("GUEST reason").split()[-1] == "NodeShutdown"
    assert again.has("GUEST exec works")


# What goes wrong with a machine rather than with a program: its clock, its disk, its cgroups.
FAULTS = """
mkdir -p /data/kdash
echo 'evictionDiskMiB: 0' > /data/kdash/config.yaml
""" + START + pod("steady", "while :; do echo beat; sleep 1; done", policy="Always") + """
state() { kubectl get pod steady -o jsonpath='{.metadata.uid} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount} {.status.phase}'; }
phase steady Running
echo "GUEST at first $(state)"
code() { phase $1 Failed; echo "GUEST code $1 $(kubectl get pod $1 -o jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}')"; }

for jump in 7200 -14400 7200; do
  date -s @$(($(date +%s) + jump)) > /dev/null
  number=$((number + 1))
""" + pod("clock-$number", "exit 3") + """
  code clock-$number
done
echo "GUEST after jumps $(state)"

dd if=/dev/zero of=/data/fill bs=1M 2> /dev/null || true
dd if=/dev/zero of=/data/fill2 bs=1k 2> /dev/null || true
number=0
while [ $number -lt 40 ] && kubectl create configmap big-$number --from-literal=x=$(head -c 60000 /dev/zero | tr '\\0' x) > /dev/null 2> /tmp/refusal; do number=$((number + 1)); done
echo "GUEST refusal $(tr '\\n' ' ' < /tmp/refusal)"
[ "$(kubectl get configmaps -o name | grep -c big-)" = $number ] || fail "an object that was refused is there"
rm /data/fill /data/fill2
for attempt in $(seq 1 50); do kubectl create configmap room > /dev/null 2>&1 && break; usleep 200000; done
kubectl get configmap room -o name | sed 's/^/GUEST made /'
""" + pod("disk", "exit 4") + """
code disk
echo "GUEST after full disk $(state)"

umount /sys/fs/cgroup || fail "the cgroup mount is busy"
""" + pod("cgroups", "exit 5") + """
reason() { kubectl get pod cgroups -o jsonpath='{.status.containerStatuses[0].state.waiting.message}'; }
for attempt in $(seq 1 100); do [ -n "$(reason)" ] && break; usleep 200000; done
echo "GUEST reason $(reason)"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
code cgroups
echo "GUEST after cgroups $(state)"
kdash down --purge --data-dir /data/kdash
echo "GUEST left: $(ls -d /sys/fs/cgroup/kdash-* 2>/dev/null | wc -l) $(ps | grep -c '[k]dash-node')"
"""


@on_a_sound_kernel
def test_a_machine_whose_clock_jumps_whose_disk_fills_and_whose_cgroups_go_loses_no_pod(boot):
    guest = boot(FAULTS)
    guest.finish(within=600)
    assert not guest.has("GUEST failed"), "\n".join(guest.lines[-80:])
    first = guest.expect("GUEST at first").split("first ")[1]
    assert first.endswith(" 0 Running")
    for moment in ("jumps", "full disk", "cgroups"):
        assert guest.expect(f"GUEST after {moment}").split(f"{moment} ")[1] == first, "the same container of the same pod"
    codes = {line.split()[2]: line.split()[3] for line in guest.has("GUEST code ")}
    assert codes == {"clock-1": "3", "clock-2": "3", "clock-3": "3", "disk": "4", "cgroups": "5"}
    assert "no space left for /data/kdash/store.db" in guest.expect("GUEST refusal")
    assert guest.has("GUEST made configmap/room")
    assert "cgroup" in guest.expect("GUEST reason ")
    assert guest.expect("GUEST left").endswith(": 0 0")


@on_a_sound_kernel
def test_users_of_a_pods_own_on_cgroup_v2_and_an_older_kernel(boot):
    mapped = pod("mapped", "id -u; cat /proc/self/uid_map; touch /new; stat -c %u:%g /new /dev/pts; cat /proc/self/cgroup; sleep 1000").replace("spec:\n", "spec:\n  hostUsers: false\n", 1)
    script = START + mapped + """
phase mapped Running
for attempt in $(seq 1 100); do kubectl logs mapped | grep -q 0::/ && break; usleep 200000; done
echo "GUEST inside $(kubectl logs mapped | tr '\\n' ' ' | tr -s ' ')"
echo "GUEST exec $(kubectl exec mapped -- sh -c 'cat /proc/self/uid_map; touch /exec; stat -c %u:%g /exec' | tr '\\n' ' ' | tr -s ' ')"
echo "GUEST owner $(stat -c %u:%g /data/kdash/pods/*/containers/main/0/upper/new)"
kdash down --purge --data-dir /data/kdash
"""
    guest = boot(script)
    guest.finish(within=400)
    assert not guest.has("GUEST failed"), "\n".join(guest.lines[-80:])
    inside = guest.expect("GUEST inside").split()[2:]
    assert inside[:2] == ["0", "0"] and int(inside[2]) >= 65536 and inside[3:6] == ["65536", "0:0", "0:0"] and inside[6] == "0::/", inside
    assert guest.expect("GUEST exec").split()[2:] == ["0", inside[2], "65536", "0:0"]
    assert guest.expect("GUEST owner").split()[2:] == ["0:0"]


# A profile that this test loads, and kdash's own; what each container may do is asked from inside.
CONFINED = """
export PATH=$PATH:/usr/sbin:/sbin
mount -t securityfs securityfs /sys/kernel/security
apparmor_parser --replace --skip-cache <<END
profile only-read flags=(attach_disconnected) {
  file,
  deny /forbidden w,
  signal (receive) peer=unconfined,
}
END
""" + START + "".join(
    pod(name, "cat /proc/self/attr/current; echo x > /forbidden && echo wrote; echo x > /allowed && echo went on; mkdir /mnt; mount -t tmpfs t /mnt && echo mounted; (sleep 300 & kill \\$! && echo signalled); exec sleep 100000").replace("    ", "  ").replace("name: main,", f"name: main, securityContext: {{{context}}},")
    for name, context in {
        "plain": "capabilities: {add: [SYS_ADMIN]}, seccompProfile: {type: Unconfined}",
        "local": "appArmorProfile: {type: Localhost, localhostProfile: only-read}, allowPrivilegeEscalation: false",
        "free": "privileged: true",
        "lost": "appArmorProfile: {type: Localhost, localhostProfile: not-loaded}",
    }.items()) + """
for name in plain local free; do
  phase $name Running
  for attempt in $(seq 1 100); do kubectl logs $name | grep -qE "signalled|kill" && break; usleep 200000; done
  echo "GUEST $name $(kubectl logs $name | grep -v denied | tr '\\n' ' ')"
  echo "GUEST exec $name $(kubectl exec $name -- cat /proc/self/attr/current)"
done
message() { kubectl get pod lost -o jsonpath='{.status.containerStatuses[0].state.waiting.message} {.status.containerStatuses[0].state.terminated.message}'; }
for attempt in $(seq 1 100); do message | grep -q not-loaded && break; usleep 200000; done
echo "GUEST lost $(message)"
kdash down --purge --data-dir /data/kdash
"""


@on_a_sound_kernel
def test_apparmor_confines_containers_where_the_kernel_has_it(boot):
    parser = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin")
    assert parser, "no apparmor_parser; scripts/packages test installs the package apparmor"
    guest = boot(CONFINED, [parser])
    guest.finish(within=400)
    assert not guest.has("GUEST failed"), "\n".join(guest.lines[-80:])
    for name, said in {
        "plain": "kdash-default (enforce) wrote went on signalled",
        "local": "only-read (enforce) went on",
        "free": "unconfined wrote went on mounted signalled",
    }.items():
        words = guest.expect(f"GUEST {name} ").split()[2:]
        assert " ".join(words) == said, (name, words)
        assert guest.expect(f"GUEST exec {name} ").split()[3:] == said.split(" wrote")[0].split(" went")[0].split(), name
    assert "not-loaded" in guest.expect("GUEST lost ")


HUGE = """
echo 8 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
""" + START + """
kubectl get nodes -o jsonpath='{range .items[*]}GUEST node {.status.capacity.hugepages-2Mi} {.status.allocatable.hugepages-2Mi}{"\\n"}{end}'
kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: huge}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  volumes: [{name: pages, emptyDir: {medium: HugePages}}]
  containers:
  - name: main
    image: host/busybox:latest
    command: [sh, -c, 'grep " /pages " /proc/mounts; fallocate -l 4M /pages/fits && echo fits; fallocate -l 8M /pages/more && echo more; echo done; exec sleep 100000']
    resources: {limits: {hugepages-2Mi: 4Mi, memory: 64Mi}}
    volumeMounts: [{name: pages, mountPath: /pages}]
END
kubectl create -f - 2>&1 <<END | sed 's/^/GUEST refused /'
apiVersion: v1
kind: Pod
metadata: {name: wrong}
spec:
  containers:
  - {name: main, image: host/busybox:latest, resources: {limits: {hugepages-2Mi: 3Mi}, requests: {hugepages-2Mi: 2Mi}}}
END
""" + pod("plain", "exec sleep 100000") + """
phase huge Running
phase plain Running
for attempt in $(seq 1 100); do kubectl logs huge | grep -q done && break; usleep 200000; done
echo "GUEST said $(kubectl logs huge | grep -v fallocate | tr '\\n' ' ')"
for name in huge plain; do
  uid=$(kubectl get pod $name -o jsonpath={.metadata.uid})
  echo "GUEST limits $name $(cat $(find /sys/fs/cgroup/kdash-* -path "*pod$uid*" -name hugetlb.2MB.max | sort) | tr '\\n' ' ')"
done
kill -9 $(cat /data/kdash/lock)
kdash up --data-dir /data/kdash --no-merge
echo "GUEST again $(kubectl exec huge -- sh -c 'ls /pages; grep -c " /pages " /proc/mounts' | tr '\\n' ' ')"
kubectl delete pod huge
echo "GUEST free $(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)"
kdash down --purge --data-dir /data/kdash
"""


@on_a_sound_kernel
def test_huge_pages_are_counted_limited_and_given_back(boot):
    guest = boot(HUGE)
    guest.finish(within=400)
    assert not guest.has("GUEST failed"), "\n".join(guest.lines[-80:])
    assert guest.expect("GUEST node").split()[2:] == ["16Mi", "16Mi"]
    said = guest.expect("GUEST said").split()[2:]
    assert said[2] == "hugetlbfs" and "pagesize=2M" in said[3] and said[-2:] == ["fits", "done"], said
    refused = " ".join(guest.has("GUEST refused"))
    for text in ("3Mi is not positive integer multiple of hugepages-2Mi", "must be equal to hugepages-2Mi limit of 3Mi", "HugePages require cpu or memory"):
        assert text in refused, refused
    assert guest.expect("GUEST limits huge").split()[3:] == ["4194304", "4194304"]
    assert guest.expect("GUEST limits plain").split()[3:] == ["0", "0"]
    assert guest.expect("GUEST again").split()[2:] == ["fits", "more", "1"], "mounted once, with what was written; the file that had no room is empty"
    assert guest.expect("GUEST free").split()[2:] == ["8"]


# What systemd gives a user: a cgroup of the user's own below its slice, and in it the processes.
USER = """
home=/data/user; mkdir -p $home/run; chown -R 65534:65534 $home; chmod 755 /data
slice=/sys/fs/cgroup/user.slice/user-65534.slice; service=$slice/user@65534.service; scope=$service/app.scope
mkdir -p $scope
for each in /sys/fs/cgroup/user.slice $slice; do echo "+cpu +memory +pids" > $each/cgroup.subtree_control; done
for each in $service $scope; do chown 65534:65534 $each $each/cgroup.procs $each/cgroup.subtree_control $each/cgroup.threads; done
as() { HOME=$home XDG_RUNTIME_DIR=$home/run KUBECONFIG=$home/kdash/kubeconfig /usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
kd() { verb=$1; shift; as kdash $verb "$@" --data-dir $home/kdash; }
fail() { echo "GUEST failed: $1"; tail -n 40 $home/kdash/daemon.log; exit 1; }
phase() { for attempt in $(seq 1 300); do [ "$(kubectl get pod $1 -o jsonpath={.status.phase})" = $2 ] && return 0; usleep 200000; done; kubectl describe pod $1; fail "$1 is not $2"; }
kubectl() { as /bin/kubectl "$@"; }
(sh -c 'echo $PPID' > /tmp/pid; cat /tmp/pid > $slice/cgroup.procs; kd up --no-merge 2>&1 | sed "s/^/GUEST outside: /"; kd down)
echo $$ > $scope/cgroup.procs
kd up --no-merge 2>&1 | sed "s/^/GUEST inside: /"
kd image import-host /bin/busybox
"""


@on_a_sound_kernel
def test_an_ordinary_users_limits_where_cgroups_are_delegated(boot):
    script = USER + pod("burner", "while :; do :; done", "{cpu: 250m}") + pod("eater", "x=a; while :; do x=\\$x\\$x; done", "{memory: 24Mi}") + """
phase burner Running
group=$(find $service/kdash-* -path '*kubepods*' -name cpu.max -exec grep -l '25000 100000' {} + | head -n 1)
[ -n "$group" ] || fail "no cgroup with cpu.max 25000 100000"
[ -n "$(cat $(dirname $group)/cgroup.procs)" ] || [ -n "$(cat $(dirname $group)/*/cgroup.procs)" ] || fail "nobody is limited"
phase eater Failed
echo "GUEST eater $(kubectl get pod eater -o jsonpath='{.status.containerStatuses[0].state.terminated.reason}')"
first=$(kubectl get pod burner -o jsonpath='{.status.containerStatuses[0].containerID}')
kill -9 $(cat $home/kdash/lock)
kd up --no-merge
echo "GUEST adopted $first / $(kubectl get pod burner -o jsonpath='{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}')"
kd down --purge
echo "GUEST cgroups left: $(ls -d $service/kdash-* 2>/dev/null | wc -l)"
"""
    guest = boot(script, [shutil.which("setpriv")])
    guest.finish(within=400)
    assert not guest.has("GUEST failed"), "\n".join(guest.lines[-80:])
    outside, inside = "\n".join(guest.has("GUEST outside:")), "\n".join(guest.has("GUEST inside:"))
    assert "systemd-run --user --scope kdash up" in outside and "not enforced" in outside, outside
    assert "kdash is ready" in inside and "not enforced" not in inside, inside
    assert guest.expect("GUEST eater").split()[2:] == ["OOMKilled"]
    first, _, second, restarts = guest.expect("GUEST adopted").split()[2:]
    assert first == second and restarts == "0"
    assert guest.expect("GUEST cgroups left").endswith(": 0")
