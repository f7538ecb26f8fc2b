import APIMachinery
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel
import Synchronization
import Testing

@testable import NodeAgent

struct StopSignalTests {
    @Test(arguments: [
        ("SIGTERM", SIGTERM), ("term", SIGTERM), ("15", 15), ("SIGUSR1", SIGUSR1), ("SIGRTMIN+3", 37), ("RTMAX-1", 63), ("SIGRTMIN", 34),
    ]) func `a signal is known by name and number`(text: String, number: Int32) {
        #expect(StopSignal.number(text) == number)
    }

    @Test(arguments: ["", "0", "65", "-1", "SIG", "SIGNOPE", "SIGRTMIN-1", "SIGRTMIN+99999999999", "SIGRTMAX+1"])
    func `anything else is none`(text: String) {
        #expect(StopSignal.number(text) == nil)
    }
}

extension StopSignalTests {
    @Test(arguments: [("", "SIGTERM"), ("what", "SIGTERM"), ("quit", "SIGQUIT"), ("10", "SIGUSR1"), ("SIGPOLL", "SIGIO"), ("SIGRTMAX", "SIGRTMIN+30")])
    func `a status shows the name`(text: String, name: String) {
        #expect(StopSignal.name(text) == name)
    }
}

struct RestartRulesTests {
    @Test func `a container's own policy and rules come before the pod's`() {
        let rules: JSONValue = [["action": "Restart", "exitCodes": ["operator": "In", "values": [42]]]]
        let pod = Pod.sample(policy: "Never")
        let container = Container(["name": "c", "restartPolicy": "Never", "restartPolicyRules": rules])
        #expect(pod.restarts(container, role: .main, after: 42))
        #expect(!pod.restarts(container, role: .main, after: 1))
        #expect(pod.restarts(Container(["name": "s", "restartPolicy": "Always"]), role: .sidecar, after: 0))
        #expect(!Pod.sample().restarts(Container(["name": "i"]), role: .initial, after: 0))
        #expect(!Pod.sample().restarts(Container(["name": "e"]), role: .ephemeral, after: 1))
    }
}

struct NodeLedgerTests {
    fileprivate let ledger = NodeLedger(capacity: .init(cpu: .cores(2), memory: .gibibytes(1), pods: 3))

    fileprivate func pod(_ uid: String, cpu: String = "0", memory: String = "0", hostPort: Int64 = 0, spec: JSONObject = [:]) -> Pod {
        .sample(
            containers: [
                [
                    "name": "main", "resources": ["requests": ["cpu": .string(cpu), "memory": .string(memory)]],
                    "ports": hostPort == 0 ? [] : [["containerPort": 80, "hostPort": .integer(hostPort)]],
                ]
            ], spec: spec, metadata: ["uid": .string(uid)])
    }

    fileprivate func reason(_ answer: NodeLedger.Answer) -> String {
        if case .refused(let reason, _) = answer { reason } else { "granted" }
    }

