import Glibc
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import NodeAgent

@Suite struct InspectionParsingTests {
    @Test func `a process is read whatever its name holds`() {
        let facts = ProcessFacts(
            stat: "42 (a) R 1 (b\n)) S 7 42 42 0 -1 4194560 100 0 0 0 12 8 0 0 20 0 3 0 9876 1234567 321 18446744073709551615 1 1 0 0 0 0 0")
        #expect(facts?.name == "a) R 1 (b\n)" && facts?.state == "S" && facts?.parent == 7 && facts?.ticks == 20)
        #expect(facts?.threads == 3 && facts?.started == 9876 && facts?.residentPages == 321)
    }

    @Test(arguments: ["", "42", "42 (x", "42 (x) S", "42 (x) S a b c d e f g h i j k l m n o p q r s t u v"])
    func `a broken line is no process`(text: String) { #expect(ProcessFacts(stat: text) == nil) }

    @Test func `numbers and users are those inside`() {
        let status = "Name:\tx\nUid:\t100000\t101000\t0\t0\nNSpid:\t4711\t7\t1\n"
        #expect(ProcessFacts.numbers(status: status) == [4711, 7, 1])
        #expect(ProcessFacts.user(status: status) == 101_000)
        #expect(ProcessFacts.inside(101_000, map: "         0     100000      65536\n") == 1000)
        #expect(ProcessFacts.inside(5, map: "0 100000 65536\n") == 5)
        #expect(ProcessFacts.inside(.max, map: "4294967295 4294967295 9\nbroken") == .max)
        #expect(ProcessFacts.names(passwd: "root:x:0:0::/:/bin/sh\nbroken\nx:y:z\nalso:x:0:0\nweb:x:33:33") == [0: "root", 33: "web"])
    }

    @Test func `sockets are read from the kernel's tables`() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        let tcp = SocketTable.internet(
            "tcp",
            head + "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0\n"
                + "   1: 0100007F:1F90 0200000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n broken\n")
        #expect(tcp.map(\.socket.local) == ["0.0.0.0:8080", "127.0.0.1:8080"] && tcp.map(\.socket.remote) == ["", "10.0.0.2:50000"])
        #expect(tcp.map(\.socket.state) == ["LISTEN", "ESTABLISHED"] && tcp.map(\.inode) == [111, 222])
        let six = SocketTable.internet(
            "tcp6",
            head + "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 5 1\n"
                + "   1: 00000000000000000000000001000000:0050 0000000000000000FFFF00000100007F:1234 01 0:0 0:0 0 0 0 6 1\n")
        #expect(six.map(\.socket.local) == ["[::]:80", "[::1]:80"] && six.last?.socket.remote == "[::ffff:127.0.0.1]:4660")
        let unix = SocketTable.unix(
            "Num RefCount Protocol Flags Type St Inode Path\n0000: 00000002 00000000 00010000 0001 01 77 /run/a socket\n0000: 00000003 00000000 00000000 0001 03 78\n"
        )
        #expect(unix.map(\.socket.local) == ["/run/a socket", ""] && unix.map(\.socket.state) == ["LISTEN", "ESTABLISHED"])
    }

    @Test(arguments: ["", "x", "h\n 0: 1 2 3 4", "h\n 0: zz:zz 0:0 0A 0 0 0 0 0 5", "h\n 0: 0:0 0:0 0A 0 0 0 0 0 5"])
    func `broken tables have no sockets`(text: String) {
        #expect(SocketTable.internet("tcp", text).isEmpty)
    }

    @Test func `a process that was seen is signalled, and no other one of its number`() async throws {
        let child = try ChildProcess.start("/bin/sleep", arguments: ["sleep", "1000"])
        let table = ProcessTable(first: getpid(), cgroup: nil)
        let root = ContainerRoot(descriptor: try FileDescriptor.open("/", O_RDONLY | O_DIRECTORY), isRunning: true)
        let entry = try #require(try table.entries(root).first { $0.outside == child.pid })
        #expect(entry.process.command == "sleep 1000" && entry.process.threads == 1 && entry.process.pid > 0)
        var later = entry.process
        later.startedTicks += 1
        #expect(throws: (any Error).self) { try table.signal(.init(outside: entry.outside, process: later), 9) }
        try table.signal(entry, 9)
        #expect(try await child.waitUntilExit().status == 137)
    }
}

struct PodTrafficTests {
    @Test func `a pod's traffic is the sum of its interfaces without the loopback`() {
        let table = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:  900      10    0    0    0     0          0         0      900      10    0    0    0     0       0          0
              eth0: 1000      10    0    0    0     0          0         0     2000      20    0    0    0     0       0          0
            eth1:0:   10       1    0    0    0     0          0         0       20       2    0    0    0     0       0          0
            """
        let sum = PodTraffic.parse(table)
        #expect(sum?.received == 1010 && sum?.sent == 2020)
    }

    @Test(arguments: ["", "lo: 1 2 3 4 5 6 7 8 9 10", "eth0:", "eth0: a b c d e f g h i", "eth0: -1 0 0 0 0 0 0 0 -1 0", "\u{0}:::"])
    func `a table without a counter tells nothing`(text: String) { #expect(PodTraffic.parse(text) == nil) }
}