    @Test func `pods are taken until something runs out, and again when one has gone`() {
        #expect(ledger.admit(pod("a", cpu: "1500m"), node: nil) == .granted)
        #expect(
            ledger.admit(pod("b", cpu: "600m"), node: nil)
                == .refused(reason: "OutOfcpu", message: "Node didn't have enough resource: cpu, requested: 600, used: 1500, capacity: 2000"))
        #expect(reason(ledger.admit(pod("c", memory: "2Gi"), node: nil)) == "OutOfmemory")
        ledger.release("a")
        #expect(ledger.admit(pod("b", cpu: "600m"), node: nil) == .granted)
        #expect(ledger.admit(pod("b", cpu: "600m"), node: nil) == .granted)
        #expect(ledger.admit(pod("d"), node: nil) == .granted)
        #expect(ledger.admit(pod("e"), node: nil) == .granted)
        #expect(reason(ledger.admit(pod("f"), node: nil)) == "OutOfpods")
    }

    @Test func `a host port is given once`() {
        #expect(ledger.admit(pod("a", hostPort: 8080), node: nil) == .granted)
        #expect(reason(ledger.admit(pod("b", hostPort: 8080), node: nil)) == "NodePorts")
        ledger.release("a")
        #expect(ledger.admit(pod("b", hostPort: 8080), node: nil) == .granted)
    }

    @Test func `a host port is given once for each address and protocol`() {
        func pod(_ uid: String, _ address: String, _ kind: String = "TCP") -> Pod {
            let port: JSONValue = ["containerPort": 80, "hostPort": 8080, "hostIP": .string(address), "protocol": .string(kind)]
            return .sample(containers: [["name": "main", "ports": [port]]], metadata: ["uid": .string(uid)])
        }
        #expect(ledger.admit(pod("a", "127.0.0.1"), node: nil) == .granted)
        #expect(ledger.admit(pod("b", "10.0.0.1"), node: nil) == .granted)
        #expect(reason(ledger.admit(pod("c", "127.0.0.1"), node: nil)) == "NodePorts")
        #expect(reason(ledger.admit(pod("c", "0.0.0.0"), node: nil)) == "NodePorts")
        #expect(ledger.admit(pod("c", "", "UDP"), node: nil) == .granted)
        ledger.release("c")
        ledger.release("a")
        #expect(ledger.admit(pod("d", "0.0.0.0", "UDP"), node: nil) == .granted)
        #expect(reason(ledger.admit(pod("e", "10.0.0.1", "UDP"), node: nil)) == "NodePorts")
    }

    @Test func `disk and huge pages are given as far as the node has them`() {
        let node = Node(
            KubeObject(["metadata": ["name": "n"], "status": ["allocatable": ["cpu": "8", "memory": "8Gi", "pods": "9", "ephemeral-storage": "10Gi"]]]))
        func pod(_ uid: String, _ requests: JSONValue) -> Pod {
            .sample(containers: [["name": "main", "resources": ["requests": requests]]], metadata: ["uid": .string(uid)])
        }
        #expect(ledger.admit(pod("a", ["ephemeral-storage": "6Gi"]), node: node) == .granted)
        #expect(reason(ledger.admit(pod("b", ["ephemeral-storage": "5Gi"]), node: node)) == "OutOfephemeral-storage")
        ledger.release("a")
        #expect(ledger.admit(pod("b", ["ephemeral-storage": "5Gi"]), node: node) == .granted)
        #expect(
            ledger.admit(pod("c", ["hugepages-2Mi": "4Mi", "memory": "1Gi"]), node: node)
                == .refused(
                    reason: "OutOfhugepages-2Mi", message: "Node didn't have enough resource: hugepages-2Mi, requested: 4194304, used: 0, capacity: 0"))
        #expect(ledger.admit(pod("d", ["ephemeral-storage": "99Gi"]), node: nil) == .granted, "nobody says what there is")
    }

    @Test func `the weight of the Burstable pods follows what they ask for`() {
        let sums = Mutex<[Int64]>([])
        let ledger = NodeLedger(capacity: .init(cpu: .cores(8), memory: .gibibytes(8), pods: 9)) { sum in sums.withLock { $0.append(sum.value) } }
        _ = ledger.admit(pod("a", cpu: "500m"), node: nil)
        ledger.keep(pod("b", cpu: "1"))
        let guaranteed = Pod.sample(
            containers: [["name": "g", "resources": ["limits": ["cpu": "2", "memory": "1Gi"]]]], metadata: ["uid": "g"])
        _ = ledger.admit(guaranteed, node: nil)
        _ = ledger.admit(pod("none"), node: nil)
        _ = ledger.resize(pod("a", cpu: "2"))
        ledger.release("b")
        ledger.release("g")
        ledger.release("a")
        #expect(sums.withLock { $0 } == [500, 1500, 3000, 2000, 0])
    }

    @Test func `labels and taints of the node are respected`() {
        let node = Node(
            KubeObject([
                "metadata": ["name": "n", "labels": ["disk": "ssd"]],
                "spec": ["taints": [["key": "k", "effect": "NoExecute"], ["key": "soft", "effect": "NoSchedule"]]],
            ]))
        #expect(reason(ledger.admit(pod("a", spec: ["nodeSelector": ["disk": "tape"]]), node: node)) == "NodeAffinity")
        #expect(reason(ledger.admit(pod("a", spec: ["nodeSelector": ["disk": "ssd"]]), node: node)) == "TaintToleration")
        let tolerant: JSONObject = ["nodeSelector": ["disk": "ssd"], "tolerations": [["operator": "Exists"]]]
        #expect(ledger.admit(pod("a", spec: tolerant), node: node) == .granted)
    }

    @Test func `a resize is granted, deferred or impossible`() {
        _ = ledger.admit(pod("a", cpu: "1"), node: nil)
        _ = ledger.admit(pod("b", cpu: "500m"), node: nil)
        #expect(reason(ledger.resize(pod("a", cpu: "3"))) == "Infeasible")
        #expect(reason(ledger.resize(pod("a", cpu: "1800m"))) == "Deferred")
        #expect(ledger.resize(pod("a", cpu: "1500m")) == .granted)
        #expect(ledger.resize(pod("a", cpu: "100m")) == .granted)
        #expect(ledger.resize(pod("b", cpu: "1900m")) == .granted)
    }
}

extension NodeLedgerTests {
    @Test func `who waits for room is told once when a pod goes or shrinks, and not when it wants nothing any more`() {
        let told = Mutex<[String]>([])
        func wish(_ uid: String) -> NodeLedger.Answer {
            ledger.resize(pod(uid, cpu: "1500m")) { told.withLock { $0.append(uid) } }
        }
        for uid in ["a", "b", "c"] { _ = ledger.admit(pod(uid, cpu: "600m"), node: nil) }
        #expect(reason(wish("a")) == "Deferred" && reason(wish("b")) == "Deferred")
        #expect(told.withLock { $0 }.isEmpty)
        ledger.forgetWish(of: "b")
        #expect(ledger.resize(pod("c", cpu: "500m")) == .granted)
        #expect(told.withLock { $0 } == ["a"])
        ledger.release("c")
        #expect(told.withLock { $0 } == ["a"])
        #expect(reason(wish("a")) == "Deferred")
        ledger.release("b")
        #expect(told.withLock { $0 } == ["a", "a"])
        #expect(wish("a") == .granted)
    }
}

struct PodResizeTests {
    private let has: JSONValue = ["limits": ["cpu": "1", "memory": "64Mi"], "requests": ["cpu": "500m", "memory": "64Mi"]]

    private func container(_ limits: JSONObject, policy: JSONValue = .array([])) -> Container {
        Container(["name": "c", "resources": ["limits": .object(limits), "requests": ["cpu": "500m", "memory": "64Mi"]], "resizePolicy": policy])
    }

    @Test func `equal amounts are no change, however they are written`() {
        #expect(PodResize.change(container(["cpu": "1000m", "memory": "65536Ki"]), has: has) == .nothing)
    }

    @Test func `a change is made in place unless the policy of the changed resource says otherwise`() {
        let policy: JSONValue = [["resourceName": "memory", "restartPolicy": "RestartContainer"]]
        #expect(PodResize.change(container(["cpu": "2", "memory": "64Mi"], policy: policy), has: has) == .inPlace)
        #expect(PodResize.change(container(["cpu": "1", "memory": "128Mi"], policy: policy), has: has) == .restart)
        #expect(PodResize.change(container(["cpu": "1", "memory": "128Mi"]), has: has) == .inPlace)
    }
}

struct PodFilesTests {
    private func files(_ spec: JSONObject, dns: [String] = ["10.96.0.10"]) -> PodFiles {
        var host = ResolverConfiguration(parsing: "nameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch lan .\noptions edns0\n")
        host.nameservers += ["8.8.8.8"]
        return PodFiles(pod: .sample(spec: spec), podIP: "10.0.0.2", resolver: host, clusterDNS: dns)
    }

    private static let resolvers: [(JSONObject, String)] = [
        (
            [:] as JSONObject,
            "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local lan\noptions ndots:5\n"
        ),
        (["dnsPolicy": "Default"], "nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch lan\noptions edns0\n"),
        (["hostNetwork": true], "nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch lan\noptions edns0\n"),
        (
            ["dnsPolicy": "ClusterFirst", "dnsConfig": ["options": [["name": "ndots", "value": "2"], ["name": "use-vc"]], "searches": ["lan", "x.org"]]],
            "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local lan x.org\noptions ndots:2 use-vc\n"
        ),
        (
            ["dnsPolicy": "None", "dnsConfig": ["nameservers": ["1.1.1.1", "1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"]]],
            "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\n"
        ),
    ]

    @Test(arguments: resolvers)
    func `name resolution follows policy and settings`(spec: JSONObject, text: String) {
        #expect(files(spec).resolv == text)
    }

    @Test func `a cluster without DNS leaves the host's resolvers`() {
        #expect(files([:], dns: []).resolv == "nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch lan\noptions edns0\n")
    }

    @Test func `resolvers that only the host reaches are asked through the cluster's`() {
        let host = ResolverConfiguration(parsing: "nameserver 127.0.0.53\nsearch lan\n")
        let pod = Pod.sample(spec: ["dnsPolicy": "Default"])
        #expect(PodFiles(pod: pod, podIP: "", resolver: host, clusterDNS: ["10.96.0.10"]).resolv == "nameserver 10.96.0.10\nsearch lan\n")
    }

    @Test func `search domains are as many as fit`() {
        let long = (0..<20).map { JSONValue.string(String(repeating: "a", count: 120) + "\($0)") }
        let text = files(["dnsPolicy": "None", "dnsConfig": ["nameservers": ["1.1.1.1"], "searches": .array(long)]]).resolv
        let searches = text.split(separator: "\n").first { $0.hasPrefix("search ") } ?? ""
        #expect(searches.split(separator: " ").count == 17)
    }

    @Test func `the hosts file names the pod and its aliases`() {
        let text = files([
            "hostname": "web", "subdomain": "sub", "hostAliases": [["ip": "1.2.3.4", "hostnames": ["a", "b"]], ["ip": "5.6.7.8"]],
        ]).hosts
        #expect(text.hasPrefix("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"))
        #expect(text.hasSuffix("10.0.0.2\tweb.sub.default.svc.cluster.local\tweb\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n"))
    }

    @Test func `a pod on the node's network sees the node's hosts`() {
        var files = files(["hostNetwork": true])
        files.nodeHosts = "127.0.0.1\tlocalhost"
        #expect(files.hosts == "# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n")
    }

    private static let names: [(JSONObject, String)] = [
        (["hostname": "web", "subdomain": "sub", "setHostnameAsFQDN": true] as JSONObject, "web.sub.default.svc.cluster.local"),
        (["hostname": "web", "subdomain": "sub"], "web"), (["setHostnameAsFQDN": true], "p"),
    ]

    @Test(arguments: names) func `the host name is the full one when asked for`(spec: JSONObject, name: String) {
        #expect(Pod.sample(spec: spec).sandboxHostname == name)
    }
}

struct HTTPProbeRequestTests {
    private let request = HTTPProbe.Request(isSecure: false, host: "10.0.0.2", port: 8080, path: "/live", headers: [("Host", "name"), ("X", "1")])

    @Test func `headers of the probe win over ours`() {
        #expect(
            request.fields.map { "\($0.name): \($0.value)" }
                == ["Host: name", "X: 1", "User-Agent: kube-probe/1.36", "Accept: */*", "Connection: close"])
        #expect(request.url == "http://10.0.0.2:8080/live")
    }

    @Test(arguments: [("10.0.0.2", nil), ("::1", nil), ("web.default.svc", "web.default.svc")] as [(String, String?)])
    func `a host is named to TLS, an address is not`(host: String, name: String?) {
        var request = request
        request.host = host
        #expect(request.serverName == name)
    }

    @Test(
        arguments: [
            ("/other", "http://10.0.0.2:8080/other"), ("http://10.0.0.2:81/x", "http://10.0.0.2:81/x"), ("https://10.0.0.2/", "https://10.0.0.2:443/"),
            ("http://elsewhere/", nil), ("//elsewhere/x", nil), ("ftp://10.0.0.2/", nil), ("", nil), ("//10.0.0.2/x", "http://10.0.0.2:80/x"),
            ("next?a=/", "http://10.0.0.2:8080/next?a=/"), ("?a=b", "http://10.0.0.2:8080/live?a=b"), ("HTTP://10.0.0.2?a", "http://10.0.0.2:80/?a"),
            ("http://10.0.0.2.elsewhere/", nil), ("http://10.0.0.2@elsewhere/", nil), ("mailto:x", nil),
            ("http://10.0.0.2:65535/", "http://10.0.0.2:65535/"), ("http://10.0.0.2:65536/", nil), ("http://10.0.0.2:-1/", nil), ("http://10.0.0.2:0/", nil),
        ] as [(String, String?)])
    func `a redirect is followed on the same host only`(location: String, url: String?) {
        #expect(request.following(location)?.url == url)
    }
}

struct SubPathTests {
    @Test(arguments: [("$(A)/$(B)", "1/2"), ("plain", "plain"), ("$$(A)", "$(A)"), ("$(NOPE)", nil)] as [(String, String?)])
    func `every name in an expression must be known`(text: String, result: String?) {
        #expect(VariableExpansion.expandAll(text, with: ["A": "1", "B": "2"]) == result)
    }
}

struct EventSpamFilterTests {
    @Test func `a burst passes, then one event every five minutes`() {
        var filter = EventSpamFilter()
        let answers = [("a", 0, 30), ("b", 30, 1), ("a", 299, 1), ("a", 305, 2)].map { key, seconds, count in
            (0..<count).map { _ in filter.admits(key, at: .seconds(seconds)) }.filter { $0 }.count
        }
        #expect(answers == [25, 1, 0, 1])
    }
}

struct ServiceEnvironmentTests {
    @Test func `a service gives its address and ports, a headless one nothing`() {
        let service = Service(
            KubeObject([
                "metadata": ["name": "my-db"],
                "spec": ["clusterIP": "10.96.0.7", "ports": [["name": "sql", "port": 5432, "protocol": "TCP"], ["port": 53, "protocol": "UDP"]]],
            ]))
        let headless = Service(KubeObject(["metadata": ["name": "none"], "spec": ["clusterIP": "None", "ports": [["port": 1]]]]))
        #expect(
            ServiceEnvironment.variables([headless, service]).map { "\($0.name)=\($0.value)" } == [
                "MY_DB_SERVICE_HOST=10.96.0.7", "MY_DB_SERVICE_PORT=5432", "MY_DB_SERVICE_PORT_SQL=5432", "MY_DB_PORT=tcp://10.96.0.7:5432",
                "MY_DB_PORT_5432_TCP=tcp://10.96.0.7:5432", "MY_DB_PORT_5432_TCP_PROTO=tcp", "MY_DB_PORT_5432_TCP_PORT=5432",
                "MY_DB_PORT_5432_TCP_ADDR=10.96.0.7", "MY_DB_PORT_53_UDP=udp://10.96.0.7:53", "MY_DB_PORT_53_UDP_PROTO=udp",
                "MY_DB_PORT_53_UDP_PORT=53", "MY_DB_PORT_53_UDP_ADDR=10.96.0.7",
            ])
    }
}
